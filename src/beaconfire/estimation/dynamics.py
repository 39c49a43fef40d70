"""Dynamics: how a body in free flight moves, in the rotating Earth-fixed frame.

Point mass + J2 + Coriolis + centrifugal + drag in still, co-rotating air. The state
is ``[r (m), v (m/s), s]``; the nuisance ``s = ln(beta0 / beta)`` says how much less
ballistic than ``beta0`` the body is, and does not change in flight.

Constants: WGS 84 (NIMA TR8350.2): GM, rotation rate, a; J2 from its C20. The prior of
``s`` is a statement of ignorance, N(0, 0.5): beta within a factor 2.7 of 8,000 kg/m2
at 95 %.

Left out because they move an impact by less than 300 m or 0.3 s in an hour of flight:
higher harmonics, Sun and Moon, lift, wind.
"""

import math

from beaconfire.estimation.arrays import Floats, compiled
from beaconfire.estimation.atmosphere import TOP_M, density
from beaconfire.estimation.geodesy import SEMI_MAJOR_M, SEMI_MINOR_M, height_and_up

GM_M3PS2 = 3.986004418e14
ROTATION_RADPS = 7.292115e-5
J2 = 1.082629821e-3  # from C20 = -4.84166774985e-4, times -sqrt(5)
BETA0_KGPM2 = 8_000.0
DRAG_SIGMA = 0.5

_J2_TERM = 1.5 * J2 * SEMI_MAJOR_M * SEMI_MAJOR_M
_DRAG_RADIUS_M = SEMI_MAJOR_M + TOP_M
# e**2.5 is twelve times more or less drag, five sigma; a wild step stays finite.
_DRAG_LIMIT = 2.5


@compiled
def acceleration(state: Floats, drag: float, result: Floats) -> None:
    """Write the acceleration of ``state`` (r, v) with drag state ``drag``."""
    _free_acceleration(state, result)
    x, y, z = state[0], state[1], state[2]
    if x * x + y * y + z * z < _DRAG_RADIUS_M * _DRAG_RADIUS_M:
        height, _, _, _ = height_and_up(x, y, z)
        rho, _ = density(height)
        vx, vy, vz = state[3], state[4], state[5]
        speed = math.sqrt(vx * vx + vy * vy + vz * vz)
        bounded = min(max(drag, -_DRAG_LIMIT), _DRAG_LIMIT)
        c = -0.5 * rho * speed * math.exp(bounded) / BETA0_KGPM2
        result[0] += c * vx
        result[1] += c * vy
        result[2] += c * vz


@compiled
def _free_acceleration(state: Floats, result: Floats) -> None:
    x, y, z = state[0], state[1], state[2]
    r2 = x * x + y * y + z * z
    k = GM_M3PS2 / (r2 * math.sqrt(r2))
    j = _J2_TERM / r2
    z2 = 5.0 * z * z / r2
    w = ROTATION_RADPS
    in_plane = -k * (1.0 + j * (1.0 - z2)) + w * w
    result[0] = in_plane * x + 2.0 * w * state[4]
    result[1] = in_plane * y - 2.0 * w * state[3]
    result[2] = -k * (1.0 + j * (3.0 - z2)) * z


@compiled
def acceleration_and_partials(
    state: Floats, drag: float, result: Floats, by_r: Floats, by_v: Floats, by_s: Floats
) -> None:
    """Write the acceleration and its partials by position, velocity and drag state."""
    _free_acceleration(state, result)
    _gravity_partials(state, by_r)
    w = ROTATION_RADPS
    for i in range(3):
        by_s[i] = 0.0
        for j in range(3):
            by_v[i, j] = 0.0
    by_v[0, 1] = 2.0 * w
    by_v[1, 0] = -2.0 * w
    by_r[0, 0] += w * w
    by_r[1, 1] += w * w
    x, y, z = state[0], state[1], state[2]
    if x * x + y * y + z * z < _DRAG_RADIUS_M * _DRAG_RADIUS_M:
        _add_drag_partials(state, drag, result, by_r, by_v, by_s)


@compiled
def _gravity_partials(state: Floats, by_r: Floats) -> None:
    x, y, z = state[0], state[1], state[2]
    r2 = x * x + y * y + z * z
    k = GM_M3PS2 / (r2 * math.sqrt(r2))
    j = _J2_TERM / r2
    q = z * z / r2
    # a = -k (1 + j (c - 5 q)) r, with c = 1 in the equator's plane and 3 along z.
    for i in range(3):
        c = 3.0 if i == 2 else 1.0
        factor = 1.0 + j * (c - 5.0 * q)
        for m in range(3):
            slope = 3.0 * k * factor + k * j * (2.0 * (c - 5.0 * q) - 10.0 * q)
            by_r[i, m] = slope * state[i] * state[m] / r2
            if m == 2:
                by_r[i, m] += k * j * 10.0 * z * state[i] / r2
        by_r[i, i] -= k * factor


@compiled
def _add_drag_partials(
    state: Floats, drag: float, result: Floats, by_r: Floats, by_v: Floats, by_s: Floats
) -> None:
    """Add drag to an acceleration and its partials; the air is looked up once."""
    height, ux, uy, uz = height_and_up(state[0], state[1], state[2])
    rho, slope = density(height)
    vx, vy, vz = state[3], state[4], state[5]
    speed = math.sqrt(vx * vx + vy * vy + vz * vz)
    bounded = min(max(drag, -_DRAG_LIMIT), _DRAG_LIMIT)
    per_speed = -0.5 * rho * math.exp(bounded) / BETA0_KGPM2
    up = (ux, uy, uz)
    for i in range(3):
        push = per_speed * speed * state[3 + i]
        result[i] += push
        by_s[i] = push if bounded == drag else 0.0
        for m in range(3):
            by_r[i, m] += push * slope * up[m]
            if speed > 0.0:
                by_v[i, m] += per_speed * state[3 + i] * state[3 + m] / speed
        by_v[i, i] += per_speed * speed


@compiled
def step_s_at(height_m: float) -> float:
    """Return the integration step that suits a height: short where air is thick."""
    if height_m > 150e3:
        return 10.0
    if height_m > 90e3:
        return 2.0
    if height_m > 60e3:
        return 0.5
    return 0.25


@compiled
def next_step_s(state: Floats, direction: float) -> float:
    """Return the step from ``state``, looking ahead so that none dives into air.

    A step of 10 s begun at 160 km would end far inside the atmosphere at re-entry
    speed, hence the second look. Heights here need only be rough.
    """
    r = math.sqrt(state[0] ** 2 + state[1] ** 2 + state[2] ** 2)
    climb = (state[0] * state[3] + state[1] * state[4] + state[2] * state[5]) / r
    sin_lat = state[2] / r
    height = r - SEMI_MAJOR_M + (SEMI_MAJOR_M - SEMI_MINOR_M) * sin_lat * sin_lat
    step = step_s_at(height)
    return min(step, step_s_at(height + direction * climb * step))
