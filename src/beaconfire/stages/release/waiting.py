"""Release waiting: what waits for a consultation, and when it is decided again.

Each ends with a release or a refusal. Of each way as much is asked about in a turn as
of every other, retractions first.
"""

from collections.abc import Collection, Iterable
from itertools import chain, islice

from beaconfire.agreements.remembered import (
    alike_until,
)
from beaconfire.stages.release.state import (
    ReleaseStage,
    Waits,
    decide_now,
    keep_refused,
    may_follow,
    recipient_of,
    waiting_way,
)
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import Retraction
from beaconfire.vocabulary.times import LATEST, Instant

# Items of one originator for one recipient that wait for a consultation; while so many
# do, what comes is refused.
DEFERRED_MAX = 2_000
# Of these asked about again in one turn; a turn stays short, the next tick goes on.
AGAIN_MAX = 8
# Retractions among it, so that they go first: one message of them.
RETRACTIONS_AGAIN_MAX = 50


def due(state: ReleaseStage) -> Instant | None:
    """Return when the next item that waits for a consultation is to be asked about."""
    if state.to_ask:
        return Instant(0)  # at once
    ends = [
        one.until.ns + 1
        for waiting in state.deferred.values()
        for one in waiting.values()
        if one.until < LATEST
    ]
    return Instant(min(ends)) if ends else None


def has_room(state: ReleaseStage, way: str) -> bool:
    """Say whether one more may wait there."""
    return len(state.deferred.get(way, {})) < DEFERRED_MAX


def let_wait(state: ReleaseStage, item: Item, to: Party, at: Instant) -> None:
    """Keep an item until something may change the answer."""
    until = alike_until(
        item,
        sender=state.profile.party,
        to=to,
        at=at,
        agreements=state.agreements,
        standing=state.standing,
    )
    # No tick would refuse a retraction for its end: it has none.
    end = LATEST if isinstance(item.body, Retraction) else item.valid_until
    waits = Waits(item=item, until=min(until, end))
    state.deferred.setdefault(waiting_way(to, item), {})[item.id] = waits


def stop_waiting(state: ReleaseStage, way: str, name: str) -> Item | None:
    """Let an item wait for no consultation any more; return it if it did."""
    waiting, to_ask = state.deferred.get(way, {}), state.to_ask.get(way, {})
    to_ask.pop(name, None)
    waited = waiting.pop(name, None)
    if not to_ask:
        state.to_ask.pop(way, None)
    if not waiting:
        state.deferred.pop(way, None)
    return None if waited is None else waited.item


def decide_ways(
    state: ReleaseStage, at: Instant, ways: Collection[str]
) -> list[EntryBody]:
    """Have all that waits there decided anew, the first of it in this turn."""
    for way in ways:
        state.to_ask[way] = dict.fromkeys(state.deferred[way])
    return decide_deferred(state, at, ways)


def decide_deferred(
    state: ReleaseStage, at: Instant, ways: Iterable[str]
) -> list[EntryBody]:
    """Ask again about some of what waits there; what still does says nothing anew.

    Of each way as much in a turn as of every other: how much waits for one partner
    delays nothing of another's. Retractions go first.
    """
    out: list[EntryBody] = []
    for way in sorted(ways, key=may_follow):
        at_most = AGAIN_MAX if may_follow(way) else RETRACTIONS_AGAIN_MAX
        waiting, to_ask = state.deferred[way], state.to_ask.get(way, {})
        to = recipient_of(way)
        may_differ = (name for name, one in waiting.items() if one.until < at)
        for name in list(islice(chain(may_differ, to_ask), at_most)):
            to_ask.pop(name, None)
            if name not in waiting:
                continue
            item = waiting[name].item
            decision = _decide_waiting(state, item, to, at)
            if isinstance(decision, Deferral):
                let_wait(state, item, to, at)
                continue
            del waiting[name]
            out.append(decision)
            relayed = item.originator != state.profile.party
            if relayed and isinstance(decision, Refusal) and not item.is_over(at):
                keep_refused(state, decision, item)
        if not to_ask:
            state.to_ask.pop(way, None)
        if not waiting:
            del state.deferred[way]
    return out


def _decide_waiting(
    state: ReleaseStage, item: Item, to: Party, at: Instant
) -> Release | Refusal | Deferral:
    """Decide; what has ended while it waited is withheld, if a suspension kept it too.

    It is told late then, as it would be if nobody had been asked.
    """
    decision = decide_now(state, item, to, at)
    if isinstance(decision, Refusal) and item.is_over(at):
        late = decide_now(state, item, to, at, may_wait=False, withheld=True)
        if isinstance(late, Refusal) and late.withheld:
            return late
    return decision
