"""Aim: find the push that meets a published apogee and impact point.

Three unknowns (strength of the push, its final tilt east and north) against three
figures (apogee, impact east and north). The impact is a *point*: a range taken without
its sign is met twice by a lofted flight, once on either side of the launch site,
because the Earth turns below it for more than an hour.

The first guess is the ellipse of a point mass that hits the place where the target will
have turned to; Newton's method with a Jacobian by differences, then Broyden's updates,
does the rest against the full dynamics.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from geographiclib.geodesic import Geodesic

from beaconfire.errors import BadInput
from beaconfire.exercise.sky.dynamics import Body, Course, follow
from beaconfire.exercise.sky.earth import (
    GRAVITATION_M3_PER_S2,
    ROTATION_RAD_PER_S,
    SEMI_MAJOR_M,
    Floats,
    Geodetic,
    east_north_up,
    geodetic,
    inertial_to_ecef,
    place_ecef_m,
)
from beaconfire.exercise.sky.powered import Programme, Push, delivered

# What "met" means: far below the rounding of any published figure.
_MISS_M_MAX = 20.0
_FLIGHTS_MAX = 60
_AIRBORNE_S_MAX = 3.0 * 3_600.0
# Below this a rocket would stand on its own flame without leaving the ground.
_IGNITION_MPS2_MIN = 1.05 * 9.81


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was published of a flight, as a boundary-value problem."""

    site: Geodetic
    target: Geodetic
    apogee_m: float


@dataclass(frozen=True, slots=True)
class Aimed:
    """The push that does it, and the flight that follows from it."""

    push: Push
    course: Course
    start: Floats


# Unknowns in; misses in metres and the flight they belong to out.
Flyer = Callable[[Floats], tuple[Floats, Aimed]]


class CannotBeFlown(BadInput):
    """No push of the given duration meets the published figures."""


def launch_state(site: Geodetic) -> Floats:
    """Return the inertial state of an object at rest on its site."""
    x, y, z = place_ecef_m(site.lat_deg, site.lon_deg, site.height_m).tolist()
    turn = ROTATION_RAD_PER_S
    return np.array([x, y, z, -turn * y, turn * x, 0.0])


def push_at(
    site: Geodetic, programme: Programme, unknowns: Floats, ends_s: float
) -> Push:
    """Fill the open numbers of a programme: (ln strength, tilt east, tilt north)."""
    e, n, u = east_north_up(site.lat_deg, site.lon_deg).tolist()
    return Push(
        programme=programme,
        ignition_mps2=math.exp(unknowns[0]),
        tilt_rad=(float(unknowns[1]), float(unknowns[2])),
        east_north_up=(tuple(e), tuple(n), tuple(u)),
        ends_s=ends_s,
    )


def aim(wanted: Wanted, programme: Programme, body: Body) -> Aimed:
    """Solve the boundary-value problem.

    Raises:
        CannotBeFlown: nothing meets the figures; says which of them to look at.
    """
    start = launch_state(wanted.site)
    burn_out_s = programme.burn_out_s

    def fly(unknowns: Floats) -> tuple[Floats, Aimed]:
        push = push_at(wanted.site, programme, unknowns, burn_out_s)
        course = follow(start, body, push, until_s=_AIRBORNE_S_MAX)
        return _misses(course, wanted), Aimed(push=push, course=course, start=start)

    return newton(fly, first_guess(wanted, programme), _scales(wanted))


def _scales(wanted: Wanted) -> Floats:
    reach = max(_distance_m(wanted.site, wanted.target), wanted.apogee_m)
    return np.array([wanted.apogee_m, reach, reach])


def _misses(course: Course, wanted: Wanted) -> Floats:
    """Return apogee and impact minus the wanted, in metres (up, along, across)."""
    if not course.landed:
        return np.full(3, np.inf)
    fell = landing(course)
    site, target = wanted.site, wanted.target
    went = Geodesic.WGS84.Inverse(
        site.lat_deg, site.lon_deg, fell.lat_deg, fell.lon_deg
    )
    meant = Geodesic.WGS84.Inverse(
        site.lat_deg, site.lon_deg, target.lat_deg, target.lon_deg
    )
    # On the map of distances and bearings from the site (azimuthal equidistant), which
    # is smooth through the site itself, unlike a range and an azimuth.
    bearing = math.radians(went["azi1"] - meant["azi1"])
    along = went["s12"] * math.cos(bearing) - meant["s12"]
    across = went["s12"] * math.sin(bearing)
    return np.array([course.apogee_m - wanted.apogee_m, along, across])


def landing(course: Course) -> Geodetic:
    """Return where a course ends."""
    ecef = inertial_to_ecef(np.array(course.end_s), course.motion(course.end_s))
    lat, lon, height = geodetic(ecef[:3])
    return Geodetic(float(lat), float(lon), float(height))


def _distance_m(one: Geodetic, other: Geodetic) -> float:
    inverse = Geodesic.WGS84.Inverse(
        one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg
    )
    return float(inverse["s12"])


def first_guess(wanted: Wanted, programme: Programme) -> Floats:
    """Return the unknowns for a point mass without air on a round, turning Earth."""
    here = place_ecef_m(wanted.site.lat_deg, wanted.site.lon_deg, 0.0)
    there = place_ecef_m(wanted.target.lat_deg, wanted.target.lon_deg, 0.0)
    rows = east_north_up(wanted.site.lat_deg, wanted.site.lon_deg)
    middle_s = 0.55 * programme.burn_out_s
    aloft_s = middle_s
    velocity = np.zeros(3)
    for _ in range(6):
        turned = ROTATION_RAD_PER_S * (aloft_s + middle_s)
        cos_t, sin_t = math.cos(turned), math.sin(turned)
        x, y, z = there.tolist()
        moved = np.array([cos_t * x - sin_t * y, sin_t * x + cos_t * y, z])
        velocity, aloft_s = _ellipse(here, moved, wanted.apogee_m)
    turning = ROTATION_RAD_PER_S * np.array([-here[1], here[0], 0.0])
    east, north, up = (rows @ (velocity - turning)).tolist()
    return _push_for(programme, east, north, up)


def _ellipse(here: Floats, there: Floats, apogee_m: float) -> tuple[Floats, float]:
    """Return the starting velocity and duration of the ellipse with that apogee."""
    one, other = here / np.linalg.norm(here), there / np.linalg.norm(there)
    half = 0.5 * math.atan2(float(np.linalg.norm(np.cross(one, other))), one @ other)
    half = max(half, 1e-6)
    radius, top = SEMI_MAJOR_M, SEMI_MAJOR_M + apogee_m
    # From r = p / (1 - e cos) at the apogee and at the ground, `half` away from it.
    e = (top - radius) / (top - radius * math.cos(half))
    axis = top / (1.0 + e)
    speed2 = GRAVITATION_M3_PER_S2 * (2.0 / radius - 1.0 / axis)
    level2 = GRAVITATION_M3_PER_S2 * axis * (1.0 - e * e) / radius**2
    level = math.sqrt(level2)
    rise = math.sqrt(max(speed2 - level2, 0.0))
    sideways = other - one * float(one @ other)
    norm = float(np.linalg.norm(sideways))
    sideways = sideways / norm if norm > 0.0 else np.zeros(3)
    # Eccentric anomaly at the ground, counted from the apogee.
    anomaly = math.acos(min(max((radius / axis - 1.0) / e, -1.0), 1.0))
    mean = anomaly + e * math.sin(anomaly)
    aloft_s = 2.0 * mean * math.sqrt(axis**3 / GRAVITATION_M3_PER_S2)
    return rise * one + level * sideways, aloft_s


def _push_for(programme: Programme, east: float, north: float, up: float) -> Floats:
    """Return the unknowns that add this velocity and outlast gravity meanwhile."""
    sideways = math.hypot(east, north)
    low, high = 0.0, math.pi
    share_up = share_side = middle_s = 0.0
    for _ in range(30):
        tilt = 0.5 * (low + high)
        share_up, share_side, middle_s = delivered(programme, tilt)
        needed = up + 9.5 * middle_s
        if share_side * needed < sideways * share_up:
            low = tilt
        else:
            high = tilt
    strength = math.hypot(needed, sideways) / math.hypot(share_up, share_side)
    if sideways == 0.0:
        return np.array([math.log(strength), 0.0, 0.0])
    return np.array(
        [math.log(strength), tilt * east / sideways, tilt * north / sideways]
    )


_DIFFERENCES = np.array([1e-4, 1e-4, 1e-4])
_STEP_MAX = np.array([0.25, 0.35, 0.35])  # of ln strength, and of the tilt in rad


def newton(fly: Flyer, guess: Floats, scales: Floats) -> Aimed:
    """Drive the misses to zero from ``guess``; every step must bring it nearer."""
    flights = 1
    unknowns = guess
    misses, aimed = fly(unknowns)
    jacobian: Floats | None = None
    fresh = False
    while flights < _FLIGHTS_MAX:
        if not np.all(np.isfinite(misses)):
            # It never came down: push less until it does.
            unknowns = unknowns - np.array([0.05, 0.0, 0.0])
            misses, aimed = fly(unknowns)
            flights += 1
            continue
        if np.max(np.abs(misses)) <= _MISS_M_MAX:
            return aimed
        if jacobian is None:
            jacobian = _jacobian(fly, unknowns, misses)
            flights += 3
            fresh = True
            if not np.all(np.isfinite(jacobian)):
                break
        step = _bounded(_least(jacobian, -misses))
        nearer = _nearer(fly, unknowns, misses, step, scales)
        flights += nearer.flights
        if nearer.found is None:
            if fresh:
                break  # not even along the true gradient
            jacobian = None
            continue
        moved, now, aimed = nearer.found
        change = now - misses - jacobian @ moved
        jacobian = jacobian + np.outer(change, moved) / float(moved @ moved)
        # A poor step says that the updated Jacobian has aged.
        if _size(now, scales) > 0.3 * _size(misses, scales):
            jacobian = None
        unknowns, misses, fresh = unknowns + moved, now, False
    message = "no push meets the published figures"
    raise CannotBeFlown(message)


@dataclass(frozen=True, slots=True)
class _Search:
    found: tuple[Floats, Floats, Aimed] | None
    flights: int


def _nearer(
    fly: Flyer, unknowns: Floats, misses: Floats, step: Floats, scales: Floats
) -> _Search:
    """Take the step, or a part of it, if that brings the flight nearer."""
    size = _size(misses, scales)
    for flights, share in enumerate((1.0, 0.5, 0.2, 0.05), start=1):
        moved = share * step
        now, aimed = fly(unknowns + moved)
        if np.all(np.isfinite(now)) and _size(now, scales) < (1 - 0.1 * share) * size:
            return _Search(found=(moved, now, aimed), flights=flights)
    return _Search(found=None, flights=4)


def _size(misses: Floats, scales: Floats) -> float:
    return float(np.linalg.norm(misses / scales))


def _least(jacobian: Floats, wanted: Floats) -> Floats:
    """Return the shortest step that the Jacobian says will bring the wanted change."""
    return np.asarray(np.linalg.lstsq(jacobian, wanted, rcond=None)[0], dtype=float)


def _bounded(step: Floats) -> Floats:
    """Shorten a step, keeping its direction, to what the guess can be wrong by."""
    excess = float(np.max(np.abs(step) / _STEP_MAX))
    return step / excess if excess > 1.0 else step


def _jacobian(fly: Flyer, unknowns: Floats, misses: Floats) -> Floats:
    columns = []
    for index, difference in enumerate(_DIFFERENCES):
        moved = unknowns.copy()
        moved[index] -= difference  # less push can only bring it down sooner
        columns.append((misses - fly(moved)[0]) / difference)
    return np.stack(columns, axis=1)


def lifts_off(aimed: Aimed) -> bool:
    """Whether the push is stronger than the object's weight from the start."""
    return aimed.push.ignition_mps2 >= _IGNITION_MPS2_MIN
