"""Release state: what the stage keeps, by which way, and how it asks the decision.

A way is named by recipient and originator. Retractions wait in one of their own, so
that nothing takes a place of theirs.
"""

from dataclasses import dataclass, field

from msgspec import Struct

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.memo import Memo
from beaconfire.agreements.remembered import (
    decide_remembered,
)
from beaconfire.agreements.standing import Standing
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import Retraction
from beaconfire.vocabulary.times import Instant

# Relayable items kept of one originator, for one recipient and an approval that may
# still come; older ones have expired.
REFUSED_KEPT_MAX = 2_000

_RETRACTIONS = " retraction"


class Waits(Struct, frozen=True, kw_only=True):
    """An item that waits for a consultation, decided alike until that instant.

    An act or a statement may change the answer before.
    """

    item: Item
    until: Instant


@dataclass(slots=True, kw_only=True)
class ReleaseStage:
    """The state of the stage; owned by it and changed in place.

    ``refused`` keeps, by recipient and originator, retractions apart, partners' items
    that were refused and may be allowed by an approval while they are still valid. Each
    has a bound of its own: what is refused to one pushes out nothing of another's.
    ``deferred`` keeps alike what waits for a consultation, and ``to_ask`` the ids among
    it that are to be decided anew.
    ``given`` are the items handed over, by recipient, originator and lane;
    ``retracted`` those that each originator took back.
    """

    profile: NodeProfile
    agreements: tuple[Agreement, ...]
    standing: Standing
    refused: dict[str, dict[str, Item]] = field(default_factory=dict)
    deferred: dict[str, dict[str, Waits]] = field(default_factory=dict)
    to_ask: dict[str, dict[str, None]] = field(default_factory=dict)
    given: dict[str, dict[str, None]] = field(default_factory=dict)
    retracted: dict[Party, dict[str, None]] = field(default_factory=dict)
    memo: Memo = field(default_factory=Memo, compare=False, repr=False)


def begin(
    profile: NodeProfile, agreements: tuple[Agreement, ...], *, standing: Standing
) -> ReleaseStage:
    """Return the state of a node that has decided nothing yet."""
    return ReleaseStage(profile=profile, agreements=agreements, standing=standing)


def way_of(to: Party, originator: Party) -> str:
    """Return the way of an originator's items to a recipient."""
    return f"{to} {originator}"


def waiting_ways(to: Party, originator: Party) -> tuple[str, str]:
    """Return where retractions wait, and all else: nothing takes a place of theirs."""
    way = way_of(to, originator)
    return f"{way}{_RETRACTIONS}", way


def waiting_way(to: Party, item: Item) -> str:
    """Return where this item waits."""
    retractions, all_else = waiting_ways(to, item.originator)
    return retractions if isinstance(item.body, Retraction) else all_else


def may_follow(way: str) -> bool:
    """Say whether what waits there may go behind retractions."""
    return not way.endswith(_RETRACTIONS)


def recipient_of(way: str) -> Party:
    """Return the recipient of a way."""
    return way.partition(" ")[0]


def decide_now(
    state: ReleaseStage,
    item: Item,
    to: Party,
    at: Instant,
    *,
    may_wait: bool = True,
    withheld: bool = False,
) -> Release | Refusal | Deferral:
    """Ask the decision, remembered, as this node that would send."""
    return decide_remembered(
        state.memo,
        item,
        sender=state.profile.party,
        to=to,
        at=at,
        agreements=state.agreements,
        standing=state.standing,
        may_wait=may_wait,
        withheld=withheld,
    )


def keep_refused(state: ReleaseStage, refusal: Refusal, item: Item) -> None:
    """Keep another's item for an approval that may still come."""
    listed, to = item.label.releasable_to, refusal.to
    if refusal.withheld or (listed and to not in listed):
        return  # a restoration brings it back; and no approval widens a label
    kept = state.refused.setdefault(waiting_way(to, item), {})
    kept[item.id] = item
    while len(kept) > REFUSED_KEPT_MAX:
        del kept[next(iter(kept))]
