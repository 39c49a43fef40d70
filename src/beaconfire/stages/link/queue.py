"""Queue: what waits for a place in one lane's window, in the order in which it leaves.

* Acts stand before items, items in the order in which they were released.
* Items under an agreement whose restoration the partner has not receipted are held
  apart: they stop nothing, and are looked at again when the receipt is there.
* Nothing here looks at every waiting unit, except where a receipt or a retraction
  changed what may leave: a turn costs what it moves, not what waits behind a silent
  partner.
* What an act ended may not leave from that turn on; that it was withdrawn is written
  in several turns, ``SWEPT_MAX`` units each, as fast as ticks come.
"""

from collections.abc import Callable
from heapq import heapify, heappop, heappush

from beaconfire.agreements.lapse import Lapse
from beaconfire.agreements.standing import Standing
from beaconfire.stages.link.state import Partner, Sending, Sweep, Unit
from beaconfire.vocabulary.times import Instant

MESSAGE_UNITS_MAX = 50  # items in one message; keeps one verification short
# Inner payloads in one message: in base64 and with their header they stay well below
# the 512 KiB that a border takes.
MESSAGE_BYTES_MAX = 256 * 1024
QUEUE_UNITS_MAX = 20_000  # per partner and lane: hours of plots for a silent partner

# Looked at in one step for what an act has ended; a turn takes two such steps a lane.
SWEPT_MAX = 100

_STALE_DEADLINES_MAX = 64  # of units that have left; more are cleared out at once

Judge = Callable[[Unit], Lapse | None]
Lapsed = tuple[Unit, Lapse]


def put(sending: Sending, partner: Partner, unit: Unit) -> list[Unit]:
    """Put ``unit`` in its place; return what had to give way, the oldest first."""
    if not unit.is_item:
        sending.acts.append(unit)
        return []
    sending.newest += 1
    unit.order = sending.newest
    _place(sending, partner, unit)
    gave_way = []
    while len(sending.items) + len(sending.held) > QUEUE_UNITS_MAX:
        oldest = min(_first_item(sending), next(iter(sending.held), sending.newest))
        gave_way.append(_drop(sending, oldest))
    return gave_way


def put_back(sending: Sending, partner: Partner, units: list[Unit]) -> None:
    """Put units that were numbered already before everything that was not."""
    sending.acts[:0] = [unit for unit in units if not unit.is_item]
    for unit in units:
        if unit.is_item:
            _place(sending, partner, unit)
    sending.held = dict(sorted(sending.held.items()))  # the oldest is its first


def let_go(sending: Sending, partner: Partner) -> None:
    """Let items leave again whose agreements are not awaited any more."""
    free = [unit for unit in sending.held.values() if not _awaits(partner, unit)]
    for unit in free:
        del sending.held[unit.order]
        sending.items[unit.order] = unit
        sending.first = min(sending.first, unit.order)


def overdue(sending: Sending, at: Instant) -> list[Unit]:
    """Take off the queue what has ended before ``at``."""
    ended = []
    while sending.deadlines and sending.deadlines[0][0] < at.ns:
        _, order = heappop(sending.deadlines)
        if is_waiting(sending, order):
            ended.append(_drop(sending, order))
    return ended


def lapsed(sending: Sending, judge: Judge) -> list[Lapsed]:
    """Take off the queue whatever may not leave any more, all of it looked at."""
    found = []
    for unit in [*sending.items.values(), *sending.held.values()]:
        lapse = judge(unit)
        if lapse is not None:
            found.append((_drop(sending, unit.order), lapse))
    return found


def begin_sweep(sending: Sending, standing: Standing, at: Instant) -> None:
    """Note that an act may have ended some of what waits; no unit is looked at yet.

    From now on each is judged by that act before it leaves, whatever is restored later.
    """
    first = min(_first_item(sending), next(iter(sending.held), sending.newest + 1))
    if first <= sending.newest:
        sending.sweeps.append(
            Sweep(next=first, upto=sending.newest, standing=standing, at=at)
        )


def sweep(sending: Sending, judge: Judge) -> list[Lapsed]:
    """Take off the queue some of what the oldest act ended, and forget a done one."""
    found: list[Lapsed] = []
    looked = 0
    while sending.sweeps and looked < SWEPT_MAX:
        oldest = sending.sweeps[0]
        while oldest.next <= oldest.upto and looked < SWEPT_MAX:
            unit = sending.items.get(oldest.next) or sending.held.get(oldest.next)
            looked += 1
            lapse = None if unit is None else judge(unit)
            if unit is not None and lapse is not None:
                found.append((_drop(sending, unit.order), lapse))
            oldest.next += 1
        if oldest.next > oldest.upto:
            sending.sweeps.pop(0)
    return found


def next_units(
    sending: Sending, judge: Judge, *, acts_alone: bool
) -> tuple[list[Unit], list[Lapsed]]:
    """Take one message's units off the queue: one originator, one way.

    Each is judged as it leaves; what may not leave is returned with its reason.
    """
    taken: list[Unit] = []
    found: list[Lapsed] = []
    size = 0
    while len(taken) < MESSAGE_UNITS_MAX and (unit := _next(sending)) is not None:
        if acts_alone and unit.is_item:
            break
        if len(found) >= SWEPT_MAX:
            break  # the turn is long enough; a sweep goes on with it
        lapse = judge(unit)
        if lapse is not None:
            found.append((_drop(sending, unit.order), lapse))
            continue
        size += len(unit.envelope.payload)
        if taken and (size > MESSAGE_BYTES_MAX or unit.way != taken[0].way):
            break
        taken.append(
            _drop(sending, unit.order) if unit.is_item else sending.acts.pop(0)
        )
    return taken, found


def tidy(sending: Sending) -> None:
    """Forget deadlines of units that have left, so that nobody is woken for nothing."""
    deadlines = sending.deadlines
    while deadlines and not is_waiting(sending, deadlines[0][1]):
        heappop(deadlines)
    waiting = len(sending.items) + len(sending.held)
    if len(deadlines) > 2 * waiting + _STALE_DEADLINES_MAX:
        sending.deadlines = [d for d in deadlines if is_waiting(sending, d[1])]
        heapify(sending.deadlines)


def items(sending: Sending) -> list[Unit]:
    """Return the items that wait, in the order in which they were released."""
    return [one for _, one in sorted({**sending.items, **sending.held}.items())]


def is_waiting(sending: Sending, order: int) -> bool:
    """Say whether the item of that order is still on the queue."""
    return order in sending.items or order in sending.held


def due(sending: Sending) -> Instant | None:
    """Return the instant at which the next item has ended; ``None`` if none waits."""
    # An item is still valid at the very end of its validity.
    return Instant(sending.deadlines[0][0] + 1) if sending.deadlines else None


def _place(sending: Sending, partner: Partner, unit: Unit) -> None:
    if _awaits(partner, unit):
        sending.held[unit.order] = unit
    else:
        sending.items[unit.order] = unit
        sending.first = min(sending.first, unit.order)
    if unit.valid_until is not None:
        heappush(sending.deadlines, (unit.valid_until.ns, unit.order))


def _awaits(partner: Partner, unit: Unit) -> bool:
    return any(agreement in partner.awaited for agreement in unit.agreements)


def _next(sending: Sending) -> Unit | None:
    if sending.acts:
        return sending.acts[0]
    if sending.unheard:
        return None
    return sending.items.get(_first_item(sending))


def _first_item(sending: Sending) -> int:
    """Return the order of the oldest item that may leave; beyond the newest if none."""
    while sending.first <= sending.newest and sending.first not in sending.items:
        sending.first += 1
    return sending.first


def _drop(sending: Sending, order: int) -> Unit:
    return (sending.items if order in sending.items else sending.held).pop(order)
