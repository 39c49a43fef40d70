"""Launches: one launch as we hold it, when it ends for us, and what belongs to it.

First form of association: plots carry no object id and go to the launch that has been
open longest. A notice, cue or track says of itself when and where, so it is matched by
time and point, and one that matches no open launch opens another.

A launch is closed ``AFTER_IMPACT_S`` after the predicted time window, or, when no
impact was ever predicted, ``OPEN_S`` after it was opened; both on our own clock.
"""

import math
from dataclasses import dataclass, field

from beaconfire.stages.fuse.evidence import Evidence
from beaconfire.stages.fuse.pace import Pace
from beaconfire.vocabulary.flight import FlightEstimate
from beaconfire.vocabulary.motion import LaunchPoint
from beaconfire.vocabulary.times import Instant

# Longer than a medium-range flight; a longer one has a predicted impact by then.
OPEN_S = 1_800.0
# No estimate may close a launch sooner: an early one can be badly wrong.
OPEN_S_MIN = 300.0
# A lofted flight lasts 86 minutes.
OPEN_S_MAX = 7_200.0
AFTER_IMPACT_S = 120.0
# Launches held at once; a further one goes to the newest.
OPEN_MAX = 8
# Two launch times of one launch differ by their errors, minutes at the worst.
SAME_LAUNCH_S = 300.0
# What is seen before a launch was first seen by us is still of it, if not long before.
SEEN_BEFORE_S = 600.0
# Two points of one launch: within their ellipses three times over, and this much.
SAME_POINT_M = 300_000.0
# Plots older than this before the first sighting are not of this launch.
PLOT_BEFORE_S = 120.0

_EARTH_RADIUS_M = 6_371_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """When something was seen, and when and where it says the launch was."""

    seen: Instant
    time: Instant | None = None
    point: LaunchPoint | None = None


@dataclass(slots=True, kw_only=True)
class Launch:
    """One launch: its evidence, its pace, and what is known of its beginning."""

    id: str
    opened: Instant
    first_seen: Instant
    closes: Instant
    time: Instant | None = None
    point: LaunchPoint | None = None
    evidence: Evidence = field(default_factory=Evidence)
    pace: Pace = field(default_factory=Pace)


def matches(launch: Launch, sighting: Sighting) -> bool:
    """Say whether a sighting can be of this launch."""
    if launch.time is not None and sighting.time is not None:
        if abs(launch.time.seconds_since(sighting.time)) > SAME_LAUNCH_S:
            return False
    elif sighting.seen.seconds_since(launch.first_seen) < -SEEN_BEFORE_S:
        return False
    if launch.point is None or sighting.point is None:
        return True
    slack_m = SAME_POINT_M + 3.0 * (
        launch.point.ellipse95.semi_major_m + sighting.point.ellipse95.semi_major_m
    )
    return distance_m(launch.point, sighting.point) <= slack_m


def learn(launch: Launch, sighting: Sighting) -> None:
    """Take what a sighting says of the beginning, where nothing was known."""
    if sighting.time is not None and launch.time is None:
        launch.time = sighting.time
    if sighting.point is not None and launch.point is None:
        launch.point = sighting.point


def take_estimate(launch: Launch, estimate: FlightEstimate) -> None:
    """Take an estimate's launch point, and move the end to its impact."""
    if estimate.launch is not None:
        launch.time, launch.point = estimate.launch.time, estimate.launch
    if estimate.impact is not None and estimate.model_holds:
        closes = estimate.impact.time_window95[1].plus_s(AFTER_IMPACT_S)
        closes = max(closes, launch.opened.plus_s(OPEN_S_MIN))
        launch.closes = min(closes, launch.opened.plus_s(OPEN_S_MAX))


def distance_m(one: LaunchPoint, other: LaunchPoint) -> float:
    """Return the great-circle distance; a sphere is enough to tell places apart."""
    lat1, lon1, lat2, lon2 = map(
        math.radians, (one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    )
    half = (
        math.sin((lat2 - lat1) / 2.0) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2.0) ** 2
    )
    return 2.0 * _EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, half)))
