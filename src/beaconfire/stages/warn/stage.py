"""The warn stage itself: which entry changes which draft, and when one is written."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from msgspec import UNSET

from beaconfire.journal.entry import Entry
from beaconfire.stages.warn.changes import (
    Content,
    from_estimate,
    in_doubt,
    materially_new,
    only_narrows,
)
from beaconfire.stages.warn.sight_told import (
    group_words,
    is_missing,
    is_news,
    sight_words,
)
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import Estimate, Tick
from beaconfire.vocabulary.entries.sightings import (
    AlertDraft,
    CueHeard,
    ItemHeld,
    LaunchEvent,
    LaunchState,
    PlotsHeard,
)
from beaconfire.vocabulary.flight import FlightEstimate
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import Retraction, TrackProduct
from beaconfire.vocabulary.sight import Group, Sight
from beaconfire.vocabulary.times import Instant

# The silence budget: an open draft is repeated at least this often.
SILENCE_S_MAX = 30.0
# A draft is open until this long after its time window ...
AFTER_WINDOW_S = 120.0
# ... or, when no impact was ever predicted, this long after the launch was known.
WITHOUT_AREA_S = 1_800.0
# A model that failed is believed again when it has held for so long: for a moment the
# plots of a body that pulls up lie on an arc by chance, on a wrong one.
BELIEVED_AGAIN_S = 10.0
# Launches watched at once; the oldest gives way.
WATCHES_MAX = 32

_PICTURE = "picture"


@dataclass(slots=True, kw_only=True)
class Watch:
    """One launch and its drafts. ``content`` is what the next version would say.

    ``failed`` is when the model of its flight last did not hold, or was not believed
    since other launches contradict it: ``doubt`` says by what. ``written`` is the
    newest version that stands in the journal, and ``owed`` that another follows it.
    """

    launch_id: str
    content: Content
    drafted: Content
    drafted_at: Instant
    closes: Instant
    version: int = 1
    tellers: dict[Party, None] = field(default_factory=dict)
    sight: Sight | None = None
    group: Group | None = None
    doubt: str | None = None
    failed: Instant | None = None
    written: int = 0
    owed: bool = False


@dataclass(slots=True, kw_only=True)
class WarnStage:
    """The state of the stage; owned by it and changed in place."""

    profile: NodeProfile
    watches: dict[str, Watch] = field(default_factory=dict)


def begin(profile: NodeProfile) -> WarnStage:
    """Return the state of a node that watches nothing yet."""
    return WarnStage(profile=profile)


def step(state: WarnStage, entry: Entry) -> tuple[WarnStage, tuple[EntryBody, ...]]:
    """Take one entry; return the state and the drafts that follow from it."""
    body, at = entry.body, entry.at
    out: list[EntryBody] = []
    if isinstance(body, LaunchEvent):
        out.extend(_open(state, body, at))
    elif isinstance(body, Estimate):
        out.extend(_take_estimate(state, body, at))
    elif isinstance(body, LaunchState):
        out.extend(_take_state(state, body, at))
    elif isinstance(body, AlertDraft):
        return state, tuple(_take_draft(state, body, at))
    elif isinstance(body, ItemHeld):
        out.extend(_take_item(state, body, at))
    elif isinstance(body, CueHeard):
        for watch in state.watches.values():
            watch.tellers[state.profile.party] = None
    elif not isinstance(body, Tick | PlotsHeard):
        return state, ()
    out.extend(_overdue(state, at))
    return state, tuple(out)


def due(state: WarnStage) -> Instant | None:
    """Return when the next draft is due if nothing happens, or ``None``."""
    times = (
        min(watch.closes, watch.drafted_at.plus_s(SILENCE_S_MAX))
        for watch in state.watches.values()
    )
    return min(times, default=None)


def _open(state: WarnStage, event: LaunchEvent, at: Instant) -> Iterator[AlertDraft]:
    if event.launch_id in state.watches:
        return
    content = Content(
        certainty="Possible",
        area=None,
        cause="nothing yet",
        overflight=(),
        sources=(event.source,),
        why=f"a launch was detected, first by {event.source}; no impact can be "
        "predicted yet",
    )
    watch = Watch(
        launch_id=event.launch_id,
        content=content,
        drafted=content,
        drafted_at=at,
        closes=at.plus_s(WITHOUT_AREA_S),
        tellers={event.source: None},
    )
    state.watches[event.launch_id] = watch
    if len(state.watches) > WATCHES_MAX:
        del state.watches[next(iter(state.watches))]
    yield _draft(watch)


def _take_estimate(
    state: WarnStage, body: Estimate, at: Instant
) -> Iterator[AlertDraft]:
    watch = state.watches.get(body.launch_id)
    if watch is None or body.product != _PICTURE or body.estimate is None:
        return
    sources = _sources(state, watch, body.estimate)
    # Compared with what was drafted, not with the last candidate: many small moves
    # must add up. Widening, too, starts from what people were told.
    content = from_estimate(
        body.estimate, before=watch.drafted, sources=sources, doubt=watch.doubt
    )
    if not body.estimate.model_holds or watch.doubt is not None:
        watch.failed = at
    narrows = only_narrows(watch.drafted.area, content.area)
    if (is_missing(watch.sight) and narrows) or _too_soon(watch, content, at):
        content = watch.drafted
    watch.content = content
    if watch.content.area is not None:
        end = watch.content.area.time_window95[1]
        watch.closes = max(at, end).plus_s(AFTER_WINDOW_S)
    if materially_new(watch.drafted, watch.content):
        yield _next(watch, at)


def _too_soon(watch: Watch, content: Content, at: Instant) -> bool:
    """Say whether an area is claimed again so soon after its model failed."""
    if watch.failed is None or watch.drafted.area is None:
        return False
    again = content.certainty == "Likely" and watch.drafted.certainty == "Possible"
    return again and at.seconds_since(watch.failed) < BELIEVED_AGAIN_S


def _take_state(
    state: WarnStage, body: LaunchState, at: Instant
) -> Iterator[AlertDraft]:
    """Take how it is seen, and whether others contradict it.

    How it is seen changes what is said, and nothing of where or when. What is doubted
    has no area that is likely; when the doubt ends the next estimate brings one.
    """
    watch = state.watches.get(body.launch_id)
    if watch is None:
        return
    told = (watch.sight, watch.group)
    doubted = body.doubt if body.doubt != watch.doubt else None
    watch.sight, watch.group, watch.doubt = body.sight, body.group, body.doubt
    if is_missing(body.sight) and only_narrows(watch.drafted.area, watch.content.area):
        watch.content = watch.drafted  # what was published stands, to its full size
    news = is_news(told, (watch.sight, watch.group))
    if doubted is not None:
        watch.content, watch.failed = in_doubt(watch.drafted, doubted), at
        news = news or materially_new(watch.drafted, watch.content)
    if news:
        yield from _in_turn(watch, at)


def _take_draft(
    state: WarnStage, body: AlertDraft, at: Instant
) -> Iterator[AlertDraft]:
    """Note that a version stands in the journal; write what was to follow it."""
    watch = state.watches.get(body.launch_id)
    if watch is None:
        return
    watch.written = body.version
    if watch.owed and watch.written == watch.version:
        watch.owed = False
        yield _next(watch, at)


def _in_turn(watch: Watch, at: Instant) -> Iterator[AlertDraft]:
    """Write the next version, or let it wait for one that was due in this turn.

    That one is written behind all that follows from the entry of now: were the next
    not to wait for it, the older would stand last, and people be told that.
    """
    watch.owed = watch.written < watch.version
    if not watch.owed:
        yield _next(watch, at)


def _take_item(state: WarnStage, held: ItemHeld, at: Instant) -> Iterator[AlertDraft]:
    """Note whose tracks are in the picture, and tell when something is retracted."""
    item, carriage = held.sealed.item, held.carriage
    if carriage is None and not isinstance(item.body, Retraction):
        return
    if carriage is not None and carriage.history:
        return  # what is stale, be it a retraction, rings nothing
    for watch in state.watches.values():
        if carriage is None and watch.doubt is not None:
            continue  # its draft says why we take back what we told of it
        if isinstance(item.body, Retraction) and item.originator in watch.tellers:
            # That it was, and by whom; its words are not ours to repeat.
            why = f"{item.originator} has retracted a report; what is drafted stands"
            if watch.doubt is not None:
                why = f"{why}: {watch.doubt}"
            watch.content = replace(watch.content, why=why)
            if why != watch.drafted.why:
                yield from _in_turn(watch, at)
        elif carriage is not None and _can_be_fused(item):
            watch.tellers[item.originator] = None


def _can_be_fused(item: Item) -> bool:
    body = item.body
    if not isinstance(body, TrackProduct):
        return False
    return body.tracklet is not None or body.covariance is not UNSET


def _sources(
    state: WarnStage, watch: Watch, estimate: FlightEstimate
) -> tuple[Party, ...]:
    """Return the parties whose data the picture rests on, ourselves first.

    In a picture's estimate a partner's sensor is named ``PARTY/sensor``, and ours by
    its own name. Tracklets have no account there, so who gave one was noted before.
    """
    own = {sensor.id for sensor in state.profile.sensors}
    partners = {card.party for card in state.profile.partners}
    for account in estimate.sensors:
        party = account.id.partition("/")[0]
        if account.verdict != "used":
            continue
        if account.id in own:
            watch.tellers[state.profile.party] = None
        elif party in partners:
            watch.tellers[party] = None
    return tuple(sorted(watch.tellers, key=lambda p: (p != state.profile.party, p)))


def _overdue(state: WarnStage, at: Instant) -> Iterator[AlertDraft]:
    for watch in list(state.watches.values()):
        if at >= watch.closes:
            watch.content = replace(watch.content, certainty="Possible", why=_END)
            yield _next(watch, at)
            del state.watches[watch.launch_id]
        elif at.seconds_since(watch.drafted_at) >= SILENCE_S_MAX:
            yield _next(watch, at)


_END = (
    "the time for which anything was predicted has passed; nothing of it was observed: "
    "this is no all-clear"
)


def _next(watch: Watch, at: Instant) -> AlertDraft:
    watch.version += 1
    watch.drafted, watch.drafted_at = watch.content, at
    return _draft(watch)


def _draft(watch: Watch) -> AlertDraft:
    content, sight = watch.content, watch.sight
    silent = sight is not None and sight.state != "seen"
    said = sight_words(sight, has_area=content.area is not None)
    return AlertDraft(
        launch_id=watch.launch_id,
        version=watch.version,
        certainty=content.certainty,
        area=content.area,
        overflight=content.overflight,
        sources=content.sources,
        why=content.why + said + group_words(watch.group),
        condition=content.condition,
        corridor=content.corridor,
        reachable=content.reachable,
        sight=sight if silent else None,
        group=watch.group,
    )
