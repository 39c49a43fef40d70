"""Descent: where and when a coasting state reaches height 0, and how that answers.

The trajectory runs with the steps of ``dynamics.next_step_s`` (within a millimetre of
DOP853 at 1e-12 at impact); the last step is shortened until it ends on the ellipsoid.
The Jacobian of (east, north, time) comes from the transition matrix and the time shift
that keeps a neighbouring trajectory on the ground, never from finite differences.
"""

import math

import numpy as np

from beaconfire.estimation.arrays import Flags, Floats, compiled
from beaconfire.estimation.dynamics import GM_M3PS2, ROTATION_RADPS, next_step_s
from beaconfire.estimation.geodesy import SEMI_MAJOR_M, height_and_up
from beaconfire.estimation.propagation import step_both, step_state

# An intercontinental lofted flight lasts 90 minutes; what flies longer is in orbit.
FLIGHT_S_MAX = 10_800.0


@compiled
def seconds_to_ground(state: Floats, drag: float, h: float, at: Floats) -> float:
    """Return the part of a step ``h`` that ends on the ellipsoid, by secants."""
    work = np.empty((6, 6))
    low, high = 0.0, h
    height_low, _, _, _ = height_and_up(state[0], state[1], state[2])
    step_state(state, drag, high, at, work)
    height_high, _, _, _ = height_and_up(at[0], at[1], at[2])
    for _ in range(8):
        guess = low + (high - low) * height_low / (height_low - height_high)
        step_state(state, drag, guess, at, work)
        height, _, _, _ = height_and_up(at[0], at[1], at[2])
        if abs(height) < 1e-4:
            return guess
        if height > 0.0:
            low, height_low = guess, height
        else:
            high, height_high = guess, height
    return low + (high - low) * height_low / (height_low - height_high)


@compiled
def descend(start: Floats) -> tuple[bool, float, Floats, Floats, float]:
    """Return (landed, seconds, state at impact, phi there, highest height passed)."""
    y, y_next = start[:6].copy(), np.empty(6)
    phi, phi_next = np.zeros((6, 7)), np.empty((6, 7))
    for i in range(6):
        phi[i, i] = 1.0
    drag, t = start[6], 0.0
    highest, _, _, _ = height_and_up(y[0], y[1], y[2])
    while t < FLIGHT_S_MAX:
        h = next_step_s(y, 1.0)
        step_both(y, phi, drag, h, y_next, phi_next)
        height, _, _, _ = height_and_up(y_next[0], y_next[1], y_next[2])
        if not math.isfinite(height):
            return False, t, y, phi, highest
        if height <= 0.0:
            last = seconds_to_ground(y, drag, h, y_next)
            step_both(y, phi, drag, last, y_next, phi_next)
            return True, t + last, y_next, phi_next, highest
        highest = max(highest, _top(y, y_next, h, height))
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

    ``stride`` lengthens every step: twice as long costs centimetres, which is nothing
    beside what a node of the drag's quadrature stands for.
    """
    y, y_next, work = start[:6].copy(), np.empty(6), np.empty((6, 6))
    drag, t = start[6], 0.0
    while t < FLIGHT_S_MAX:
        h = stride * next_step_s(y, 1.0)
        step_state(y, drag, h, y_next, work)
        height, _, _, _ = height_and_up(y_next[0], y_next[1], y_next[2])
        if not math.isfinite(height):
            return False, t, y[:3].copy()
        if height <= 0.0:
            last = seconds_to_ground(y, drag, h, y_next)
            step_state(y, drag, last, y_next, work)
            return True, t + last, y_next[:3].copy()
        y[:] = y_next
        t += h
    return False, t, y[:3].copy()


@compiled
def land_each(starts: Floats, seconds: Floats, positions: Floats) -> Flags:
    """Land every row of ``starts``; return which of them came down."""
    landed = np.zeros(starts.shape[0], dtype=np.bool_)
    for i in range(starts.shape[0]):
        landed[i], seconds[i], positions[i] = land(starts[i], 2.0)
    return landed


def impact_jacobian(state: Floats, phi: Floats, axes: Floats) -> Floats:
    """Return d(east, north, time)/d(r, v, s), 3 x 7, at an impact."""
    up = axes[2]
    by_time = -(up @ phi[:3]) / float(up @ state[3:6])
    ground = phi[:3] + np.outer(state[3:6], by_time)
    result: Floats = np.vstack([axes[0] @ ground, axes[1] @ ground, by_time])
    return result


def perigee_height_m(state: Floats) -> float:
    """Return the height of the osculating orbit's perigee over the equatorial radius.

    Two-body, in the inertial frame that coincides with the Earth-fixed one just now.
    Infinite for a body that leaves.
    """
    r = state[:3]
    v = state[3:6] + np.cross(np.array([0.0, 0.0, ROTATION_RADPS]), r)
    distance = float(np.linalg.norm(r))
    energy = 0.5 * float(v @ v) - GM_M3PS2 / distance
    if energy >= 0.0:
        return math.inf
    momentum = np.cross(r, v)
    axis = -0.5 * GM_M3PS2 / energy
    inside = max(1.0 - float(momentum @ momentum) / (GM_M3PS2 * axis), 0.0)
    return axis * (1.0 - math.sqrt(inside)) - SEMI_MAJOR_M
