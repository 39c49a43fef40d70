"""Dynamics: one object's motion from lift-off until it comes down.

Newton's equation in inertial axes (those of ECEF at lift-off): gravity with J2, drag in
an atmosphere that turns with the Earth, thrust while it burns, lift for a glider.
Integrated by SciPy's DOP853 with tight tolerances and restarted wherever the push is
not smooth, so that no step straddles a kink.

Nothing here is shared with the estimator, which integrates in turning axes by another
method: an exercise in which truth and estimate came from one piece of code would only
show that the code agrees with itself.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.integrate import DOP853, OdeSolution
from scipy.optimize import brentq

from beaconfire.exercise.sky.atmosphere import TOP_M, density_kg_per_m3
from beaconfire.exercise.sky.earth import (
    GRAVITATION_M3_PER_S2,
    ROTATION_RAD_PER_S,
    Floats,
    gravity,
    height_m,
)
from beaconfire.exercise.sky.powered import Burn, Push

RELATIVE = 1e-10
_ABSOLUTE_M = 1e4  # m and m/s, times the relative tolerance
_STEP_S_MAX = 30.0  # keeps the continuous output as good as the steps themselves
_STEPS_MAX = 20_000
# A flight that is still above ground then is in orbit, or as good as.
AIRBORNE_S_MAX = 6 * 3_600.0
_LIFTED_S = 1.0  # the ground is not looked for before the object has left it

Rates = Callable[[float, Floats], list[float]]


@dataclass(frozen=True, slots=True)
class Body:
    """What the air does to the object.

    ``lift_to_drag`` of zero is a ballistic body. A glider's lift points up, is at most
    that multiple of its drag, and only as strong as level flight asks for. One that
    pulls up is pushed up so strongly, in whatever air.
    """

    ballistic_kg_per_m2: float
    lift_to_drag: float = 0.0
    pull_up_mps2: float = 0.0


@dataclass(frozen=True, slots=True)
class Course:
    """A flight as integrated: continuous in time, in inertial axes of lift-off."""

    motion: OdeSolution
    end_s: float
    landed: bool  # False: still aloft at the end
    apogee_s: float
    apogee_m: float


def _rates(body: Body, push: Push | None, burn: Burn | None) -> Rates:
    """Return the right-hand side for one stretch in which the push is smooth."""
    turn = ROTATION_RAD_PER_S
    half_area = 0.5 / body.ballistic_kg_per_m2

    def rates(t_s: float, state: Floats) -> list[float]:
        x, y, z, vx, vy, vz = state.tolist()
        ax, ay, az = gravity(x, y, z)
        height = height_m(math.hypot(x, y), z)
        if height < TOP_M:
            wx, wy = vx + turn * y, vy - turn * x
            speed = math.sqrt(wx * wx + wy * wy + vz * vz)
            drag = half_area * density_kg_per_m3(height) * speed
            ax -= drag * wx
            ay -= drag * wy
            az -= drag * vz
            if body.lift_to_drag > 0.0 and burn is None:
                most = body.lift_to_drag * drag * speed
                lx, ly, lz = _lift(x, y, z, vx, vy, vz, most)
                ax, ay, az = ax + lx, ay + ly, az + lz
        if body.pull_up_mps2 > 0.0:
            up = body.pull_up_mps2 / math.sqrt(x * x + y * y + z * z)
            ax, ay, az = ax + up * x, ay + up * y, az + up * z
        if push is not None and burn is not None:
            px, py, pz = push.acceleration(t_s, burn)
            ax, ay, az = ax + px, ay + py, az + pz
        return [vx, vy, vz, ax, ay, az]

    return rates


# How firmly a glider resists sinking: it levels out within about twenty seconds.
_GLIDE_DAMPING_PER_S = 0.05


def _lift(
    x: float, y: float, z: float, vx: float, vy: float, vz: float, most_mps2: float
) -> tuple[float, float, float]:
    """Return the lift that level flight asks for, as far as the wings can give it."""
    r = math.sqrt(x * x + y * y + z * z)
    climb = (x * vx + y * vy + z * vz) / r
    level2 = vx * vx + vy * vy + vz * vz - climb * climb
    wanted = GRAVITATION_M3_PER_S2 / (r * r) - level2 / r - _GLIDE_DAMPING_PER_S * climb
    given = min(max(wanted, 0.0), most_mps2)
    return given * x / r, given * y / r, given * z / r


class _Trace:
    """The steps taken so far, and what is asked of them: the apogee and the end."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.pieces: list[object] = []
        self.apogee = (0.0, -math.inf)

    def add(self, solver: DOP853, climb: tuple[float, float]) -> Callable[..., Floats]:
        """Keep the solver's last step; note the apogee if it lies within."""
        piece: Callable[..., Floats] = solver.dense_output()
        if not self.times:
            self.times.append(solver.t_old)
        self.times.append(solver.t)
        self.pieces.append(piece)
        before, after = climb
        if before > 0.0 >= after:
            t_s = brentq(lambda t: _climb(piece(t)), solver.t_old, solver.t, xtol=1e-6)
            self._keep(t_s, _height(piece(t_s)))
        return piece

    def _keep(self, t_s: float, height: float) -> None:
        if height > self.apogee[1]:
            self.apogee = (t_s, height)

    def course(self, end_s: float, *, landed: bool) -> Course:
        """Return the whole as a course."""
        if end_s > self.times[-2]:
            self.times[-1] = end_s
        motion = OdeSolution(np.array(self.times), self.pieces)
        self._keep(end_s, _height(motion(end_s)))
        self._keep(self.times[0], _height(motion(self.times[0])))
        return Course(
            motion=motion,
            end_s=end_s,
            landed=landed,
            apogee_s=float(self.apogee[0]),
            apogee_m=float(self.apogee[1]),
        )


def _height(state: Floats) -> float:
    return height_m(math.hypot(state[0], state[1]), state[2])


def _climb(state: Floats) -> float:
    """Return something with the sign of the rate at which the height changes.

    The normal of the ellipsoid leans from the centre's direction by at most 0.2
    degrees; taken along the normal, the rate vanishes exactly at the highest point.
    """
    x, y, z, vx, vy, vz = state.tolist()
    p = math.hypot(x, y)
    here = height_m(p, z)
    slope_p = height_m(p + 1.0, z) - here
    slope_z = height_m(p, z + 1.0) - here
    return float(slope_p * (x * vx + y * vy) / p + slope_z * vz)


def follow(
    start: Floats,
    body: Body,
    push: Push | None,
    *,
    begin_s: float = 0.0,
    until_s: float = AIRBORNE_S_MAX,
    relative: float = RELATIVE,
) -> Course:
    """Integrate from ``start`` (inertial, at ``begin_s``) to the ground or ``until_s``.

    A push belongs to a flight followed from lift-off. ``relative`` is the tolerance.
    """
    trace = _Trace()
    edges = {begin_s, until_s}
    if push is not None:
        kinks = (*push.programme.breaks_s(push.ends_s), push.ends_s)
        edges |= {edge for edge in kinks if edge < until_s}
    state = start
    for here_s, next_s in pairwise(sorted(edges)):
        burn = None
        if push is not None and here_s < push.ends_s:
            burn = push.programme.burning(0.5 * (here_s + next_s))
        rates = _rates(body, push, burn)
        landed_s, state = _stretch(trace, rates, (here_s, next_s), state, relative)
        if landed_s is not None:
            return trace.course(landed_s, landed=True)
    return trace.course(until_s, landed=False)


def _stretch(
    trace: _Trace,
    rates: Rates,
    from_to_s: tuple[float, float],
    state: Floats,
    relative: float,
) -> tuple[float | None, Floats]:
    """Integrate one smooth stretch; return when it met the ground, if it did."""
    solver = DOP853(
        rates,
        from_to_s[0],
        state,
        from_to_s[1],
        rtol=relative,
        atol=_ABSOLUTE_M * relative,
        max_step=_STEP_S_MAX,
    )
    climb = _climb(state)
    for _ in range(_STEPS_MAX):
        if solver.status != "running":
            break
        solver.step()
        climb_now = _climb(solver.y)
        piece = trace.add(solver, (climb, climb_now))
        climb = climb_now
        if solver.t > _LIFTED_S and _height(solver.y) < 0.0:
            return _meets_ground(piece, solver.t_old, solver.t), solver.y
    assert solver.status == "finished", "the integrator stopped on its way"
    return None, solver.y


def _meets_ground(
    piece: Callable[..., Floats], before_s: float, after_s: float
) -> float:
    """Return when a step that ends below the ground went through it."""
    if _height(piece(before_s)) <= 0.0:
        return before_s  # too weak a push: it never left
    return float(brentq(lambda t: _height(piece(t)), before_s, after_s, xtol=1e-7))
