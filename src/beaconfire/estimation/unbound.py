"""Unbound: does it come down faster than anything that the Earth holds?

What was launched and comes down is bound to the Earth; a meteor is not, and in the air
it may pass for a body that brakes. Three plots at which the thrust filter is sure of
such a speed are enough, however slow it is by now. A meteor that was first seen when it
had braked, or one of 11 to 12 km/s by a few plots, is not known by its speed.
"""

import numpy as np

from beaconfire.estimation.dynamics import GM_M3PS2, ROTATION_RADPS
from beaconfire.estimation.thrust import ThrustTrack

# By each of so many plots, beyond so many sigma: one noisy start says nothing.
_PLOTS_MIN = 3
_SIGMAS = 4.0


def unbound_mps(track: ThrustTrack) -> float | None:
    """Return the speed (m/s, Earth-fixed) of what surely comes from beyond, if any.

    Of what climbs nothing is said: a probe leaves the Earth as fast.
    """
    r, v = track.means[:, :3], track.means[:, 3:6]
    inertial = v + ROTATION_RADPS * np.stack(
        [-r[:, 1], r[:, 0], np.zeros(len(r))], axis=1
    )
    escape = np.sqrt(2.0 * GM_M3PS2 / np.linalg.norm(r, axis=1))
    sigma = np.sqrt(np.trace(track.covariances[:, 3:6, 3:6], axis1=1, axis2=2))
    excess = np.linalg.norm(inertial, axis=1) - _SIGMAS * sigma - escape
    falls = np.einsum("ij,ij->i", r, v) < 0.0
    found = np.flatnonzero(track.fits & falls & (excess > 0.0))
    if found.size < _PLOTS_MIN:
        return None
    return float(np.max(np.linalg.norm(v[found], axis=1)))
