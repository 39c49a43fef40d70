"""Handing over: which queued units leave now, and in which numbered message.

* A message leaves at once while a place in the window is free, with all that is
  ready, up to the limits; while none is free, units gather. There is no timer.
* A unit is judged again at its own hand-over: an agreement that lapsed since the
  release, or an item past its validity, does not leave.
* A turn costs what it moves, not what waits: a partner that never reads has a long
  queue, and must not slow the others.
* Number, previous hash and text are fixed here and nowhere else. Acts go first.
"""

from beaconfire.agreements.lapse import still_stands
from beaconfire.seals import codec
from beaconfire.seals.dsse import digest
from beaconfire.stages.link.state import InFlight, LinkStage, Partner, Sending, Unit
from beaconfire.vocabulary.acts import UNSIGNED
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import (
    Expiry,
    HandOver,
    Waiting,
    Withdrawal,
)
from beaconfire.vocabulary.link import LINK_TYPE, Lane, LinkHeader, Part
from beaconfire.vocabulary.times import Instant

WINDOW_MESSAGES = 32  # without a receipt, per partner and lane; the border's W
MESSAGE_UNITS_MAX = 50  # items in one message; keeps one verification short
MESSAGE_BYTES_MAX = 256 * 1024  # inner payloads in one message; the border's maximum
QUEUE_UNITS_MAX = 20_000  # per partner and lane: hours of plots for a silent partner


def fill(
    state: LinkStage, partner: Partner, lane: Lane, at: Instant
) -> list[EntryBody]:
    """Hand over what is ready in ``lane``; return what happened, in order."""
    sending = partner.sending[lane]
    out: list[EntryBody] = []
    if sending.earliest is not None and sending.earliest < at:
        out.extend(_expire(partner, lane, at))
    while sending.queue and len(sending.window) < WINDOW_MESSAGES:
        taken = _take(sending, partner)
        if not taken:
            break
        units, withdrawn = _still_standing(state, partner, lane, taken, at)
        out.extend(withdrawn)
        if units:
            out.append(_hand_over(state, partner, lane, units, at))
    out.extend(_say_waiting(partner, lane))
    return out


def withdraw_lapsed(
    state: LinkStage, partner: Partner, lane: Lane, at: Instant
) -> list[EntryBody]:
    """Withdraw from the whole queue what no longer stands; for when an act says so."""
    sending = partner.sending[lane]
    kept, out = _still_standing(state, partner, lane, sending.queue, at)
    sending.queue = kept
    sending.held = 0
    return out


def open_epoch(
    state: LinkStage, partner: Partner, lane: Lane, at: Instant
) -> list[EntryBody]:
    """Send the first message of a new epoch, empty if there is nothing to carry.

    It must go even when empty: only a receipt that has seen the new epoch tells what
    became of the old one's window.
    """
    out = fill(state, partner, lane, at)
    if partner.sending[lane].number == 0:
        out.append(_hand_over(state, partner, lane, [], at))
    return out


def enqueue(sending: Sending, unit: Unit) -> list[Unit]:
    """Put ``unit`` in its place, acts before items; return what no longer fits."""
    if unit.act is not None:
        place = sum(1 for queued in sending.queue if queued.act is not None)
        sending.queue.insert(place, unit)
        sending.held = 0
    else:
        sending.queue.append(unit)
        sending.fresh.append(unit)
        until = unit.valid_until
        if until is not None and (sending.earliest is None or until < sending.earliest):
            sending.earliest = until
    overflow = []
    while len(sending.queue) > QUEUE_UNITS_MAX:
        oldest = next(i for i, u in enumerate(sending.queue) if u.act is None)
        overflow.append(sending.queue.pop(oldest))
        sending.held = 0
    return overflow


def grouped(units: list[Unit]) -> dict[tuple[str, str | None], list[Unit]]:
    """Group units by originator and relay, the account that their entries name."""
    groups: dict[tuple[str, str | None], list[Unit]] = {}
    for unit in units:
        groups.setdefault((unit.originator, unit.via), []).append(unit)
    return groups


def _expire(partner: Partner, lane: Lane, at: Instant) -> list[EntryBody]:
    """Let go of queued items whose validity has ended."""
    sending = partner.sending[lane]
    ended = [
        u for u in sending.queue if u.valid_until is not None and u.valid_until < at
    ]
    for unit in ended:
        unit.said = True
    sending.queue = [
        u for u in sending.queue if not u.valid_until or u.valid_until >= at
    ]
    sending.held = 0
    sending.earliest = min(
        (u.valid_until for u in sending.queue if u.valid_until is not None),
        default=None,
    )
    return [
        Expiry(
            originator=unit.originator,
            to=partner.card.party,
            via=unit.via,
            lane=lane,
            items=(unit.id,),
            reason=f"valid until {unit.valid_until}, not handed over by then",
        )
        for unit in ended
    ]


def _still_standing(
    state: LinkStage, partner: Partner, lane: Lane, units: list[Unit], at: Instant
) -> tuple[list[Unit], list[EntryBody]]:
    """Return the units that may go now, and withdrawals of the others."""
    standing: list[Unit] = []
    out: list[EntryBody] = []
    for unit in units:
        lapse = unit.release and still_stands(
            unit.release, agreements=state.agreements, standing=state.standing, at=at
        )
        if not lapse:
            standing.append(unit)
            continue
        unit.said = True
        out.append(
            Withdrawal(
                originator=unit.originator,
                to=partner.card.party,
                via=unit.via,
                lane=lane,
                items=(unit.id,),
                agreement=lapse.agreement,
                act=lapse.act,
                reason=lapse.reason,
            )
        )
    return standing, out


def _take(sending: Sending, partner: Partner) -> list[Unit]:
    """Take the next message's units off the queue: one originator, one way."""
    taken: list[Unit] = []
    size = 0
    account: tuple[str, str | None] | None = None
    if sending.held_for != tuple(partner.awaited):
        sending.held, sending.held_for = 0, tuple(partner.awaited)
    index = sending.held
    while index < len(sending.queue) and len(taken) < MESSAGE_UNITS_MAX:
        unit = sending.queue[index]
        if sending.unheard and unit.act is None:
            break  # acts stand before all items
        if any(agreement in partner.awaited for agreement in unit.agreements):
            if index == sending.held:
                sending.held += 1  # not looked at again until something changes
            index += 1  # held back by itself; what stands behind it may pass
            continue
        account = account or (unit.originator, unit.via)
        size += len(unit.envelope.payload)
        if (unit.originator, unit.via) != account or (
            taken and size > MESSAGE_BYTES_MAX
        ):
            break
        taken.append(sending.queue.pop(index))
    return taken


def _hand_over(
    state: LinkStage, partner: Partner, lane: Lane, units: list[Unit], at: Instant
) -> HandOver:
    sending = partner.sending[lane]
    for unit in units:
        unit.said = True
    originator = units[0].originator if units else state.profile.party
    via = units[0].via if units else None
    header = LinkHeader(
        sender=state.profile.party,
        recipient=partner.card.party,
        originator=originator,
        lane=lane,
        epoch=sending.epoch,
        number=sending.number + 1,
        previous=sending.hash,
        closes=sending.closes if sending.number == 0 else None,
        sent=at,
        parts=tuple(_part(state, unit) for unit in units),
    )
    text = codec.encode(header)
    hash_ = digest(LINK_TYPE, text)
    sending.number += 1
    sending.hash = hash_
    sending.window.append(
        InFlight(number=sending.number, hash=hash_, header=text.decode(), units=units)
    )
    return HandOver(
        originator=originator,
        to=partner.card.party,
        via=via,
        lane=lane,
        epoch=sending.epoch,
        number=sending.number,
        items=tuple(unit.id for unit in units if unit.act is None),
        acts=tuple(unit.id for unit in units if unit.act is not None),
        header=text.decode(),
        hash=hash_,
        signature=UNSIGNED,
    )


def _part(state: LinkStage, unit: Unit) -> Part:
    release = unit.release
    if release is None:
        return Part(kind="act", id=unit.id, digest=unit.digest)
    return Part(
        kind="item",
        id=unit.id,
        digest=unit.digest,
        agreements=release.agreements,
        articles=release.articles,
        marking=release.marking,
        approval=state.standing.approval(release.approval)
        if release.approval
        else None,
    )


def _say_waiting(partner: Partner, lane: Lane) -> list[EntryBody]:
    sending = partner.sending[lane]
    news = [unit for unit in sending.fresh if not unit.said]
    sending.fresh.clear()
    if not news:
        return []
    party = partner.card.party
    out: list[EntryBody] = []
    for (originator, via), units in grouped(news).items():
        unheard = units if sending.unheard else []
        rest = [] if sending.unheard else units
        held = [u for u in rest if any(a in partner.awaited for a in u.agreements)]
        full = [u for u in rest if u not in held]
        for some, reason in (
            (unheard, f"{party} has given no receipt since many suspensions"),
            (held, f"{party} has not yet acknowledged that the agreement is restored"),
            (full, f"{party} has {WINDOW_MESSAGES} messages without a receipt"),
        ):
            if some:
                out.append(
                    Waiting(
                        originator=originator,
                        to=party,
                        via=via,
                        lane=lane,
                        items=tuple(unit.id for unit in some),
                        reason=reason,
                    )
                )
        for unit in units:
            unit.said = True
    return out
