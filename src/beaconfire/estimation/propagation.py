"""Propagation: trajectories and their state-transition matrices, compiled.

Fourth-order Runge-Kutta with a step chosen by height (``dynamics.next_step_s``), the
variational equations carried along, so a Jacobian is never a finite difference.
Between steps a cubic through both ends (position and velocity) gives any instant; at
10 s in free fall that is a tenth of a millimetre, so the number of plots does not
decide the number of steps.

The matrix ``phi`` is 6 x 7: how (r, v) at an instant answers to (r, v, s) at the epoch.
The seventh row, of s itself, is the unit row and is not carried.
"""

import math

import numpy as np

from beaconfire.estimation.arrays import Flags, Floats, compiled
from beaconfire.estimation.dynamics import (
    BEND,
    accelerate,
    accelerate_and_bend,
    drag_factor,
    drag_felt,
    next_step_s,
)
from beaconfire.estimation.geodesy import height_and_up

# Run backwards, a body that climbs out of the dense air is still under thrust there:
# no coasting arc begins so low, and drag run backwards grows without bound.
CLIMB_FLOOR_M = 15_000.0

Push = tuple[float, float, float]
_NO_PUSH: Push = (0.0, 0.0, 0.0)


@compiled
def step_state(state: Floats, drag: float, h: float, result: Floats) -> None:
    """Write the state one Runge-Kutta step of ``h`` seconds later."""
    step_pushed(state, drag, h, (_NO_PUSH, _NO_PUSH, _NO_PUSH), result)


@compiled
def step_pushed(
    state: Floats, drag: float, h: float, pushes: tuple[Push, Push, Push],
    result: Floats,
) -> None:  # fmt: skip
    """As ``step_state`` under a push (m/s2) known at begin, middle and end of the step.

    ``result`` may be the state itself.
    """
    factor, half, sixth = drag_factor(drag), 0.5 * h, h / 6.0
    (px, py, pz), (mx, my, mz), (ex, ey, ez) = pushes
    x, y, z, u, v, w = state[0], state[1], state[2], state[3], state[4], state[5]
    ax, ay, az = accelerate(x, y, z, u, v, w, factor)
    ax, ay, az = ax + px, ay + py, az + pz
    u1, v1, w1 = u + half * ax, v + half * ay, w + half * az
    bx, by, bz = accelerate(
        x + half * u, y + half * v, z + half * w, u1, v1, w1, factor
    )
    bx, by, bz = bx + mx, by + my, bz + mz
    u2, v2, w2 = u + half * bx, v + half * by, w + half * bz
    cx, cy, cz = accelerate(
        x + half * u1, y + half * v1, z + half * w1, u2, v2, w2, factor
    )
    cx, cy, cz = cx + mx, cy + my, cz + mz
    u3, v3, w3 = u + h * cx, v + h * cy, w + h * cz
    dx, dy, dz = accelerate(x + h * u2, y + h * v2, z + h * w2, u3, v3, w3, factor)
    dx, dy, dz = dx + ex, dy + ey, dz + ez
    result[0] = x + sixth * (u + 2.0 * u1 + 2.0 * u2 + u3)
    result[1] = y + sixth * (v + 2.0 * v1 + 2.0 * v2 + v3)
    result[2] = z + sixth * (w + 2.0 * w1 + 2.0 * w2 + w3)
    result[3] = u + sixth * (ax + 2.0 * bx + 2.0 * cx + dx)
    result[4] = v + sixth * (ay + 2.0 * by + 2.0 * cy + dy)
    result[5] = w + sixth * (az + 2.0 * bz + 2.0 * cz + dz)


@compiled
def step_both(
    state: Floats, phi: Floats, drag: float, h: float, result: Floats, phi_out: Floats
) -> None:
    """Write state and transition matrix one Runge-Kutta step of ``h`` seconds later."""
    bends = np.empty((4, BEND))
    factor, half, sixth = drag_factor(drag), 0.5 * h, h / 6.0
    x, y, z, u, v, w = state[0], state[1], state[2], state[3], state[4], state[5]
    ax, ay, az = accelerate_and_bend(x, y, z, u, v, w, factor, bends, 0)
    u1, v1, w1 = u + half * ax, v + half * ay, w + half * az
    bx, by, bz = accelerate_and_bend(
        x + half * u, y + half * v, z + half * w, u1, v1, w1, factor, bends, 1
    )
    u2, v2, w2 = u + half * bx, v + half * by, w + half * bz
    cx, cy, cz = accelerate_and_bend(
        x + half * u1, y + half * v1, z + half * w1, u2, v2, w2, factor, bends, 2
    )
    u3, v3, w3 = u + h * cx, v + h * cy, w + h * cz
    dx, dy, dz = accelerate_and_bend(
        x + h * u2, y + h * v2, z + h * w2, u3, v3, w3, factor, bends, 3
    )
    result[0] = x + sixth * (u + 2.0 * u1 + 2.0 * u2 + u3)
    result[1] = y + sixth * (v + 2.0 * v1 + 2.0 * v2 + v3)
    result[2] = z + sixth * (w + 2.0 * w1 + 2.0 * w2 + w3)
    result[3] = u + sixth * (ax + 2.0 * bx + 2.0 * cx + dx)
    result[4] = v + sixth * (ay + 2.0 * by + 2.0 * cy + dy)
    result[5] = w + sixth * (az + 2.0 * bz + 2.0 * cz + dz)
    for m in range(7):
        forced = drag_felt(drag) if m == 6 else 0.0
        _step_column(bends, phi, m, forced, h, phi_out)


@compiled
def _bent(
    bends: Floats, at: int, forced: float,
    x: float, y: float, z: float, u: float, v: float, w: float,
) -> tuple[float, float, float]:  # fmt: skip
    """Return how a shift of position and velocity changes the acceleration."""
    return (
        forced * bends[at, 18]
        + bends[at, 0] * x + bends[at, 1] * y + bends[at, 2] * z
        + bends[at, 9] * u + bends[at, 10] * v + bends[at, 11] * w,
        forced * bends[at, 19]
        + bends[at, 3] * x + bends[at, 4] * y + bends[at, 5] * z
        + bends[at, 12] * u + bends[at, 13] * v + bends[at, 14] * w,
        forced * bends[at, 20]
        + bends[at, 6] * x + bends[at, 7] * y + bends[at, 8] * z
        + bends[at, 15] * u + bends[at, 16] * v + bends[at, 17] * w,
    )  # fmt: skip


@compiled
def _step_column(
    bends: Floats, phi: Floats, m: int, forced: float, h: float, phi_out: Floats
) -> None:
    """Write one column of the matrix a step later; the drag's is ``forced``."""
    half, sixth = 0.5 * h, h / 6.0
    x, y, z = phi[0, m], phi[1, m], phi[2, m]
    u, v, w = phi[3, m], phi[4, m], phi[5, m]
    ax, ay, az = _bent(bends, 0, forced, x, y, z, u, v, w)
    u1, v1, w1 = u + half * ax, v + half * ay, w + half * az
    bx, by, bz = _bent(
        bends, 1, forced, x + half * u, y + half * v, z + half * w, u1, v1, w1
    )
    u2, v2, w2 = u + half * bx, v + half * by, w + half * bz
    cx, cy, cz = _bent(
        bends, 2, forced, x + half * u1, y + half * v1, z + half * w1, u2, v2, w2
    )
    u3, v3, w3 = u + h * cx, v + h * cy, w + h * cz
    dx, dy, dz = _bent(bends, 3, forced, x + h * u2, y + h * v2, z + h * w2, u3, v3, w3)
    phi_out[0, m] = x + sixth * (u + 2.0 * u1 + 2.0 * u2 + u3)
    phi_out[1, m] = y + sixth * (v + 2.0 * v1 + 2.0 * v2 + v3)
    phi_out[2, m] = z + sixth * (w + 2.0 * w1 + 2.0 * w2 + w3)
    phi_out[3, m] = u + sixth * (ax + 2.0 * bx + 2.0 * cx + dx)
    phi_out[4, m] = v + sixth * (ay + 2.0 * by + 2.0 * cy + dy)
    phi_out[5, m] = w + sixth * (az + 2.0 * bz + 2.0 * cz + dz)


@compiled
def _between(
    u: float, h: float, before: Floats, after: Floats, columns: int, result: Floats
) -> None:
    """Write the cubic through both ends at the fraction ``u``; rows 0-2 r, 3-5 v."""
    u2, u3 = u * u, u * u * u
    a0, a1 = 2.0 * u3 - 3.0 * u2 + 1.0, -2.0 * u3 + 3.0 * u2
    b0, b1 = u3 - 2.0 * u2 + u, u3 - u2
    da = (6.0 * u2 - 6.0 * u) / h
    db0, db1 = 3.0 * u2 - 4.0 * u + 1.0, 3.0 * u2 - 2.0 * u
    for i in range(3):
        for m in range(columns):
            r0, r1 = before[i, m], after[i, m]
            v0, v1 = before[3 + i, m], after[3 + i, m]
            result[i, m] = a0 * r0 + a1 * r1 + h * (b0 * v0 + b1 * v1)
            result[3 + i, m] = da * (r0 - r1) + db0 * v0 + db1 * v1


@compiled
def _below_climb_floor(state: Floats) -> bool:
    height, ux, uy, uz = height_and_up(state[0], state[1], state[2])
    climbing = ux * state[3] + uy * state[4] + uz * state[5] > 0.0
    return height < CLIMB_FLOOR_M and climbing


@compiled
def _walk(
    start: Floats,
    times_s: Floats,
    direction: float,
    states: Floats,
    phis: Floats,
    reached: Flags,
) -> None:
    """Fill the samples on one side of the epoch, walking away from it."""
    n = times_s.shape[0]
    y, y_next = start[:6].copy(), np.empty(6)
    phi, phi_next = np.zeros((6, 7)), np.empty((6, 7))
    for i in range(6):
        phi[i, i] = 1.0
    drag, t = start[6], 0.0
    forward = direction > 0.0
    turn = int(np.searchsorted(times_s, 0.0))
    i, i_end = (turn, n) if forward else (turn - 1, -1)
    way = 1 if forward else -1
    while i != i_end:
        if not forward and _below_climb_floor(y):
            return
        left_s = abs(times_s[i_end - way] - t)
        h = direction * min(next_step_s(y, direction), max(left_s, 1e-6))
        step_both(y, phi, drag, h, y_next, phi_next)
        if not math.isfinite(y_next[0]):
            return
        while i != i_end and (t + h - times_s[i]) * direction >= -1e-9:
            u = (times_s[i] - t) / h
            flat, flat_next = y.reshape(6, 1), y_next.reshape(6, 1)
            _between(u, h, flat, flat_next, 1, states[i].reshape(6, 1))
            _between(u, h, phi, phi_next, 7, phis[i])
            reached[i] = True
            i += way
        t += h
        y[:] = y_next
        phi[:] = phi_next


@compiled
def sample_arc(start: Floats, times_s: Floats) -> tuple[Floats, Floats, Flags]:
    """Return states (n, 6), transition matrices (n, 6, 7) and which were reached.

    ``start`` is [r, v, s] at time 0; ``times_s`` ascend and may lie on both sides.
    An instant is not reached when the way back leads under the climb floor.
    """
    n = times_s.shape[0]
    states, phis = np.zeros((n, 6)), np.zeros((n, 6, 7))
    reached = np.zeros(n, dtype=np.bool_)
    if n and times_s[-1] >= 0.0:
        _walk(start, times_s, 1.0, states, phis, reached)
    if n and times_s[0] < 0.0:
        _walk(start, times_s, -1.0, states, phis, reached)
    return states, phis, reached


@compiled
def sample_states(start: Floats, times_s: Floats) -> Floats:
    """Return the states (n, 6) at instants from 0 on; NaN from where none is finite.

    As ``sample_arc``, without transition matrices: a fifth of the cost.
    """
    states = np.full((times_s.shape[0], 6), math.nan)
    y, y_next, t, i = start[:6].copy(), np.empty(6), 0.0, 0
    while i < times_s.shape[0]:
        h = min(next_step_s(y, 1.0), max(times_s[-1] - t, 1e-6))
        step_state(y, start[6], h, y_next)
        if not math.isfinite(y_next[0]):
            break
        while i < times_s.shape[0] and t + h - times_s[i] >= -1e-9:
            flat, flat_next = y.reshape(6, 1), y_next.reshape(6, 1)
            at = states[i].reshape(6, 1)
            _between((times_s[i] - t) / h, h, flat, flat_next, 1, at)
            i += 1
        t += h
        y[:] = y_next
    return states
