"""Boundary: the flight that has a given apogee and comes down at a given place.

A boundary-value problem with three unknowns (how strong the push is, how far it leans
east and north) against three figures (apogee, impact east and north). The push is that
of ``powered`` with a force that does not grow, the mean of however many stages, and
lasts as long as the caller says. Then gravity with J2, rotation and drag, to height 0.

The impact is a place, not a distance: a lofted flight meets a distance twice, on either
side of its site, because the Earth turns below it for more than an hour, and the two
differ by 29 to 50 s.

The shape of the push hardly matters: straight from the start instead of turning, it
changes the time of a lofted flight by less than a second.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from beaconfire.estimation.arrays import Floats, compiled
from beaconfire.estimation.descent import descend
from beaconfire.estimation.geodesy import ecef_from_geodetic, enu_axes, offset_place
from beaconfire.estimation.powered import (
    ELEVATION,
    GROWTH,
    HEADING,
    LN_BURN,
    LN_FORCE,
    LN_TURN,
    PRIOR_MEAN,
    climb,
)
from beaconfire.estimation.vacuum_arc import VacuumArc, vacuum_arc

STANDARD_GRAVITY_MPS2 = 9.80665
_MISS_M_MAX = 20.0  # 0.02 s of flight, and far below the rounding of published figures
_STEPS_MAX = 40
_TURN_SHARE = 0.3  # of the push's duration, in which its attitude turns
# One step's bound: of ln force and of both leans (rad). A guess is not worse than that.
_STEP_MAX = np.array([0.2, 0.25, 0.25])
_NUDGE = 1e-5  # of each unknown: metres at impact, above the landing's own millimetre
_SHARES = (1.0, 0.5, 0.25, 0.1, 0.03)


@dataclass(frozen=True)
class Ends:
    """Both ends of a flight on the ground (latitude, longitude) and its apogee."""

    from_deg: tuple[float, float]
    to_deg: tuple[float, float]
    apogee_m: float

    @classmethod
    def along(
        cls,
        from_deg: tuple[float, float],
        azimuth_deg: float,
        range_m: float,
        apogee_m: float,
    ) -> "Ends":
        """Make the ends of a flight whose impact lies so far away at an azimuth."""
        east_m = range_m * math.sin(math.radians(azimuth_deg))
        north_m = range_m * math.cos(math.radians(azimuth_deg))
        there = offset_place(*from_deg, east_m, north_m)
        return cls(from_deg=from_deg, to_deg=there, apogee_m=apogee_m)

    @cached_property
    def arc(self) -> VacuumArc:
        """The arc without air and without a powered phase."""
        start = ecef_from_geodetic(*self.from_deg, 0.0)
        return vacuum_arc(start, ecef_from_geodetic(*self.to_deg, 0.0), self.apogee_m)

    @cached_property
    def throw_enu_mps(self) -> tuple[float, float, float]:
        """The first velocity of that arc: east, north and up of the site."""
        east, north, up = enu_axes(*self.from_deg) @ self.arc.velocity_ecef_mps
        return float(east), float(north), float(up)


def flight_time_s(ends: Ends, powered_s: float, drag: float = 0.0) -> float | None:
    """Return the seconds from lift-off to impact; none if no such push meets the ends.

    ``drag`` is the nuisance state of ``dynamics``; it acts on the way down. Newton's
    method, and every step must bring the flight nearer.
    """
    place = np.array(ends.from_deg)
    wanted = ecef_from_geodetic(*ends.to_deg, 0.0)

    def fly(unknowns: Floats) -> tuple[Floats, float]:
        landed, seconds, at, highest = _fly(
            _push(unknowns, powered_s), place, powered_s, drag
        )
        if not landed:
            return np.full(3, np.inf), math.inf
        beside = _beside(at, wanted)
        return np.array([highest - ends.apogee_m, *beside]), powered_s + seconds

    unknowns = _guess(ends, powered_s)
    missed, seconds = fly(unknowns)
    for _ in range(_STEPS_MAX):
        if not np.all(np.isfinite(missed)):
            # It never came down: push less until it does.
            unknowns = unknowns - np.array([0.05, 0.0, 0.0])
            missed, seconds = fly(unknowns)
            continue
        if np.max(np.abs(missed)) <= _MISS_M_MAX:
            return seconds
        slopes = np.empty((3, 3))
        for j in range(3):
            nudged = unknowns.copy()
            nudged[j] -= _NUDGE  # less push can only bring it down sooner
            slopes[:, j] = (missed - fly(nudged)[0]) / _NUDGE
        if not np.all(np.isfinite(slopes)):
            return None
        step = np.linalg.lstsq(slopes, -missed, rcond=None)[0]
        step = step / max(1.0, float(np.max(np.abs(step) / _STEP_MAX)))
        size = float(np.linalg.norm(missed))
        for share in _SHARES:
            now, seconds = fly(unknowns + share * step)
            if float(np.linalg.norm(now)) < (1.0 - 0.1 * share) * size:
                break
        else:
            return None
        unknowns, missed = unknowns + share * step, now
    return None


def _beside(at_ecef_m: Floats, wanted_ecef_m: Floats) -> tuple[float, float]:
    """Return how far east and north of a place another lies, in metres over ground.

    By the angle at the Earth's centre, which, unlike a straight line, has no second
    zero on the far side.
    """
    x, y, z = wanted_ecef_m.tolist()
    out = math.hypot(x, y)
    east = np.array([-y, x, 0.0]) / out if out > 0.0 else np.array([0.0, 1.0, 0.0])
    radius = math.hypot(out, z)
    up = wanted_ecef_m / radius
    aside, ahead = float(east @ at_ecef_m), float(np.cross(up, east) @ at_ecef_m)
    length = math.hypot(aside, ahead)
    scale = 0.0
    if length > 0.0:
        scale = radius * math.atan2(length, float(up @ at_ecef_m)) / length
    return scale * aside, scale * ahead


def _guess(ends: Ends, powered_s: float) -> Floats:
    """Return the unknowns that give the throw of the vacuum arc and outlast gravity."""
    east, north, up = ends.throw_enu_mps
    level = math.hypot(east, north)
    up += STANDARD_GRAVITY_MPS2 * powered_s
    lean = math.atan2(level, up) / level if level > 0.0 else 0.0
    strength = math.log(math.hypot(level, up) / powered_s)
    return np.array([strength, lean * east, lean * north])


def _push(unknowns: Floats, powered_s: float) -> Floats:
    """Return the parameters of ``powered`` for (ln force, lean east, lean north).

    The lean is a vector (its length the angle from the vertical) because an azimuth
    means nothing at the vertical, where a lofted flight's push is nearly.
    """
    strength, east, north = unknowns.tolist()
    parameters = PRIOR_MEAN.copy()
    parameters[GROWTH] = 0.0
    parameters[HEADING] = math.atan2(east, north)
    parameters[ELEVATION] = 0.5 * math.pi - math.hypot(east, north)
    parameters[LN_FORCE] = strength
    parameters[LN_BURN] = math.log(powered_s)
    parameters[LN_TURN] = math.log(_TURN_SHARE * powered_s)
    return parameters


@compiled
def _fly(
    push: Floats, place_deg: Floats, powered_s: float, drag: float
) -> tuple[bool, float, Floats, float]:
    """Return (landed, seconds from burn-out, position at impact, highest height)."""
    burnt_out, state = np.empty(9), np.empty(7)
    climb(push, place_deg, powered_s, burnt_out)
    state[:6] = burnt_out[:6]
    state[6] = drag
    landed, seconds, at, _, highest = descend(state)
    return landed, seconds, at[:3].copy(), highest
