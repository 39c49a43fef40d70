"""The release stage itself: which entry is asked about, for whom."""

from collections.abc import Collection

from beaconfire.agreements.agreement import parties_of
from beaconfire.agreements.consultation import Outcome
from beaconfire.agreements.remembered import (
    may_relay_remembered,
)
from beaconfire.journal.entry import Entry
from beaconfire.stages.release.state import (
    ReleaseStage,
    decide_now,
    keep_refused,
    may_follow,
    recipient_of,
    waiting_way,
    waiting_ways,
    way_of,
)
from beaconfire.stages.release.waiting import (
    decide_deferred,
    decide_ways,
    has_room,
    let_wait,
    stop_waiting,
)
from beaconfire.vocabulary.acts import Act
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
from beaconfire.vocabulary.entries.sightings import Bell, ItemHeld
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.link import LANE_OF_FORM, LANES
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import FORM, Retraction
from beaconfire.vocabulary.times import Instant

# Items of one originator handed over in one lane to one recipient: hours of beliefs.
GIVEN_KEPT_MAX = 4_096
RETRACTED_KEPT_MAX = 4_096


def step(
    state: ReleaseStage, entry: Entry
) -> tuple[ReleaseStage, tuple[EntryBody, ...]]:
    """Take one entry; return the state and the decisions that follow from it."""
    body = entry.body
    if isinstance(body, ItemHeld):
        out = _take_back(state, body.sealed.item)
        out += _decide_all(state, body, entry.at)
        told = {one.to for one in out if isinstance(one, Release)}
        ways = [way for way in state.to_ask if recipient_of(way) in told]
        return state, (*out, *decide_deferred(state, entry.at, ways))
    if isinstance(body, Act):
        state.standing = state.standing.after(entry.id, body, entry.at)
        out = _decide_anew(
            state, entry.at, parties_of(state.agreements, body.agreement)
        )
        if body.act == "approve":
            out += _decide_again(state, body, entry.at)
        return state, tuple(out)
    if isinstance(body, Reconsideration):
        return state, (_reconsider(state, body, entry.at),)
    if isinstance(body, HandOver) and body.lane != "plots":
        way = f"{way_of(body.to, body.originator)} {body.lane}"
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
        return state, tuple(decide_ways(state, entry.at, ways))
    if isinstance(body, NodeStart):  # it may have come with other texts
        return state, tuple(_decide_at_start(state, entry.at))
    if isinstance(body, Tick):
        return state, tuple(decide_deferred(state, entry.at, state.deferred))
    return state, ()


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
        may_wait = has_room(state, waiting_way(to, item))
        decision = decide_now(state, item, to, at, may_wait=may_wait)
        out.append(decision)
        if retracts is not None and state.standing.trust.closing(to) is not None:
            out.append(_untold(item, retracts, to))
        if isinstance(decision, Deferral):
            let_wait(state, item, to, at)
        elif not own and isinstance(decision, Refusal):
            keep_refused(state, decision, item)
    return out


def _untold(item: Item, retracts: str, to: Party) -> Bell:
    """Tell people of a retraction that no link carries: they may know another way."""
    text = (
        f"{to} was given item `{retracts}`, which {item.originator} has taken back, "
        "and its link is closed: it goes on using it until people tell it otherwise"
    )
    return Bell(role="release officer", text=text)


def _reconsider(state: ReleaseStage, again: Reconsideration, at: Instant) -> EntryBody:
    """Decide what a suspension had withheld, as things now stand."""
    item, to = again.sealed.item, again.to
    way = waiting_way(to, item)
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
    may_wait = has_room(state, way) and not item.is_over(at)
    decision = decide_now(state, item, to, at, may_wait=may_wait, withheld=True)
    if isinstance(decision, Deferral):
        let_wait(state, item, to, at)
    elif again.via is not None and isinstance(decision, Refusal):
        keep_refused(state, decision, item)
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
        for way in waiting_ways(card.party, originator):
            state.refused.get(way, {}).pop(retracts, None)
            waited = stop_waiting(state, way, retracts)
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
    return decide_ways(
        state, at, [way for way in state.deferred if recipient_of(way) in recipients]
    )


def _was_given(state: ReleaseStage, item: Item, retracts: str, to: Party) -> bool:
    """Say whether we handed ``to`` what is retracted: the others hear nothing."""
    way = way_of(to, item.originator)
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


def _decide_at_start(state: ReleaseStage, at: Instant) -> list[EntryBody]:
    """Ask again about all that waits, or lacked an approval: retractions first."""
    first = [way for way in state.refused if not may_follow(way)]
    out = _ask_refused(state, at, first)
    out += decide_ways(state, at, list(state.deferred))
    return out + _ask_refused(state, at, list(filter(may_follow, state.refused)))


def _decide_again(state: ReleaseStage, approval: Act, at: Instant) -> list[EntryBody]:
    """Ask again about what ``approval`` may open: its party's, to whom it names."""
    if approval.to is None or approval.via != state.profile.party:
        return []
    return _ask_refused(state, at, waiting_ways(approval.to, approval.party))


def _ask_refused(
    state: ReleaseStage, at: Instant, ways: Collection[str]
) -> list[EntryBody]:
    """Ask again about what lacked an approval; what is still refused says nothing anew.

    What nothing but a consultation or a suspension keeps from leaving any more is said
    to wait for that.
    """
    out: list[EntryBody] = []
    for way in ways:
        still: dict[str, Item] = {}
        to = recipient_of(way)
        for item in state.refused.pop(way, {}).values():
            if item.is_over(at):
                continue
            decision = decide_now(state, item, to, at, may_wait=has_room(state, way))
            if isinstance(decision, Refusal) and not decision.withheld:
                still[item.id] = item
                continue
            if isinstance(decision, Deferral):
                let_wait(state, item, to, at)
            out.append(decision)
        if still:
            state.refused[way] = still
    return out
