"""Telling: every party of an agreement hears of its acts, from whoever can reach it.

* An act that is new here is told to each of its other parties that is our partner: our
  own by us, another's by us *too*, its signed bytes unchanged. So an act reaches every
  party while the parties' lines connect them at all, and no party needs a line to the
  act's author. The recipient trusts the author's signature, not us.
* It goes to each partner once, and not to its author nor to whom it came from: an act
  is new to a node once, so what n parties tell each other about it ends.
* Nobody else is told: that an act exists is confidential to its parties.
* A partner who joins later is told the acts that we hold of what we share with it.
* After an act by which more may leave, what relies on its agreement waits until the
  partner is sure to know: lanes are independent, and an item could overtake the act.
"""

from beaconfire.agreements.entitled import parties_to_tell
from beaconfire.agreements.view import OPENING_ACTS
from beaconfire.seals.acts import act_id, envelope_of_act
from beaconfire.seals.dsse import envelope_digest
from beaconfire.stages.link import queue
from beaconfire.stages.link.state import LinkStage, Partner, Unit
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.carriage import Arrival
from beaconfire.vocabulary.party import Party


def tell(state: LinkStage, act: Act, turn: int) -> None:
    """Queue ``act``, new here in ``turn``, for every partner that is to know of it."""
    heard_from = state.heard[1] if state.heard and state.heard[0] == turn else None
    for partner in state.partners.values():
        if partner.card.party != heard_from and _concerns(state, act, partner):
            _queue(state, partner, act)


def tell_newcomer(state: LinkStage, party: Party) -> None:
    """Queue for a new partner the acts that it would have heard of by now."""
    partner = state.partners[party]
    held = [recorded for view in state.standing.views for recorded in view.acts]
    acts = [recorded.act for recorded in sorted(held, key=lambda one: one.order)]
    approvals = [approval.act for approval in state.standing.approvals]
    records = [filed.act for filed in state.standing.register.filed]
    for act in (*acts, *approvals, *records):
        if _concerns(state, act, partner):
            _queue(state, partner, act)


def knows(state: LinkStage, arrival: Arrival, turn: int) -> None:
    """Take off the queue to a partner the acts that it has just told us of itself."""
    if not arrival.acts:
        return
    partner = state.partners[arrival.via or arrival.originator]
    state.heard = (turn, partner.card.party)
    waiting = partner.sending["notices"].acts
    waiting[:] = [unit for unit in waiting if unit.id not in arrival.acts]
    partner.awaited = {
        agreement: awaited
        for agreement, awaited in partner.awaited.items()
        if awaited not in arrival.acts
    }


def _concerns(state: LinkStage, act: Act, partner: Partner) -> bool:
    party = partner.card.party
    agreement = next((a for a in state.agreements if a.id == act.agreement), None)
    if act.signature is None or agreement is None:
        return False
    return party in parties_to_tell(agreement, act, by=state.profile.party)


def _queue(state: LinkStage, partner: Partner, act: Act) -> None:
    own = act.party == state.profile.party
    sealed = envelope_of_act(act)
    unit = Unit(
        id=act_id(act),
        originator=act.party,
        via=None if own else state.profile.party,
        digest=envelope_digest(sealed),
        envelope=sealed,
        act=act,
    )
    queue.put(partner.sending["notices"], partner, unit)
    if act.act in OPENING_ACTS:
        partner.awaited[act.agreement] = unit.id
