"""Desk: what people order, judged before it counts.

An order is a signed act, what people say on a consultation, that an item of ours is
taken back, or that a partner's card is revoked. It is carried out if our own people
signed it, recently, for an agreement in force here, and our party is entitled to it;
otherwise it is a rejection whose reason goes back to who ordered it. Taken back is what
we made ourselves, told as our belief and have not taken back yet; revoked is the card
of a partner, from an instant that has come. These two wait for no clock.
The stage changes nothing itself: what is accepted is an entry, and the other stages
obey it from that turn on. When time ends a consultation, the desk says so, at the
journal's instant.
"""

from dataclasses import dataclass, field
from typing import TypeVar

from msgspec import Struct

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.amendment import circle_flaw, successor_flaw
from beaconfire.agreements.consultation import (
    Outcome,
    closings,
    pair,
    told,
)
from beaconfire.agreements.consultation import due as consultation_due
from beaconfire.agreements.consulting_rules import objection_to
from beaconfire.agreements.entitled import came_late, entitled, too_many
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.status import status_of
from beaconfire.agreements.view import STATUS_ACTS
from beaconfire.errors import BadInput
from beaconfire.journal.entry import Entry
from beaconfire.seals import codec
from beaconfire.seals.acts import act_id, verify_act
from beaconfire.seals.consultations import (
    read_statement,
    statement_id,
    verify_statement,
)
from beaconfire.seals.people_orders import verify_people_order
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.consultations import (
    Consultation,
    ConsultationAnswer,
    ConsultationProceeding,
    ConsultationWithdrawal,
    Statement,
)
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import ClockStep, Order, Tick
from beaconfire.vocabulary.entries.carriage import HandOver
from beaconfire.vocabulary.entries.consulting import ConsultationHeard
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.entries.sightings import (
    Bell,
    ItemHeld,
    Rejection,
    TakenBack,
)
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.records import Amendment
from beaconfire.vocabulary.report import FORM, Retraction
from beaconfire.vocabulary.revoking import CardRevocation
from beaconfire.vocabulary.taking_back import TakingBack
from beaconfire.vocabulary.times import Instant

T = TypeVar("T")

ISSUED_AGE_S_MAX = 600.0  # an order signed longer ago must be signed anew
ISSUED_AHEAD_S_MAX = 2.0  # the signer's clock may be this far ahead of the node's

_NOT_TAKEN_BACK = {
    "plots": "plots: what a sensor saw is taken back by nobody",
    "retraction": "a retraction: tell anew what holds after all",
}

# Orders that close a way at once: they wait for no clock.
CLOSING = ("suspend", "revoke")

RETRACT = "retract"
REVOKE_CARD = "revoke-card"
# Statements that wait until one partner has taken them, while its line is down for
# weeks. What ends a consent may be said as often again: it must not be kept back.
STATEMENTS_WAITING_MAX = 256
# Own items of one form that can be taken back: as many as the release stage remembers
# to have given anyone. Of each partner as many ids, for the sentence that refuses.
ITEMS_KEPT_MAX = 4_096

VERBS = (*STATUS_ACTS, "approve", "revoke", "declare")
# What is said on a consultation, and the order that brings it.
CONSULTING: dict[str, type] = {
    "consult-ask": Consultation,
    "consult-answer": ConsultationAnswer,
    "consult-withdraw": ConsultationWithdrawal,
    "consult-proceed": ConsultationProceeding,
}


class Told(Struct, frozen=True, kw_only=True):
    """What a retraction of an own item bears as well."""

    label: Label
    lineage: tuple[str, ...]
    audience: tuple[Party, ...] | None


@dataclass(slots=True, kw_only=True)
class DeskStage:
    """The state of the stage: what the acts so far have made of the agreements.

    ``own`` are our items by form and id, ``theirs`` the ids of each partner's, and
    ``taken_back`` the ids of ours that are retracted. ``unsent`` are statements of our
    people that have not been handed over to the partner whom they concern.
    """

    profile: NodeProfile
    agreements: tuple[Agreement, ...]
    standing: Standing
    clock_trusted: bool = True
    own: dict[str, dict[str, Told]] = field(default_factory=dict)
    theirs: dict[Party, dict[str, None]] = field(default_factory=dict)
    taken_back: dict[str, None] = field(default_factory=dict)
    unsent: dict[Party, dict[str, None]] = field(default_factory=dict)


def begin(
    profile: NodeProfile, agreements: tuple[Agreement, ...], *, standing: Standing
) -> DeskStage:
    """Return the state of a desk that nobody has come to yet."""
    return DeskStage(profile=profile, agreements=agreements, standing=standing)


def step(state: DeskStage, entry: Entry) -> tuple[DeskStage, tuple[EntryBody, ...]]:
    """Take one entry; return the state and the accepted act or the rejection."""
    body = entry.body
    if isinstance(body, Act):
        state.standing = state.standing.after(entry.id, body, entry.at)
        return state, ()
    if isinstance(body, Statement | Outcome):
        state.standing = state.standing.consulted(entry.id, body, entry.at)
        if isinstance(body, Statement) and body.party == state.profile.party:
            to = _partner_in(state, body)
            state.unsent.setdefault(to, {})[entry.id] = None
        return state, _bell(state, body)
    if isinstance(body, HandOver):
        for name in body.acts:
            state.unsent.get(body.to, {}).pop(name, None)
        return state, ()
    if isinstance(body, ClockStep):
        state.clock_trusted = body.trusted
        return state, (_told_of_step(body),)
    if isinstance(body, CardRevoked):
        state.standing = state.standing.distrusting(entry.id, body)
        return state, (_told_of_revocation(state, body),)
    if isinstance(body, ItemHeld):
        _note_item(state, body)
        return state, ()
    if isinstance(body, Tick) and state.clock_trusted:
        return state, tuple(closings(state.standing.consultations, entry.at))
    if not isinstance(body, Order):
        return state, ()
    try:
        return state, (_judge(state, body, entry.at),)
    except BadInput as error:
        refused = Rejection(
            source="desk",
            what=f"order {body.verb}"[:128],
            reason=str(error),
            excerpt=body.text[:512],
        )
        return state, (refused,)


def _note_item(state: DeskStage, held: ItemHeld) -> None:
    """Remember what may be taken back, and what is not ours to take back."""
    item = held.sealed.item
    if held.carriage is not None:
        _remember(state.theirs.setdefault(item.originator, {}), item.id, None)
        return
    lineage = item.lineage[:1]  # its own observations; not those of other products
    told = Told(label=item.label, lineage=lineage, audience=held.audience)
    _remember(state.own.setdefault(FORM[type(item.body)], {}), item.id, told)
    if isinstance(item.body, Retraction):
        _remember(state.taken_back, item.body.retracts, None)


def _remember(items: dict[str, T], name: str, what: T) -> None:
    items[name] = what
    if len(items) > ITEMS_KEPT_MAX:
        del items[next(iter(items))]


def _told_of_step(step: ClockStep) -> Bell:
    text = (
        f"the node's clock stepped by {step.seconds:+.3f} s: nothing that has an end "
        "goes to partners until it has been steady; check the time source"
    )
    if step.trusted:
        text = "the node's clock is trusted again: what waited for it goes on"
    return Bell(role="watch officer", text=text)


def _told_of_revocation(state: DeskStage, body: CardRevoked) -> Bell:
    party = body.order.partner
    closed = state.standing.trust.closing(party)
    assert closed is not None
    text = (
        f"{closed.told}; its link is closed. What came from {party} since then goes on "
        f"counting: `journal flagged --party {party}` lists it, judge it"
    )
    return Bell(role="watch officer", text=text)


def due(state: DeskStage) -> Instant | None:
    """Return when time next ends a consultation, ``None`` if it ends none.

    A clock that is not trusted ends none: what waits goes on waiting.
    """
    return (
        None
        if not state.clock_trusted
        else consultation_due(state.standing.consultations)
    )


def _bell(state: DeskStage, body: Statement | Outcome) -> tuple[Bell, ...]:
    """Tell the release officer of what a partner said, and of what silence said."""
    held = None
    if isinstance(body, Consultation):
        found = state.standing.consultations.held
        held = found[-1]
    elif not isinstance(body, ConsultationHeard):
        held = state.standing.consultations.get(body.consultation)
    own = isinstance(body, Statement) and body.party == state.profile.party
    if held is None or own:
        return ()
    text = f"{held.ask.party} asks {held.ask.affected}: {told(held)}"
    return (Bell(role="release officer", text=text),)


def _judge(
    state: DeskStage, order: Order, at: Instant
) -> Act | Statement | TakenBack | CardRevoked:
    if order.verb in CONSULTING:
        return _judge_statement(state, order, at)
    if order.verb == RETRACT:
        return _judge_taking_back(state, order, at)
    if order.verb == REVOKE_CARD:
        return _judge_revocation(state, order, at)
    if order.verb not in VERBS:
        known = ", ".join((*VERBS, *CONSULTING, RETRACT, REVOKE_CARD))
        message = f"`{order.verb}` is no order: one of {known}"
        raise BadInput(message)
    act = codec.decode(order.text, Act, what="order")
    if act.act != order.verb:
        message = f"the order says {order.verb}, the signed act {act.act}"
        raise BadInput(message)
    if act.party != state.profile.party:
        message = f"the act is {act.party}'s; this desk is {state.profile.party}'s"
        raise BadInput(message)
    verify_act(act, state.profile.card)
    agreement = next((a for a in state.agreements if a.id == act.agreement), None)
    if agreement is None:
        message = f"`{act.agreement}` is not an agreement that all parties have signed"
        raise BadInput(message)
    if state.standing.knows(act_id(act), act):
        message = "this act was carried out already; issue a new one"
        raise BadInput(message)
    wrong = entitled(agreement, act, state.standing) or too_many(act, state.standing)
    if not wrong and isinstance(act.record, Amendment):
        wrong = successor_flaw(agreement, act.record, state.agreements)
        wrong = wrong or _successor_over(state, act.record, at)
        wrong = wrong or circle_flaw(
            agreement.id,
            act.record,
            register=state.standing.register,
            party=state.profile.party,
        )
    if wrong:
        raise BadInput(wrong)
    if act.issued is None:
        message = "the act bears no time of issue"
        raise BadInput(message)
    if not state.clock_trusted:
        if act.act in CLOSING:
            return act
        raise BadInput(_by_the_clock(act.act))
    _require_fresh(act.issued, at, what="the act")
    if act.act == "approve" and act.expires is not None and act.expires < at:
        message = f"the approval expired at {act.expires}, the node's clock says {at}"
        raise BadInput(message)
    late = came_late(agreement, act, at)
    if late:
        # The node's clock has been beyond the deadline, whatever the signer's says now.
        raise BadInput(f"{late}: sign it anew, for the end of the next term")
    return act


def _successor_over(state: DeskStage, record: Amendment, at: Instant) -> str | None:
    """Return why nothing could leave under a text that has ended itself by then."""
    new = next(one for one in state.agreements if one.id == record.text)
    status = status_of(new, state.standing, max(at, record.since))
    if status.state not in ("terminated", "amended"):
        return None
    return f"{status.reason}: with it in another's place, nothing could leave"


def _judge_statement(state: DeskStage, order: Order, at: Instant) -> Statement:
    statement = read_statement(order.text, what="order")
    if not isinstance(statement, CONSULTING[order.verb]):
        message = f"the order says {order.verb}, what is signed is another thing"
        raise BadInput(message)
    party = state.profile.party
    if statement.party != party:
        message = f"it is {statement.party}'s; this desk is {party}'s"
        raise BadInput(message)
    verify_statement(statement, state.profile.card)
    if state.clock_trusted:
        _require_fresh(statement.issued, at, what="it")
    elif not isinstance(statement, ConsultationWithdrawal):
        raise BadInput(_by_the_clock(order.verb))
    known = state.standing.consultations
    if known.knows(statement_id(statement)):
        message = "this was said already; sign anew what is to be said again"
        raise BadInput(message)
    parties = None
    if isinstance(statement, Consultation):
        found = next((a for a in state.agreements if a.id == statement.agreement), None)
        parties = found.parties if found else None
        if state.profile.partner(statement.affected) is None:
            message = f"`{statement.affected}` is not a partner of this node"
            raise BadInput(message)
    flaw = objection_to(known, statement, parties=parties, at=at, own=True)
    flaw = flaw or _too_many(state, statement)
    if flaw is not None:
        raise BadInput(flaw)
    return statement


def _too_many(state: DeskStage, statement: Statement) -> str | None:
    to = _partner_in(state, statement)
    waiting = len(state.unsent.get(to, {}))
    closes = isinstance(statement, ConsultationWithdrawal) or (
        isinstance(statement, ConsultationAnswer) and statement.reply == "object"
    )
    if waiting < STATEMENTS_WAITING_MAX * (2 if closes else 1):
        return None
    return (
        f"{waiting} statements wait for {to}, which has not taken them: say it when "
        "its line carries again"
    )


def _partner_in(state: DeskStage, statement: Statement) -> Party:
    """Return whom else the consultation of our people's statement concerns."""
    if isinstance(statement, Consultation):
        return statement.affected
    held = state.standing.consultations.get(statement.consultation)
    assert held is not None  # nothing is taken that is said on an unknown one
    return next(one for one in pair(held) if one != state.profile.party)


def _judge_taking_back(state: DeskStage, order: Order, at: Instant) -> TakenBack:
    said = codec.decode(order.text, TakingBack, what="order")
    verify_people_order(said, state.profile.card)
    # A wrong is put right whatever the clock says; twice it cannot be.
    if state.clock_trusted:
        _require_fresh(said.issued, at, what="the order")
    name = said.item
    # An id is its originator's alone: a partner's item of the same name is another one.
    found = ((form, ids[name]) for form, ids in state.own.items() if name in ids)
    form, told = next(found, ("", None))
    if told is None:
        raise BadInput(_not_ours(state, name))
    if form in _NOT_TAKEN_BACK:
        raise BadInput(f"item `{name}` is {_NOT_TAKEN_BACK[form]}")
    if name in state.taken_back:
        raise BadInput(f"item `{name}` was taken back already")
    return TakenBack(
        order=said, label=told.label, lineage=told.lineage, audience=told.audience
    )


def _judge_revocation(state: DeskStage, order: Order, at: Instant) -> CardRevoked:
    said = codec.decode(order.text, CardRevocation, what="order")
    verify_people_order(said, state.profile.card)
    # Whatever the clock says, trust can end; from when on is the signer's to say.
    if state.clock_trusted:
        _require_fresh(said.issued, at, what="the order")
    party = said.partner
    if party == state.profile.party:
        message = f"`{party}` is this node's own party: renew its card instead"
        raise BadInput(message)
    card = state.profile.partner(party)
    if card is None:
        raise BadInput(f"`{party}` is not a partner of this node")
    closed = state.standing.trust.closing(party)
    if closed is not None:
        raise BadInput(f"{closed.told}; that was ordered before")
    if state.standing.trust.carried_out(said):
        message = (
            f"this order closed the link to {party} once, and a newer card opened it: "
            "sign it anew if that is not to be trusted either"
        )
        raise BadInput(message)
    if said.since > said.issued:
        message = f"a card is revoked from an instant that has come, not {said.since}"
        raise BadInput(message)
    return CardRevoked(order=said, number=card.number, root=card.root)


def _not_ours(state: DeskStage, name: str) -> str:
    for party, ids in state.theirs.items():
        if name in ids:
            return f"item `{name}` is {party}'s: its originator alone takes it back"
    return (
        f"`{name}` is no item of ours that is remembered here: "
        "`journal export` lists those that were told"
    )


def _by_the_clock(verb: str) -> str:
    return (
        f"`{verb}` counts by the clock, and the node's clock is not trusted: "
        "order it again when the bell has rung that it is"
    )


def _require_fresh(issued: Instant, at: Instant, *, what: str) -> None:
    age_s = at.seconds_since(issued)
    if not -ISSUED_AHEAD_S_MAX <= age_s <= ISSUED_AGE_S_MAX:
        message = f"{what} was issued at {issued}, the node's clock says {at}"
        raise BadInput(message)
