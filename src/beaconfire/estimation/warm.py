"""Warm-up: compile every kernel before the first launch, not during it.

One invented flight goes through the front door three times, as plots under thrust, as a
coasting arc and with a partner's tracklet, so that whatever the door needs is compiled
or read from the cache. Nothing is returned and nothing is kept.
"""

import math

import numpy as np

from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.geodesy import ecef_from_geodetic, enu_axes
from beaconfire.estimation.measurement import seen_from
from beaconfire.estimation.propagation import sample_arc
from beaconfire.vocabulary.flight import Observations
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.times import Instant

_SITE = SensorSite(id="warm-up", lat_deg=0.0, lon_deg=0.0, alt_m=0.0)
_UNDER_THRUST = 20
_START = Instant.parse("2000-01-01T00:00:00Z")


def warm_up() -> None:
    """Compile the package; seconds with a cold cache, a blink with a warm one."""
    axes = enu_axes(3.0, 3.0)
    start = np.zeros(7)
    start[:3] = ecef_from_geodetic(3.0, 3.0, 200e3)
    start[3:6] = 2_500.0 * axes[2] + 1_500.0 * axes[0]
    climb = estimate_flight(Observations(plots=_plots(start)[:_UNDER_THRUST]))
    assert climb.corridor is not None
    coasting = estimate_flight(Observations(plots=_plots(start)))
    assert coasting.tracklet is not None
    shared = Observations(plots=_plots(start)[:30], tracklets=(coasting.tracklet,))
    estimate_flight(shared)


def _plots(start: np.ndarray) -> tuple[Plot, ...]:
    """One exact radar's minute: a powered quarter along the same path, then free."""
    times_s = np.arange(-20.0, 60.0)
    states, _, _ = sample_arc(start, times_s)
    plots = []
    for t, state in zip(times_s, states, strict=True):
        thrust = 15.0 * min(t, 0.0) ** 2 * start[3:6] / np.linalg.norm(start[3:6])
        length, azimuth, elevation = seen_from(0.0, 0.0, 0.0, state[:3] + thrust)
        assert math.isfinite(length)
        plots.append(
            Plot(
                time=_START.plus_s(float(t) + 20.0),
                sensor=_SITE,
                range_m=length,
                azimuth_deg=azimuth,
                elevation_deg=elevation,
                sigma_range_m=30.0,
                sigma_azimuth_mrad=1.0,
                sigma_elevation_mrad=1.0,
            )
        )
    return tuple(plots)
