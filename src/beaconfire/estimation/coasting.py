"""Coasting: the arc after burn-out, fitted as soon as burn-out is beyond doubt.

Two products of one weighing (``burnout``), because they answer to different readers:

* For sharing: the plots after the middle of the credible burn-outs and nothing else.
  It holds no model of any motor, and is what a tracklet is made of. While the arc is
  short a later cut would be safer in name only: where the choice is wide, the thrust it
  might let in is too weak to be seen among the plots' errors, and every plot left out
  costs accuracy. Once it is longer than ``SETTLED_S`` a second or two cost nothing, and
  one plot of thrust pulls at the arc's very end: then the last credible burn-out is cut
  at. Beside other radars' tracklets the difference is an RMSE of three percent.
* For own use: while the arc is younger than ``YOUNG_S`` the motor's last state is
  worth more than the plots, so each credible burn-out brings what the thrust filter
  knew there as a prior, and the results are mixed by weight (mean and spread). Later
  both are the same: a wrong model of thrust must not outlive its use.

Where the push that ended had set in on an arc (``Burnout.relit``) the filter knows too
little of how it began: the arc is then made of the plots since alone, from the last
credible burn-out on.

The thrust filter has no bias states; its positions and velocities are therefore taken
to be as wrong as the sensors' survey allows, in every direction.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from beaconfire.estimation.arc import (
    GATE,
    ArcFit,
    Information,
    add_plot,
    add_priors,
    carried,
    fit_arc,
    inverse,
    mirror,
    normal_equations,
)
from beaconfire.estimation.arrays import Flags, Floats, Ints, compiled
from beaconfire.estimation.burnout import Burnout
from beaconfire.estimation.departure import (
    Arc,
    Departure,
    find_departure,
    next_stage,
    no_departure,
)
from beaconfire.estimation.geodesy import geodetic_rows
from beaconfire.estimation.measurement import (
    RANGE,
    WEIGHT_R,
    PlotTable,
    misfit,
    prior_precision,
)
from beaconfire.estimation.propagation import sample_arc
from beaconfire.estimation.strain import Strain, loosened
from beaconfire.estimation.thrust import ThrustTrack
from beaconfire.vocabulary.times import Instant

YOUNG_S = 60.0
SETTLED_S = 120.0
_MIDDLE, _LAST = 0.5, 0.99
_CALM_HEIGHT_M = 100_000.0
_COMPONENT_LEAST = 2e-3
_COMPONENTS_MAX = 16
PLOTS_MIN = 6
# No stage of a large missile pushes harder; what is farther off is a false plot.
_PUSH_MAX_MPS2, _OFF_SIGMAS, _UNFOLLOWED_S = 100.0, 5.0, 12.0
_BENT = 2.0  # of what the survey states, by which the thrust filter may be wrong
_UNSEEN_S = 6.0  # a push may have lasted so long before a plot falls off the arc
_PUSH_SEEN = 25.0  # squared, 3 degrees of freedom: three sigma beyond doubt


@dataclass(frozen=True, slots=True)
class Coast:
    """The arc as fitted. ``table`` holds the coasting plots, ``own`` their fit.

    ``joint`` is the fit with partners' tracklets, and ``own`` where there are none.
    """

    table: PlotTable
    own: ArcFit
    joint: ArcFit
    began_s: float  # likeliest burn-out, seconds from the table's epoch


def burnout_past(burnout: Burnout, surely: float) -> int:
    """Return the plot at which burn-out is past with this probability."""
    cumulated = np.cumsum(burnout.weights)
    at = int(np.searchsorted(cumulated, surely))
    return int(burnout.candidates[min(at, len(cumulated) - 1)])


def fit_coast(
    table: PlotTable,
    track: ThrustTrack,
    burnout: Burnout,
    tracklets: Sequence[Information] = (),
) -> tuple[Coast, ArcFit]:
    """Return the arc for sharing and the fit for own use."""
    began = int(burnout.candidates[int(np.argmax(burnout.weights))])
    age_s = float(table.times_s[-1] - table.times_s[began])
    late = age_s > SETTLED_S or burnout.relit
    cut = burnout_past(burnout, _LAST if late else _MIDDLE)
    belongs = track.fits | _on_arc(table, burnout)
    after = np.flatnonzero(belongs & (np.arange(len(belongs)) >= cut))
    if after.size < PLOTS_MIN:
        after = np.flatnonzero(track.fits)[-PLOTS_MIN:]
    coasting = table.select(after)
    start, epoch = _calm_start(coasting, burnout, after)
    own = fit_arc(coasting, start, epoch)
    joint = own
    if tracklets:
        joint = fit_arc(coasting, own.state, epoch, tracklets=tracklets)
    coast = Coast(coasting, own, joint, float(table.times_s[began]))
    fit = carried(joint, table.epoch)
    if climb_counts(table, burnout):
        fit = _mix(table, track, burnout, fit, tracklets)
    return coast, fit


def climb_counts(table: PlotTable, burnout: Burnout) -> bool:
    """Whether the motor's last state is worth more than the arc since."""
    k = int(burnout.candidates[int(np.argmax(burnout.weights))])
    young = table.times_s[-1] - table.times_s[k] < YOUNG_S
    return bool(young and k > int(burnout.candidates[0]) and not burnout.relit)


def refit_loosely(
    coast: Coast, tracklets: Sequence[Information], strain: Strain
) -> ArcFit:
    """Fit the arc again as if its sensors might lie in what is doubted of them.

    The motor's last state is left out: it was followed with the surveys as stated.
    """
    table = coast.table
    loose = replace(table, bias_priors=loosened(table.bias_priors, strain))
    parts = [
        replace(part, bias_priors=loosened(part.bias_priors, strain))
        for part in tracklets
    ]
    fit = fit_arc(loose, coast.own.state, coast.own.epoch, tracklets=parts)
    return carried(fit if fit.converged else coast.joint, table.epoch)


def _on_arc(table: PlotTable, burnout: Burnout) -> Flags:
    """Which plots lie on the arc, though the filter may have lost them at burn-out."""
    states, phis, reached = burnout.arc
    distances = np.full(len(reached), np.inf)
    none = np.zeros(len(reached), dtype=np.bool_)
    biases, slots = np.zeros((1, 3)), np.zeros_like(table.bias_slot)
    normal_equations(states, phis, table.rows, slots, none, biases, distances)
    result: Flags = reached & (distances < GATE)
    return result


def _calm_start(
    coasting: PlotTable, burnout: Burnout, rows: Ints
) -> tuple[Floats, Instant]:
    """Return the arc's latest state above the air, with its epoch, to fit there.

    Inside the air a fit about the newest state fails: run backwards, drag blows up
    the smallest error, and a step that should help throws the old plots off the arc.
    """
    newest = burnout.state
    states, reached = burnout.arc[0][rows], burnout.arc[2][rows]
    calm = np.flatnonzero(reached & (geodetic_rows(states)[:, 2] > _CALM_HEIGHT_M))
    if not calm.size:
        calm = np.flatnonzero(reached)[:1]
    at = int(calm[-1]) if calm.size else len(reached) - 1
    state = np.append(states[at], newest[6]) if calm.size else newest
    return state, coasting.epoch.plus_s(float(coasting.times_s[at]))


def _mix(
    table: PlotTable,
    track: ThrustTrack,
    burnout: Burnout,
    fit: ArcFit,
    tracklets: Sequence[Information],
) -> ArcFit:
    """Return the fit with each credible burn-out's prior, mixed by weight."""
    order = np.argsort(burnout.weights)[::-1][:_COMPONENTS_MAX]
    order = order[burnout.weights[order] > _COMPONENT_LEAST]
    weights = burnout.weights[order] / np.sum(burnout.weights[order])
    cuts = burnout.candidates[order]
    state, biases = burnout.state, fit.biases
    covariance = fit.covariance
    for _ in range(3):
        parts = _Components(table, track, state, biases, fit, tracklets)
        steps, spreads = parts.solve(cuts)
        mean = weights @ steps
        apart = steps - mean
        covariance = np.tensordot(weights, spreads, 1) + (apart.T * weights) @ apart
        state = state + mean[:7]
        biases = biases + mean[7:].reshape(-1, 3)
        if float(np.max(np.abs(mean[3:6]))) < 0.05:
            break
    return replace(fit, state=state, biases=biases, covariance=covariance)


class _Components:
    """The normal equations of every credible burn-out about one trajectory."""

    def __init__(
        self,
        table: PlotTable,
        track: ThrustTrack,
        state: Floats,
        biases: Floats,
        fit: ArcFit,
        tracklets: Sequence[Information],
    ) -> None:
        self._table, self._track = table, track
        self._state, self._biases, self._fit = state, biases, fit
        self.states, self.phis, self.reached = sample_arc(state, table.times_s)
        self._tracklets = tracklets

    def solve(self, cuts: Ints) -> tuple[Floats, Floats]:
        """Return step and covariance for a burn-out at each of these plots."""
        J, y = self.equations(np.zeros(len(self.reached), dtype=np.bool_))
        count, size = len(cuts), len(y)
        steps, spreads = np.empty((count, size)), np.empty((count, size, size))
        used = self._track.fits & self.reached
        table = self._table
        solve_each(
            cuts, known_at(table, self._track, cuts), self._track.means,
            self.states, self.phis,
            (table.rows, table.bias_slot, used), self._biases, (J, y), (steps, spreads),
        )  # fmt: skip
        return steps, spreads

    def distances(self) -> Floats:
        """Return every plot's squared distance from the trajectory."""
        distances = np.full(len(self.reached), np.inf)
        none = np.zeros(len(distances), dtype=np.bool_)
        slots: Ints = self._table.bias_slot
        normal_equations(
            self.states, self.phis, self._table.rows, slots, none, self._biases,
            distances,
        )  # fmt: skip
        return distances

    def equations(self, used: Flags) -> tuple[Floats, Floats]:
        """Sum what the used plots, the tracklets and the priors say."""
        table, fit = self._table, self._fit
        distances = np.zeros(len(used))
        slots: Ints = table.bias_slot
        J, y = normal_equations(
            self.states, self.phis, table.rows, slots, used, self._biases, distances
        )
        size = 7 + 3 * len(fit.bias_priors)
        if J.shape[0] < size:
            J = np.pad(J, (0, size - J.shape[0]))
            y = np.pad(y, (0, size - y.shape[0]))
        names = {p.bias_id: i for i, p in enumerate(fit.bias_priors)}
        for part in self._tracklets:
            part.add_to(table.epoch, self._state, self._biases, names, J, y)
        add_priors(J, y, self._state, self._biases, fit.bias_priors)
        return J, y

    def add_thrust(self, k: int, J: Floats, y: Floats) -> None:
        """Add what the thrust filter knew at plot ``k``."""
        precision = known_at(self._table, self._track, np.array([k]))[0]
        add_state(precision, self._track.means[k], self.states[k], self.phis[k], J, y)
        mirror(J)


def known_at(table: PlotTable, track: ThrustTrack, cuts: Ints) -> Floats:
    """Return what the thrust filter knew at these plots, less what surveys may bend.

    Precisions of [r, v], one 6 x 6 a plot. An antenna that is turned turns the velocity
    with the place.
    """
    # The plots after burn-out are off by the same offsets. As a second statement
    # beside theirs they would count twice; at twice the sigma an area is too small
    # by a tenth at most.
    priors = np.array([prior_precision(one) for one in table.bias_priors])
    stated = priors[table.bias_slot[cuts]]
    ranges_m = table.rows[cuts, RANGE]
    turned2 = _BENT**2 / np.min(stated[:, 1:], axis=1)
    wrong_m2 = _BENT**2 / stated[:, 0] + ranges_m**2 * turned2
    speed2 = np.sum(track.means[cuts, 3:6] ** 2, axis=1)
    bent = wrong_m2[:, None, None] * np.diag([1.0] * 3 + [0.0] * 3)
    bent += (speed2 * turned2)[:, None, None] * np.diag([0.0] * 3 + [1.0] * 3)
    covariances: Floats = track.covariances[cuts, :6, :6] + bent
    return np.asarray(np.linalg.inv(covariances), dtype=np.float64)


@compiled
def solve_each(
    cuts: Ints,
    precisions: Floats,
    means: Floats,
    states: Floats,
    phis: Floats,
    plots: tuple[Floats, Ints, Flags],
    biases: Floats,
    common: tuple[Floats, Floats],
    found: tuple[Floats, Floats],
) -> None:
    """Fill, per cut, step and covariance of the plots after it and a prior there.

    ``common`` is what every cut shares. One pass from the newest plot back serves all.
    """
    rows, bias_slot, used = plots
    J, y = common[0].copy(), common[1].copy()
    steps, spreads = found
    residual, slope = np.empty(3), np.empty((3, 3))
    order = np.argsort(cuts)
    at = cuts.shape[0] - 1
    for i in range(rows.shape[0] - 1, -1, -1):
        while at >= 0 and cuts[order[at]] == i:
            j = order[at]
            full, pull = J.copy(), y.copy()
            add_state(precisions[j], means[i], states[i], phis[i], full, pull)
            spreads[j] = inverse(full)
            steps[j] = spreads[j] @ pull
            at -= 1
        if used[i]:
            b = bias_slot[i]
            misfit(rows[i], states[i, :3], biases[b], residual, slope)
            add_plot(rows[i], b, phis[i], residual, slope, J, y)


@compiled
def add_state(
    precision: Floats, mean: Floats, state: Floats, phi: Floats, J: Floats, y: Floats
) -> None:
    """Add what is known of (r, v) on the way, below the diagonal only."""
    weighted = np.zeros((6, 7))
    for a in range(6):
        for m in range(7):
            for b in range(6):
                weighted[a, m] += precision[a, b] * phi[b, m]
    for m in range(7):
        for a in range(6):
            y[m] += weighted[a, m] * (mean[a] - state[a])
            for n in range(m + 1):
                J[m, n] += phi[a, m] * weighted[a, n]


def find_push(
    table: PlotTable, track: ThrustTrack, burnout: Burnout, coast: Coast
) -> Departure:
    """Weigh whether something has begun to push since burn-out."""
    fit = carried(coast.own, table.epoch)
    k = int(burnout.candidates[int(np.argmax(burnout.weights))])
    began_s = float(table.times_s[k])
    if not (np.all(np.isfinite(fit.state)) and np.all(np.isfinite(fit.covariance))):
        return no_departure(float(table.times_s[-1]))  # there is no arc to leave
    parts = _Components(table, track, fit.state, fit.biases, fit, ())
    used = _perhaps_pushed(table, coast, parts.distances()) & parts.reached
    J, y = parts.equations(used)
    if climb_counts(table, burnout):
        parts.add_thrust(k, J, y)
    arc = Arc(
        table.times_s, table.rows, table.bias_slot, used, parts.states, parts.phis,
        fit.biases, J, y,
    )  # fmt: skip
    return find_departure(arc, table.epoch.ns, began_s, _last_push(track, k))


def _perhaps_pushed(table: PlotTable, coast: Coast, distances: Floats) -> Flags:
    """Which plots may be of the arc or of a push away from it.

    A single plot off the arc among others on it is a false one; the newest, and
    several together, may be pushed, whether the thrust filter follows them yet or not,
    as far as a push can have come since the last plot on the arc.
    """
    on: Flags = np.isin(table.index, coast.table.index[coast.own.used])
    if not on.any():
        return on
    since_s = table.times_s - np.maximum.accumulate(
        np.where(on, table.times_s, -math.inf)
    )
    pushed_s = since_s + _UNSEEN_S
    reach = 0.5 * _PUSH_MAX_MPS2 * pushed_s**2 * table.rows[:, WEIGHT_R]
    off = ~on & (since_s < _UNFOLLOWED_S) & (np.sqrt(distances) < _OFF_SIGMAS + reach)
    beside = np.zeros_like(off)
    beside[1:] |= off[:-1]
    beside[:-1] |= off[1:]
    beside[np.flatnonzero(on)[-1] :] = True
    result: Flags = on | (off & beside)
    return result


def _last_push(track: ThrustTrack, k: int) -> tuple[Floats, Floats] | None:
    """Return what to expect of a further stage, where one was seen up to plot ``k``."""
    for at in range(k, -1, -1):
        force, spread = track.means[at, 6:], track.covariances[at, 6:, 6:]
        if float(force @ np.linalg.solve(spread, force)) > _PUSH_SEEN:
            return next_stage(force, spread)
    return None


def left_the_arc(fit: ArcFit, newest: int = 5) -> bool:
    """Whether the newest plots, taken together, no longer lie on the fitted arc."""
    tail = fit.distances[-newest:]
    return len(tail) == newest and bool(np.all(tail > GATE))
