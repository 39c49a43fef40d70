"""Launches: one launch as we hold it, what is known of its motion, and when it ends.

What belongs to which launch is ``belonging``'s to say; here stands what it compares:
where and when a launch began, how its object moved as each source last told, and the
way of its newest estimate.

A launch is closed ``AFTER_IMPACT_S`` after the predicted time window, or, when no
impact was ever predicted, ``OPEN_S`` after it was opened; both on our own clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from msgspec import structs

from beaconfire.estimation.alone import Flown, flown_of
from beaconfire.estimation.grouping import Together, spread_of, surely_of_one
from beaconfire.stages.fuse.evidence import Evidence, observations
from beaconfire.stages.fuse.follower import LIVE, Carried
from beaconfire.stages.fuse.motion import (
    Motion,
    Way,
    apart,
    motion_of_path,
    way_of,
)
from beaconfire.stages.fuse.pace import Pace
from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.motion import Cue, ErrorEllipse, LaunchPoint
from beaconfire.vocabulary.times import NS_PER_S, Instant, window95

# Longer than a medium-range flight; a longer one has a predicted impact by then.
OPEN_S = 1_800.0
# No estimate may close a launch sooner: an early one can be badly wrong.
OPEN_S_MIN = 300.0
# A lofted flight lasts 86 minutes.
OPEN_S_MAX = 7_200.0
AFTER_IMPACT_S = 120.0
# Launches held at once; a further one goes to the newest. Four times the largest salvo
# that was published.
OPEN_MAX = 32
# Plots older than this before the first sighting are not of this launch.
PLOT_BEFORE_S = 120.0
# A motion is worked out anew when its middle instant is so old, and one in so many
# seconds is kept for what comes late.
MOTION_S = 6.0
TRAIL_S = 10.0
TRAIL_MAX = 128
# A path that is twice as far from all other sources, at nearly the same instant, as one
# object's can be, is another object's.
STRAYED, COMPARED_S = 2.0, 10.0
STRAY = ""  # the home of a path that is of no launch: it is tried again
# Sources whose motion is held: some radars a nation, and a track a partner.
SOURCES_MAX = 64
# Paths whose launch is remembered: some for every launch and sensor that may be held.
HOMES_MAX = 2_048
# Of a sensor's plots so many instants are kept a run, to see whether two of its paths
# overlap.
INSTANTS_KEPT = 6

# Radius of the circle that holds 95 % of a circular normal error: sqrt(-2 ln 0.05).
_RADIUS95_SIGMAS = 2.4477


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """When something was seen, and when and where it says the launch was."""

    seen: Instant
    time: Instant | None = None
    point: LaunchPoint | None = None


@dataclass(slots=True, kw_only=True)
class Launch:
    """One launch: its evidence, its pace, and what is known of its motion.

    ``flown`` is what its newest estimate says by itself, and ``held`` when one last
    held; ``doubt`` is why it is not believed beside other launches, and ``doubted_by``
    the launch that says so.
    """

    id: str
    opened: Instant
    first_seen: Instant
    closes: Instant
    time: Instant | None = None
    point: LaunchPoint | None = None
    evidence: Evidence = field(default_factory=Evidence)
    pace: Pace = field(default_factory=Pace)
    motions: dict[str, Motion] = field(default_factory=dict)
    trail: list[Motion] = field(default_factory=list)
    instants_ns: dict[str, dict[int, list[int]]] = field(default_factory=dict)
    together: dict[str, Together] = field(default_factory=dict)
    way: Way | None = None
    seen_ns: int = 0  # the newest sighting by anybody
    flown: Flown | None = None
    held: Instant | None = None
    doubt: str | None = None
    doubted_by: str = ""


def follow(launch: Launch, sensor: str, carried: Carried) -> Instant | None:
    """Take the motion of a sensor's path that belongs to this launch.

    Where the path no longer moves with what the launch's other sources see, it has
    gone over to another object: the instant until which it still did is returned, and
    nothing is taken.
    """
    known = launch.motions.get(sensor)
    newest_ns = carried.fixes[-1].time_ns
    if known is None or abs(newest_ns - known.time_ns) > MOTION_S * NS_PER_S:
        motion = motion_of_path(carried.fixes)
        others = [
            apart(one, motion)
            for source, one in launch.motions.items()
            if source != sensor
            and abs(one.time_ns - motion.time_ns) <= COMPARED_S * NS_PER_S
        ]
        if others and min(others) > STRAYED:
            launch.motions.pop(sensor, None)
            return Instant(known.time_ns if known is not None else 0)
        move(launch, sensor, motion)
    launch.seen_ns = max(launch.seen_ns, *(plot.time.ns for plot in carried.plots))
    _seen_at(launch, sensor, carried)
    return None


def _seen_at(launch: Launch, sensor: str, carried: Carried) -> None:
    """Keep when a sensor saw it, each run by itself; a late run ends the one before."""
    runs = launch.instants_ns.setdefault(sensor, {})
    for run in [run for run in runs if LIVE < run < carried.run]:
        del runs[run]
    instants = runs.setdefault(carried.run, [])
    instants.extend(plot.time.ns for plot in carried.plots)
    del instants[:-INSTANTS_KEPT]


def count(
    launch: Launch, sensor: str, carried: Carried, homes: Mapping[str, str]
) -> None:
    """Take what a sensor's path shows about itself; ``homes`` says whose paths are."""
    if sensor not in launch.together and len(launch.together) >= SOURCES_MAX:
        return
    near = (homes.get(f"{sensor}:{path}", STRAY) for path in carried.together.near)
    named = sorted({name for name in near if name not in (STRAY, launch.id)})
    known, seen = launch.together.get(sensor), carried.together
    # A path that begins anew does not know what the one before it could exchange.
    until_ns = seen.until_ns if known is None else _later(known.until_ns, seen.until_ns)
    launch.together[sensor] = replace(seen, near=tuple(named), until_ns=until_ns)


def _later(one: int | None, other: int | None) -> int | None:
    return max((ns for ns in (one, other) if ns is not None), default=None)


def move(launch: Launch, source: str, motion: Motion) -> None:
    """Take how the object moved as one source tells."""
    if source not in launch.motions and len(launch.motions) >= SOURCES_MAX:
        return
    launch.motions[source] = motion
    trail = launch.trail
    if all(abs(motion.time_ns - m.time_ns) >= TRAIL_S * NS_PER_S for m in trail):
        trail.append(motion)
        del trail[:-TRAIL_MAX]


def observed(launch: Launch, unshared: tuple[str, ...] = ()) -> Observations:
    """Return what a solve for this launch is given: of one object, or of a group."""
    held = observations(launch.evidence, unshared)
    plots = surely_of_one(held.plots, launch.together)
    return structs.replace(held, plots=plots, group=spread_of(launch.together))


def learn(launch: Launch, sighting: Sighting) -> None:
    """Take what a sighting says of the beginning, where nothing was known."""
    if sighting.time is not None and launch.time is None:
        launch.time = sighting.time
    if sighting.point is not None and launch.point is None:
        launch.point = sighting.point


def sighting_of_cue(cue: Cue) -> Sighting:
    """Return when and where an infrared cue says that a launch was."""
    radius_m = _RADIUS95_SIGMAS * cue.launch.sigma_m
    point = LaunchPoint(
        lat_deg=cue.launch.lat_deg,
        lon_deg=cue.launch.lon_deg,
        time=cue.launch.time,
        ellipse95=ErrorEllipse(
            semi_major_m=radius_m, semi_minor_m=radius_m, azimuth_deg=0.0
        ),
        time_window95=window95(cue.launch.time, cue.launch.sigma_time_s),
    )
    return Sighting(seen=cue.time, time=cue.launch.time, point=point)


def take_estimate(launch: Launch, estimate: FlightEstimate, at: Instant) -> None:
    """Take an estimate's launch point, and move the end to its impact."""
    if estimate.launch is not None:
        launch.time, launch.point = estimate.launch.time, estimate.launch
    launch.way, launch.flown = way_of(estimate), flown_of(estimate)
    if estimate.model_holds:
        launch.held = at
    if estimate.impact is not None and estimate.model_holds:
        closes = estimate.impact.time_window95[1].plus_s(AFTER_IMPACT_S)
        closes = max(closes, launch.opened.plus_s(OPEN_S_MIN))
        launch.closes = min(closes, launch.opened.plus_s(OPEN_S_MAX))


def remember(names: dict[str, str], name: str, what: str, at_most: int) -> None:
    """Put a name into an ordered set or map that forgets the oldest."""
    names[name] = what
    if len(names) > at_most:
        del names[next(iter(names))]
