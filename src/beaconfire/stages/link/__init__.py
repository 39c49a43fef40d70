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
from beaconfire.seals.dsse import envelope
from beaconfire.stages.link import queue, withholding
from beaconfire.stages.link.answers import take_answer
from beaconfire.stages.link.consulting import take_statement
from beaconfire.stages.link.handing import fill, waiting
from beaconfire.stages.link.receipts import receipt_for, settle
from beaconfire.stages.link.state import (
    LinkStage,
    begin,
    begin_partner,
)
from beaconfire.stages.link.suspending import (
    after_act,
    after_revocation,
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
    Foregone,
    HandOver,
    Receipt,
)
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.link import (
    LANES,
    LINK_TYPE,
    RECEIPT_TYPE,
    Envelope,
    Lane,
    LinkMessage,
)
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import Retraction
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
]

# A partner's items kept for a relay that an approval may still allow.
ITEMS_KEPT_MAX = 2_000


def step(state: LinkStage, entry: Entry) -> tuple[LinkStage, tuple[EntryBody, ...]]:
    """Take one entry; return the state and what follows from it."""
    body = entry.body
    out: list[EntryBody] = []
    if isinstance(body, ItemHeld):
        _keep_item(state, body, entry)
        out = take_back(state, body, entry.at)
    elif isinstance(body, Release | Refusal | Deferral):
        out = take_answer(state, body, entry.at)
    elif isinstance(body, ReceiptArrival):
        out = settle(state, body, entry.at)
    elif isinstance(body, Arrival):
        knows(state, body, entry.turn)
        out = receipt_for(state, body, body.via or body.originator)
    elif isinstance(body, Act):
        out = _take_act(state, body, entry)
    elif isinstance(body, Statement | Outcome):
        out = take_statement(state, body, entry)
    elif isinstance(body, CardRevoked):
        state.standing = state.standing.distrusting(entry.id, body)
        out = after_revocation(state, body.order.partner, entry.id, entry.at)
    elif isinstance(body, Foregone):
        withholding.forget(state, body)
    elif isinstance(body, HandOver | Receipt):
        _keep_signature(state, body)
    elif isinstance(body, LinkState):
        if body.partner in state.partners:
            state.partners[body.partner].up = body.up
    elif isinstance(body, ClockStep):
        out = _take_step(state, body, entry.at)
    elif isinstance(body, Tick | NodeStart) and state.untrusted is None:
        state.timed = entry.turn
        out = _take_time(state, body, entry.at)
    elif isinstance(body, Tick | NodeStart):
        out = _go_on(state, body, entry.at)
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
    """Return when an item expires, an agreement ends, or long work goes on.

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
    shelves = map(withholding.due, state.partners.values())
    ends = [next_end(state), *shelves, *map(queue.due, lanes)]
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
    """Return our latest receipt a lane to ``party``, to lay down again on reconnect.

    One whose card is revoked gets none.
    """
    if state.standing.trust.closing(party) is not None:
        return ()
    return tuple(
        (lane, envelope(RECEIPT_TYPE, given.note.encode(), given.signature))
        for lane, receiving in state.partners[party].receiving.items()
        if (given := receiving.receipt) is not None and given.signature is not None
    )


def _take_time(
    state: LinkStage, body: Tick | NodeStart, at: Instant
) -> list[EntryBody]:
    """Do what an instant asks for, and go on with long work."""
    out = after_time(state, at)
    if isinstance(body, NodeStart):  # it may have come with other texts
        out.extend(withholding.look_again(state, state.partners.values(), at))
    else:
        out.extend(withholding.look_in_time(state, at))
    for partner in state.partners.values():
        for lane in LANES:
            out.extend(fill(state, partner, lane, at))
    out.extend(withholding.give_back(state.partners.values()))
    return out


def _go_on(state: LinkStage, body: Tick | NodeStart, at: Instant) -> list[EntryBody]:
    """Do what waits for no clock: an act's way through long queues, and acts.

    A start may have opened a link for which acts wait, or have a partner to be told.
    """
    return [
        after
        for partner in state.partners.values()
        for lane in LANES
        if partner.sending[lane].sweeps or isinstance(body, NodeStart)
        for after in fill(state, partner, lane, at)
    ]


def _take_step(state: LinkStage, step: ClockStep, at: Instant) -> list[EntryBody]:
    """Hold what has an end while the clock is not trusted; let it go afterwards.

    Acts and receipts travel: they rest on no validity. What is in a window has left.
    """
    out: list[EntryBody] = []
    if step.trusted:
        state.untrusted = None
        out.extend(after_time(state, at))
        # A start while it was not trusted may have come with other texts.
        out.extend(withholding.look_again(state, state.partners.values(), at))
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
    while kept:
        oldest = next(iter(kept))
        ended = kept[oldest].item.is_over(entry.at)
        if not ended and len(kept) < ITEMS_KEPT_MAX:
            break
        del kept[oldest]
    kept[item.id] = held.sealed


def _shelf(item: Item) -> str:
    """Name the shelf: nothing pushes out a retraction, which is passed on late."""
    apart = ("retraction",) if isinstance(item.body, Retraction) else ()
    return " ".join((item.originator, *item.label.releasable_to, *apart))


def _may_be_relayed(state: LinkStage, originator: Party) -> bool:
    relay = state.profile.party
    return any(
        may_relay(state.agreements, originator=originator, relay=relay, to=to)
        for to in state.partners
        if to != originator
    )


def _take_act(state: LinkStage, act: Act, entry: Entry) -> list[EntryBody]:
    state.standing = state.standing.after(entry.id, act, entry.at)
    bells = tell(state, act, entry.turn, entry.at)
    return [*bells, *after_act(state, act, entry)]


def _keep_signature(state: LinkStage, body: HandOver | Receipt) -> None:
    if isinstance(body, HandOver):
        for message in state.partners[body.to].sending[body.lane].window:
            if message.number == body.number and message.hash == body.hash:
                message.signature = body.signature
    elif body.to == state.profile.party:
        link = body.via or body.originator
        state.partners[link].receiving[body.lane].receipt = body
