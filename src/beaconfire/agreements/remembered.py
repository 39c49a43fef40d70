"""Remembered: a decision, and whether it still stands, while neither can differ.

The answers are ``decision.decide``'s and ``lapse.still_stands``'s, to the last word;
only the work is spared. The key holds all that these read of an item: its form, its
originator, its label, its status, and its id where an approval names single items. What
they read of time and standing is ``memo.py``'s to watch.

Whoever keeps an item for another answer asks until when there is none: ``alike_until``
of what waits, ``withheld_until`` of what a suspension withholds.
"""

from msgspec.structs import replace

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.decision import decide
from beaconfire.agreements.lapse import Lapse, still_stands
from beaconfire.agreements.memo import Memo, Watched
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.ways import may_relay
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant


def decide_remembered(
    memo: Memo,
    item: Item,
    *,
    sender: Party,
    to: Party,
    at: Instant,
    agreements: tuple[Agreement, ...],
    standing: Standing,
    may_wait: bool = True,
    withheld: bool = False,
) -> Release | Refusal | Deferral:
    """Return what ``decide`` returns.

    Raises:
        BadInput: as ``decide``.
    """
    found, _ = _decided(
        memo,
        item,
        sender=sender,
        to=to,
        at=at,
        agreements=agreements,
        standing=standing,
        may_wait=may_wait,
        withheld=withheld,
    )
    return replace(found, item=item.id, at=at)


def withheld_until(
    memo: Memo,
    item: Item,
    *,
    sender: Party,
    to: Party,
    at: Instant,
    agreements: tuple[Agreement, ...],
    standing: Standing,
    may_wait: bool,
) -> Instant | None:
    """Return the last instant until which no way opens for a withheld item.

    As long as texts and standing stay as they are; ``None`` if one is open now, or if
    nothing but an answer that may still come keeps it closed.
    """
    found, last = _decided(
        memo,
        item,
        sender=sender,
        to=to,
        at=at,
        agreements=agreements,
        standing=standing,
        may_wait=may_wait,
        withheld=True,
    )
    return last if isinstance(found, Refusal) else None


def alike_until(
    item: Item,
    *,
    sender: Party,
    to: Party,
    at: Instant,
    agreements: tuple[Agreement, ...],
    standing: Standing,
) -> Instant:
    """Return the last instant for which ``decide`` answers as at ``at``.

    As long as texts and standing stay as they are.
    """
    watched = Watched(at.ns)
    decide(
        item,
        sender=sender,
        to=to,
        at=watched,
        agreements=agreements,
        standing=standing,
    )
    return Instant(watched.last)


def stands_remembered(
    memo: Memo,
    release: Release,
    *,
    agreements: tuple[Agreement, ...],
    standing: Standing,
    at: Instant,
) -> Lapse | None:
    """Return what ``still_stands`` returns."""
    # With records on file it counts whether one is newer than the release.
    since = release.at if standing.register.filed else None
    lapse: Lapse | None = memo.recall(
        (
            release.agreements,
            release.approval,
            release.consents,
            release.originator,
            release.to,
            release.via,
            since,
        ),
        at,
        texts=agreements,
        standing=standing,
        work_out=lambda instant: still_stands(
            release, agreements=agreements, standing=standing, at=instant
        ),
    )
    return lapse


def may_relay_remembered(
    memo: Memo,
    *,
    originator: Party,
    relay: Party,
    to: Party,
    at: Instant,
    agreements: tuple[Agreement, ...],
    standing: Standing,
) -> bool:
    """Return what ``may_relay`` returns."""
    may: bool = memo.recall(
        ("may relay", originator, relay, to),
        at,
        texts=agreements,
        standing=standing,
        work_out=lambda _: may_relay(
            agreements, originator=originator, relay=relay, to=to
        ),
    )
    return may


def _decided(
    memo: Memo,
    item: Item,
    *,
    sender: Party,
    to: Party,
    at: Instant,
    agreements: tuple[Agreement, ...],
    standing: Standing,
    may_wait: bool,
    withheld: bool,
) -> tuple[Release | Refusal | Deferral, Instant]:
    """Return what ``decide`` says, of such an item at such an instant, until when."""

    def work_out(instant: Instant) -> Release | Refusal | Deferral:
        return decide(
            item,
            sender=sender,
            to=to,
            at=instant,
            agreements=agreements,
            standing=standing,
            may_wait=may_wait,
            withheld=withheld,
        )

    if item.is_over(at) and not withheld:
        return work_out(at), at  # its reason names an end that is this item's alone
    named = None
    if sender != item.originator and _by_item(memo, at, agreements, standing):
        named = item.id
    return memo.recall_until(
        (
            type(item.body),
            item.originator,
            item.label,
            item.status,
            sender,
            to,
            named,
            may_wait,
            withheld,
        ),
        at,
        texts=agreements,
        standing=standing,
        work_out=work_out,
    )


def _by_item(
    memo: Memo, at: Instant, agreements: tuple[Agreement, ...], standing: Standing
) -> bool:
    named: bool = memo.recall(
        "approvals by item",
        at,
        texts=agreements,
        standing=standing,
        work_out=lambda _: any(a.act.item is not None for a in standing.approvals),
    )
    return named
