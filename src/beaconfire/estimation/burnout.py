"""Burn-out: since when, if at all, does nothing but gravity and drag move it?

Two hypotheses are weighed on the same plots:

* *Thrust goes on*: a filter over [r, v, a], where the specific force ``a`` of the motor
  is unknown (25 m/s2 each way) and wanders (white jerk), followed plot by plot.
* *Burn-out at plot k*: that filter up to plot k, and from there one coasting arc
  without any noise in its motion. All its evidences, for every k, come from one
  trajectory and suffix sums of the information of its plots.

Their ratio, averaged over k with the weights of a steady hazard, is a test martingale
while thrust goes on: by Ville's inequality it ever exceeds 1/alpha in at most a
fraction alpha of flights, however often one looks. ``FALSE_ALARMS`` is that alpha, a
rate per flight and not per look. It is a bound under the thrust model; the tests fly
motors that the model does not know.

A plot that the thrust filter cannot follow is an outlier for both hypotheses. Survey
biases cannot be states of so quick a test; with several sensors their stated size is
added to the noise instead, because they jump from plot to plot.
"""

import math
from dataclasses import dataclass

import numpy as np

from beaconfire.estimation.arrays import Flags, Floats, Ints, compiled
from beaconfire.estimation.dynamics import DRAG_SIGMA, acceleration_and_partials
from beaconfire.estimation.measurement import (
    RANGE,
    SIGHT,
    SITE,
    WEIGHT_A,
    WEIGHT_E,
    WEIGHT_R,
    PlotTable,
    misfit,
    prior_precision,
)
from beaconfire.estimation.propagation import sample_arc

FALSE_ALARMS = 1e-3
SPEED_SIGMA_MPS = 4_000.0
THRUST_SIGMA_MPS2 = 25.0
JERK_DENSITY = 1.0  # (m/s2)^2 per second: rising thrust and a pitching nose
# Squared distance, 3 degrees of freedom, 2e-6: beyond it, not the object's plot.
OUTLIER_GATE = 30.0
BURNOUT_HAZARD_PER_S = 0.01
START_SIGMA_M = 5_000.0
THRUST_JUMP_SIGMA_MPS2 = 60.0
LN_JUMP = -5.0  # about one jump in 150 s of flight
ALREADY_COASTING = 0.5  # prior weight that the first plot is after burn-out
_CANDIDATES_MAX = 160
_SUBSTEP_S = 2.0
_RETRY_PLOTS_MAX = 30


@dataclass(frozen=True, slots=True)
class ThrustTrack:
    """The thrust filter's run: after each plot its mean, covariance and evidence."""

    means: Floats  # (n, 9)
    covariances: Floats  # (n, 9, 9)
    evidence: Floats  # (n,) log-likelihood increments
    fits: Flags  # whether the plot is the object's


@dataclass(frozen=True, slots=True)
class Burnout:
    """The weighing. ``weights[j]`` belongs to burn-out after plot ``candidates[j]``."""

    log_odds: float  # of coasting now against thrust
    candidates: Ints
    weights: Floats
    state: Floats  # [r, v, s] at the last plot, of the likeliest candidate

    @property
    def coasting(self) -> bool:
        """Whether burn-out is beyond doubt."""
        return self.log_odds > -math.log(FALSE_ALARMS)


@compiled
def _predict(m: Floats, P: Floats, dt: float, work: Floats) -> None:
    """Move mean and covariance ``dt`` seconds on, in place."""
    a, by_s = np.empty(3), np.empty(3)
    G, D = np.empty((3, 3)), np.empty((3, 3))
    middle = np.empty(6)
    acceleration_and_partials(m[:6], -2.5, a, G, D, by_s)
    for i in range(3):
        middle[i] = m[i] + 0.5 * dt * m[3 + i] + 0.125 * dt * dt * (a[i] + m[6 + i])
        middle[3 + i] = m[3 + i] + 0.5 * dt * (a[i] + m[6 + i])
    acceleration_and_partials(middle, -2.5, a, G, D, by_s)
    for i in range(3):
        total = a[i] + m[6 + i]
        m[i] += dt * m[3 + i] + 0.5 * dt * dt * total
        m[3 + i] += dt * total
    F = work[:9]
    for i in range(9):
        for n in range(9):
            F[i, n] = 1.0 if i == n else 0.0
    for i in range(3):
        for n in range(3):
            F[i, n] += 0.5 * dt * dt * G[i, n]
            F[i, 3 + n] = 0.5 * dt * dt * D[i, n]
            F[3 + i, n] = dt * G[i, n]
            F[3 + i, 3 + n] += dt * D[i, n]
        F[i, 3 + i] += dt
        F[i, 6 + i] = 0.5 * dt * dt
        F[3 + i, 6 + i] = dt
    FP = work[9:18]
    for i in range(9):
        for n in range(9):
            total = 0.0
            for c in range(9):
                total += F[i, c] * P[c, n]
            FP[i, n] = total
    for i in range(9):
        for n in range(i + 1):
            total = 0.0
            for c in range(9):
                total += FP[i, c] * F[n, c]
            P[i, n] = total
            P[n, i] = total
    _add_jerk(P, JERK_DENSITY, dt)


@compiled
def _add_jerk(P: Floats, q: float, dt: float) -> None:
    for i in range(3):
        P[i, i] += q * dt**5 / 20.0
        P[3 + i, 3 + i] += q * dt**3 / 3.0
        P[6 + i, 6 + i] += q * dt
        for one, other, term in (
            (i, 3 + i, q * dt**4 / 8.0),
            (i, 6 + i, q * dt**3 / 6.0),
            (3 + i, 6 + i, q * dt * dt / 2.0),
        ):
            P[one, other] += term
            P[other, one] += term


@compiled
def _distance(P: Floats, residual: Floats, slope: Floats) -> float:
    """Return the squared distance of a plot from the prediction."""
    S = np.empty((3, 3))
    for i in range(3):
        for n in range(3):
            S[i, n] = 1.0 if i == n else 0.0
            for c in range(3):
                for d in range(3):
                    S[i, n] += slope[i, c] * P[c, d] * slope[n, d]
    total, _ = _whitened(S, residual, 3)
    return float(total)


@compiled
def _whitened(S: Floats, y: Floats, size: int) -> tuple[float, float]:
    """Return y' S^-1 y and ln det S by Cholesky; infinite if S is not positive."""
    L = np.zeros((size, size))
    x = np.empty(size)
    squares, log_det = 0.0, 0.0
    for i in range(size):
        for n in range(i + 1):
            total = S[i, n]
            for c in range(n):
                total -= L[i, c] * L[n, c]
            if i == n:
                if total <= 0.0:
                    return math.inf, math.inf
                L[i, i] = math.sqrt(total)
                log_det += math.log(total)
            else:
                L[i, n] = total / L[n, n]
        total = y[i]
        for c in range(i):
            total -= L[i, c] * x[c]
        x[i] = total / L[i, i]
        squares += x[i] * x[i]
    return squares, log_det


@compiled
def _absorb(m: Floats, P: Floats, r: float, slope: Floats) -> float:
    """Update by one scalar of unit noise; return its log-likelihood."""
    ph = np.empty(9)
    for i in range(9):
        ph[i] = P[i, 0] * slope[0] + P[i, 1] * slope[1] + P[i, 2] * slope[2]
    s = 1.0 + float(slope[0] * ph[0] + slope[1] * ph[1] + slope[2] * ph[2])
    for i in range(9):
        m[i] += ph[i] * r / s
        for n in range(9):
            P[i, n] -= ph[i] * ph[n] / s
    return -0.5 * (r * r / s + math.log(s))


@compiled
def _take(
    m: Floats, P: Floats, t: float, until_s: float, row: Floats, work: Floats
) -> float:
    """Move to a plot and absorb it; return its log-likelihood, or NaN if it is not
    the object's (mean and covariance are then the prediction)."""
    residual, slope, no_bias = work[18, :3], work[19:22, :3], work[18, 3:6]
    while until_s - t > 1e-9:
        dt = min(_SUBSTEP_S, until_s - t)
        _predict(m, P, dt, work)
        t += dt
    misfit(row, m[:3], no_bias, residual, slope)
    if not _distance(P, residual, slope) < OUTLIER_GATE:
        return math.nan
    # Angles first: the range is then compared at the corrected place, which matters
    # while the velocity is unknown by kilometres a second.
    gain = _absorb(m, P, residual[1], slope[1])
    misfit(row, m[:3], no_bias, residual, slope)
    gain += _absorb(m, P, residual[2], slope[2])
    misfit(row, m[:3], no_bias, residual, slope)
    return gain + _absorb(m, P, residual[0], slope[0])


@compiled
def _start(row: Floats) -> tuple[Floats, Floats]:
    """Return mean and covariance before the first plot: near it, nothing else known."""
    m, P = np.zeros(9), np.zeros((9, 9))
    for i in range(3):
        m[i] = row[SITE + i] + row[RANGE] * row[SIGHT + i]
        P[i, i] = START_SIGMA_M**2
        P[3 + i, 3 + i] = SPEED_SIGMA_MPS**2
        P[6 + i, 6 + i] = THRUST_SIGMA_MPS2**2
    return m, P


@compiled
def _retry(
    times_s: Floats,
    rows: Floats,
    good: int,
    k: int,
    means: Floats,
    covariances: Floats,
    evidence: Floats,
    fits: Flags,
) -> bool:
    """Suppose that thrust jumped after plot ``good``; keep it if the plots agree."""
    m, P, work = means[good].copy(), 4.0 * covariances[good], np.zeros((22, 9))
    for i in range(3):
        P[6 + i, 6 + i] += THRUST_JUMP_SIGMA_MPS2**2
    n = k - good
    new_m, new_P = np.empty((n, 9)), np.empty((n, 9, 9))
    gains = np.empty(n)
    found, t = 0, times_s[good]
    for i in range(n):
        gains[i] = _take(m, P, t, times_s[good + 1 + i], rows[good + 1 + i], work)
        t = times_s[good + 1 + i]
        found += 0 if math.isnan(gains[i]) else 1
        new_m[i] = m
        new_P[i] = P
    before = np.count_nonzero(fits[good + 1 : k + 1])
    if found < before + 2 or 3 * found < 2 * n:
        return False
    for i in range(n):
        at = good + 1 + i
        fits[at] = not math.isnan(gains[i])
        evidence[at] = gains[i] if fits[at] else -0.5 * OUTLIER_GATE
        means[at] = new_m[i]
        covariances[at] = new_P[i]
    evidence[good + 1] += LN_JUMP
    return True


@compiled
def run_thrust_filter(
    times_s: Floats,
    rows: Floats,
    first: int,
    means: Floats,
    covariances: Floats,
    evidence: Floats,
    fits: Flags,
) -> None:
    """Follow the plots from ``first`` on; those before it are not the object's.

    Thrust may jump (burn-out, a new stage): when misses outnumber hits by three, the
    filter goes back to where they began and lets the force be anything from there, at
    the price of such a jump's probability.
    """
    m, P = _start(rows[first])
    work = np.zeros((22, 9))
    t, good, missed = times_s[first], first, 0
    for k in range(rows.shape[0]):
        evidence[k] = -0.5 * OUTLIER_GATE
        fits[k] = False
        if k >= first:
            gain = _take(m, P, t, times_s[k], rows[k], work)
            t = times_s[k]
            if math.isnan(gain):
                missed += 1
            else:
                evidence[k] = gain
                fits[k] = True
                missed = max(missed - 1, 0)
        means[k] = m
        covariances[k] = P
        if missed == 0 or k - good > _RETRY_PLOTS_MAX:
            good, missed = k, 0
        elif missed >= 3 and _retry(
            times_s, rows, good, k, means, covariances, evidence, fits
        ):
            m[:] = means[k]
            P[:] = covariances[k]
            good, missed = k, 0


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
            step, log_det = _solve7(full, pull)
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


@compiled
def _solve7(A: Floats, y: Floats) -> tuple[Floats, float]:
    """Return A^-1 y and ln det A by Cholesky, with a guard against lost precision."""
    L, x = np.zeros((7, 7)), np.empty(7)
    log_det = 0.0
    for i in range(7):
        for n in range(i + 1):
            total = A[i, n]
            for c in range(n):
                total -= L[i, c] * L[n, c]
            if i == n:
                total = max(total, 1e-14 * A[i, i])
                L[i, i] = math.sqrt(total)
                log_det += math.log(total)
            else:
                L[i, n] = total / L[n, n]
    for i in range(7):
        total = y[i]
        for c in range(i):
            total -= L[i, c] * x[c]
        x[i] = total / L[i, i]
    for i in range(6, -1, -1):
        total = x[i]
        for c in range(i + 1, 7):
            total -= L[c, i] * x[c]
        x[i] = total / L[i, i]
    return x, log_det


def cautious(table: PlotTable) -> PlotTable:
    """Return the table with the sensors' biases added to the noise, if several."""
    if len(table.bias_priors) < 2:
        return table
    variances = np.array([1.0 / prior_precision(p) for p in table.bias_priors])
    rows = table.rows.copy()
    for component, weight in enumerate((WEIGHT_R, WEIGHT_A, WEIGHT_E)):
        extra = variances[table.bias_slot, component]
        rows[:, weight] = 1.0 / np.sqrt(rows[:, weight] ** -2 + extra)
    return PlotTable(
        table.epoch, table.times_s, rows, table.bias_slot, table.sensor_slot,
        table.index, table.bias_priors, table.sensors,
    )  # fmt: skip


def follow_thrust(table: PlotTable) -> ThrustTrack:
    """Run the thrust filter from the first plot that the next ones agree with."""
    n = table.times_s.shape[0]
    track = ThrustTrack(
        np.zeros((n, 9)), np.zeros((n, 9, 9)), np.zeros(n), np.zeros(n, dtype=np.bool_)
    )
    for first in range(min(n, 12)):
        run_thrust_filter(
            table.times_s, table.rows, first,
            track.means, track.covariances, track.evidence, track.fits,
        )  # fmt: skip
        following = track.fits[first : first + 8]
        if np.count_nonzero(following) * 2 > following.shape[0]:
            break
    return track


def find_burnout(table: PlotTable, track: ThrustTrack) -> Burnout:
    """Weigh thrust against coasting, at the instant of the last plot."""
    n = table.times_s.shape[0]
    usable = np.flatnonzero(track.fits)
    first = int(usable[0]) if usable.size else 0
    stride = 1 + (n - first) // _CANDIDATES_MAX
    candidates = np.arange(first, n, stride)
    total = np.cumsum(track.evidence)
    covariances = track.covariances[candidates][:, :6, :6]
    known = np.empty((len(candidates), 44))
    known[:, :6] = track.means[candidates, :6]
    known[:, 6:42] = np.linalg.inv(covariances).reshape(-1, 36)
    known[:, 42] = np.linalg.slogdet(covariances)[1]
    known[:, 43] = total[candidates]
    prior = _log_prior(table.times_s, candidates, first)
    state = np.append(track.means[-1, :6], 0.0)
    logs, steps = np.empty(len(candidates)), np.zeros((len(candidates), 7))
    best = 0
    for _ in range(4):
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
    logs = logs + prior
    peak = float(np.max(logs))
    weights = np.exp(logs - peak)
    log_odds = peak + math.log(float(np.sum(weights))) - float(total[-1])
    return Burnout(log_odds, candidates, weights / np.sum(weights), state)


def _log_prior(times_s: Floats, candidates: Floats, first: int) -> Floats:
    """Return the log weight of burn-out between each candidate and the one before."""
    since = times_s[candidates] - times_s[first]
    survival = np.exp(-BURNOUT_HAZARD_PER_S * since)
    weight = np.empty(len(candidates))
    weight[0] = ALREADY_COASTING
    weight[1:] = (1.0 - ALREADY_COASTING) * (survival[:-1] - survival[1:])
    result: Floats = np.log(np.maximum(weight, 1e-12))
    return result
