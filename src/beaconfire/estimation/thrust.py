"""Thrust: follow a body under an unknown and changing push, plot by plot.

A Kalman filter over [r, v, a]: gravity and rotation are known, the motor's specific
force ``a`` is not (25 m/s2 each way). It grows as fuel burns, by ``a^2`` over the
exhaust's speed, and wanders about that (white jerk). The filter says three things:
where the body is while it pushes, which plots are its own, and how probable each plot
was, which is what ``burnout`` weighs against coasting.

* A plot that cannot be followed is an outlier. Three more misses than hits mean that
  the push has jumped (burn-out, a new stage): the filter goes back and lets it be
  anything from there, at the price of such a jump's probability.
* Survey biases are not states of so quick a filter. With several sensors their stated
  size is added to the noise, because they jump from plot to plot (``cautious``).
* It is linear in the plots but for the range, and the range is taken last.
"""

import math
from dataclasses import dataclass

import numpy as np

from beaconfire.estimation.arrays import Flags, Floats, compiled
from beaconfire.estimation.dynamics import acceleration_and_partials
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

START_SIGMA_M = 5_000.0
SPEED_SIGMA_MPS = 4_000.0
THRUST_SIGMA_MPS2 = 25.0
JERK_DENSITY = 1.0  # (m/s2)^2 per second: thrust that varies and a pitching nose
# The rocket equation: at constant thrust F = q c the mass falls by q = m a / c, so the
# specific force grows by a^2 / c. Assumed of what burns in missiles, solid or storable:
# a specific impulse of some 240 to 320 s, so 2,300 to 3,100 m/s.
EXHAUST_MPS = 2_800.0
# What is squared of the growth is added to the jerk, per second: a quarter of it is not
# known for the eight seconds of the filter's memory.
_GROWTH_UNSURE = 0.5
# No motor of a large missile pushes harder; a force not yet known must not run away.
_GROWING_MPS2_MAX = 100.0
THRUST_JUMP_SIGMA_MPS2 = 60.0
# After so long unseen nothing is left of what was known of the push; an arc, which
# needs no such knowledge, is carried over any gap by ``burnout``.
GAP_S_MAX = 30.0
LN_JUMP = -5.0  # about one jump in 150 s of flight
# Squared distance, 3 degrees of freedom, 2e-6: beyond it, not the object's plot.
OUTLIER_GATE = 30.0
_SUBSTEP_S = 2.0
_STARTS_MAX, _START_PLOTS = 12, 24
_RETRY_S_MAX = 8.0  # a longer blind stretch would let a false plot pass for a jump
_NO_DRAG = -2.5  # what drag there is shows as part of the push
_ALL = slice(None)


@dataclass(frozen=True, slots=True)
class ThrustTrack:
    """The thrust filter's run: after each plot its mean, covariance and evidence."""

    means: Floats  # (n, 9)
    covariances: Floats  # (n, 9, 9)
    evidence: Floats  # (n,) log-likelihood increments
    fits: Flags  # whether the plot is the object's

    def until(self, end: int) -> "ThrustTrack":
        """Return the run as it was before plot ``end``."""
        return ThrustTrack(
            self.means[:end],
            self.covariances[:end],
            self.evidence[:end],
            self.fits[:end],
        )

    def felt(self, of: int | slice = _ALL) -> Floats:
        """Return the squared size of the specific force in its own sigmas.

        After every plot, or after plot ``of`` alone.
        """
        force = self.means[of, 6:]
        inverse = np.linalg.solve(self.covariances[of, 6:, 6:], force[..., None])
        result: Floats = np.sum(force * inverse[..., 0], axis=-1)
        return result


@compiled
def _growth(m: Floats, K: Floats) -> float:
    """Return by what share of itself the force grows a second; ``K`` is by what it
    changes with the force."""
    size = math.sqrt(m[6] ** 2 + m[7] ** 2 + m[8] ** 2)
    rate = min(size, _GROWING_MPS2_MAX) / EXHAUST_MPS
    for i in range(3):
        for n in range(3):
            K[i, n] = 0.0
            if 0.0 < size < _GROWING_MPS2_MAX:
                K[i, n] = m[6 + i] * m[6 + n] / (EXHAUST_MPS * size)
        K[i, i] += rate
    return rate


@compiled
def _predict(m: Floats, P: Floats, dt: float, work: Floats) -> None:
    """Move mean and covariance ``dt`` seconds on, in place."""
    a, by_s = np.empty(3), np.empty(3)
    G, D = np.empty((3, 3)), np.empty((3, 3))
    middle, K = np.empty(6), np.empty((3, 3))
    acceleration_and_partials(m[:6], _NO_DRAG, a, G, D, by_s)
    for i in range(3):
        middle[i] = m[i] + 0.5 * dt * m[3 + i] + 0.125 * dt * dt * (a[i] + m[6 + i])
        middle[3 + i] = m[3 + i] + 0.5 * dt * (a[i] + m[6 + i])
    acceleration_and_partials(middle, _NO_DRAG, a, G, D, by_s)
    rate = _growth(m, K)
    for i in range(3):
        total, grown = a[i] + m[6 + i], dt * rate * m[6 + i]
        m[i] += dt * m[3 + i] + dt * dt * (0.5 * total + grown / 6.0)
        m[3 + i] += dt * (total + 0.5 * grown)
        m[6 + i] += grown
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
        for n in range(3):
            F[i, 6 + n] += dt**3 / 6.0 * K[i, n]
            F[3 + i, 6 + n] += 0.5 * dt * dt * K[i, n]
            F[6 + i, 6 + n] += dt * K[i, n]
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
    grown2 = (m[6] ** 2 + m[7] ** 2 + m[8] ** 2) * rate * rate
    _add_jerk(P, JERK_DENSITY + _GROWTH_UNSURE * grown2, dt)


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
    seen_s = t
    for k in range(rows.shape[0]):
        evidence[k] = -0.5 * OUTLIER_GATE
        fits[k] = False
        if k >= first:
            if times_s[k] - seen_s > GAP_S_MAX:
                m, P = _start(rows[k])
                t, good, missed = times_s[k], k, 0
            gain = _take(m, P, t, times_s[k], rows[k], work)
            t = times_s[k]
            if math.isnan(gain):
                missed += 1
            else:
                evidence[k] = gain
                fits[k] = True
                seen_s = t
                missed = max(missed - 1, 0)
        means[k] = m
        covariances[k] = P
        if missed == 0 or t - times_s[good] > _RETRY_S_MAX:
            good, missed = k, 0
        elif missed >= 3 and _retry(
            times_s, rows, good, k, means, covariances, evidence, fits
        ):
            m[:] = means[k]
            P[:] = covariances[k]
            seen_s, good, missed = t, k, 0


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
    """Run the thrust filter from the first plot that most later ones agree with."""
    n = table.times_s.shape[0]
    best, best_hits = 0, -1
    for first in range(min(n, _STARTS_MAX)):
        window = min(n, first + _START_PLOTS)
        hits = int(np.count_nonzero(_run(table, first, window).fits))
        if hits > best_hits:
            best, best_hits = first, hits
        if hits * 5 > (window - first) * 4:
            break
    return _run(table, best, n)


def _run(table: PlotTable, first: int, n: int) -> ThrustTrack:
    track = ThrustTrack(
        np.zeros((n, 9)), np.zeros((n, 9, 9)), np.zeros(n), np.zeros(n, dtype=np.bool_)
    )
    run_thrust_filter(
        table.times_s[:n],
        table.rows[:n],
        first,
        track.means,
        track.covariances,
        track.evidence,
        track.fits,
    )
    return track
