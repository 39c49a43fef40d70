"""Release: for every item and every partner, leave to send or not, with the articles.

* The decision is ``agreements.decision.decide``, remembered while it cannot differ, and
  nothing else; this stage asks it once for each item and partner, and again for what
  lacked an approval when one comes.
* Our own items are asked about for every partner of their audience, and for those who
  may be its relay; a partner's item only where we may be its relay, and never back to
  where it came from. A product of ours is made of our own sensors alone, so no other
  case exists.
* A retraction is for those to whom we handed over what it retracts, as its originator
  or as its relay, and for nobody else; plots are taken back by nobody, they are what a
  sensor saw. What is retracted is not released any more. A retraction has no end: it
  waits, for a consent as for an approval, as long as either may come, and goes first.
* What waits for a consultation is decided again when anything is said on one about its
  recipient, when an act comes on an agreement that binds its recipient, at a start, and
  from every instant at which the answer may differ: its validity ends, a text begins or
  ends, an approval expires. Each ends with a release or a refusal. What is retracted
  meanwhile is withdrawn at once.
* Some of it in that turn, the rest with the ticks and whatever else its recipient is
  told: no other turn may be noticed by who has no part in it.
* When a partner's card is revoked, what waits and is of it or for it is decided
  again at once.
* What a suspension withheld is decided again when the link stage gives it back; its
  validity is not asked any more.
* Deciding is not sending: the link stage judges again at hand-over.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import chain, islice

from msgspec import Struct

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.consultation import Outcome
from beaconfire.agreements.memo import Memo
from beaconfire.agreements.remembered import (
    alike_until,
    decide_remembered,
    may_relay_remembered,
)
from beaconfire.agreements.standing import Standing
from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.consultations import (
    Consultation,
    OnwardReleaseOf,
    ReleaseOf,
    Statement,
)
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import NodeStart, Tick
from beaconfire.vocabulary.entries.carriage import (
    Foregone,
    HandOver,
    Reconsideration,
    Withdrawal,
)
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.link import LANE_OF_FORM, LANES
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import FORM, Retraction
from beaconfire.vocabulary.times import LATEST, Instant

# Items of one originator for one recipient that wait for a consultation; while so many
# do, what comes is refused.
DEFERRED_MAX = 2_000
# Of these asked about again in one turn; a turn stays short, the next tick goes on.
AGAIN_MAX = 8
# Retractions among it, so that they go first: one message of them.
RETRACTIONS_AGAIN_MAX = 50
# Relayable items kept of one originator, for one recipient and an approval that may
# still come; older ones have expired.
REFUSED_KEPT_MAX = 2_000
# Items of one originator handed over in one lane to one recipient: hours of beliefs.
GIVEN_KEPT_MAX = 4_096
RETRACTED_KEPT_MAX = 4_096

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


def step(
    state: ReleaseStage, entry: Entry
) -> tuple[ReleaseStage, tuple[EntryBody, ...]]:
    """Take one entry; return the state and the decisions that follow from it."""
    body = entry.body
    if isinstance(body, ItemHeld):
        out = _take_back(state, body.sealed.item)
        out += _decide_all(state, body, entry.at)
        told = {one.to for one in out if isinstance(one, Release)}
        ways = [way for way in state.to_ask if _recipient(way) in told]
        return state, (*out, *_decide_deferred(state, entry.at, ways))
    if isinstance(body, Act):
        state.standing = state.standing.after(entry.id, body, entry.at)
        out = _decide_anew(state, entry.at, _parties(state, body.agreement))
        if body.act == "approve":
            out += _decide_again(state, body, entry.at)
        return state, tuple(out)
    if isinstance(body, Reconsideration):
        return state, (_reconsider(state, body, entry.at),)
    if isinstance(body, HandOver) and body.lane != "plots":
        way = f"{_way(body.to, body.originator)} {body.lane}"
        for item in body.items:
            _remember(state.given.setdefault(way, {}), item, GIVEN_KEPT_MAX)
    if isinstance(body, Statement | Outcome):
        state.standing = state.standing.consulted(entry.id, body, entry.at)
        about = _consulted_about(state, entry.id, body)
        return state, tuple(_decide_anew(state, entry.at, about))
    if isinstance(body, CardRevoked):
        state.standing = state.standing.distrusting(entry.id, body)
        gone = body.order.partner  # trusted no more: neither its items nor its node
        ways = [way for way in state.deferred if gone in way.split(" ")]
        return state, tuple(_decide_ways(state, entry.at, ways))
    if isinstance(body, NodeStart):  # it may have come with other texts
        return state, tuple(_decide_ways(state, entry.at, list(state.deferred)))
    if isinstance(body, Tick):
        return state, tuple(_decide_deferred(state, entry.at, state.deferred))
    return state, ()


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


def _decide_all(state: ReleaseStage, held: ItemHeld, at: Instant) -> list[EntryBody]:
    item = held.sealed.item
    carriage = held.carriage
    own = carriage is None
    if carriage is not None and carriage.via is not None:
        return []  # what was relayed to us ends here
    retracts = item.body.retracts if isinstance(item.body, Retraction) else None
    if carriage is not None and carriage.history and retracts is None:
        return []  # what is stale warns nobody; but a wrong is put right however late
    if carriage is not None and carriage.no_further:
        return []  # its recipient is to pass it on to nobody
    if item.id in state.retracted.get(item.originator, {}):
        return []  # taken back before it came: nobody is to have it
    out: list[EntryBody] = []
    for card in state.profile.partners:
        to = card.party
        if to == item.originator:
            continue
        if own and not _is_for(state, held, to, at):
            continue
        if retracts is not None and not _was_given(state, item, retracts, to):
            continue
        if not own and not may_relay_remembered(
            state.memo,
            originator=item.originator,
            relay=state.profile.party,
            to=to,
            at=at,
            agreements=state.agreements,
            standing=state.standing,
        ):
            continue
        may_wait = _has_room(state, _waiting_way(to, item))
        decision = _decide(state, item, to, at, may_wait=may_wait)
        out.append(decision)
        if isinstance(decision, Deferral):
            _let_wait(state, item, to, at)
        elif not own and isinstance(decision, Refusal):
            _keep_refused(state, decision, item)
    return out


def _reconsider(state: ReleaseStage, again: Reconsideration, at: Instant) -> EntryBody:
    """Decide what a suspension had withheld, as things now stand."""
    item, to = again.sealed.item, again.to
    way = _waiting_way(to, item)
    if item.id in state.retracted.get(item.originator, {}):
        return Foregone(
            originator=item.originator,
            to=to,
            via=again.via,
            items=(item.id,),
            reason=f"{item.originator} has retracted it",
        )
    state.refused.get(way, {}).pop(item.id, None)
    # Nobody keeps what has ended for an answer that may still come.
    may_wait = _has_room(state, way) and not item.is_over(at)
    decision = _decide(state, item, to, at, may_wait=may_wait, withheld=True)
    if isinstance(decision, Deferral):
        _let_wait(state, item, to, at)
    elif again.via is not None and isinstance(decision, Refusal):
        _keep_refused(state, decision, item)
    return decision


def _take_back(state: ReleaseStage, item: Item) -> list[EntryBody]:
    """Note what a retraction takes back: no approval or consent opens it any more."""
    if not isinstance(item.body, Retraction):
        return []
    retracts, originator = item.body.retracts, item.originator
    mine = state.retracted.setdefault(originator, {})
    _remember(mine, retracts, RETRACTED_KEPT_MAX)
    own = originator == state.profile.party
    out: list[EntryBody] = []
    for card in state.profile.partners:
        for way in _waiting_ways(card.party, originator):
            state.refused.get(way, {}).pop(retracts, None)
            waited = _stop_waiting(state, way, retracts)
            if waited is None:
                continue
            gone = Withdrawal(
                originator=originator,
                to=card.party,
                via=None if own else state.profile.party,
                lane=LANE_OF_FORM[FORM[type(waited.body)]],
                items=(retracts,),
                agreement=None,
                act=None,
                reason=f"{originator} has retracted it (item `{item.id}`)",
            )
            out.append(gone)
    return out


def _stop_waiting(state: ReleaseStage, way: str, name: str) -> Item | None:
    """Let an item wait for no consultation any more; return it if it did."""
    waiting, to_ask = state.deferred.get(way, {}), state.to_ask.get(way, {})
    to_ask.pop(name, None)
    waited = waiting.pop(name, None)
    if not to_ask:
        state.to_ask.pop(way, None)
    if not waiting:
        state.deferred.pop(way, None)
    return None if waited is None else waited.item


def _has_room(state: ReleaseStage, way: str) -> bool:
    return len(state.deferred.get(way, {})) < DEFERRED_MAX


def _let_wait(state: ReleaseStage, item: Item, to: Party, at: Instant) -> None:
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
    state.deferred.setdefault(_waiting_way(to, item), {})[item.id] = waits


def _parties(state: ReleaseStage, agreement: str) -> tuple[Party, ...]:
    return next((a.parties for a in state.agreements if a.id == agreement), ())


def _consulted_about(
    state: ReleaseStage, entry: str, body: Statement | Outcome
) -> Collection[Party]:
    """Return the recipients of whatever the consultation is about."""
    name = entry if isinstance(body, Consultation) else body.consultation
    held = state.standing.consultations.get(name)
    asked = None if held is None else held.ask.proposes
    return asked.to if isinstance(asked, ReleaseOf | OnwardReleaseOf) else ()


def _decide_anew(
    state: ReleaseStage, at: Instant, recipients: Collection[Party]
) -> list[EntryBody]:
    return _decide_ways(
        state, at, [way for way in state.deferred if _recipient(way) in recipients]
    )


def _decide_ways(
    state: ReleaseStage, at: Instant, ways: Collection[str]
) -> list[EntryBody]:
    """Have all that waits there decided anew, the first of it in this turn."""
    for way in ways:
        state.to_ask[way] = dict.fromkeys(state.deferred[way])
    return _decide_deferred(state, at, ways)


def _was_given(state: ReleaseStage, item: Item, retracts: str, to: Party) -> bool:
    """Say whether we handed ``to`` what is retracted: the others hear nothing."""
    way = _way(to, item.originator)
    return any(retracts in state.given.get(f"{way} {lane}", {}) for lane in LANES)


def _remember(names: dict[str, None], name: str, at_most: int) -> None:
    names[name] = None
    if len(names) > at_most:
        del names[next(iter(names))]


def _is_for(state: ReleaseStage, held: ItemHeld, to: Party, at: Instant) -> bool:
    """Say whether an own item is for ``to``: as its audience, or to be passed on to it.

    A relay that sees more than the audience gets what the audience sees as well: what
    it passes on must not tell them that there is more.
    """
    if held.audience is None or to in held.audience:
        return True
    item = held.sealed.item
    listed = item.label.releasable_to
    return (not listed or to in listed) and any(
        may_relay_remembered(
            state.memo,
            originator=item.originator,
            relay=to,
            to=party,
            at=at,
            agreements=state.agreements,
            standing=state.standing,
        )
        for party in held.audience
    )


def _keep_refused(state: ReleaseStage, refusal: Refusal, item: Item) -> None:
    listed, to = item.label.releasable_to, refusal.to
    if refusal.withheld or (listed and to not in listed):
        return  # a restoration brings it back; and no approval widens a label
    kept = state.refused.setdefault(_waiting_way(to, item), {})
    kept[item.id] = item
    while len(kept) > REFUSED_KEPT_MAX:
        del kept[next(iter(kept))]


def _decide_again(state: ReleaseStage, approval: Act, at: Instant) -> list[EntryBody]:
    """Ask again about what ``approval`` may open: its party's items, to whom it names.

    Whatever else was refused it leaves refused, without asking. What nothing but a
    consultation or a suspension keeps from leaving any more is said to wait for that.
    """
    if approval.to is None or approval.via != state.profile.party:
        return []
    out: list[EntryBody] = []
    for way in _waiting_ways(approval.to, approval.party):
        still: dict[str, Item] = {}
        for item in state.refused.pop(way, {}).values():
            if item.is_over(at):
                continue
            may_wait = _has_room(state, way)
            decision = _decide(state, item, approval.to, at, may_wait=may_wait)
            if isinstance(decision, Refusal) and not decision.withheld:
                still[item.id] = item
                continue
            if isinstance(decision, Deferral):
                _let_wait(state, item, approval.to, at)
            out.append(decision)
        if still:
            state.refused[way] = still
    return out


def _decide_deferred(
    state: ReleaseStage, at: Instant, ways: Iterable[str]
) -> list[EntryBody]:
    """Ask again about some of what waits there; what still does says nothing anew.

    Of each way as much in a turn as of every other: how much waits for one partner
    delays nothing of another's. Retractions go first.
    """
    out: list[EntryBody] = []
    for way in sorted(ways, key=_may_follow):
        at_most = AGAIN_MAX if _may_follow(way) else RETRACTIONS_AGAIN_MAX
        waiting, to_ask = state.deferred[way], state.to_ask.get(way, {})
        to = _recipient(way)
        may_differ = (name for name, one in waiting.items() if one.until < at)
        for name in list(islice(chain(may_differ, to_ask), at_most)):
            to_ask.pop(name, None)
            if name not in waiting:
                continue
            item = waiting[name].item
            decision = _decide_waiting(state, item, to, at)
            if isinstance(decision, Deferral):
                _let_wait(state, item, to, at)
                continue
            del waiting[name]
            out.append(decision)
            relayed = item.originator != state.profile.party
            if relayed and isinstance(decision, Refusal) and not item.is_over(at):
                _keep_refused(state, decision, item)
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
    decision = _decide(state, item, to, at)
    if isinstance(decision, Refusal) and item.is_over(at):
        late = _decide(state, item, to, at, may_wait=False, withheld=True)
        if isinstance(late, Refusal) and late.withheld:
            return late
    return decision


def _way(to: Party, originator: Party) -> str:
    return f"{to} {originator}"


def _waiting_ways(to: Party, originator: Party) -> tuple[str, str]:
    """Return where retractions wait, and all else: nothing takes a place of theirs."""
    way = _way(to, originator)
    return f"{way}{_RETRACTIONS}", way


def _waiting_way(to: Party, item: Item) -> str:
    retractions, all_else = _waiting_ways(to, item.originator)
    return retractions if isinstance(item.body, Retraction) else all_else


def _may_follow(way: str) -> bool:
    return not way.endswith(_RETRACTIONS)


def _recipient(way: str) -> Party:
    return way.partition(" ")[0]


def _decide(
    state: ReleaseStage,
    item: Item,
    to: Party,
    at: Instant,
    *,
    may_wait: bool = True,
    withheld: bool = False,
) -> Release | Refusal | Deferral:
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
