"""Watching: is what the picture follows still seen by our sensors, and is it one?

* A launch is judged (``estimation.sight``) when its silence may have come to mean
  something, and at once when it is seen again; what is said of it is written when it
  changes, as a ``LaunchState``.
* A sighting by anybody counts: a partner's plot or track ends a silence. Whether
  silence means anything is asked of our own radars alone, as the profile states them
  and their scans show them.
* Looks before this node's newest start count for nothing: it was not listening.
* What would be lost, had our radars looked, is judged again with each scan that comes:
  only a scan proves that they did. While it is *silent* it stays so until it is seen
  again, lost or set.
* A loss changes nothing else. No area, path or launch is ended or moved by it.

It belongs to the picture: own products, and so partners, learn nothing of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from beaconfire.estimation.grouping import group_of
from beaconfire.estimation.sight import (
    AHEAD_S,
    Course,
    Judged,
    along_path,
    judge_sight,
    straight_on,
)
from beaconfire.estimation.watcher import (
    Heard,
    Watcher,
    hear,
    hear_nothing,
    watcher_of,
)
from beaconfire.stages.fuse.picture import Event
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.entries.sightings import LaunchState
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.sight import Group
from beaconfire.vocabulary.times import Instant

# A judgement of ten radars takes half a millisecond; what waits is due at once again.
JUDGED_A_STEP_MAX = 2


@dataclass(slots=True, kw_only=True)
class Watching:
    """What our radars have shown of themselves, and since when this node listens."""

    heard: dict[str, Heard] = field(default_factory=dict)
    listens: Instant | None = None


def hear_scan(
    watching: Watching,
    sensor: str,
    plots: Sequence[Plot],
    profile: NodeProfile,
    at: Instant,
) -> None:
    """Take what a scan of an own radar shows of the radar, be it that it looked."""
    known = watching.heard.get(sensor)
    stated = next((one for one in profile.sensors if one.id == sensor), None)
    if plots:
        watching.heard[sensor] = hear(known, plots, stated, at=at)
    elif known is not None:
        hear_nothing(known, stated, at)


def look(
    watching: Watching,
    events: Sequence[Event],
    profile: NodeProfile,
    at: Instant,
    *,
    scanned: bool,
) -> Iterator[LaunchState]:
    """Judge each launch of which something may have changed; yield what has.

    ``scanned``: whether a scan of an own radar has just come.
    """
    if watching.listens is None:
        watching.listens = at
    due = [
        event
        for event in events
        if event.seen_ns and (_is_due(event, at) or (scanned and event.waits))
    ]
    due.sort(key=lambda event: 0 if event.look is None else event.look.ns)
    del due[JUDGED_A_STEP_MAX:]
    watchers = _watchers(watching, profile) if due else ()
    for event in events:
        sight = event.sight
        if any(event is one for one in due):
            judged = _judge(event, watchers, watching.listens, at)
            event.look = at.plus_s(AHEAD_S) if judged is None else judged.again
            event.waits = judged is not None and judged.waits
            sight = event.sight if judged is None else judged.sight
        group = group_of(event.together)
        state = "seen" if sight is None else sight.state
        before = "seen" if event.sight is None else event.sight.state
        if state != before or _differs(group, event.group):
            event.sight, event.group = sight, group
            yield state_of(event)


def state_of(event: Event) -> LaunchState:
    """Return what is now said of a launch."""
    return LaunchState(
        launch_id=event.id, sight=event.sight, group=event.group, doubt=event.doubt
    )


def _differs(one: Group | None, other: Group | None) -> bool:
    """Say whether a group is news: not that one scan more was counted."""
    if one is None or other is None:
        return one is not other
    return _said(one) != _said(other)


def _said(group: Group) -> tuple[object, ...]:
    return (group.shared_with, *((by.sensor, by.count) for by in group.rests_on))


def next_look(events: Sequence[Event]) -> Instant | None:
    """Return when a silence may next come to mean something."""
    return min((e.look for e in events if e.look is not None), default=None)


def _is_due(event: Event, at: Instant) -> bool:
    """Say whether a launch is to be judged: its time has come, or it is seen again."""
    if event.look is None or event.look <= at:
        return True
    silent = event.sight is not None and event.sight.state != "seen"
    return silent and event.sight is not None and _again(event, event.sight.last_seen)


def _again(event: Event, last_seen: Instant) -> bool:
    return event.seen_ns > last_seen.ns


def _judge(
    event: Event, watchers: Sequence[Watcher], listens: Instant, at: Instant
) -> Judged | None:
    seen = Instant(min(event.seen_ns, at.ns))
    before = event.sight
    if before is not None and _again(event, before.last_seen):
        before = None
    if before is not None and before.state == "lost":
        # What a later answer makes of the same plots does not find it again.
        return Judged(before, event.closes)
    course = _course(event, seen, at)
    judged = judge_sight(course, watchers, seen, at, listens=listens)
    if before is None or before.state != "silent":
        return judged
    if judged is None or judged.sight.state in ("lost", "set"):
        return judged
    # That a radar tells something again does not show the object.
    return replace(judged, sight=before)


def _course(event: Event, since: Instant, at: Instant) -> Course:
    """Return where it was foretold to be: on its arc, else straight on for a while."""
    way = event.way
    if way is not None and way.points:
        spread = (way.from_ns, way.sigma_m, way.sigma_mps)
        return along_path(way.points, spread, since, at.plus_s(2.0 * AHEAD_S))
    newest = max(event.motions.values(), key=lambda one: one.time_ns, default=None)
    if newest is None:
        return Course()
    return straight_on(
        newest.time_ns,
        newest.position_ecef_m,
        newest.velocity_ecef_mps,
        newest.sigma_m,
        newest.sigma_mps,
    )


def _watchers(watching: Watching, profile: NodeProfile) -> tuple[Watcher, ...]:
    looking = (
        watcher_of(watching.heard[sensor.id], sensor)
        for sensor in profile.sensors
        if sensor.id in watching.heard
    )
    return tuple(one for one in looking if one is not None)
