"""Belonging: of which of several launches is a path, a track, a cue or a notice?

What fits by an earlier rule is preferred to whatever fits by a later one; by one rule,
what fits best. Rules:

1. **By motion** wherever both sides have one: place and velocity at a common instant,
   from the newest paths and tracks; where nothing saw the launch near that instant,
   from the way of its estimate. **By point and time** where both sides say these.
2. **By the launch** where one side only says where and when it began: the path must
   lead away from that point, as far as its speed allows in that time.
3. A launch of which nothing is known (a bare notice) takes what fits no other.
4. One sensor never sees one object on two paths at once: a path is of no launch that
   another path of this sensor is of at the same instants. That holds of scans followed
   together; those that came late may show one object between the instants of the
   others. So too a partner who names two launches means two: a second name must fit
   twice as well.
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from beaconfire.estimation.ground import distance_m, ground_ecef_m
from beaconfire.stages.fuse.follower import Carried
from beaconfire.stages.fuse.launches import Launch, Sighting
from beaconfire.stages.fuse.motion import (
    APART_S_MAX,
    SIGMAS,
    Motion,
    apart,
    motion_of_path,
    motion_on,
)
from beaconfire.vocabulary.motion import LaunchPoint
from beaconfire.vocabulary.times import NS_PER_S, Instant

# How a thing fits: by which rule, and up to 1 how far it is from fitting exactly.
Fit = tuple[int, float]
BY_MOTION, BY_LAUNCH = 1, 2
UNPLACED: Fit = (3, 1.0)
NO_FIT: Fit = (9, math.inf)
# Rule 4: false plots may have held an old path up for an instant.
OVERLAP_MAX = 1
# Rule 1: an estimated launch is as wrong in time as along its track, at 1 km/s.
SAME_TIME_S, ALONG_MPS = 15.0, 1_000.0
SAME_POINT_M, ELLIPSES = 10_000.0, 1.5
# Rule 2: the mean speed since the launch, over the present one: a third while a motor
# pushes, one on the way, more towards the top of a steep flight.
MEAN_SPEED_PARTS = (0.25, 0.8, 1.7)
ASIDE_M, ASIDE_PART = 15_000.0, 0.15
# Motions this much nearer in time than the rest are those that count.
_NEAR_NS = 3 * NS_PER_S
# A plane of flight needs this much of the speed to be level.
_LEVEL_PART = 0.2

L = TypeVar("L", bound=Launch)


def of_path(launches: Sequence[L], sensor: str, carried: Carried) -> L | None:
    """Return the launch that a path which has just begun is of, if any."""
    first_ns, last_ns = carried.fixes[0].time_ns, carried.fixes[-1].time_ns
    motion = motion_of_path(carried.fixes)

    def fit(launch: L) -> Fit:
        instants = launch.instants_ns.get(sensor, {}).get(carried.run, ())
        if sum(first_ns <= ns <= last_ns for ns in instants) > OVERLAP_MAX:
            return NO_FIT  # rule 4
        return by_motion(launch, motion)

    return _best(launches, fit)


def of_motion(
    launches: Sequence[L], motion: Motion, named: Callable[[L], bool]
) -> L | None:
    """Return the launch that a partner's track is of, if any."""
    return _best(launches, lambda one: _named(by_motion(one, motion), named(one)))


def of_sighting(
    launches: Sequence[L],
    sighting: Sighting,
    named: Callable[[L], bool] = lambda _: False,
) -> L | None:
    """Return the launch that a cue or notice with a point or time is of, if any."""
    return _best(launches, lambda one: _named(by_sighting(one, sighting), named(one)))


def _named(fit: Fit, already: bool) -> Fit:
    return (fit[0], 2.0 * fit[1]) if already else fit


def _best(launches: Sequence[L], fit: Callable[[L], Fit]) -> L | None:
    fits = [(fit(launch), number) for number, launch in enumerate(launches)]
    able = [one for one in fits if one[0][1] <= 1.0]
    return launches[min(able)[1]] if able else None


def by_motion(launch: Launch, motion: Motion) -> Fit:
    """Return how a motion fits this launch's."""
    known = [*launch.motions.values(), *launch.trail]
    waits_ns = [abs(one.time_ns - motion.time_ns) for one in known]
    if known and min(waits_ns) <= APART_S_MAX * NS_PER_S:
        near_ns = min(waits_ns) + _NEAR_NS
        pairs = zip(known, waits_ns, strict=True)
        return BY_MOTION, min(apart(m, motion) for m, ns in pairs if ns <= near_ns)
    there = motion_on(launch.way, motion.time_ns) if launch.way is not None else None
    if there is not None:
        return BY_MOTION, apart(there, motion)
    if launch.time is not None and launch.point is not None:
        return BY_LAUNCH, by_launch(launch.time, launch.point, motion)
    return NO_FIT if known else UNPLACED


def is_unsaid(launches: Sequence[Launch], motion: Motion) -> bool:
    """Say whether of some launch nothing is known with which a motion compares."""
    return any(by_motion(launch, motion) == NO_FIT for launch in launches)


def by_sighting(launch: Launch, sighting: Sighting) -> Fit:
    """Return how a said launch fits this one."""
    time, point = sighting.time, sighting.point
    said: list[float] = []
    axes_m = 0.0
    if launch.point is not None and point is not None:
        axes_m = launch.point.ellipse95.semi_major_m + point.ellipse95.semi_major_m
        reach_m = SAME_POINT_M + ELLIPSES * axes_m
        said.append(distance_m(launch.point, point) / reach_m)
    if launch.time is not None and time is not None:
        reach_s = SAME_TIME_S + axes_m / ALONG_MPS
        said.append(abs(launch.time.seconds_since(time)) / reach_s)
    if said:
        return BY_MOTION, max(said)
    motions = list(launch.motions.values())
    if motions and time is not None and point is not None:
        newest = max(motions, key=lambda one: one.time_ns)
        return BY_LAUNCH, by_launch(time, point, newest)
    return NO_FIT if motions else UNPLACED


def by_launch(time: Instant, point: LaunchPoint, motion: Motion) -> float:
    """Return how badly a motion leads away from a launch (rule 2)."""
    flown_s = (motion.time_ns - time.ns) / NS_PER_S
    speed = math.hypot(*motion.velocity_ecef_mps)
    if flown_s <= 0.0 or speed <= 0.0:
        return math.inf
    foot, up = ground_ecef_m(point.lat_deg, point.lon_deg, 0.0)
    way = [motion.position_ecef_m[i] - foot[i] for i in range(3)]
    way_m, around_m = math.hypot(*way), ELLIPSES * point.ellipse95.semi_major_m
    low, middle, high = MEAN_SPEED_PARTS
    expected_m = middle * flown_s * speed
    if way_m > expected_m:
        reach_m = high * (flown_s + SAME_TIME_S) * speed + around_m
        far = (way_m - expected_m) / (reach_m - expected_m)
    else:
        least_m = low * max(flown_s - SAME_TIME_S, 0.0) * speed - around_m
        far = (expected_m - way_m) / (expected_m - least_m)
    return max(far, _aside(way, way_m, up, motion, around_m))


def _aside(
    way: Sequence[float],
    way_m: float,
    up: Sequence[float],
    motion: Motion,
    around_m: float,
) -> float:
    """Return how far the launch lies off the plane of flight, over what may be."""
    v = motion.velocity_ecef_mps
    across = (
        v[1] * up[2] - v[2] * up[1],
        v[2] * up[0] - v[0] * up[2],
        v[0] * up[1] - v[1] * up[0],
    )
    level, speed = math.hypot(*across), math.hypot(*v)
    if level < _LEVEL_PART * speed:
        return 0.0  # it climbs straight up: it may lead to anywhere from here
    off_m = abs(sum(w * a for w, a in zip(way, across, strict=True))) / level
    unsure = ASIDE_PART + SIGMAS * motion.sigma_mps / level
    return off_m / (ASIDE_M + around_m + unsure * way_m)
