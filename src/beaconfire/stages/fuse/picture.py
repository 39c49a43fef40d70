"""Picture: what we believe of each launch from everything that we hold.

Our own plots and cues, partners' plots and tracklets. It decides that a launch event
exists, and when it ends; nothing here is ever sent to a partner.

A partner's item opens an event or is attached to one:

* by the launch id or token that it shares with an item already attached;
* else by when, and where, it says the launch was;
* else it opens an event, unless it is history, expired or retracted. What belonged to
  an event that is closed opens nothing.

A retraction by the same originator takes out what the item brought, also when it comes
first. The event stays: that something was retracted is for people to judge.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from beaconfire.seals.opaque import opaque
from beaconfire.stages.fuse.evidence import (
    add_partner_plots,
    add_tracklet,
    retract,
)
from beaconfire.stages.fuse.follower import Follower
from beaconfire.stages.fuse.launches import (
    OPEN_MAX,
    OPEN_S,
    PLOT_BEFORE_S,
    Launch,
    Sighting,
    learn,
    matches,
)
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
from beaconfire.vocabulary.times import Instant

# Item ids remembered so that a second route counts once. Ten radars at 1 Hz fill it
# in a quarter of an hour; a repeat comes within seconds, and one that comes later
# still meets its plots' own names.
SEEN_MAX = 8_192
RETRACTED_MAX = 4_096
# Names (launch ids and tokens) of events that are closed.
CLOSED_NAMES_MAX = 1_024
# Names of one event: two a partner and product are usual.
NAMES_MAX = 512
# Sensors of all partners together that are followed in one event.
FOLLOWERS_MAX = 256
# Partners' clocks and ours agree to this, or ingest has refused the item.
AHEAD_S_MAX = 2.0


@dataclass(slots=True, kw_only=True)
class Event(Launch):
    """A launch event. ``names`` are what partners call it, each under its party.

    ``followers`` find the object's plots in the scans of each partner's sensor.
    """

    names: dict[str, None] = field(default_factory=dict)
    followers: dict[str, Follower] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Picture:
    """The state of the picture. Dictionaries without values are ordered sets.

    While the clock is not trusted nothing is left out for its time alone.
    """

    opaque_key: bytes
    clock_trusted: bool = True
    open: list[Event] = field(default_factory=list)
    events: int = 0
    seen: dict[str, None] = field(default_factory=dict)
    retracted: dict[str, None] = field(default_factory=dict)
    closed_names: dict[str, None] = field(default_factory=dict)


def plots_event(picture: Picture) -> Event | None:
    """Return the event that our plots are attached to: the one open longest."""
    return picture.open[0] if picture.open else None


def event_for(picture: Picture, sighting: Sighting) -> Event | None:
    """Return the open event a sighting is of, or ``None`` if it is a new one."""
    for event in picture.open:
        if matches(event, sighting):
            return event
    return picture.open[-1] if len(picture.open) >= OPEN_MAX else None


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


def close_event(picture: Picture, event: Event) -> None:
    """Close an event; what still comes under its names opens nothing."""
    picture.open.remove(event)
    _close_names(picture, event.names)


def take_item(picture: Picture, held: ItemHeld, at: Instant) -> tuple[LaunchEvent, ...]:
    """Take a partner's item: attach it, or open an event with it."""
    item = held.sealed.item
    key = f"{item.originator}:{item.id}"
    if key in picture.seen or key in picture.retracted:
        return ()
    _remember(picture.seen, key, SEEN_MAX)
    if isinstance(item.body, Retraction):
        _retract(picture, item.originator, item.body.retracts)
        return ()
    names = _names(item)
    until = at.plus_s(AHEAD_S_MAX) if picture.clock_trusted else None
    sighting = _sighting(item, until)
    if any(name in picture.closed_names for name in names):
        _close_names(picture, names)
        return ()
    if sighting is None:
        return ()
    event = next(
        (e for e in picture.open if not e.names.keys().isdisjoint(names)), None
    )
    event = event or event_for(picture, sighting)
    opened: tuple[LaunchEvent, ...] = ()
    if event is None:
        history = held.carriage is not None and held.carriage.history
        if history or (picture.clock_trusted and item.valid_until < at):
            return ()
        event, entry = open_event(picture, sighting, item.originator, at)
        opened = (entry,)
    for name in names:
        if len(event.names) < NAMES_MAX:
            event.names[name] = None
    _attach(event, item, sighting, until)
    return opened


def _attach(
    event: Event, item: Item, sighting: Sighting, until: Instant | None
) -> None:
    learn(event, sighting)
    body, new = item.body, False
    if isinstance(body, Plots):
        scan = tuple(plot for plot in body.plots if _of(event, body, plot, until))
        plots = _followed(event, f"{item.originator}/{body.sensor_id}", scan)
        new = add_partner_plots(event.evidence, item, body.sensor_id, plots)
    elif isinstance(body, TrackProduct) and body.tracklet is not None:
        new = add_tracklet(event.evidence, item, body.tracklet)
    if new:
        event.pace.wish()


def _of(event: Event, body: Plots, plot: Plot, until: Instant | None) -> bool:
    first = event.first_seen.plus_s(-PLOT_BEFORE_S)
    in_time = first <= plot.time and (until is None or plot.time <= until)
    return in_time and plot.sensor.id == body.sensor_id


def _followed(event: Event, sensor: str, scan: tuple[Plot, ...]) -> tuple[Plot, ...]:
    follower = event.followers.get(sensor)
    if not scan or (follower is None and len(event.followers) >= FOLLOWERS_MAX):
        return ()
    if follower is None:
        follower = event.followers[sensor] = Follower()
    return follower.take(scan).plots


def _retract(picture: Picture, originator: Party, item: str) -> None:
    _remember(picture.retracted, f"{originator}:{item}", RETRACTED_MAX)
    for event in picture.open:
        if retract(event.evidence, originator, item):
            event.pace.wish()


def _names(item: Item) -> tuple[str, ...]:
    names = [f"{item.originator}#{token}" for token in item.lineage]
    body = item.body
    if isinstance(body, LaunchNotice | TrackProduct | ImpactPrediction):
        names.append(f"{item.originator}/{body.launch_id}")
    return tuple(names)


def _sighting(item: Item, until: Instant | None) -> Sighting | None:
    """Return when (and where) an item says something was seen, if it says it at all."""
    body = item.body
    if isinstance(body, LaunchNotice):
        return Sighting(seen=body.first_seen, time=body.time, point=body.point)
    if isinstance(body, Plots):
        times = [plot.time for plot in body.plots]
        if body.plots and (until is None or min(times) <= until):
            return Sighting(seen=min(times))
        return None
    if isinstance(body, TrackProduct):
        return Sighting(seen=body.state.epoch)
    if isinstance(body, ImpactPrediction):
        return Sighting(seen=item.created)
    return None


def _close_names(picture: Picture, names: Iterable[str]) -> None:
    for name in names:
        _remember(picture.closed_names, name, CLOSED_NAMES_MAX)


def _remember(names: dict[str, None], name: str, at_most: int) -> None:
    names[name] = None
    if len(names) > at_most:
        del names[next(iter(names))]
