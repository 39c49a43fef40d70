"""Picture: what we believe of each launch from everything that we hold.

Our own plots and cues, partners' plots and tracklets. It decides that a launch event
exists, and when it ends; nothing here is ever sent to a partner.

A partner's item opens an event or is attached to one:

* by the launch id that it shares with an item already attached, unless its track
  clearly moves with another event;
* else by how it moves, or by when and where it says the launch was (``belonging``);
* a scan by the paths of the objects in it, which are found here;
* a bare notice, of which nothing can be compared, goes to the one event that this
  partner has not named yet. Where there are several it waits for what comes under the
  same launch id, ``WAIT_S`` at most;
* else it opens an event, unless it is history, expired or retracted. What belonged to
  an event that is closed opens nothing.

A partner's path or track seen long before, or long after, all that is known of
some event may be of that one: it is tried again as what lies between comes in, and
opens an event when it is told apart from all, or after ``WAIT_S``.

A retraction by the same originator takes out what the item brought, also when it comes
first. The event stays: that something was retracted is for people to judge.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from beaconfire.seals.opaque import opaque
from beaconfire.stages.fuse.belonging import (
    BY_MOTION,
    by_motion,
    is_unsaid,
    of_motion,
    of_path,
    of_sighting,
)
from beaconfire.stages.fuse.crossing import uncross
from beaconfire.stages.fuse.doubting import Doubting
from beaconfire.stages.fuse.evidence import (
    add_own_plots,
    add_partner_plots,
    add_track,
    retract,
    take_back,
)
from beaconfire.stages.fuse.follower import Carried, Follower
from beaconfire.stages.fuse.launches import (
    HOMES_MAX,
    OPEN_MAX,
    OPEN_S,
    PLOT_BEFORE_S,
    STRAY,
    Launch,
    Sighting,
    count,
    follow,
    learn,
    move,
    remember,
)
from beaconfire.stages.fuse.motion import Motion, motion_of_path, motion_of_state
from beaconfire.vocabulary.entries.sightings import ItemHeld, LaunchEvent
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import (
    ImpactPrediction,
    LaunchNotice,
    Plots,
    Retraction,
    TrackProduct,
)
from beaconfire.vocabulary.sight import Group, Sight
from beaconfire.vocabulary.times import AHEAD_S_MAX, Instant

# Item ids remembered so that a second route counts once. Ten radars at 1 Hz fill it
# in a quarter of an hour; a repeat comes within seconds, and one that comes later
# still meets its plots' own names.
SEEN_MAX = 8_192
RETRACTED_MAX = 4_096
# Names (launch ids and tokens) of events that are closed.
CLOSED_NAMES_MAX = 1_024
# Names of one event: two a partner and product are usual.
NAMES_MAX = 512
# Sensors of all partners together that are followed.
FOLLOWERS_MAX = 256
# A bare notice is placed by a track or scan within seconds, or never; what was withheld
# comes back at eight seconds of flight a second and more.
WAIT_S = 10.0
WAITING_MAX = 64
# A track under the name of one event is another's when it is so far off the one, and
# well within what can be of the other.
NAMED_WRONGLY, SURELY = 2.0, 0.5

_OVER = "over"  # the home of a path that is not remembered any more


@dataclass(slots=True, kw_only=True)
class Event(Launch):
    """A launch event. ``names`` are what partners call it, each under its party.

    ``sight`` and ``group`` are what was last written of it; ``look`` is when its sight
    is to be judged again, and ``waits`` whether any own scan may change it sooner.
    """

    names: dict[str, str] = field(default_factory=dict)
    sight: Sight | None = None
    group: Group | None = None
    look: Instant | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A bare notice that may be of several events, or of a new one.

    Or, by its ``motion``, a track or a sensor's path that compares with nothing yet.
    """

    seen: Instant
    source: Party
    until: Instant
    motion: Motion | None = None
    sensor: str | None = None


@dataclass(slots=True, kw_only=True)
class Picture:
    """The state of the picture. Dictionaries whose values are empty are ordered sets.

    ``followers`` find the objects in the scans of each partner's sensor; ``homes`` says
    which event each path, ours or a partner's, is of. While the clock is not trusted
    nothing is left out for its time alone.
    """

    opaque_key: bytes
    clock_trusted: bool = True
    open: list[Event] = field(default_factory=list)
    events: int = 0
    seen: dict[str, str] = field(default_factory=dict)
    retracted: dict[str, str] = field(default_factory=dict)
    closed_names: dict[str, str] = field(default_factory=dict)
    followers: dict[str, Follower] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    doubting: Doubting = field(default_factory=Doubting)


def event_for(picture: Picture, sighting: Sighting) -> Event | None:
    """Return the open event a cue is of, or ``None`` if it is a new one."""
    return of_sighting(picture.open, sighting) or _crowded(picture)


def _crowded(picture: Picture) -> Event | None:
    """Return the newest event when no further one may be opened."""
    return picture.open[-1] if len(picture.open) >= OPEN_MAX else None


def take_own_path(
    picture: Picture, sensor: str, carried: Carried, party: Party, at: Instant
) -> tuple[LaunchEvent, ...]:
    """Take the plots of an own sensor's path to its event; open one if it has none."""
    # What our own radar shows is said at once.
    event, plots, opened = _home(
        picture, sensor, carried, party, at, may_open=True, may_wait=False
    )
    if event is not None and add_own_plots(event.evidence, sensor, plots):
        event.pace.wish()
    uncross(picture.open, sensor, picture.homes)
    return opened


def _home(
    picture: Picture,
    sensor: str,
    carried: Carried,
    source: Party,
    at: Instant,
    *,
    may_open: bool,
    may_wait: bool = True,
) -> tuple[Event | None, tuple[Plot, ...], tuple[LaunchEvent, ...]]:
    """Return the event of a sensor's path, its new plots, and what was opened.

    The event is found when the path begins. One that was of none then, and came too
    late to open any, is tried again as it comes nearer to what is known; so is one that
    went over to another object, whose plots from there on are taken out.
    """
    key = f"{sensor}:{carried.path}"
    home = STRAY if carried.begun else picture.homes.get(key, _OVER)
    if home != STRAY:
        event = next((one for one in picture.open if one.id == home), None)
        strayed = None if event is None else follow(event, sensor, carried)
        if event is not None and strayed is not None:
            take_back(event.evidence, sensor, strayed)
            picture.homes[key] = STRAY
            return None, (), ()
        if event is not None:
            count(event, sensor, carried, picture.homes)
        return event, carried.plots, ()
    opened: tuple[LaunchEvent, ...] = ()
    event = of_path(picture.open, sensor, carried) or _crowded(picture)
    waits = picture.waiting.pop(key, None)
    if event is None and (waits or (may_open and carried.begun)):
        motion = motion_of_path(carried.fixes)
        seen = carried.fixes[0].plot.time if waits is None else waits.seen
        sighting = Sighting(seen=seen)
        until = at.plus_s(WAIT_S) if waits is None else waits.until
        one = Waiting(
            seen=seen, source=source, until=until, motion=motion, sensor=sensor
        )
        if not (may_wait and _let_wait(picture, key, one)):
            event, entry = open_event(picture, sighting, source, at)
            opened = (entry,)
    remember(picture.homes, key, STRAY if event is None else event.id, HOMES_MAX)
    if event is not None:
        follow(event, sensor, carried)
        count(event, sensor, carried, picture.homes)
    # A path that could not be placed before brings what is kept of it along.
    return event, tuple(fix.plot for fix in carried.fixes), opened


def open_event(
    picture: Picture, sighting: Sighting, source: Party, at: Instant
) -> tuple[Event, LaunchEvent]:
    """Open an event; return it and the entry that says so."""
    picture.events += 1
    event = Event(
        id=opaque(picture.opaque_key, "event", str(picture.events), str(at.ns)),
        opened=at,
        # What a partner says it saw is evidence, never ahead of our own clock.
        first_seen=min(sighting.seen, at),
        closes=at.plus_s(OPEN_S),
    )
    learn(event, sighting)
    picture.open.append(event)
    entry = LaunchEvent(launch_id=event.id, first_seen=event.first_seen, source=source)
    return event, entry


def close_event(picture: Picture, event: Event, at: Instant) -> None:
    """Close an event; what still comes under its names opens nothing."""
    picture.open.remove(event)
    for name in event.names:
        remember(picture.closed_names, name, str(at.ns), CLOSED_NAMES_MAX)


def take_item(picture: Picture, held: ItemHeld, at: Instant) -> tuple[LaunchEvent, ...]:
    """Take a partner's item: attach it, or open an event with it."""
    item = held.sealed.item
    key = f"{item.originator}:{item.id}"
    if key in picture.seen or key in picture.retracted:
        return ()
    remember(picture.seen, key, "", SEEN_MAX)
    body = item.body
    if isinstance(body, Retraction):
        _retract(picture, item.originator, body.retracts)
        return ()
    history = held.carriage is not None and held.carriage.history
    in_time = not picture.clock_trusted or item.valid_until >= at
    may_open = in_time and not history
    if isinstance(body, Plots):
        return _take_scan(picture, item, body, at, may_open=may_open)
    name = _name(item)
    if name in picture.closed_names:
        return ()
    motion = motion_of_state(body.state) if isinstance(body, TrackProduct) else None
    sighting = _sighting(item)
    event = _named(picture, name, motion)
    bare = motion is None and sighting.time is None and sighting.point is None
    # Of what is stale a name alone says nothing: its launch may be of another year.
    if event is None and (may_open or not bare):
        event = _placed(picture, item.originator, sighting, motion)
    opened: tuple[LaunchEvent, ...] = ()
    if event is None and may_open:
        if bare and _is_over(picture, item, sighting):
            return ()
        one = Waiting(
            seen=sighting.seen,
            source=item.originator,
            until=at.plus_s(WAIT_S),
            motion=motion,
        )
        if bare and _may_be_any(picture, item.originator):
            _let_wait(picture, name, one)
            return ()
        if motion is not None and _let_wait(picture, name, one):
            return ()
        event, entry = open_event(picture, sighting, item.originator, at)
        opened = (entry,)
    if event is not None:
        _attach(picture, event, item, sighting, motion)
        if motion is not None:  # a clock that is ahead sees nothing ahead of ours
            event.seen_ns = max(event.seen_ns, min(motion.time_ns, at.ns))
    return opened


def _named(picture: Picture, name: str, motion: Motion | None) -> Event | None:
    """Return the event that bears a name; take the name off one it is not of."""
    event = next((one for one in picture.open if name in one.names), None)
    if event is None or motion is None or by_motion(event, motion)[1] <= NAMED_WRONGLY:
        return event
    others = [by_motion(one, motion) for one in picture.open if one is not event]
    if not any(rule == BY_MOTION and off <= SURELY for rule, off in others):
        return event
    del event.names[name]
    return None


def _placed(
    picture: Picture, originator: Party, sighting: Sighting, motion: Motion | None
) -> Event | None:
    """Return the event that something without a known name is of, if it can be said."""

    def named(event: Event) -> bool:
        return _names_of(event, originator)

    if motion is not None:
        return of_motion(picture.open, motion, named) or _crowded(picture)
    if sighting.time is not None or sighting.point is not None:
        return of_sighting(picture.open, sighting, named) or _crowded(picture)
    unnamed = [event for event in picture.open if not named(event)]
    return unnamed[0] if len(unnamed) == 1 else _crowded(picture)


def _names_of(event: Event, originator: Party) -> bool:
    return any(name.startswith(f"{originator}/") for name in event.names)


def _may_be_any(picture: Picture, originator: Party) -> bool:
    """Say whether this partner has not named several of the open events."""
    return sum(not _names_of(event, originator) for event in picture.open) > 1


def _is_over(picture: Picture, item: Item, sighting: Sighting) -> bool:
    """Say whether a bare item speaks of what was seen before its event was closed."""
    closed = [picture.closed_names.get(token) for token in _tokens(item)]
    return any(ns is not None and sighting.seen.ns <= int(ns) for ns in closed)


def _tokens(item: Item) -> list[str]:
    return [f"{item.originator}#{token}" for token in item.lineage]


def _let_wait(picture: Picture, name: str, one: Waiting) -> bool:
    """Let something wait; say of what moves whether it does.

    It waits once, for events that its partner has not named, while there is room.
    """
    motion, may_be = one.motion, picture.open
    if motion is not None and one.sensor is None:
        may_be = [each for each in may_be if not _names_of(each, one.source)]
    if motion is not None and not is_unsaid(may_be, motion):
        picture.waiting.pop(name, None)
        return False
    if (before := picture.waiting.get(name)) is not None:
        one = before if motion is None else replace(one, until=before.until)
    elif len(picture.waiting) >= WAITING_MAX:
        return False
    picture.waiting[name] = one
    return True


def resolve_waiting(picture: Picture, at: Instant) -> Iterator[LaunchEvent]:
    """Place what nothing else has placed in time.

    A bare notice goes to the oldest event that its partner has not named: to open
    another for a launch that is already known would be the worse mistake, and a track
    that comes later still corrects it. What moves, and still compares with nothing,
    opens an event: nobody has seen the one that is known for as long.
    """
    for name in [n for n, one in picture.waiting.items() if one.until <= at]:
        waiting = picture.waiting.pop(name)
        if any(name in event.names for event in picture.open):
            continue
        unnamed = [e for e in picture.open if not _names_of(e, waiting.source)]
        motion = waiting.motion
        if motion is not None and of_motion(picture.open, motion, lambda _: False):
            continue  # another that waited has opened its event
        if unnamed and motion is None:
            unnamed[0].names[name] = ""
            continue
        event = _crowded(picture)
        if event is None:
            event, entry = open_event(
                picture, Sighting(seen=waiting.seen), waiting.source, at
            )
            yield entry
        if motion is not None:
            move(event, waiting.sensor or name, motion)
        if waiting.sensor is None:
            event.names[name] = ""


def _attach(
    picture: Picture,
    event: Event,
    item: Item,
    sighting: Sighting,
    motion: Motion | None,
) -> None:
    name, body = _name(item), item.body
    picture.waiting.pop(name, None)
    if len(event.names) < NAMES_MAX:
        event.names.update(dict.fromkeys((name, *_tokens(item)), ""))
    learn(event, sighting)
    if motion is not None:
        move(event, name, motion)
    if isinstance(body, TrackProduct) and add_track(event.evidence, item, body):
        event.pace.wish()


def _take_scan(
    picture: Picture, item: Item, body: Plots, at: Instant, *, may_open: bool
) -> tuple[LaunchEvent, ...]:
    """Take a partner's scan: each path in it goes to its event.

    A scan in which no path is found yet still says that this partner holds a launch:
    where none is known here it opens an event.
    """
    until = at.plus_s(AHEAD_S_MAX) if picture.clock_trusted else None
    scan = tuple(
        plot
        for plot in body.plots
        if (until is None or plot.time <= until) and plot.sensor.id == body.sensor_id
    )
    if not scan:
        return ()
    sensor, opened = f"{item.originator}/{body.sensor_id}", list[LaunchEvent]()
    tokens = _tokens(item)
    for carried in _followed(picture, sensor, scan):
        event, plots, entries = _home(
            picture, sensor, carried, item.originator, at, may_open=may_open
        )
        opened.extend(entries)
        if event is not None:
            first = event.first_seen.plus_s(-PLOT_BEFORE_S)
            plots = tuple(plot for plot in plots if plot.time >= first)
            if add_partner_plots(event.evidence, item, body.sensor_id, plots):
                event.pace.wish()
            uncross(picture.open, sensor, picture.homes)
    known = any(token in picture.closed_names for token in tokens)
    if not picture.open and may_open and not known:
        sighting = Sighting(seen=min(plot.time for plot in scan))
        event, entry = open_event(picture, sighting, item.originator, at)
        opened.append(entry)
    for event in picture.open:
        if len(event.names) < NAMES_MAX:
            event.names.update(dict.fromkeys(tokens, ""))
    return tuple(opened)


def _followed(
    picture: Picture, sensor: str, scan: tuple[Plot, ...]
) -> tuple[Carried, ...]:
    follower = picture.followers.get(sensor)
    if follower is None:
        if len(picture.followers) >= FOLLOWERS_MAX:
            return ()
        follower = picture.followers[sensor] = Follower()
    return follower.take(scan).paths


def _retract(picture: Picture, originator: Party, item: str) -> None:
    remember(picture.retracted, f"{originator}:{item}", "", RETRACTED_MAX)
    for event in picture.open:
        if retract(event.evidence, originator, item):
            event.pace.wish()


def _name(item: Item) -> str:
    """Return what its originator calls the launch that an item is of."""
    body = item.body
    assert isinstance(body, LaunchNotice | TrackProduct | ImpactPrediction)
    return f"{item.originator}/{body.launch_id}"


def _sighting(item: Item) -> Sighting:
    """Return when, and where, an item says that something was seen."""
    body = item.body
    if isinstance(body, LaunchNotice):
        return Sighting(seen=body.first_seen, time=body.time, point=body.point)
    if isinstance(body, TrackProduct):
        return Sighting(seen=body.state.epoch)
    return Sighting(seen=item.created)
