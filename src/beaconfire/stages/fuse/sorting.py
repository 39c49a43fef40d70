"""Sorting: which sightings of a file are of one object?

What the node does with what comes in, done with what is there: scans in the order of
their times, each radar followed by itself, each path laid to a launch by how it moves
(``picture``), and now and then a solve, by whose way later paths are known. A file
that holds one object needs none of this; whoever asks tries that first.

A radar's path that began badly (two that have just left one site give it a plot each)
opens a launch of its own, which in a node stays. Of a file it is known in the end that
it moves as another object does, which this radar shows nowhere else: it is that one's.

At most ``OPEN_MAX`` launches are held at once, as in the node. A sighting that is of no
launch is in none of the answers.
"""

from collections.abc import Callable, Iterator, Sequence

from beaconfire.estimation.scans import scans_of
from beaconfire.stages.fuse.belonging import (
    BY_MOTION,
    OVERLAP_MAX,
    by_motion,
    of_sighting,
)
from beaconfire.stages.fuse.evidence import add_cue, add_own_plots, observations
from beaconfire.stages.fuse.follower import Follower
from beaconfire.stages.fuse.launches import (
    learn,
    observed,
    sighting_of_cue,
    take_estimate,
)
from beaconfire.stages.fuse.picture import (
    Event,
    Picture,
    close_event,
    open_event,
    take_own_path,
)
from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.motion import Cue, Plot
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

# How often a launch's way is worked out anew, in seconds of the file. It is wanted when
# another radar begins to see the object; then it may be so old.
WAY_S = 10.0
# Nobody is told of the launches of a file: their names need keep no secret.
_NO_SECRET = bytes(32)
_OWN: Party = "OWN"
_ASKED = "sorting"

Solve = Callable[[Observations], FlightEstimate]
Told = Callable[[Instant], None]


def sort_sightings(
    plots: Sequence[Plot], cues: Sequence[Cue], *, solve: Solve, told: Told
) -> tuple[Observations, ...]:
    """Return what is of each object, in the order in which they were first seen.

    The plots in the answer are the very ones given. ``told`` hears how far it is.
    """
    picture = Picture(opaque_key=_NO_SECRET)
    followers: dict[str, Follower] = {}
    ended: list[Event] = []
    for at, seen in _in_order(plots, cues):
        for event in [one for one in picture.open if one.closes < at]:
            close_event(picture, event, at)
            ended.append(event)
        if isinstance(seen, Cue):
            _take_cue(picture, seen, at)
            continue
        sensor = seen[0].sensor.id
        follower = followers.setdefault(sensor, Follower())
        for carried in follower.take(seen).paths:
            take_own_path(picture, sensor, carried, _OWN, at)
        for event in picture.open:
            due = event.pace.due(event.evidence.arc_s(), WAY_S)
            if due is not None and due <= at and event.evidence.enough():
                event.pace.ask(_ASKED, at)
                take_estimate(event, solve(observed(event)), at)
                event.pace.answered(_ASKED)
                told(at)
    events = sorted((*ended, *picture.open), key=lambda one: (one.first_seen, one.id))
    events = _joined(events)
    return tuple(held for one in events if (held := observations(one.evidence)).plots)


def _joined(events: list[Event]) -> list[Event]:
    """Return the launches; what one sensor alone shows of another is laid to that."""
    kept = list(events)
    for alone in events:
        sensors = list(alone.evidence.own)
        if len(sensors) != 1 or alone.evidence.cues:
            continue
        (sensor,) = sensors
        motion = alone.motions.get(sensor)
        homes = [one for one in kept if _may_take(one, alone, sensor)]
        if motion is None or not homes:
            continue
        fits = [by_motion(one, motion) for one in homes]
        rule, off = best = min(fits)
        if rule == BY_MOTION and off <= 1.0:
            _lay_to(homes[fits.index(best)], alone, sensor)
            kept.remove(alone)
    return kept


def _may_take(one: Event, alone: Event, sensor: str) -> bool:
    """Say whether others show this launch, while the sensor shows only the other.

    A path of the sensor that has gone over to another object shows this one no more.
    """
    if one is alone or not set(one.evidence.own) - {sensor}:
        return False
    held = one.evidence.own.get(sensor)
    if sensor not in one.motions or held is None:
        return True
    return held.between(*_interval(alone, sensor)) <= OVERLAP_MAX


def _interval(alone: Event, sensor: str) -> tuple[Instant, Instant]:
    times = [plot.time for plot in alone.evidence.own[sensor].plots]
    return min(times), max(times)


def _lay_to(home: Event, alone: Event, sensor: str) -> None:
    """Give one launch what the sensor shows of the other, in the place of its own."""
    held = home.evidence.own.get(sensor)
    if held is not None:
        held.drop_between(*_interval(alone, sensor))
    add_own_plots(home.evidence, sensor, tuple(alone.evidence.own[sensor].plots))


def _in_order(
    plots: Sequence[Plot], cues: Sequence[Cue]
) -> Iterator[tuple[Instant, tuple[Plot, ...] | Cue]]:
    """Yield scans, each at its last instant, and cues by time."""
    of: dict[str, list[Plot]] = {}
    for plot in plots:
        of.setdefault(plot.sensor.id, []).append(plot)
    rows: list[tuple[int, str, tuple[Plot, ...] | Cue]] = [
        (scan[-1].time.ns, sensor, scan)
        for sensor, seen in of.items()
        for scan in scans_of(seen)
    ]
    rows.extend((cue.time.ns, cue.sensor.id, cue) for cue in cues)
    rows.sort(key=lambda row: row[:2])
    for ns, _, seen in rows:
        yield Instant(ns), seen


def _take_cue(picture: Picture, cue: Cue, at: Instant) -> None:
    sighting = sighting_of_cue(cue)
    event = of_sighting(picture.open, sighting)
    if event is None:
        event, _ = open_event(picture, sighting, _OWN, at)
    learn(event, sighting)
    add_cue(event.evidence, cue)
