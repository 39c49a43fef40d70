"""Handing over: which queued units leave now, and in which numbered message.

* A message leaves at once while a place in the window is free, with all that is
  ready, up to the limits; while none is free, units gather. There is no timer.
* A unit is judged again at its own hand-over: an agreement that lapsed since the
  release, or an item past its validity, does not leave.
* What ends by the thousand (an act, a long silence) ends in few entries.
* A link that a revocation has closed gets nothing, neither items nor acts.
* A new epoch begins with a message even when there is nothing to carry: only a receipt
  that has seen it tells what became of the old one's window.
* Number, previous hash and text are fixed here and nowhere else. Acts go first.
"""

from collections.abc import Iterator
from typing import Literal

from beaconfire.agreements.agreement import NO_FURTHER
from beaconfire.agreements.lapse import Lapse, link_closed
from beaconfire.agreements.memo import Memo
from beaconfire.agreements.remembered import stands_remembered
from beaconfire.agreements.standing import Standing
from beaconfire.seals import codec
from beaconfire.seals.dsse import digest, reopen_item
from beaconfire.stages.link import queue, withholding
from beaconfire.stages.link.state import (
    InFlight,
    LinkStage,
    Partner,
    Sending,
    Unit,
)
from beaconfire.stages.link.telling import go_on
from beaconfire.vocabulary.acts import UNSIGNED
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import (
    Expiry,
    HandOver,
    Waiting,
    Withdrawal,
)
from beaconfire.vocabulary.link import (
    LINK_TYPE,
    WINDOW_MESSAGES,
    Lane,
    LinkHeader,
    Part,
)
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

ENTRY_ITEMS_MAX = 1_000  # named by one entry: what waited by the thousand ends at once


def fill(
    state: LinkStage, partner: Partner, lane: Lane, at: Instant
) -> list[EntryBody]:
    """Hand over what is ready in ``lane``; return what happened, in order.

    While the clock is not trusted nothing that has an end leaves, nor does it expire:
    whether its time has passed cannot be known.
    """
    sending = partner.sending[lane]
    out: list[EntryBody] = []
    judge = judge_in(state, sending, at)
    if state.untrusted is None:
        out.extend(_overdue(state, partner, lane, judge, at))
    out.extend(withdrawn(state, partner, lane, queue.sweep(sending, judge), at))
    ended = 0
    if link_closed(partner.card.party, state.standing) is not None:
        return out
    while len(sending.window) < WINDOW_MESSAGES:
        held = state.untrusted is not None
        if lane == "notices":
            go_on(state, partner)
        units, lapsed = queue.next_units(sending, judge, acts_alone=held)
        out.extend(withdrawn(state, partner, lane, lapsed, at))
        ended += len(lapsed)
        if units:
            out.append(_hand_over(state, partner, lane, units, at))
        if ended >= queue.SWEPT_MAX and not sending.sweeps:
            queue.begin_sweep(sending, state.standing, at)
        if not units or ended >= queue.SWEPT_MAX:
            break
    queue.tidy(sending)
    if sending.closes is not None and sending.number == 0:
        out.append(_hand_over(state, partner, lane, [], at))
    return out


def judge_at(
    state: LinkStage, standing: Standing, at: Instant, memo: Memo
) -> queue.Judge:
    """Return what tells of a unit why it may not leave at ``at``, if it may not.

    Units by the thousand rest on a handful of agreements and approvals: each of these
    is looked up once, until an act or an instant that matters.
    """

    def judge(unit: Unit) -> Lapse | None:
        if unit.release is None:
            return None
        return stands_remembered(
            memo,
            unit.release,
            agreements=state.agreements,
            standing=standing,
            at=at,
        )

    return judge


def judge_in(state: LinkStage, sending: Sending, at: Instant) -> queue.Judge:
    """Judge by every act whose way through the queue has not come to the unit yet.

    Else what was suspended and restored again while its withdrawal was being written
    would leave after all.
    """
    now = judge_at(state, state.standing, at, state.memo)
    if not sending.sweeps:
        return now
    acts = [
        (one, judge_at(state, one.standing, one.at, Memo())) for one in sending.sweeps
    ]

    def judge(unit: Unit) -> Lapse | None:
        for one, by_act in acts:
            if one.next <= unit.order <= one.upto:
                lapse = by_act(unit)
                if lapse is not None:
                    return lapse
        return now(unit)

    return judge


def withdrawn(
    state: LinkStage,
    partner: Partner,
    lane: Lane,
    lapsed: list[queue.Lapsed],
    at: Instant,
) -> Iterator[EntryBody]:
    """Say of units taken off the queue that they will not be sent, and why.

    What a suspension stopped is kept until the agreement is restored.
    """
    by_reason: dict[Lapse, list[Unit]] = {}
    for unit, lapse in lapsed:
        by_reason.setdefault(lapse, []).append(unit)
    for lapse, units in by_reason.items():
        for gone, some in withdrawals(partner, lane, units, lapse):
            yield gone
            if lapse.suspended and lapse.agreement is not None:
                yield from keep_units(state, partner, some, (lapse.agreement,), at)


def withdrawals(
    partner: Partner, lane: Lane, units: list[Unit], lapse: Lapse
) -> Iterator[tuple[Withdrawal, list[Unit]]]:
    """Return the entries that say why ``units`` will not be sent, each with its own."""
    for (originator, via), some in in_entries(units):
        gone = Withdrawal(
            originator=originator,
            to=partner.card.party,
            via=via,
            lane=lane,
            items=tuple(unit.id for unit in some),
            agreement=lapse.agreement,
            act=lapse.act,
            reason=lapse.reason,
            withheld=lapse.suspended,
        )
        yield gone, some


def keep_units(
    state: LinkStage,
    partner: Partner,
    units: list[Unit],
    keepers: tuple[str, ...],
    at: Instant,
    *,
    was: Literal["withdrawn", "quarantined"] = "withdrawn",
    ask: bool = True,
) -> Iterator[EntryBody]:
    """Put released units of one way on their shelves; tell what gave way to them."""
    for unit in units:
        assert unit.release is not None  # acts and statements never lapse
        name = withholding.shelf_of(unit.originator, unit.release.form, unit.via)
        kept = withholding.kept_of(reopen_item(unit.envelope), unit.via, keepers, was)
        yield from withholding.shelve(state, partner, name, unit.id, kept, at, ask=ask)


def waiting(
    state: LinkStage, partner: Partner, lane: Lane, units: list[Unit]
) -> Iterator[Waiting]:
    """Say why those of ``units`` that are still on the queue wait; acts just do."""
    party, sending = partner.card.party, partner.sending[lane]
    full = f"{party} has {WINDOW_MESSAGES} messages without a receipt"
    if sending.unheard:
        full = f"{party} has given no receipt since many suspensions"
    awaited = f"{party} has not yet acknowledged that the agreement is restored"
    if state.untrusted is not None:
        awaited = full = state.untrusted
    for where, reason in ((sending.held, awaited), (sending.items, full)):
        some = [unit for unit in units if unit.is_item and unit.order in where]
        for (originator, via), group in in_entries(some):
            yield Waiting(
                originator=originator,
                to=party,
                via=via,
                lane=lane,
                items=tuple(unit.id for unit in group),
                reason=reason,
            )


def in_entries(
    units: list[Unit],
) -> Iterator[tuple[tuple[Party, Party | None], list[Unit]]]:
    """Group units by originator and relay, the account that their entries name.

    A group larger than an entry may name comes in several.
    """
    groups: dict[tuple[Party, Party | None], list[Unit]] = {}
    for unit in units:
        groups.setdefault(unit.way, []).append(unit)
    for way, some in groups.items():
        for begin in range(0, len(some), ENTRY_ITEMS_MAX):
            yield way, some[begin : begin + ENTRY_ITEMS_MAX]


def _overdue(
    state: LinkStage, partner: Partner, lane: Lane, judge: queue.Judge, at: Instant
) -> list[EntryBody]:
    """End what is no longer valid; what an act had stopped before has not expired."""
    ended = queue.overdue(partner.sending[lane], at)
    judged = [(unit, judge(unit)) for unit in ended]
    stopped = [(unit, why) for unit, why in judged if why and why.suspended]
    out: list[EntryBody] = [*withdrawn(state, partner, lane, stopped, at)]
    late = [unit for unit, why in judged if not (why and why.suspended)]
    return [*out, *_expired(partner, lane, late)]


def _expired(partner: Partner, lane: Lane, units: list[Unit]) -> Iterator[Expiry]:
    for (originator, via), some in in_entries(units):
        last = max(unit.valid_until for unit in some if unit.valid_until is not None)
        yield Expiry(
            originator=originator,
            to=partner.card.party,
            via=via,
            lane=lane,
            items=tuple(unit.id for unit in some),
            reason=f"valid until {last}, not handed over by then",
        )


def _hand_over(
    state: LinkStage, partner: Partner, lane: Lane, units: list[Unit], at: Instant
) -> HandOver:
    sending = partner.sending[lane]
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
        items=tuple(unit.id for unit in units if unit.is_item),
        acts=tuple(unit.id for unit in units if not unit.is_item),
        header=text.decode(),
        hash=hash_,
        signature=UNSIGNED,
    )


def _part(state: LinkStage, unit: Unit) -> Part:
    release = unit.release
    if release is None:
        kind: Literal["act", "consultation"] = (
            "act" if unit.statement is None else "consultation"
        )
        return Part(kind=kind, id=unit.id, digest=unit.digest)
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
        no_further=NO_FURTHER in release.obligations,
    )
