"""Link: carries released items and acts to partners, and signs for what came.

It decides nothing about permission: it accepts a ``Release`` and checks at hand-over
that it still stands. Three lanes a partner, a bounded window each, numbered at
hand-over, so that withdrawal, expiry and priority act before numbering and a hole
inside an epoch is always an error. A partner that never reads fills its own window
and nobody else's. Bytes on the wire are the runtime's; the text to sign is ours.

The state is owned by the stage and changed in place.
"""

from beaconfire.agreements.consultation import Outcome
from beaconfire.agreements.ways import may_relay
from beaconfire.journal.entry import Entry
from beaconfire.seals.dsse import envelope, envelope_digest, envelope_of
from beaconfire.stages.link import queue
from beaconfire.stages.link.consulting import keep_deferred, take_statement
from beaconfire.stages.link.handing import fill, in_entries, waiting
from beaconfire.stages.link.receipts import receipt_for, settle
from beaconfire.stages.link.state import (
    LinkStage,
    Partner,
    Unit,
    begin,
    begin_partner,
)
from beaconfire.stages.link.suspending import (
    after_act,
    after_time,
    next_end,
    take_back,
)
from beaconfire.stages.link.telling import knows, tell, tell_newcomer
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.consultations import Statement
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import (
    ClockStep,
    LinkState,
    NodeStart,
    ReceiptArrival,
    Tick,
)
from beaconfire.vocabulary.entries.carriage import (
    Arrival,
    HandOver,
    Receipt,
    Withdrawal,
)
from beaconfire.vocabulary.entries.decisions import Deferral, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.link import (
    LANES,
    LINK_TYPE,
    RECEIPT_TYPE,
    Envelope,
    Lane,
    LinkMessage,
    SealedItem,
)
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

__all__ = [
    "LinkStage",
    "begin",
    "begin_partner",
    "due",
    "know_partners",
    "message_of",
    "receipts_given",
    "standing_messages",
    "step",
    "waiting_count",
]

# A partner's items kept for a relay that an approval may still allow.
ITEMS_KEPT_MAX = 2_000

_LANE_OF_FORM: dict[str, Lane] = {
    "notice": "notices",
    "impact": "notices",
    "retraction": "notices",
    "report": "notices",
    "track": "tracks",
    "plots": "plots",
}


def step(state: LinkStage, entry: Entry) -> tuple[LinkStage, tuple[EntryBody, ...]]:
    """Take one entry; return the state and what follows from it."""
    body = entry.body
    out: list[EntryBody] = []
    if isinstance(body, ItemHeld):
        _keep_item(state, body, entry)
        out = take_back(state, body)
    elif isinstance(body, Release):
        out = _queue_item(state, body, entry.at)
    elif isinstance(body, ReceiptArrival):
        out = settle(state, body, entry.at)
    elif isinstance(body, Arrival):
        knows(state, body, entry.turn)
        out = receipt_for(state, body, body.via or body.originator)
    elif isinstance(body, Act):
        out = _take_act(state, body, entry)
    elif isinstance(body, Statement | Outcome):
        out = take_statement(state, body, entry)
    elif isinstance(body, Deferral):
        keep_deferred(state, body, entry.at)
    elif isinstance(body, HandOver | Receipt):
        _keep_signature(state, body)
    elif isinstance(body, LinkState):
        if body.partner in state.partners:
            state.partners[body.partner].up = body.up
    elif isinstance(body, ClockStep):
        out = _take_step(state, body, entry.at)
    elif isinstance(body, Tick | NodeStart) and state.untrusted is None:
        out = after_time(state, entry.at)
        for partner in state.partners.values():
            for lane in LANES:
                out.extend(fill(state, partner, lane, entry.at))
    return state, tuple(out)


def know_partners(state: LinkStage) -> None:
    """Take the partners of the profile: new ones begin, known ones get their new card.

    One that is left out keeps its account, so that what was on its way still ends.
    """
    for card in state.profile.partners:
        if card.party in state.partners:
            state.partners[card.party].card = card
        else:
            state.partners[card.party] = begin_partner(card)
            tell_newcomer(state, card.party)


def due(state: LinkStage) -> Instant | None:
    """Return when an item expires, an agreement ends or an act's way goes on.

    While the clock is not trusted only an act's way goes on.
    """
    lanes = [
        sending
        for partner in state.partners.values()
        for sending in partner.sending.values()
    ]
    if any(sending.sweeps for sending in lanes):
        return Instant(0)  # at once
    if state.untrusted is not None:
        return None
    ends = [next_end(state), *map(queue.due, lanes)]
    return min((end for end in ends if end is not None), default=None)


def message_of(state: LinkStage, hand_over: HandOver) -> LinkMessage | None:
    """Return the wire message of a signed hand-over, or ``None`` once it is settled."""
    sending = state.partners[hand_over.to].sending[hand_over.lane]
    if hand_over.epoch != sending.epoch or hand_over.signature is None:
        return None
    for message in sending.window:
        if message.number == hand_over.number:
            return LinkMessage(
                header=envelope(
                    LINK_TYPE, hand_over.header.encode(), hand_over.signature
                ),
                inner=tuple(unit.envelope for unit in message.units),
            )
    return None


def standing_messages(
    state: LinkStage, party: Party, lane: Lane
) -> tuple[tuple[int, int, LinkMessage], ...]:
    """Return (epoch, number, message) of the lane's window: what the border must hold.

    A border is memory-backed; after a restart it is filled again from this.
    """
    sending = state.partners[party].sending[lane]
    return tuple(
        (
            sending.epoch,
            message.number,
            LinkMessage(
                header=envelope(LINK_TYPE, message.header.encode(), message.signature),
                inner=tuple(unit.envelope for unit in message.units),
            ),
        )
        for message in sending.window
        if message.signature is not None
    )


def receipts_given(state: LinkStage, party: Party) -> tuple[tuple[Lane, Envelope], ...]:
    """Return our latest receipt a lane to ``party``, to lay down again on reconnect."""
    return tuple(
        (lane, envelope(RECEIPT_TYPE, given.note.encode(), given.signature))
        for lane, receiving in state.partners[party].receiving.items()
        if (given := receiving.receipt) is not None and given.signature is not None
    )


def waiting_count(state: LinkStage, party: Party) -> int:
    """Return how many units wait for a place in a window towards ``party``."""
    sending = state.partners[party].sending.values()
    return sum(queue.count(lane) for lane in sending)


def _take_step(state: LinkStage, step: ClockStep, at: Instant) -> list[EntryBody]:
    """Hold what has an end while the clock is not trusted; let it go afterwards.

    Acts and receipts travel: they rest on no validity. What is in a window has left.
    """
    out: list[EntryBody] = []
    if step.trusted:
        state.untrusted = None
        out.extend(after_time(state, at))
    elif state.untrusted is None:
        state.untrusted = (
            f"clock not trusted: at {at} it had stepped by {step.seconds:+.3f} s"
        )
    else:
        return []  # known, and said of everything that waits
    for partner in state.partners.values():
        for lane in LANES:
            out.extend(fill(state, partner, lane, at))
            waits = queue.items(partner.sending[lane])
            out.extend(waiting(state, partner, lane, waits))
    return out


def _keep_item(state: LinkStage, held: ItemHeld, entry: Entry) -> None:
    """Keep an item for as long as leave to send it may come."""
    item, carriage = held.sealed.item, held.carriage
    if carriage is None:
        if state.own_turn != entry.turn:
            state.own_turn = entry.turn
            state.own.clear()
        state.own[item.id] = held.sealed
        return
    if carriage.via is not None or not _may_be_relayed(state, item.originator):
        return
    # Bounded by itself for each originator and audience: what one partner may not have
    # pushes out nothing that it may.
    kept = state.items.setdefault(_shelf(item), {})
    kept[item.id] = held.sealed
    while kept:
        oldest = next(iter(kept))
        ended = kept[oldest].item.valid_until < entry.at
        if not ended and len(kept) <= ITEMS_KEPT_MAX:
            break
        del kept[oldest]


def _shelf(item: Item) -> str:
    return " ".join((item.originator, *item.label.releasable_to))


def _may_be_relayed(state: LinkStage, originator: Party) -> bool:
    relay = state.profile.party
    return any(
        may_relay(state.agreements, originator=originator, relay=relay, to=to)
        for to in state.partners
        if to != originator
    )


def _queue_item(state: LinkStage, release: Release, at: Instant) -> list[EntryBody]:
    partner = state.partners.get(release.to)
    assert partner is not None, release.to
    lane = _LANE_OF_FORM[release.form]
    if release.via is None:
        # Leave for an item of ours comes in the turn that made it, or when what it
        # waited for was answered.
        own = state.own.get(release.item) or state.deferred.get(release.item)
        if own is None:
            return [_forgotten(release, lane)]
        sealed = own
    else:
        kept = _kept(state, release)
        if kept is None:
            return [_forgotten(release, lane)]
        sealed = kept
    sealed_form = envelope_of(sealed)
    unit = Unit(
        id=release.item,
        originator=release.originator,
        via=release.via,
        digest=envelope_digest(sealed_form),
        envelope=sealed_form,
        release=release,
        valid_until=sealed.item.valid_until,
    )
    out = _overflow(partner, lane, queue.put(partner.sending[lane], partner, unit))
    out.extend(fill(state, partner, lane, at))
    return [*out, *waiting(state, partner, lane, [unit])]


def _kept(state: LinkStage, release: Release) -> SealedItem | None:
    for shelf, kept in state.items.items():
        if shelf.startswith(release.originator) and release.item in kept:
            return kept[release.item]
    return None


def _forgotten(release: Release, lane: Lane) -> Withdrawal:
    return Withdrawal(
        originator=release.originator,
        to=release.to,
        via=release.via,
        lane=lane,
        items=(release.item,),
        agreement=None,
        act=None,
        reason="leave to send it came when it was not kept any more",
    )


def _overflow(partner: Partner, lane: Lane, units: list[Unit]) -> list[EntryBody]:
    return [
        Withdrawal(
            originator=originator,
            to=partner.card.party,
            via=via,
            lane=lane,
            items=tuple(unit.id for unit in some),
            agreement=None,
            act=None,
            reason=f"the queue to {partner.card.party} is full; the oldest gave way",
        )
        for (originator, via), some in in_entries(units)
    ]


def _take_act(state: LinkStage, act: Act, entry: Entry) -> list[EntryBody]:
    state.standing = state.standing.after(entry.id, act, entry.at)
    tell(state, act, entry.turn)
    return after_act(state, act, entry.id, entry.at)


def _keep_signature(state: LinkStage, body: HandOver | Receipt) -> None:
    if isinstance(body, HandOver):
        for message in state.partners[body.to].sending[body.lane].window:
            if message.number == body.number and message.hash == body.hash:
                message.signature = body.signature
    elif body.to == state.profile.party:
        link = body.via or body.originator
        state.partners[link].receiving[body.lane].receipt = body
