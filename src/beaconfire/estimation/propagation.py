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
    acceleration,
    acceleration_and_partials,
    next_step_s,
)
from beaconfire.estimation.geodesy import height_and_up

# Run backwards, a body that climbs out of the dense air is still under thrust there:
# no coasting arc begins so low, and drag run backwards grows without bound.
CLIMB_FLOOR_M = 15_000.0


@compiled
def step_state(
    state: Floats, drag: float, h: float, result: Floats, work: Floats
) -> None:
    """Write the state one Runge-Kutta step later; ``work`` is room of 6 x 6."""
    k, at, a = work[:4], work[4], work[5]
    for stage in range(4):
        lag = 0.0 if stage == 0 else (h if stage == 3 else 0.5 * h)
        for i in range(6):
            at[i] = state[i] + (lag * k[stage - 1, i] if stage else 0.0)
        acceleration(at, drag, a)
        for i in range(3):
            k[stage, i] = at[3 + i]
            k[stage, 3 + i] = a[i]
    for i in range(6):
        result[i] = state[i] + h / 6.0 * (
            k[0, i] + 2.0 * k[1, i] + 2.0 * k[2, i] + k[3, i]
        )


@compiled
def step_both(
    state: Floats, phi: Floats, drag: float, h: float, result: Floats, phi_out: Floats
) -> None:
    """Write state and transition matrix one Runge-Kutta step of ``h`` seconds later."""
    work = np.empty((29, 7))
    ap, kp, sum_p = work[0:6], work[6:12], work[12:18]
    at, k, sum_k = work[18], work[19], work[20]
    a, by_s, by_r, by_v = work[21], work[22], work[23:26], work[26:29]
    for stage in range(4):
        lag = 0.0 if stage == 0 else (h if stage == 3 else 0.5 * h)
        weight = h / 6.0 if stage in (0, 3) else h / 3.0
        for i in range(6):
            at[i] = state[i] + (lag * k[i] if stage else 0.0)
            for m in range(7):
                ap[i, m] = phi[i, m] + (lag * kp[i, m] if stage else 0.0)
        acceleration_and_partials(at, drag, a, by_r, by_v, by_s)
        for i in range(3):
            k[i], k[3 + i] = at[3 + i], a[i]
            for m in range(7):
                kp[i, m] = ap[3 + i, m]
                total = by_s[i] if m == 6 else 0.0
                for n in range(3):
                    total += by_r[i, n] * ap[n, m] + by_v[i, n] * ap[3 + n, m]
                kp[3 + i, m] = total
        for i in range(6):
            sum_k[i] = weight * k[i] + (sum_k[i] if stage else 0.0)
            for m in range(7):
                sum_p[i, m] = weight * kp[i, m] + (sum_p[i, m] if stage else 0.0)
    for i in range(6):
        result[i] = state[i] + sum_k[i]
        for m in range(7):
            phi_out[i, m] = phi[i, m] + sum_p[i, m]


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
