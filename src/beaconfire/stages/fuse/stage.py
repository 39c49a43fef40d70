"""The fuse stage itself: which entry goes where, and which solves are asked for.

Order within a step: the event first, then own items, then what the picture says of its
launches, then requests, so that whoever reads the journal meets a launch before
anything that is said of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from beaconfire.journal.entry import Entry
from beaconfire.seals.opaque import opaque
from beaconfire.stages.fuse.audience import (
    PICTURE,
    own_products,
    unshared_sensors,
)
from beaconfire.stages.fuse.doubting import ask, note
from beaconfire.stages.fuse.evidence import add_cue
from beaconfire.stages.fuse.follower import Follower
from beaconfire.stages.fuse.launches import (
    Launch,
    learn,
    observed,
    sighting_of_cue,
    take_estimate,
)
from beaconfire.stages.fuse.own import (
    OwnBook,
    OwnLaunch,
    close_past,
    closing,
    cue_launch,
    forget_told,
    join_parts,
    open_launch,
    retraction,
    take_path,
    tell_cue,
    tell_doubts,
    tell_estimate,
    tell_scans,
)
from beaconfire.stages.fuse.picture import (
    Event,
    Picture,
    close_event,
    event_for,
    open_event,
    resolve_waiting,
    take_item,
    take_own_path,
)
from beaconfire.stages.fuse.watching import (
    Watching,
    hear_scan,
    look,
    next_look,
    state_of,
)
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import (
    ClockStep,
    Estimate,
    SensorLines,
    Tick,
)
from beaconfire.vocabulary.entries.sightings import (
    CueHeard,
    EstimateRequest,
    ItemHeld,
    PlotsHeard,
    TakenBack,
)
from beaconfire.vocabulary.flight import Observations
from beaconfire.vocabulary.times import Instant


@dataclass(slots=True, kw_only=True)
class FuseStage:
    """The state of the stage; owned by it and changed in place."""

    profile: NodeProfile
    opaque_key: bytes
    solve_interval_s: float
    picture: Picture
    own: list[OwnBook]
    followers: dict[str, Follower] = field(default_factory=dict)
    watching: Watching = field(default_factory=Watching)
    requests: int = 0


def begin(
    profile: NodeProfile, *, opaque_key: bytes, solve_interval_s: float = 0.5
) -> FuseStage:
    """Return the state of a node that has seen nothing yet.

    ``solve_interval_s`` is the least time between two requests of one launch and
    product, in the node's own time: an exercise at speed 20 gives 10.
    """
    return FuseStage(
        profile=profile,
        opaque_key=opaque_key,
        solve_interval_s=solve_interval_s,
        picture=Picture(opaque_key=opaque_key),
        own=[
            OwnBook(product=product, profile=profile, opaque_key=opaque_key)
            for product in own_products(profile, opaque_key)
        ],
    )


def know_sensors(
    state: FuseStage, profile: NodeProfile, *, solve_interval_s: float
) -> None:
    """Take the sensors and partners of ``profile``; the picture is kept.

    Own products whose sensors and audience are the same go on; others begin anew, with
    names of their own, since what they may tell has changed.
    """
    state.profile = profile
    state.solve_interval_s = solve_interval_s
    state.watching.listens = None
    kept = {book.product: book for book in state.own}
    own = []
    for product in own_products(profile, state.opaque_key):
        book = kept.get(product)
        if book is None:
            book = OwnBook(
                product=product, profile=profile, opaque_key=state.opaque_key
            )
        book.profile = profile
        own.append(book)
    state.own = own


def step(state: FuseStage, entry: Entry) -> tuple[FuseStage, tuple[EntryBody, ...]]:
    """Take one entry; return the state and what follows from it."""
    body, at = entry.body, entry.at
    if isinstance(body, ClockStep):
        state.picture.clock_trusted = body.trusted
        return state, ()
    if isinstance(body, TakenBack):
        return state, (_taken_back(state, body, at),)
    if isinstance(body, SensorLines) and body.stream == "plots" and not body.lines:
        # A scan that saw nothing says that its radar looked; no product hears of it.
        hear_scan(state.watching, body.sensor, (), state.profile, at)
        return state, tuple(_look(state, at, scanned=True))
    if not isinstance(body, PlotsHeard | CueHeard | ItemHeld | Estimate | Tick):
        return state, ()
    if isinstance(body, ItemHeld) and body.carriage is None:
        return state, ()  # our own, come back: nothing is made from it
    woken = _woken(state, body)
    out: list[EntryBody] = []
    if state.picture.clock_trusted:
        out.extend(_close_past(state, woken, at))
        out.extend(resolve_waiting(state.picture, at))
    if isinstance(body, PlotsHeard):
        out.extend(_hear_plots(state, body, at))
    elif isinstance(body, CueHeard):
        out.extend(_hear_cue(state, body, at))
    elif isinstance(body, ItemHeld):
        out.extend(_take_partner(state, body, at))
    elif isinstance(body, Estimate):
        out.extend(_take_answer(state, body, at))
    out.extend(_doubt(state, body, woken, at))
    out.extend(_look(state, at, scanned=isinstance(body, PlotsHeard)))
    out.extend(_ask(state, woken, at))
    return state, tuple(out)


def due(state: FuseStage) -> Instant | None:
    """Return when something waits for the clock, or ``None``.

    That is a request, a launch's end, a bare notice that must be placed, a launch that
    may contradict another, or a silence that may have come to mean something.
    """
    times = [
        time
        for _, launch, _ in _arcs(state)
        if launch.evidence.enough()
        and (time := launch.pace.due(launch.evidence.arc_s(), state.solve_interval_s))
    ]
    asks = (state.picture.doubting, *(book.doubting for book in state.own))
    times.extend(time for one in asks if (time := one.due()) is not None)
    if state.picture.clock_trusted:
        times.extend(end for book in state.own if (end := closing(book)) is not None)
        times.extend(one.until for one in state.picture.waiting.values())
        if (silent := next_look(state.picture.open)) is not None:
            times.append(silent)
    return min(times, default=None)


def observations(state: FuseStage, request: EstimateRequest) -> Observations:
    """Return what the solver is given for ``request``; empty once its launch closed."""
    for product, launch, event in _arcs(state):
        if product == request.product and event == request.launch_id:
            return observed(launch, unshared_sensors(state.profile))
    return Observations()


def _taken_back(state: FuseStage, body: TakenBack, at: Instant) -> ItemHeld:
    """Make the retraction of an own item; no product retracts it by itself any more."""
    for book in state.own:
        forget_told(book, body.order.item)
    return retraction(state.profile, state.opaque_key, body, at)


def _arcs(state: FuseStage) -> Iterator[tuple[str, Launch, str]]:
    """Yield every open arc: its product, the launch, and its id there."""
    for event in state.picture.open:
        yield PICTURE, event, event.id
    for book in state.own:
        for launch in book.open:
            yield book.product.name, launch, launch.id


def _close_past(state: FuseStage, woken: set[str], at: Instant) -> Iterator[EntryBody]:
    for event in [event for event in state.picture.open if event.closes < at]:
        close_event(state.picture, event, at)
    for book in state.own:
        if book.product.name in woken:
            yield from close_past(book, at)


def _doubt(
    state: FuseStage, body: EntryBody, woken: set[str], at: Instant
) -> Iterator[EntryBody]:
    """Ask, in the picture and in each product that is woken, who contradicts whom.

    An answer is news and no occasion: whoever reads it knows already what is doubted.
    """
    answered = isinstance(body, Estimate)
    if not isinstance(body, Tick):
        note(state.picture.doubting, state.picture.open)
    if not answered:
        picture = state.picture
        for event in ask(picture.doubting, picture.open, state.profile, at):
            yield state_of(event)
    for book in state.own:
        if book.product.name not in woken:
            continue
        if not isinstance(body, Tick):
            note(book.doubting, book.open)
        if not answered:
            yield from tell_doubts(book, at)


def _look(state: FuseStage, at: Instant, *, scanned: bool) -> Iterator[EntryBody]:
    if state.picture.clock_trusted:
        events = state.picture.open
        yield from look(state.watching, events, state.profile, at, scanned=scanned)


def _hear_plots(state: FuseStage, body: PlotsHeard, at: Instant) -> Iterator[EntryBody]:
    hear_scan(state.watching, body.sensor, body.plots, state.profile, at)
    follower = state.followers.setdefault(body.sensor, Follower())
    followed = follower.take(body.plots)
    party = state.profile.party
    for carried in followed.paths:
        yield from take_own_path(state.picture, body.sensor, carried, party, at)
    touched: list[OwnBook] = []
    for book in state.own:
        if body.sensor not in book.product.sensors:
            continue
        for carried in followed.paths:
            yield from take_path(book, body.sensor, carried, at)
        if book.open:
            touched.append(book)
            yield from tell_scans(book, body.sensor, followed.scans, at)
    join_parts(touched)


def _hear_cue(state: FuseStage, body: CueHeard, at: Instant) -> Iterator[EntryBody]:
    cue = body.cue
    sighting = sighting_of_cue(cue)
    event = event_for(state.picture, sighting)
    if event is None:
        event, entry = open_event(state.picture, sighting, state.profile.party, at)
        yield entry
    learn(event, sighting)
    if add_cue(event.evidence, cue):
        event.pace.wish()
    touched: list[OwnBook] = []
    for book in state.own:
        if body.sensor not in book.product.sensors:
            continue
        launch = cue_launch(book, sighting)
        if launch is None:
            launch = open_launch(book, cue.time, at)
        touched.append(book)
        yield from tell_cue(book, launch, cue, sighting, at)
    join_parts(touched)


def _take_partner(state: FuseStage, held: ItemHeld, at: Instant) -> Iterator[EntryBody]:
    item = held.sealed.item
    # Ingest refuses what is of another status; should it ever fail to, an exercise
    # must still not become part of an actual picture, nor the other way round.
    if item.originator != state.profile.party and item.status == state.profile.status:
        yield from take_item(state.picture, held, at)


def _take_answer(state: FuseStage, body: Estimate, at: Instant) -> Iterator[EntryBody]:
    for product, launch, event in _arcs(state):
        if product != body.product or event != body.launch_id:
            continue
        if not launch.pace.answered(body.request) or body.estimate is None:
            return
        if isinstance(launch, Event):
            take_estimate(launch, body.estimate, at)
            return
        for book in state.own:
            if book.product.name == product and isinstance(launch, OwnLaunch):
                yield from tell_estimate(book, launch, body.estimate, at)
        return


def _woken(state: FuseStage, body: EntryBody) -> set[str]:
    """Return the products whose requests may be made, and whose launches end, now.

    An own product is woken by its own sensors, its own answers and the clock alone:
    otherwise the instants of its items would tell a partner when we heard of something
    that this partner does not see.
    """
    if isinstance(body, Tick):
        return {PICTURE, *(book.product.name for book in state.own)}
    if isinstance(body, Estimate):
        return {PICTURE, body.product}
    if isinstance(body, PlotsHeard | CueHeard):
        seeing = (book for book in state.own if body.sensor in book.product.sensors)
        return {PICTURE, *(book.product.name for book in seeing)}
    return {PICTURE}


def _ask(state: FuseStage, woken: set[str], at: Instant) -> Iterator[EstimateRequest]:
    for product, launch, event in _arcs(state):
        if product not in woken:
            continue
        time = launch.pace.due(launch.evidence.arc_s(), state.solve_interval_s)
        if time is None or time > at or not launch.evidence.enough():
            continue
        state.requests += 1
        request = opaque(state.opaque_key, "request", str(state.requests), str(at.ns))
        launch.pace.ask(request, at)
        yield EstimateRequest(request=request, launch_id=event, product=product)
