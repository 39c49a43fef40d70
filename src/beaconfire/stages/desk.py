"""Desk: what people order, judged before it counts.

An order is a signed act. It is carried out if our own people signed it, recently, for
an agreement in force here, and the act is one that our party is entitled to; otherwise
it is a rejection whose reason goes back to who ordered it. The stage changes nothing
itself: the accepted act is an entry, and the other stages obey it from that turn on.
"""

from dataclasses import dataclass

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.entitled import came_late, entitled, too_many
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.view import STATUS_ACTS
from beaconfire.errors import BadInput
from beaconfire.journal.entry import Entry
from beaconfire.seals import codec
from beaconfire.seals.acts import act_id, verify_act
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import ClockStep, Order
from beaconfire.vocabulary.entries.sightings import Bell, Rejection
from beaconfire.vocabulary.times import Instant

ISSUED_AGE_S_MAX = 600.0  # an order signed longer ago must be signed anew
ISSUED_AHEAD_S_MAX = 2.0  # the signer's clock may be this far ahead of the node's

# Orders that close a way at once: they wait for no clock.
CLOSING = ("suspend", "revoke")

VERBS = (*STATUS_ACTS, "approve", "revoke", "declare")


@dataclass(slots=True, kw_only=True)
class DeskStage:
    """The state of the stage: what the acts so far have made of the agreements."""

    profile: NodeProfile
    agreements: tuple[Agreement, ...]
    standing: Standing
    clock_trusted: bool = True


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
    if isinstance(body, ClockStep):
        state.clock_trusted = body.trusted
        return state, (_told_of_step(body),)
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


def _told_of_step(step: ClockStep) -> Bell:
    text = (
        f"the node's clock stepped by {step.seconds:+.3f} s: nothing that has an end "
        "goes to partners until it has been steady; check the time source"
    )
    if step.trusted:
        text = "the node's clock is trusted again: what waited for it goes on"
    return Bell(role="watch officer", text=text)


def _judge(state: DeskStage, order: Order, at: Instant) -> Act:
    if order.verb not in VERBS:
        message = f"`{order.verb}` is no order: one of {', '.join(VERBS)}"
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
    if wrong:
        raise BadInput(wrong)
    if act.issued is None:
        message = "the act bears no time of issue"
        raise BadInput(message)
    if not state.clock_trusted:
        if act.act in CLOSING:
            return act
        message = (
            f"`{act.act}` counts by the clock, and the node's clock is not trusted: "
            "order it again when the bell has rung that it is"
        )
        raise BadInput(message)
    age_s = at.seconds_since(act.issued)
    if not -ISSUED_AHEAD_S_MAX <= age_s <= ISSUED_AGE_S_MAX:
        message = f"the act was issued at {act.issued}, the node's clock says {at}"
        raise BadInput(message)
    late = came_late(agreement, act, at)
    if late:
        # The node's clock has been beyond the deadline, whatever the signer's says now.
        raise BadInput(f"{late}: sign it anew, for the end of the next term")
    return act
