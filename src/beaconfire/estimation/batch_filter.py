"""Batch filter: many coasting objects followed side by side, plot by plot, compiled.

An extended Kalman filter over [r, v, s] an object, on the very dynamics of the arc
fit; the transition matrix is the solution of the variational equations, never a finite
difference. It serves gating, association and display at any number of objects; what
is published comes from the arc.

* No process noise: these bodies coast. One that pushes leaves its gate, and says so.
* Survey errors are not states here. Whoever mixes sensors adds their stated size to
  the noise (``thrust.cautious``).
* A plot's three components are absorbed one after another about one linearisation,
  which is the vector update to the last digit and inverts nothing.
* Covariances stay symmetric by construction, and healthy in plain form for the 1,000
  plots of the longest flight (tested).

``means`` is (n, 7), ``covariances`` (n, 7, 7), ``rows`` as ``measurement`` lays them
out. Everything is changed in place.
"""

import math

import numpy as np

from beaconfire.estimation.arrays import Floats, Ints, compiled
from beaconfire.estimation.dynamics import (
    DRAG_SIGMA,
    acceleration,
    next_step_s,
)
from beaconfire.estimation.measurement import RANGE, SIGHT, SITE, misfit
from beaconfire.estimation.propagation import step_both

# Before the first plots are used: anything that comes back to Earth.
START_SIGMA_MPS = 4_000.0
_TICK_S = 1e-9


@compiled
def predict(mean: Floats, covariance: Floats, seconds: float) -> None:
    """Carry one object ``seconds`` on (or back), with its covariance."""
    way = 1.0 if seconds >= 0.0 else -1.0
    left_s = abs(seconds)
    if left_s <= _TICK_S:
        return
    phi, phi_next, after = np.zeros((6, 7)), np.empty((6, 7)), np.empty(6)
    for i in range(6):
        phi[i, i] = 1.0
    state = mean[:6]
    while left_s > _TICK_S:
        h = min(left_s, next_step_s(state, way))
        step_both(state, phi, mean[6], way * h, after, phi_next)
        for i in range(6):
            state[i] = after[i]
            for m in range(7):
                phi[i, m] = phi_next[i, m]
        left_s -= h
    _carry(phi, covariance)


@compiled
def _carry(phi: Floats, covariance: Floats) -> None:
    """Write phi P phi' in place; the row of the drag state is the unit row."""
    half = np.empty((6, 7))
    for i in range(6):
        for n in range(7):
            total = 0.0
            for m in range(7):
                total += phi[i, m] * covariance[m, n]
            half[i, n] = total
    for i in range(6):
        for n in range(i + 1):
            total = 0.0
            for m in range(7):
                total += half[i, m] * phi[n, m]
            covariance[i, n] = total
            covariance[n, i] = total
        covariance[i, 6] = half[i, 6]
        covariance[6, i] = half[i, 6]


@compiled
def predict_each(means: Floats, covariances: Floats, seconds: Floats) -> None:
    """Carry every object by its own seconds."""
    for k in range(means.shape[0]):
        predict(means[k], covariances[k], seconds[k])


@compiled
def distance(
    covariance: Floats, residual: Floats, slope: Floats
) -> tuple[float, float]:
    """Return a plot's squared distance from a prediction, and ln det of its spread.

    ``residual`` and ``slope`` as ``misfit`` writes them: in sigmas of the plot.
    """
    a = np.empty((3, 3))
    for i in range(3):
        for n in range(i + 1):
            total = 1.0 if i == n else 0.0
            for c in range(3):
                for d in range(3):
                    total += slope[i, c] * covariance[c, d] * slope[n, d]
            a[i, n] = total
    l00 = math.sqrt(a[0, 0])
    l10, l20 = a[1, 0] / l00, a[2, 0] / l00
    l11 = math.sqrt(a[1, 1] - l10 * l10)
    l21 = (a[2, 1] - l20 * l10) / l11
    l22 = math.sqrt(a[2, 2] - l20 * l20 - l21 * l21)
    z0 = residual[0] / l00
    z1 = (residual[1] - l10 * z0) / l11
    z2 = (residual[2] - l20 * z0 - l21 * z1) / l22
    return z0 * z0 + z1 * z1 + z2 * z2, 2.0 * math.log(l00 * l11 * l22)


@compiled
def absorb(mean: Floats, covariance: Floats, row: Floats) -> float:
    """Update one object by one plot; return the plot's squared distance."""
    residual, slope = np.empty(3), np.empty((3, 3))
    gain, moved, no_bias = np.empty(7), np.zeros(7), np.zeros(3)
    misfit(row, mean[:3], no_bias, residual, slope)
    squares = 0.0
    for c in range(3):
        spread, left = 1.0, residual[c]
        for i in range(7):
            total = 0.0
            for m in range(3):
                total += covariance[i, m] * slope[c, m]
            gain[i] = total
        for m in range(3):
            spread += slope[c, m] * gain[m]
            left -= slope[c, m] * moved[m]
        squares += left * left / spread
        for i in range(7):
            moved[i] += gain[i] * left / spread
            for n in range(i + 1):
                value = covariance[i, n] - gain[i] * gain[n] / spread
                covariance[i, n] = value
                covariance[n, i] = value
    for i in range(7):
        mean[i] += moved[i]
    return squares


@compiled
def follow_each(
    means: Floats,
    covariances: Floats,
    starts_s: Floats,
    times_s: Floats,
    rows: Floats,
    firsts: Ints,
    distances: Floats,
) -> None:
    """Run every object through its own plots, in order of time.

    Object k's plots are ``firsts[k]`` up to ``firsts[k + 1]`` of ``times_s`` and
    ``rows``; ``starts_s`` is when each is now, and is moved to its last plot.
    """
    for k in range(means.shape[0]):
        for i in range(firsts[k], firsts[k + 1]):
            predict(means[k], covariances[k], times_s[i] - starts_s[k])
            starts_s[k] = times_s[i]
            distances[i] = absorb(means[k], covariances[k], rows[i])


@compiled
def start(times_s: Floats, rows: Floats, mean: Floats, covariance: Floats) -> None:
    """Write the state at the last of some plots of one object: a parabola's fit.

    Least squares over position and velocity, the fall between the plots put in from
    the dynamics. With six plots or more it is close enough for the filter; with fewer
    the velocity is held by its prior alone.
    """
    n = times_s.shape[0]
    J, y = np.zeros((7, 7)), np.zeros(6)
    fall, at, no_bias = np.zeros(3), np.zeros(6), np.zeros(3)
    residual, slope = np.empty(3), np.empty((3, 3))
    for i in range(3):
        at[i] = rows[n - 1, SITE + i] + rows[n - 1, RANGE] * rows[n - 1, SIGHT + i]
        before = rows[0, SITE + i] + rows[0, RANGE] * rows[0, SIGHT + i]
        if times_s[n - 1] > times_s[0]:
            at[3 + i] = (at[i] - before) / (times_s[n - 1] - times_s[0])
    acceleration(at, 0.0, fall)
    for k in range(n):
        t = times_s[k] - times_s[n - 1]
        place = rows[k, SITE : SITE + 3] + rows[k, RANGE] * rows[k, SIGHT : SIGHT + 3]
        misfit(rows[k], place, no_bias, residual, slope)
        for i in range(3):
            for m in range(3):
                w = 0.0
                for c in range(3):
                    w += slope[c, i] * slope[c, m]
                J[i, m] += w
                J[i, 3 + m] += w * t
                J[3 + i, m] += w * t
                J[3 + i, 3 + m] += w * t * t
                free = place[m] - 0.5 * fall[m] * t * t
                y[i] += w * free
                y[3 + i] += w * t * free
    for i in range(3):
        J[3 + i, 3 + i] += 1.0 / START_SIGMA_MPS**2
    J[6, 6] = 1.0 / DRAG_SIGMA**2
    covariance[:] = np.linalg.inv(J)
    mean[6] = 0.0
    for i in range(6):
        mean[i] = 0.0
        for m in range(6):
            mean[i] += covariance[i, m] * y[m]
