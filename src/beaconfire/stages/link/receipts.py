"""Receipts: what the partner has stored settles our window; what we stored we sign.

* A receipt is believed only under the partner's link key, for our own lane, and for
  numbers that we have sent; anything else is a rejection and changes nothing.
* A receipt covers everything up to its head, so a lost one is made good by the next.
* ``closed`` heads settle units that stood in a purged window: up to the head they
  were delivered, beyond it they are withdrawn.
"""

from beaconfire.errors import BadInput
from beaconfire.seals import codec
from beaconfire.seals.dsse import open_envelope
from beaconfire.stages.link import queue
from beaconfire.stages.link.consulting import heard
from beaconfire.stages.link.handing import WINDOW_MESSAGES, fill, in_entries
from beaconfire.stages.link.state import (
    CLOSED_HEADS_MAX,
    LinkStage,
    Partner,
    Receiving,
    Unit,
)
from beaconfire.vocabulary.acts import UNSIGNED, Signature
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import ReceiptArrival
from beaconfire.vocabulary.entries.carriage import Arrival, Receipt, Withdrawal
from beaconfire.vocabulary.entries.sightings import Rejection
from beaconfire.vocabulary.link import (
    RECEIPT_TYPE,
    Envelope,
    EpochHead,
    ReceiptNote,
)
from beaconfire.vocabulary.times import Instant

# Characters of quarantined ids in a receipt: those of a window of full messages, or of
# fewer with longer ids; a receipt must fit through the border.
QUARANTINED_CHARACTERS_MAX = 60_000


def settle(state: LinkStage, arrival: ReceiptArrival, at: Instant) -> list[EntryBody]:
    """Judge a receipt that a partner laid at our border, and fill the free places."""
    partner = state.partners.get(arrival.partner)
    try:
        if partner is None:
            message = f"`{arrival.partner}` is not a partner of this node"
            raise BadInput(message)
        note, text, signature = _open(state, partner, arrival.message)
        delivered, lost = _settled(partner, note)
    except BadInput as error:
        return [
            Rejection(
                source=arrival.partner,
                what="receipt",
                reason=str(error),
                excerpt=arrival.message[:512],
            )
        ]
    out: list[EntryBody] = [*heard(delivered)]
    items = [unit for unit in delivered if unit.is_item]
    arrived = {unit.id for unit in delivered}
    partner.awaited = {a: i for a, i in partner.awaited.items() if i not in arrived}
    quarantined = set(note.quarantined)
    for (originator, via), units in in_entries(items):
        ids = tuple(unit.id for unit in units)
        out.append(
            Receipt(
                originator=originator,
                to=partner.card.party,
                via=via,
                lane=note.lane,
                epoch=note.head.epoch,
                number=note.head.number,
                items=ids,
                quarantined=tuple(i for i in ids if i in quarantined),
                note=text,
                signature=signature,
            )
        )
    for (originator, via), units in in_entries(lost):
        out.append(
            Withdrawal(
                originator=originator,
                to=partner.card.party,
                via=via,
                lane=note.lane,
                items=tuple(unit.id for unit in units),
                agreement=None,
                act=None,
                reason=f"{partner.card.party} closed the epoch before it was read",
            )
        )
    for lane, sending in partner.sending.items():
        queue.let_go(sending, partner)
        out.extend(fill(state, partner, lane, at))
    return out


def receipt_for(state: LinkStage, arrival: Arrival, link: str) -> list[EntryBody]:
    """Sign for what ingest took from ``link``: one receipt for the lane's head."""
    receiving = state.partners[link].receiving[arrival.lane]
    if not arrival.again:
        if arrival.closed is not None:
            receiving.closed = [*receiving.closed, arrival.closed][-CLOSED_HEADS_MAX:]
        receiving.head = EpochHead(
            epoch=arrival.epoch, number=arrival.number, hash=arrival.hash
        )
        _set_apart(receiving, arrival)
    if receiving.head is None:
        return []
    note = ReceiptNote(
        sender=link,
        recipient=state.profile.party,
        lane=arrival.lane,
        head=receiving.head,
        closed=tuple(receiving.closed),
        quarantined=tuple(item for _, _, item in receiving.quarantined),
    )
    return [
        Receipt(
            originator=arrival.originator,
            to=state.profile.party,
            via=arrival.via,
            lane=arrival.lane,
            epoch=receiving.head.epoch,
            number=receiving.head.number,
            items=arrival.items,
            quarantined=arrival.quarantined,
            note=codec.encode(note).decode(),
            signature=UNSIGNED,
        )
    ]


def _set_apart(receiving: Receiving, arrival: Arrival) -> None:
    """Remember what was quarantined until the partner has surely heard of it.

    It does not hand over a message before it has a receipt for the one a window
    before, so what lies further back need not be named again.
    """
    kept = [
        (epoch, number, item)
        for epoch, number, item in receiving.quarantined
        if arrival.number <= WINDOW_MESSAGES + (number if epoch == arrival.epoch else 0)
    ]
    kept.extend((arrival.epoch, arrival.number, item) for item in arrival.quarantined)
    characters = 0
    for index, (_, _, item) in enumerate(reversed(kept)):
        characters += len(item)
        if characters > QUARANTINED_CHARACTERS_MAX:
            kept = kept[len(kept) - index :]
            break
    receiving.quarantined = kept


def _open(
    state: LinkStage, partner: Partner, message: str
) -> tuple[ReceiptNote, str, Signature]:
    envelope = codec.decode(message, Envelope, what="receipt")
    payload = open_envelope(envelope, partner.card.keys, payload_type=RECEIPT_TYPE)
    note = codec.decode(payload, ReceiptNote, what="receipt")
    if note.sender != state.profile.party or note.recipient != partner.card.party:
        text = (
            f"receipt is for a link from {note.sender} to {note.recipient}, "
            f"not from {state.profile.party} to {partner.card.party}"
        )
        raise BadInput(text)
    return note, payload.decode(), envelope.signatures[0]


def _settled(partner: Partner, note: ReceiptNote) -> tuple[list[Unit], list[Unit]]:
    """Take what ``note`` settles out of the lane: delivered, and lost in a purge."""
    sending = partner.sending[note.lane]
    head = note.head
    if (head.epoch, head.number) > (sending.epoch, sending.number):
        text = (
            f"receipt for {note.lane} {head.epoch}/{head.number}, "
            f"but only {sending.epoch}/{sending.number} was sent"
        )
        raise BadInput(text)
    delivered: list[Unit] = []
    if head.epoch == sending.epoch:
        known = {message.number: message.hash for message in sending.window}
        known[sending.number] = sending.hash
        if known.get(head.number, head.hash) != head.hash:
            text = f"receipt for {note.lane} {head.epoch}/{head.number} of another text"
            raise BadInput(text)
        for message in sending.window:
            if message.number <= head.number:
                delivered.extend(message.units)
        sending.window[:] = [m for m in sending.window if m.number > head.number]
    lost: list[Unit] = []
    # The partner has seen an epoch: those before it have ended there. It had stored
    # of each what its closing head says, and of one that it does not name nothing.
    stored = {closed.epoch: closed.number for closed in note.closed}
    for epoch in sorted(e for e in sending.unsettled if e < head.epoch):
        for number, units in sorted(sending.unsettled.pop(epoch).items()):
            (delivered if number <= stored.get(epoch, 0) else lost).extend(units)
    pending = sending.unsettled.get(head.epoch, {})
    for number in sorted(n for n in pending if n <= head.number):
        delivered.extend(pending.pop(number))
    return delivered, lost
