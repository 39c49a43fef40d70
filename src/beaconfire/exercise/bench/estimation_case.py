"""Estimation case: the flights and radars that the estimator is measured on.

Two published-like cases, flown by the exercise's own sky: the *reference* (1,000 km up
and far) and *4 October 2022* (985 km up, 4,550 km far). Every site is invented. Each
seed draws its noise and, unless a row says otherwise, each sensor's bias from the prior
that the sensor states; drag stands evenly over its prior, so that a row of few seeds
does not hang on the luck of one draw.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from statistics import NormalDist

import msgspec
import numpy as np
from scipy.integrate import OdeSolution

from beaconfire.estimation.flight import estimate_flight
from beaconfire.exercise.radar import Radar, radar_of, scans
from beaconfire.exercise.scenario_parts import Launch, Sensor, Site
from beaconfire.exercise.sky.aim import landing
from beaconfire.exercise.sky.dynamics import AIRBORNE_S_MAX, Body, Course, follow
from beaconfire.exercise.sky.flight import (
    BALLISTIC_KG_PER_M2,
    LN_BALLISTIC_SIGMA,
    Flight,
    Impact,
    fly,
)
from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.times import Instant

EPOCH = Instant.parse("2022-10-03T22:22:00Z")
DRAGS = 32  # flights a case, one per part of the drag's prior
MANY, MANY_DRAGS = 1_000, 128  # so many seeds meet its tails as well
_SHAPES = 4  # of thrust, drawn by the sky
GLIDE = 2.5  # lift over drag of a gliding re-entry body
RANGE_SIGMA_M, ANGLE_SIGMA_MRAD = 30.0, 1.0
BIAS_RANGE_M, BIAS_ANGLE_MRAD = 20.0, 0.3


def _radar(name: str, lat_deg: float, lon_deg: float) -> Sensor:
    return Sensor(
        party="JPN", id=name, kind="radar", lat_deg=lat_deg, lon_deg=lon_deg,
        rate_hz=1.0, range_max_km=4_000.0, elevation_min_deg=2.0,
        sigma_range_m=RANGE_SIGMA_M, sigma_azimuth_mrad=ANGLE_SIGMA_MRAD,
        sigma_elevation_mrad=ANGLE_SIGMA_MRAD, bias_range_m=BIAS_RANGE_M,
        bias_azimuth_mrad=BIAS_ANGLE_MRAD, bias_elevation_mrad=BIAS_ANGLE_MRAD,
        false_plots_per_scan=0.0,
    )  # fmt: skip


SENSORS = {
    "A": _radar("A", 38.0, 138.5),
    "B": _radar("B", 41.0, 140.5),
    "C": _radar("C", 35.5, 133.0),
    "D": _radar("D", 39.5, 134.5),
}
REFERENCE = Launch(
    id="reference", site=Site(lat_deg=40.0, lon_deg=128.0), at_s=0.0,
    azimuth_true_deg=75.0, apogee_km=1_000.0, range_km=1_000.0, powered_s=120.0,
)  # fmt: skip
FOURTH_OCTOBER = Launch(
    id="4-october", site=Site(lat_deg=40.6, lon_deg=126.4), at_s=0.0,
    azimuth_true_deg=75.0, apogee_km=985.0, range_km=4_550.0, powered_s=147.0,
)  # fmt: skip


def sensors(names: str, *, biased: bool = True) -> tuple[Sensor, ...]:
    """Return the radars of these letters, perfectly surveyed if not ``biased``."""
    chosen = tuple(SENSORS[name] for name in names)
    if biased:
        return chosen
    return tuple(
        msgspec.structs.replace(
            one, bias_range_m=0.0, bias_azimuth_mrad=0.0, bias_elevation_mrad=0.0
        )
        for one in chosen
    )


def radars(names: str, *, biased: bool = True) -> tuple[Radar, ...]:
    """Return the same as the exercise's radars."""
    return tuple(radar_of(one) for one in sensors(names, biased=biased))


def staged(launch: Launch, gap_s: float) -> Launch:
    """Return the launch with two stages and a gap of so many seconds between them."""
    first_s = 0.65 * launch.powered_s
    return msgspec.structs.replace(
        launch,
        powered_s=launch.powered_s + gap_s,
        stages=((first_s, gap_s), (launch.powered_s - first_s, 0.0)),
    )


@cache
def drawn_flights(launch: Launch, count: int = DRAGS) -> tuple[Flight, ...]:
    """Fly a launch with drags that stand evenly over their prior."""
    prior = NormalDist(0.0, LN_BALLISTIC_SIGMA)
    base = [fly(launch, epoch=EPOCH, seed=shape) for shape in range(_SHAPES)]
    return tuple(
        _with_drag(base[i % _SHAPES], prior.inv_cdf((i + 0.5) / count))
        for i in range(count)
    )


def flight_of(launch: Launch, seed: int, seeds: int) -> Flight:
    """Return the flight of one seed of so many; each drag is met equally often."""
    flights = drawn_flights(launch, DRAGS if seeds < MANY else MANY_DRAGS)
    return flights[seed * 13 % len(flights)]  # neighbours in seed differ in drag


def middle_flight(launch: Launch) -> Flight:
    """Return the flight whose drag is in the middle of its prior."""
    return drawn_flights(launch)[DRAGS // 2]


@cache
def gliding_flights(launch: Launch, count: int) -> tuple[Flight, ...]:
    """Fly the same arcs with a body that glides once it is in the air."""
    flights = drawn_flights(launch)
    return tuple(
        _with_drag(flights[i * 7 % DRAGS], 0.0, lift_to_drag=GLIDE)
        for i in range(count)
    )


def _with_drag(
    flight: Flight, ln_heavier: float, *, lift_to_drag: float = 0.0
) -> Flight:
    """Return the flight as it would have gone on from burn-out as another body."""
    ballistic = BALLISTIC_KG_PER_M2 * float(np.exp(ln_heavier))
    body = Body(ballistic, lift_to_drag)
    gone = gone_on(flight, flight.burn_out_s, ((body, AIRBORNE_S_MAX),))
    return replace(gone, ballistic_kg_per_m2=ballistic)


def gone_on(
    flight: Flight, begin_s: float, legs: Sequence[tuple[Body, float]]
) -> Flight:
    """Return the flight as it would have gone on: as each body until that second.

    With the last of them it comes down.
    """
    before = flight.course
    kept = int(np.searchsorted(before.motion.ts, begin_s))
    times = [*before.motion.ts[:kept], begin_s]
    pieces = [*before.motion.interpolants[:kept]]
    at_s, state, apogees = begin_s, before.motion(begin_s), []
    if before.apogee_s <= begin_s:
        apogees.append((before.apogee_m, before.apogee_s))
    for body, until_s in legs:
        fell = follow(state, body, None, begin_s=at_s, until_s=until_s)
        times += [*fell.motion.ts[1:]]
        pieces += [*fell.motion.interpolants]
        apogees.append((fell.apogee_m, fell.apogee_s))
        at_s, state = fell.end_s, fell.motion(fell.end_s)
        if fell.landed:
            break
    apogee_m, apogee_s = max(apogees)
    motion = OdeSolution(np.array(times), pieces)
    place = landing(fell)
    return replace(
        flight,
        course=Course(motion, fell.end_s, fell.landed, apogee_s, apogee_m),
        end_s=fell.end_s,
        impact=Impact(place.lat_deg, place.lon_deg, fell.end_s),
    )


@dataclass(frozen=True, slots=True)
class Watched:
    """One flight as some radars saw it under one seed, in order of time."""

    flight: Flight
    plots: tuple[Plot, ...]
    times_s: tuple[float, ...]  # from lift-off

    def estimate(self, at_s: float) -> FlightEstimate:
        """Return what the estimator says at so many seconds from lift-off."""
        held = [p for p, t in zip(self.plots, self.times_s, strict=True) if t <= at_s]
        return estimate_flight(Observations(plots=tuple(held)))

    def seen_by(self, sensor_id: str, at_s: float) -> list[float]:
        """Return when a sensor saw it up to then, in seconds from lift-off."""
        pairs = zip(self.plots, self.times_s, strict=True)
        return [t for p, t in pairs if t <= at_s and p.sensor.id == sensor_id]

    def seen_s(self, at_s: float) -> float | None:
        """Return how old the newest plot is then; ``None`` before the first."""
        before = [t for t in self.times_s if t <= at_s]
        return at_s - before[-1] if before else None


def watch(flight: Flight, seen_by: Iterable[Sensor], seed: int) -> Watched:
    """Let radars look at one flight."""
    plots = [
        plot
        for sensor in seen_by
        for scan in scans(sensor, EPOCH, (flight,), seed)
        for plot in scan
    ]
    plots.sort(key=lambda plot: plot.time.ns)
    times = tuple(plot.time.seconds_since(flight.lift_off) for plot in plots)
    return Watched(flight, tuple(plots), times)
