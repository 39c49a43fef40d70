"""Receipts: what the partner has stored settles our window; what we stored we sign.

* A receipt is believed only under the partner's link key, for our own lane, and for
  numbers that we have sent; anything else is a rejection and changes nothing.
* That holds for each epoch whose fates are open, the current one and those that ended:
  a number is one that was sent in it, with the digest of the header that had it.
* A receipt covers everything up to its head, so a lost one is made good by the next.
* ``closed`` heads settle units that stood in a purged window: up to the head they
  were delivered, beyond it they are withdrawn, and decided again once the agreement
  whose suspension purged them is restored.
* A part that the partner names as refused is not delivered. If it refused an act, the
  release officer hears; nothing waits for that act any longer, since what it does not
  accept the partner sets apart, and says so.
* An item that the partner set apart is withheld there instead of here: it goes on the
  shelf, and is decided again like everything else that a suspension kept. It is asked
  about at once only if we know what had closed its way; else an act is still to come,
  and it would meet the same end again and again.
"""

from collections.abc import Iterator

from beaconfire.agreements.lapse import Lapse
from beaconfire.errors import BadInput
from beaconfire.seals import codec
from beaconfire.seals.dsse import open_envelope
from beaconfire.stages.link import queue
from beaconfire.stages.link.consulting import heard
from beaconfire.stages.link.handing import (
    fill,
    in_entries,
    judge_at,
    keep_units,
    withdrawals,
)
from beaconfire.stages.link.state import (
    CLOSED_HEADS_MAX,
    LinkStage,
    Partner,
    Receiving,
    Remark,
    Sending,
    Unit,
)
from beaconfire.vocabulary.acts import UNSIGNED, Signature
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import ReceiptArrival
from beaconfire.vocabulary.entries.carriage import Arrival, Receipt
from beaconfire.vocabulary.entries.sightings import Bell, Rejection
from beaconfire.vocabulary.link import (
    RECEIPT_TYPE,
    WINDOW_MESSAGES,
    Envelope,
    EpochHead,
    Lane,
    ReceiptNote,
    RefusedPart,
)
from beaconfire.vocabulary.times import Instant

# Characters of a receipt that name parts which are not used: those of a window of full
# messages, or of fewer with longer ids; a receipt must fit through the border.
REMARKED_CHARACTERS_MAX = 100_000
_AROUND_AN_ID = len('{"id":"","reason":""},')
# Characters of the reasons beside them: of a hundred parts, the newest first.
REASONS_CHARACTERS_MAX = 20_000


def settle(state: LinkStage, arrival: ReceiptArrival, at: Instant) -> list[EntryBody]:
    """Judge a receipt that a partner laid at our border, and fill the free places."""
    partner = state.partners.get(arrival.partner)
    try:
        if partner is None:
            message = f"`{arrival.partner}` is not a partner of this node"
            raise BadInput(message)
        closed = state.standing.trust.closing(arrival.partner)
        if closed is not None:
            raise BadInput(closed.refusal)
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
    whys = {part.id: part for part in note.refused}
    taken = [unit for unit in delivered if unit.id not in whys]
    out: list[EntryBody] = [*heard(taken)]
    out.extend(
        _unheard(partner, unit, whys[unit.id].reason)
        for unit in delivered
        if unit.id in whys and not unit.is_item
    )
    arrived = {unit.id for unit in delivered}
    partner.awaited = {a: i for a, i in partner.awaited.items() if i not in arrived}
    items = [unit for unit in delivered if unit.is_item]
    apart = set(note.quarantined).difference(whys)
    for keepers, some in _by_keepers(items, apart).items():
        for (originator, via), units in in_entries(some):
            ids = tuple(unit.id for unit in units if unit.id not in whys)
            out.append(
                Receipt(
                    originator=originator,
                    to=partner.card.party,
                    via=via,
                    lane=note.lane,
                    epoch=note.head.epoch,
                    number=note.head.number,
                    items=ids,
                    quarantined=ids if keepers else (),
                    note=text,
                    refused=tuple(whys[unit.id] for unit in units if unit.id in whys),
                    signature=signature,
                    withheld=keepers,
                )
            )
        if keepers:
            out.extend(_set_apart(state, partner, some, keepers, at))
    out.extend(_unread(state, partner, note.lane, lost, at))
    for lane, sending in partner.sending.items():
        queue.let_go(sending, partner)
        out.extend(fill(state, partner, lane, at))
    return out


def _by_keepers(
    items: list[Unit], apart: set[str]
) -> dict[tuple[str, ...], list[Unit]]:
    """Group items by the agreements that keep them from being used there, if any do."""
    groups: dict[tuple[str, ...], list[Unit]] = {}
    for unit in items:
        keepers: tuple[str, ...] = ()
        if unit.id in apart:
            keepers = (unit.stopped_by,) if unit.stopped_by else unit.agreements
        groups.setdefault(keepers, []).append(unit)
    return groups


def _set_apart(
    state: LinkStage,
    partner: Partner,
    units: list[Unit],
    keepers: tuple[str, ...],
    at: Instant,
) -> Iterator[EntryBody]:
    """Keep what the partner does not use; tell what gave way to it.

    Of a retraction people are told: they may know another way to say what was wrong.
    """
    forms = [unit.release.form for unit in units if unit.release is not None]
    if "retraction" in forms:
        yield _unheeded(partner, forms.count("retraction"), keepers)
    judge = judge_at(state, state.standing, at, state.memo)
    for unit in units:
        known = unit.stopped_by is not None or judge(unit) is not None
        yield from keep_units(
            state, partner, [unit], keepers, at, was="quarantined", ask=known
        )


def _unheeded(partner: Partner, many: int, keepers: tuple[str, ...]) -> Bell:
    under, party = " or ".join(keepers), partner.card.party
    text = (
        f"{under}: {many} retractions were set apart by {party}, which may go on using "
        "what they take back until it is restored; `journal withheld` lists them"
    )
    return Bell(role="release officer", text=text)


def _unread(
    state: LinkStage, partner: Partner, lane: Lane, units: list[Unit], at: Instant
) -> list[EntryBody]:
    """Withdraw what stood in a purged window; keep what a suspension purged."""
    out: list[EntryBody] = []
    for stopped_by in dict.fromkeys(unit.stopped_by for unit in units):
        purged = [unit for unit in units if unit.stopped_by == stopped_by]
        unread = Lapse(
            agreement=stopped_by,
            article=None,
            act=None,
            reason=f"{partner.card.party} closed the epoch before it was read",
            suspended=stopped_by is not None,
        )
        for gone, some in withdrawals(partner, lane, purged, unread):
            out.append(gone)
            if stopped_by is not None:
                out.extend(keep_units(state, partner, some, (stopped_by,), at))
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
        _remark(receiving, arrival)
    if receiving.head is None:
        return []
    note = ReceiptNote(
        sender=link,
        recipient=state.profile.party,
        lane=arrival.lane,
        head=receiving.head,
        closed=tuple(receiving.closed),
        quarantined=tuple(r.id for r in receiving.remarks if r.refused is None),
        refused=_refused(receiving.remarks),
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
            refused=arrival.refused,
            note=codec.encode(note).decode(),
            signature=UNSIGNED,
        )
    ]


def _remark(receiving: Receiving, arrival: Arrival) -> None:
    """Remember what is not used until the partner has surely heard of it.

    It does not hand over a message before it has a receipt for the one a window
    before, so what lies further back need not be named again. Of what has come again
    since, its newest fate alone is named: it was released anew after the first was
    heard of.
    """
    refused = (part.id for part in arrival.refused)
    again = {*arrival.items, *arrival.repeated, *refused}
    kept = [
        remark
        for remark in receiving.remarks
        if arrival.number
        <= WINDOW_MESSAGES + (remark.number if remark.epoch == arrival.epoch else 0)
        and remark.id not in again
    ]
    unused: list[tuple[str, str | None]] = [(i, None) for i in arrival.quarantined]
    unused.extend((part.id, part.reason) for part in arrival.refused)
    kept.extend(
        Remark(epoch=arrival.epoch, number=arrival.number, id=id_, refused=why)
        for id_, why in unused
    )
    characters = 0
    for index, remark in enumerate(reversed(kept)):
        characters += len(remark.id) + _AROUND_AN_ID
        if characters > REMARKED_CHARACTERS_MAX:
            kept = kept[len(kept) - index :]
            break
    receiving.remarks = kept


def _refused(remarks: list[Remark]) -> tuple[RefusedPart, ...]:
    """Name what was refused, with as many of the reasons as there is room for."""
    parts: list[RefusedPart] = []
    room = REASONS_CHARACTERS_MAX
    for remark in reversed(remarks):
        if remark.refused is not None:
            room -= len(remark.refused)
            reason = remark.refused if room >= 0 else ""
            parts.append(RefusedPart(id=remark.id, reason=reason))
    return tuple(reversed(parts))


def _unheard(partner: Partner, unit: Unit, reason: str) -> Bell:
    party, what = partner.card.party, "an act" if unit.act else "a statement"
    why = reason or "its journal says why"
    text = f"{party} refused {what} of {unit.originator} (`{unit.id}`): {why}"
    return Bell(role="release officer", text=text)


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
    for stated in (head, *note.closed):
        _require_sent(sending, note.lane, stated)
    delivered: list[Unit] = []
    if head.epoch == sending.epoch:
        for message in sending.window:
            if message.number <= head.number:
                delivered.extend(message.units)
        sending.window[:] = [m for m in sending.window if m.number > head.number]
    lost: list[Unit] = []
    # The partner has seen an epoch: those before it have ended there. It had stored
    # of each what its closing head says, and of one that it does not name nothing.
    stored = {closed.epoch: closed.number for closed in note.closed}
    for epoch in sorted(e for e in sending.unsettled if e < head.epoch):
        del sending.ended[epoch]
        for number, units in sorted(sending.unsettled.pop(epoch).items()):
            (delivered if number <= stored.get(epoch, 0) else lost).extend(units)
    pending = sending.unsettled.get(head.epoch, {})
    for number in sorted(n for n in pending if n <= head.number):
        delivered.extend(pending.pop(number))
    return delivered, lost


def _require_sent(sending: Sending, lane: Lane, stated: EpochHead) -> None:
    """Refuse a head that is not of what we sent in its epoch, as far as we remember.

    Of an epoch that is settled nothing is remembered, and nothing is settled by it
    again; nor are headers kept that a receipt has covered.
    """
    if stated.epoch == sending.epoch:
        known = {message.number: message.hash for message in sending.window}
        known[sending.number] = sending.hash
    else:
        known = sending.ended.get(stated.epoch, {})
    upto = max(known, default=stated.number)
    where = f"{lane} {stated.epoch}/{stated.number}"
    if stated.number > upto:
        text = f"receipt for {where}, but only {stated.epoch}/{upto} was sent"
        raise BadInput(text)
    if known.get(stated.number, stated.hash) != stated.hash:
        text = f"receipt for {where} of another text"
        raise BadInput(text)
