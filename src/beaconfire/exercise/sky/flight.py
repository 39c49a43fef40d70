"""Flight: the truth of one launch, which never leaves the exercise.

``fly`` turns published figures into a motion that meets them; ``Flight`` answers where
the object is at any time. Sensors look at it and the after-action report compares with
it. No node ever reads it.

What the seed draws for each launch (its own stream, so that one more launch changes no
other): the ballistic coefficient, ln beta from N(ln 8,000 kg/m2, 0.5), and the shape of
the thrust.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from geographiclib.geodesic import Geodesic

from beaconfire.errors import BadInput
from beaconfire.exercise.scenario_parts import Launch, Scenario
from beaconfire.exercise.sky.aim import (
    Aimed,
    CannotBeFlown,
    Wanted,
    aim,
    landing,
    lifts_off,
)
from beaconfire.exercise.sky.dynamics import Body, Course, follow
from beaconfire.exercise.sky.earth import (
    Floats,
    Geodetic,
    east_north_up,
    geodetic,
    inertial_to_ecef,
)
from beaconfire.exercise.sky.orbit import aim_at_orbit
from beaconfire.exercise.sky.powered import (
    Programme,
    draw_programme,
    with_constant_thrust,
)
from beaconfire.exercise.streams import stream
from beaconfire.vocabulary.times import Instant

BALLISTIC_KG_PER_M2 = 8_000.0
LN_BALLISTIC_SIGMA = 0.5
_GLIDER_LIFT_TO_DRAG = 2.5
# What was published did fly. Where the air would stop the drawn body short of it (low
# and far flights), a heavier one is taken.
_HEAVIER = (1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Impact:
    """Where and when an object came down (seconds from lift-off)."""

    lat_deg: float
    lon_deg: float
    t_s: float


@dataclass(frozen=True, slots=True)
class Apogee:
    """How high above WGS 84 an object came, and when (seconds from lift-off)."""

    height_m: float
    t_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Flight:
    """One object from lift-off to impact; ``impact`` is ``None`` if it stays aloft.

    ``end_s``: impact, or the end of what was computed. Times are from lift-off.
    """

    launch_id: str
    lift_off: Instant
    burn_out_s: float
    apogee: Apogee
    impact: Impact | None
    end_s: float
    ballistic_kg_per_m2: float
    course: Course

    def state_ecef(self, t_s: Floats) -> Floats:
        """Return position (m) and velocity (m/s) rows, ECEF, at seconds from lift-off.

        Before lift-off and after the end the object rests where it then is.
        """
        asked = np.asarray(t_s, dtype=float)
        times = np.clip(asked, 0.0, self.end_s)
        inertial = np.moveaxis(self.course.motion(times.ravel()), 0, -1)
        state = inertial_to_ecef(times.ravel(), inertial)
        resting = (asked.ravel() < 0.0) | (asked.ravel() > self.end_s)
        state[resting, 3:] = 0.0
        return state.reshape(*asked.shape, 6)

    def ground_track(self, step_s: float = 10.0) -> Floats:
        """Return rows (t_s, lat_deg, lon_deg, height_m) from lift-off to the end."""
        count = max(math.ceil(self.end_s / step_s), 1)
        times = np.linspace(0.0, self.end_s, count + 1)
        lat, lon, height = geodetic(self.state_ecef(times)[:, :3])
        return np.stack([times, lat, lon, height], axis=-1)

    def heading_deg(self, t_s: float) -> float:
        """Return the direction over the ground at a time, true, 0 to under 360."""
        state = self.state_ecef(np.array(t_s))
        lat, lon, _ = geodetic(state[:3])
        east, north, _ = east_north_up(float(lat), float(lon)) @ state[3:]
        return math.degrees(math.atan2(east, north)) % 360.0


def fly(launch: Launch, *, epoch: Instant, seed: int) -> Flight:
    """Fly one launch of a scenario that begins at ``epoch``.

    Raises:
        BadInput: the published figures cannot be flown together; says so in a sentence.
    """
    burn_out_s, ballistic, course = _solved(launch, seed)
    impact = None
    if course.landed:
        fell = landing(course)
        impact = Impact(fell.lat_deg, fell.lon_deg, course.end_s)
    return Flight(
        launch_id=launch.id,
        lift_off=epoch.plus_s(launch.at_s),
        burn_out_s=burn_out_s,
        apogee=Apogee(course.apogee_m, course.apogee_s),
        impact=impact,
        end_s=course.end_s,
        ballistic_kg_per_m2=ballistic,
        course=course,
    )


def fly_all(scenario: Scenario, *, seed: int | None = None) -> tuple[Flight, ...]:
    """Fly every launch of a scenario, under its own seed or another."""
    drawn = scenario.seed if seed is None else seed
    return tuple(
        fly(launch, epoch=scenario.epoch, seed=drawn) for launch in scenario.launch
    )


@lru_cache(maxsize=64)
def _solved(launch: Launch, seed: int) -> tuple[float, float, Course]:
    """Return burn-out, ballistic coefficient and course; remembered by value."""
    rng = stream(seed, "sky", launch.id)
    ballistic = BALLISTIC_KG_PER_M2 * math.exp(rng.normal(0.0, LN_BALLISTIC_SIGMA))
    programme = draw_programme(launch.powered_s, launch.stages, rng)
    lift = _GLIDER_LIFT_TO_DRAG if launch.kind == "glide" else 0.0
    if launch.kind == "space":
        return _orbiting(launch, programme, Body(ballistic))
    wanted = _wanted(launch)
    for heavier in _HEAVIER:
        body = Body(ballistic_kg_per_m2=heavier * ballistic, lift_to_drag=lift)
        aimed = _aimed(wanted, programme, body)
        if aimed is not None:
            break
    else:
        raise BadInput(_contradiction(launch))
    if launch.kind == "failed":
        return _failed(launch, aimed, body)
    return programme.burn_out_s, body.ballistic_kg_per_m2, aimed.course


def _aimed(wanted: Wanted, programme: Programme, body: Body) -> Aimed | None:
    """Aim with the drawn thrust, or with a constant one where that leaves the pad."""
    try:
        aimed = aim(wanted, programme, body)
        if not lifts_off(aimed):
            aimed = aim(wanted, with_constant_thrust(programme), body)
    except CannotBeFlown:
        return None
    return aimed if lifts_off(aimed) else None


def _wanted(launch: Launch) -> Wanted:
    site = launch.site
    if launch.target is not None:
        lat, lon = launch.target.lat_deg, launch.target.lon_deg
    else:
        assert launch.azimuth_true_deg is not None, "checked when the scenario was read"
        assert launch.range_km is not None, "checked when the scenario was read"
        there = Geodesic.WGS84.Direct(
            site.lat_deg,
            site.lon_deg,
            launch.azimuth_true_deg,
            1_000.0 * launch.range_km,
        )
        lat, lon = there["lat2"], there["lon2"]
    return Wanted(
        site=Geodetic(site.lat_deg, site.lon_deg, site.alt_m),
        target=Geodetic(lat, lon, 0.0),
        apogee_m=1_000.0 * launch.apogee_km,
    )


def _failed(launch: Launch, aimed: Aimed, body: Body) -> tuple[float, float, Course]:
    """Cut the push of the flight that was meant, and let it fall."""
    assert launch.fails_at_s is not None, "checked when the scenario was read"
    push = replace(aimed.push, ends_s=launch.fails_at_s)
    course = follow(aimed.start, body, push)
    return launch.fails_at_s, body.ballistic_kg_per_m2, course


def _orbiting(
    launch: Launch, programme: Programme, body: Body
) -> tuple[float, float, Course]:
    assert launch.azimuth_true_deg is not None, "checked when the scenario was read"
    site = Geodetic(launch.site.lat_deg, launch.site.lon_deg, launch.site.alt_m)
    height_m = 1_000.0 * launch.apogee_km
    try:
        aimed = aim_at_orbit(site, launch.azimuth_true_deg, height_m, programme, body)
    except CannotBeFlown:
        message = (
            f"launch `{launch.id}` cannot be flown: no push of {launch.powered_s:g} s "
            f"ends on a circular orbit {launch.apogee_km:g} km up; look at "
            "`apogee_km` and `powered_s`"
        )
        raise BadInput(message) from None
    return programme.burn_out_s, body.ballistic_kg_per_m2, aimed.course


def _contradiction(launch: Launch) -> str:
    if launch.target is not None:
        lat, lon = launch.target.lat_deg, launch.target.lon_deg
        where = f"an impact at {lat:g}, {lon:g}"
    else:
        where = f"a range of {launch.range_km:g} km"
    return (
        f"launch `{launch.id}` cannot be flown: no push of {launch.powered_s:g} s "
        f"gives an apogee of {launch.apogee_km:g} km and {where}; look at "
        "`apogee_km`, the range and `powered_s`"
    )
