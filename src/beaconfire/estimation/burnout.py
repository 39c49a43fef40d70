"""Burn-out: since when, if at all, does nothing but gravity and drag move it?

Two hypotheses are weighed on the same plots:

* *Thrust goes on*: the filter of ``thrust``.
* *Burn-out at plot k*: that filter up to plot k, and from there one coasting arc
  without any noise in its motion. All its evidences, for every k, come from one
  trajectory and suffix sums of the information of its plots.

Their ratio, averaged over k with the weights of a steady hazard, is a test martingale
while thrust goes on: by Ville's inequality it ever exceeds 1/alpha in at most a
fraction alpha of flights, however often one looks. ``FALSE_ALARMS`` is that alpha, a
rate per flight and not per look. It is a bound under the thrust model; the tests fly
motors that the model does not know.

Whether the newest plots agree with the older ones is asked beside it (``newest``). A
plot that the thrust filter cannot follow is an outlier for both hypotheses. A gap
between stages is coasting while it lasts, and is not told from burn-out here.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from beaconfire.estimation.arrays import Flags, Floats, Ints, compiled
from beaconfire.estimation.cholesky import solve_positive
from beaconfire.estimation.dynamics import DRAG_SIGMA
from beaconfire.estimation.geodesy import height_and_up
from beaconfire.estimation.measurement import PlotTable, misfit
from beaconfire.estimation.propagation import sample_arc
from beaconfire.estimation.thrust import GAP_S_MAX, OUTLIER_GATE, ThrustTrack

FALSE_ALARMS = 1e-3
BURNOUT_HAZARD_PER_S = 0.01
ALREADY_COASTING = 0.5  # prior weight that the first plot is after burn-out
_CANDIDATES_MAX = 160
_ROUNDS_MAX = 4
_PLOTS_AFTER_GAP = 40
_GUARD = 1e-14  # of a diagonal: below it a difference of two sums is rounding
# From here down the drag is most of what moves it.
_THICK_AIR_M = 60_000.0
# Nothing is left of a push's beginning in the thrust filter after its longest gap. A
# look costs a twentieth of a solve, so there are few: where a force is felt beyond one
# in a thousand (3 degrees of freedom), or of fewer plots than fix an arc, none is had.
# Behind a second push the coast that is found is that before the first.
_RELIT_S = (10.0, 20.0, GAP_S_MAX, 45.0, 60.0, 90.0)
_RELIT_FELT, _RELIT_PLOTS_MIN = 16.3, 6
_LATELY_S = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0)


@dataclass(frozen=True, slots=True)
class Burnout:
    """The weighing. ``weights[j]`` belongs to burn-out after plot ``candidates[j]``."""

    log_odds: float  # of coasting now against thrust
    candidates: Ints
    weights: Floats
    state: Floats  # [r, v, s] at the last plot, of the likeliest candidate
    arc: tuple[Floats, Floats, Flags]  # ``sample_arc`` of it at every plot
    relit: bool = False  # ``coasted_before`` the push that ended

    @property
    def declared(self) -> bool:
        """Whether the weighing leaves no doubt."""
        return self.log_odds > -math.log(FALSE_ALARMS)


@compiled
def weigh(
    candidates: Ints,
    known: Floats,
    states: Floats,
    phis: Floats,
    rows: Floats,
    fits: Flags,
    reached: Flags,
    drag: float,
    logs: Floats,
    steps: Floats,
) -> None:
    """Fill each candidate's log-evidence and its best step from the reference.

    ``known`` has a row per candidate: the thrust filter's mean (6) and precision (36)
    there, its ln det covariance, and the evidence of the plots up to there.
    """
    J, y, c = np.zeros((7, 7)), np.zeros(7), 0.0
    full, pull = np.empty((7, 7)), np.empty(7)
    residual, slope, H = np.empty(3), np.empty((3, 3)), np.empty((3, 7))
    no_bias = np.zeros(3)
    gap = np.empty(6)
    drag_precision = 1.0 / DRAG_SIGMA**2
    j = candidates.shape[0] - 1
    for i in range(rows.shape[0] - 1, -1, -1):
        if not reached[i]:
            break
        if j >= 0 and candidates[j] == i:
            full[:], pull[:] = J, y
            for a in range(6):
                gap[a] = known[j, a] - states[i, a]
            squares = c + drag * drag * drag_precision
            precision = known[j, 6:42].reshape(6, 6)
            full[6, 6] += drag_precision
            pull[6] -= drag * drag_precision
            for a in range(6):
                w = 0.0
                for b in range(6):
                    w += precision[a, b] * gap[b]
                squares += gap[a] * w
                for m in range(7):
                    pull[m] += phis[i, a, m] * w
            _add_moved(full, phis[i], precision)
            step, log_det = solve_positive(full, pull, _GUARD)
            won = 0.0
            for m in range(7):
                won += step[m] * pull[m]
                steps[j, m] = step[m]
            logs[j] = known[j, 43] - 0.5 * (
                known[j, 42] - math.log(drag_precision) + log_det + squares - won
            )
            j -= 1
        if not fits[i]:
            c += OUTLIER_GATE
            continue
        misfit(rows[i], states[i, :3], no_bias, residual, slope)
        for a in range(3):
            c += residual[a] ** 2
            for m in range(7):
                H[a, m] = 0.0
                for b in range(3):
                    H[a, m] += slope[a, b] * phis[i, b, m]
            for m in range(7):
                y[m] += H[a, m] * residual[a]
                for b in range(7):
                    J[m, b] += H[a, m] * H[a, b]


@compiled
def _add_moved(full: Floats, phi: Floats, precision: Floats) -> None:
    """Add phi' precision phi."""
    half = np.empty((6, 7))
    for a in range(6):
        for m in range(7):
            half[a, m] = 0.0
            for b in range(6):
                half[a, m] += precision[a, b] * phi[b, m]
    for m in range(7):
        for n in range(7):
            for a in range(6):
                full[m, n] += phi[a, m] * half[a, n]


def still_coasting(table: PlotTable, track: ThrustTrack, burnout: Burnout) -> bool:
    """Whether it coasts beyond doubt, or did lately and is still likelier to than not.

    The evidence goes up and down by chance. What was beyond doubt is not doubted again
    for that, or an area would come and go; a push that begins is seen by ``departure``.
    """
    if burnout.declared or burnout.log_odds < 0.0:
        return burnout.declared
    for back_s in _LATELY_S:
        until = int(np.searchsorted(table.times_s, -back_s, "right"))
        if until < 2 or not track.fits[:until].any():
            return False
        if find_burnout(_until(table, until), track.until(until)).declared:
            return True
    return False


def coasted_before(table: PlotTable, track: ThrustTrack, burnout: Burnout) -> bool:
    """Whether what pushed before burn-out had set in on a coasting arc, lately.

    The thrust filter lets a push wander, not jump: until it has seen one for long, its
    velocity is off by more than it says. A motor that has burnt since the ground, or
    for longer than the filter remembers, is not of this kind. While thrust goes on
    this is true by chance in one climb of a thousand (Ville).
    """
    began_s = float(table.times_s[int(burnout.candidates[np.argmax(burnout.weights)])])
    for back_s in _RELIT_S:
        until = int(np.searchsorted(table.times_s, began_s - back_s, "right"))
        if until < _RELIT_PLOTS_MIN or not track.fits[:until].any():
            return False
        if track.felt(until - 1) > _RELIT_FELT:
            continue
        if find_burnout(_until(table, until), track.until(until)).declared:
            return True
    return False


def _until(table: PlotTable, until: int) -> PlotTable:
    """Return the first plots, their times from the last of them."""
    newest_s = float(table.times_s[until - 1])
    shifted = table.times_s[:until] - newest_s
    epoch = table.epoch.plus_s(newest_s)
    return replace(table.select(np.arange(until)), times_s=shifted, epoch=epoch)


def find_burnout(table: PlotTable, track: ThrustTrack) -> Burnout:
    """Weigh thrust against coasting, at the instant of the last plot."""
    starts = [np.append(track.means[-1, :6], 0.0)]
    for until in (_before_gap(table, track), _above_thick_air(track)):
        carried = _carried_from(table, track, until)
        if carried is not None:
            starts.append(carried)
    weighed = [_weigh_about(table, track, start) for start in starts]
    return max(weighed, key=lambda one: one.log_odds)


def _before_gap(table: PlotTable, track: ThrustTrack) -> int:
    """Return the plots before a long gap that has just ended; none, if there is none.

    The thrust filter begins anew after the gap and for a while knows no velocity to
    linearise about, while the arc itself is as good as ever.
    """
    seen = np.flatnonzero(track.fits)
    gaps = np.flatnonzero(np.diff(table.times_s[seen]) > GAP_S_MAX)
    if not gaps.size or len(seen) - gaps[-1] > _PLOTS_AFTER_GAP:
        return 0
    return int(seen[gaps[-1]]) + 1


def _above_thick_air(track: ThrustTrack) -> int:
    """Return the plots before it came down into thick air; none while it is above.

    There the newest state, run backwards, throws every older plot off the arc.
    """
    if not in_thick_air(track.means[-1]):
        return 0
    at = len(track.fits) - 1
    while at >= 0 and (in_thick_air(track.means[at]) or not track.fits[at]):
        at -= 1
    return at + 1


def in_thick_air(state: Floats) -> bool:
    """Whether what is at [r, v] comes down where the drag is strong."""
    height, ux, uy, uz = height_and_up(*(float(x) for x in state[:3]))
    return height < _THICK_AIR_M and float(np.dot((ux, uy, uz), state[3:6])) < 0.0


def _carried_from(table: PlotTable, track: ThrustTrack, until: int) -> Floats | None:
    """Return the arc through the first plots, carried to the newest one."""
    if until < 2:
        return None
    before_s = float(table.times_s[until - 1])
    known = find_burnout(_until(table, until), track.until(until))
    if not known.declared:
        return None
    states, _, _ = sample_arc(known.state, np.array([-before_s]))
    return np.append(states[0], known.state[6])


def _weigh_about(table: PlotTable, track: ThrustTrack, start: Floats) -> Burnout:
    """Weigh with trajectories linearised about the one through ``start``."""
    n = table.times_s.shape[0]
    usable = np.flatnonzero(track.fits)
    first = int(usable[0]) if usable.size else 0
    candidates = np.arange(first, n, 1 + (n - first) // _CANDIDATES_MAX)
    total = np.cumsum(track.evidence)
    covariances = track.covariances[candidates][:, :6, :6]
    known = np.empty((len(candidates), 44))
    known[:, :6] = track.means[candidates, :6]
    known[:, 6:42] = np.linalg.inv(covariances).reshape(-1, 36)
    known[:, 42] = np.linalg.slogdet(covariances)[1]
    known[:, 43] = total[candidates]
    prior = _log_prior(table.times_s, candidates, first)
    state = start
    logs, steps = np.empty(len(candidates)), np.zeros((len(candidates), 7))
    for _ in range(_ROUNDS_MAX):
        logs[:] = -math.inf
        states, phis, reached = sample_arc(state, table.times_s)
        weigh(
            candidates, known, states, phis, table.rows, track.fits, reached,
            state[6], logs, steps,
        )  # fmt: skip
        best = int(np.argmax(logs + prior))
        state = state + steps[best]
        if np.max(np.abs(steps[best])[3:6]) < 0.1:
            break
    arc = sample_arc(state, table.times_s)
    logs = logs + prior
    peak = float(np.max(logs))
    if not math.isfinite(peak):
        # No way leads back from the newest plot: it has just left the ground.
        return Burnout(-math.inf, candidates, np.ones(len(candidates)), state, arc)
    weights = np.exp(logs - peak)
    log_odds = peak + math.log(float(np.sum(weights))) - float(total[-1])
    return Burnout(log_odds, candidates, weights / np.sum(weights), state, arc)


def _log_prior(times_s: Floats, candidates: Floats, first: int) -> Floats:
    """Return the log weight of burn-out between each candidate and the one before."""
    since = times_s[candidates] - times_s[first]
    survival = np.exp(-BURNOUT_HAZARD_PER_S * since)
    weight = np.empty(len(candidates))
    weight[0] = ALREADY_COASTING
    weight[1:] = (1.0 - ALREADY_COASTING) * (survival[:-1] - survival[1:])
    result: Floats = np.log(np.maximum(weight, 1e-12))
    return result
