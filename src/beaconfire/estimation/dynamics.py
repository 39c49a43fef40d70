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

import numpy as np

from beaconfire.estimation.arrays import Floats, compiled
from beaconfire.estimation.atmosphere import TOP_M, density
from beaconfire.estimation.geodesy import SEMI_MAJOR_M, SEMI_MINOR_M, height_and_up

GM_M3PS2 = 3.986004418e14
ROTATION_RADPS = 7.292115e-5
J2 = 1.082629821e-3  # from C20 = -4.84166774985e-4, times -sqrt(5)
BETA0_KGPM2 = 8_000.0
DRAG_SIGMA = 0.5

BEND = 21  # partials of an acceleration: 9 by position, 9 by velocity, 3 by drag

_J2_TERM = 1.5 * J2 * SEMI_MAJOR_M * SEMI_MAJOR_M
_DRAG_RADIUS_M = SEMI_MAJOR_M + TOP_M
# e**2.5 is twelve times more or less drag, five sigma; a wild step stays finite.
_DRAG_LIMIT = 2.5


@compiled
def acceleration(state: Floats, drag: float, result: Floats) -> None:
    """Write the acceleration of ``state`` (r, v) with drag state ``drag``."""
    result[0], result[1], result[2] = accelerate(
        state[0], state[1], state[2], state[3], state[4], state[5], drag_factor(drag)
    )


@compiled
def drag_factor(drag: float) -> float:
    """Return half the area times drag coefficient over mass (m2/kg)."""
    bounded = min(max(drag, -_DRAG_LIMIT), _DRAG_LIMIT)
    return 0.5 * math.exp(bounded) / BETA0_KGPM2


@compiled
def drag_felt(drag: float) -> float:
    """Return 1, or 0 where the bounds of ``drag_factor`` leave no slope."""
    return 1.0 if abs(drag) <= _DRAG_LIMIT else 0.0


@compiled
def accelerate(
    x: float, y: float, z: float, vx: float, vy: float, vz: float, factor: float
) -> tuple[float, float, float]:
    """Return the acceleration at a place and velocity; ``factor`` is the drag's."""
    ax, ay, az = _free(x, y, z, vx, vy)
    if x * x + y * y + z * z < _DRAG_RADIUS_M * _DRAG_RADIUS_M:
        height, _, _, _ = height_and_up(x, y, z)
        rho, _ = density(height)
        c = -rho * math.sqrt(vx * vx + vy * vy + vz * vz) * factor
        return ax + c * vx, ay + c * vy, az + c * vz
    return ax, ay, az


@compiled
def _free(
    x: float, y: float, z: float, vx: float, vy: float
) -> tuple[float, float, float]:
    """Return what gravity and the turning frame do."""
    r2 = x * x + y * y + z * z
    k = GM_M3PS2 / (r2 * math.sqrt(r2))
    j = _J2_TERM / r2
    z2 = 5.0 * z * z / r2
    w = ROTATION_RADPS
    in_plane = -k * (1.0 + j * (1.0 - z2)) + w * w
    return (
        in_plane * x + 2.0 * w * vy,
        in_plane * y - 2.0 * w * vx,
        -k * (1.0 + j * (3.0 - z2)) * z,
    )


@compiled
def acceleration_and_partials(
    state: Floats, drag: float, result: Floats, by_r: Floats, by_v: Floats, by_s: Floats
) -> None:
    """Write the acceleration and its partials by position, velocity and drag state."""
    bends = np.empty((1, BEND))
    result[0], result[1], result[2] = accelerate_and_bend(
        state[0], state[1], state[2], state[3], state[4], state[5],
        drag_factor(drag), bends, 0,
    )  # fmt: skip
    for i in range(3):
        by_s[i] = drag_felt(drag) * bends[0, 18 + i]
        for m in range(3):
            by_r[i, m] = bends[0, 3 * i + m]
            by_v[i, m] = bends[0, 9 + 3 * i + m]


@compiled
def accelerate_and_bend(
    x: float, y: float, z: float, vx: float, vy: float, vz: float,
    factor: float, bends: Floats, at: int,
) -> tuple[float, float, float]:  # fmt: skip
    """Return the acceleration and write its partials into row ``at`` of ``bends``.

    Nine by position, nine by velocity, three by the drag state (where it is felt); one
    flat row, because views into arrays cost more here than the arithmetic.
    """
    ax, ay, az = _free(x, y, z, vx, vy)
    r2 = x * x + y * y + z * z
    k = GM_M3PS2 / (r2 * math.sqrt(r2))
    j = _J2_TERM / r2
    q = z * z / r2
    w = ROTATION_RADPS
    # a = -k (1 + j (c - 5 q)) r, with c = 1 in the equator's plane and 3 along z.
    flat, tall = 1.0 + j * (1.0 - 5.0 * q), 1.0 + j * (3.0 - 5.0 * q)
    slope = (3.0 * k * flat + k * j * (2.0 * (1.0 - 5.0 * q) - 10.0 * q)) / r2
    steep = (3.0 * k * tall + k * j * (2.0 * (3.0 - 5.0 * q) - 10.0 * q)) / r2
    dip = k * j * 10.0 * z / r2
    bends[at, 0] = slope * x * x - k * flat + w * w
    bends[at, 1] = slope * x * y
    bends[at, 2] = slope * x * z + dip * x
    bends[at, 3] = slope * y * x
    bends[at, 4] = slope * y * y - k * flat + w * w
    bends[at, 5] = slope * y * z + dip * y
    bends[at, 6] = steep * z * x
    bends[at, 7] = steep * z * y
    bends[at, 8] = steep * z * z + dip * z - k * tall
    for i in range(9, BEND):
        bends[at, i] = 0.0
    bends[at, 10] = 2.0 * w
    bends[at, 12] = -2.0 * w
    if r2 < _DRAG_RADIUS_M * _DRAG_RADIUS_M:
        dx, dy, dz = _push_and_bend(x, y, z, vx, vy, vz, factor, bends, at)
        return ax + dx, ay + dy, az + dz
    return ax, ay, az


@compiled
def _push_and_bend(
    x: float, y: float, z: float, vx: float, vy: float, vz: float,
    factor: float, bends: Floats, at: int,
) -> tuple[float, float, float]:  # fmt: skip
    """Return the push of the air and add its partials; the air is looked up once."""
    height, ux, uy, uz = height_and_up(x, y, z)
    rho, slope = density(height)
    speed = math.sqrt(vx * vx + vy * vy + vz * vz)
    per_speed = -rho * factor
    c = per_speed * speed
    dx, dy, dz = c * vx, c * vy, c * vz
    ux, uy, uz = slope * ux, slope * uy, slope * uz
    lean = per_speed / speed if speed > 0.0 else 0.0
    for i, push, along in ((0, dx, lean * vx), (1, dy, lean * vy), (2, dz, lean * vz)):
        bends[at, 3 * i] += push * ux
        bends[at, 3 * i + 1] += push * uy
        bends[at, 3 * i + 2] += push * uz
        bends[at, 9 + 3 * i] += along * vx
        bends[at, 10 + 3 * i] += along * vy
        bends[at, 11 + 3 * i] += along * vz
        bends[at, 9 + 4 * i] += c
        bends[at, 18 + i] = push
    return dx, dy, dz


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
