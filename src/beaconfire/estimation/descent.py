"""Descent: where and when a coasting state reaches height 0, and how that answers.

The trajectory runs with the steps of ``dynamics.next_step_s`` (within a millimetre of
DOP853 at 1e-12 at impact); the last step is shortened until it ends on the ellipsoid.
The Jacobian of (east, north, time) comes from the transition matrix and the time shift
that keeps a neighbouring trajectory on the ground, never from finite differences.
"""

import math

import numpy as np

from beaconfire.estimation.arrays import Floats, compiled
from beaconfire.estimation.dynamics import GM_M3PS2, ROTATION_RADPS, next_step_s
from beaconfire.estimation.geodesy import SEMI_MAJOR_M, height_and_up
from beaconfire.estimation.propagation import step_both, step_state

# An intercontinental lofted flight lasts 90 minutes; what flies longer is in orbit.
FLIGHT_S_MAX = 10_800.0


@compiled
def seconds_to_ground(state: Floats, drag: float, h: float, at: Floats) -> float:
    """Return the part of a step ``h`` that ends on the ellipsoid, by secants."""
    low, high = 0.0, h
    height_low, _, _, _ = height_and_up(state[0], state[1], state[2])
    step_state(state, drag, high, at)
    height_high, _, _, _ = height_and_up(at[0], at[1], at[2])
    for _ in range(8):
        guess = low + (high - low) * height_low / (height_low - height_high)
        step_state(state, drag, guess, at)
        height, _, _, _ = height_and_up(at[0], at[1], at[2])
        if abs(height) < 1e-4:
            return guess
        if height > 0.0:
            low, height_low = guess, height
        else:
            high, height_high = guess, height
    return low + (high - low) * height_low / (height_low - height_high)


@compiled
def descend(
    start: Floats, stride: float = 1.0
) -> tuple[bool, float, Floats, Floats, float]:
    """Return (landed, seconds, state at impact, phi there, highest height passed).

    ``stride`` lengthens every step: at 2 the place is good to centimetres.
    """
    y, y_next = start[:6].copy(), np.empty(6)
    phi, phi_next = np.zeros((6, 7)), np.empty((6, 7))
    for i in range(6):
        phi[i, i] = 1.0
    drag, t = start[6], 0.0
    before, _, _, _ = height_and_up(y[0], y[1], y[2])
    highest, sinking = before, False
    while t < FLIGHT_S_MAX:
        h = stride * next_step_s(y, stride)
        step_both(y, phi, drag, h, y_next, phi_next)
        height, _, _, _ = height_and_up(y_next[0], y_next[1], y_next[2])
        if not math.isfinite(height):
            return False, t, y, phi, highest
        if height <= 0.0:
            last = seconds_to_ground(y, drag, h, y_next)
            step_both(y, phi, drag, last, y_next, phi_next)
            return True, t + last, y_next, phi_next, highest
        if not sinking:
            highest = max(highest, _top(y, y_next, h, height))
            sinking = height < before
            before = height
        y[:] = y_next
        phi[:] = phi_next
        t += h
    return False, t, y, phi, highest


@compiled
def _top(before: Floats, after: Floats, h: float, height_after: float) -> float:
    """Return the height of the summit inside a step, or that at its end."""
    height, ux, uy, uz = height_and_up(before[0], before[1], before[2])
    climb = ux * before[3] + uy * before[4] + uz * before[5]
    _, ux, uy, uz = height_and_up(after[0], after[1], after[2])
    sink = ux * after[3] + uy * after[4] + uz * after[5]
    if climb <= 0.0 or sink >= 0.0:
        return height_after
    return float(height + 0.5 * climb * h * climb / (climb - sink))


@compiled
def land(start: Floats, stride: float) -> tuple[bool, float, Floats]:
    """Return (landed, seconds, position) without a Jacobian.

    ``stride`` as in ``descend``: centimetres are nothing beside what a node of the
    drag's quadrature stands for.
    """
    y, y_next = start[:6].copy(), np.empty(6)
    drag, t = start[6], 0.0
    while t < FLIGHT_S_MAX:
        h = stride * next_step_s(y, stride)
        step_state(y, drag, h, y_next)
        height, _, _, _ = height_and_up(y_next[0], y_next[1], y_next[2])
        if not math.isfinite(height):
            return False, t, y[:3].copy()
        if height <= 0.0:
            last = seconds_to_ground(y, drag, h, y_next)
            step_state(y, drag, last, y_next)
            return True, t + last, y_next[:3].copy()
        y[:] = y_next
        t += h
    return False, t, y[:3].copy()


@compiled
def impact_jacobian(at: Floats, phi: Floats, axes: Floats) -> Floats:
    """Return d(east, north, time)/d(r, v, s), 3 x 7, of an impact at state ``at``."""
    result = np.empty((3, 7))
    sink = axes[2, 0] * at[3] + axes[2, 1] * at[4] + axes[2, 2] * at[5]
    for m in range(7):
        by_time = 0.0
        for i in range(3):
            by_time -= axes[2, i] * phi[i, m] / sink
        result[2, m] = by_time
        for row in range(2):
            result[row, m] = 0.0
            for i in range(3):
                result[row, m] += axes[row, i] * (phi[i, m] + at[3 + i] * by_time)
    return result


@compiled
def perigee_height_m(state: Floats) -> float:
    """Return the height of the osculating orbit's perigee over the equatorial radius.

    Two-body, in the inertial frame that coincides with the Earth-fixed one just now.
    Infinite for a body that leaves.
    """
    x, y, z = state[0], state[1], state[2]
    u, v, w = state[3] - ROTATION_RADPS * y, state[4] + ROTATION_RADPS * x, state[5]
    energy = 0.5 * (u * u + v * v + w * w) - GM_M3PS2 / math.sqrt(x * x + y * y + z * z)
    if energy >= 0.0:
        return math.inf
    momentum_2 = (y * w - z * v) ** 2 + (z * u - x * w) ** 2 + (x * v - y * u) ** 2
    axis = -0.5 * GM_M3PS2 / energy
    inside = max(1.0 - momentum_2 / (GM_M3PS2 * axis), 0.0)
    return float(axis * (1.0 - math.sqrt(inside)) - SEMI_MAJOR_M)
