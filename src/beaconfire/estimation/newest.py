"""Newest: do the newest plots lie where the arc through the older ones leads?

The weighing of ``burnout`` would let a bad arc win from a worse climb, as when a stage
lights again and neither hypothesis knows it. So whatever it says, the newest plots are
held against the older ones.

The least cost of all plots less that of the older ones is a chi-square of three per
newer plot if it coasts. The surveys' offsets are states in both, each with its prior:
counted as noise they would be thought to average out, and turn with the geometry near
the ground. Windows of several lengths are tried, because a weak push shows only in a
long one and a strong push soonest in a short one.
"""

import math

import numpy as np
from scipy.special import chdtri

from beaconfire.estimation.arc import add_priors, inverse, mirror, normal_equations
from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.burnout import Burnout, in_thick_air
from beaconfire.estimation.coasting import YOUNG_S, Coast, add_state, known_at
from beaconfire.estimation.measurement import PlotTable
from beaconfire.estimation.propagation import sample_arc
from beaconfire.estimation.thrust import ThrustTrack
from beaconfire.vocabulary.times import NS_PER_S

WINDOWS_S = (2.0, 4.0, 8.0, 16.0)
DISAGREE = 1e-6  # four windows a look, hundreds of looks a flight


def newest_agree(
    table: PlotTable, track: ThrustTrack, burnout: Burnout, coast: Coast
) -> bool:
    """Whether the newest plots lie where the arc through the older ones leads."""
    fit = coast.own
    # Low in the air the newest plots hang on the drag, and a straight line through its
    # effect foretells nothing.
    if in_thick_air(burnout.state) or not np.all(np.isfinite(fit.state)):
        return True
    k = int(burnout.candidates[int(np.argmax(burnout.weights))])
    shift_s = (fit.epoch.ns - table.epoch.ns) / NS_PER_S
    states, phis, reached = sample_arc(fit.state, table.times_s - shift_s)
    mine = track.fits & reached
    mine[: k + 1] = False

    def sums(since: int) -> tuple[Floats, Floats, float]:
        part = slice(since, None)
        distances = np.zeros(len(mine) - since)
        J, y = normal_equations(
            states[part], phis[part], table.rows[part], table.bias_slot[part],
            mine[part], fit.biases, distances,
        )  # fmt: skip
        return J, y, float(np.sum(distances[mine[part]]))

    J, y, squares = sums(k + 1)
    add_priors(J, y, fit.state, fit.biases, fit.bias_priors)
    young = table.times_s[-1] - table.times_s[k] < YOUNG_S
    if young and reached[k] and not burnout.relit:
        precision = known_at(table, track, np.array([k]))[0]
        add_state(precision, track.means[k], states[k], phis[k], J, y)
        mirror(J)
    whole = squares - float(y @ inverse(J) @ y)
    if not math.isfinite(whole):
        return True  # no way leads back there: what the fit makes of it decides
    for window_s in WINDOWS_S:
        since = max(int(np.searchsorted(table.times_s, -window_s, "right")), k + 1)
        newer = int(np.count_nonzero(mine[since:]))
        Jn, yn, newest = sums(since)
        older = squares - newest - float((y - yn) @ inverse(J - Jn) @ (y - yn))
        if newer and whole - older > chdtri(3.0 * newer, DISAGREE):
            return False
    return True
