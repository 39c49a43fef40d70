"""Telling: every party of an agreement hears of its acts, from whoever can reach it.

* An act that is new here is told to each of its other parties that is our partner: our
  own by us, another's by us *too*, its signed bytes unchanged. So an act reaches every
  party while the parties' lines connect them at all, and no party needs a line to the
  act's author. The recipient trusts the author's signature, not us.
* It goes to each partner once, and not to its author nor to whom it came from: an act
  is new to a node once, so what n parties tell each other about it ends.
* Nobody else is told: that an act exists is confidential to its parties.
* A partner who joins later is told the acts that we hold of what we share with it.
* ``ACTS_WAITING_MAX`` acts wait for one partner. What comes then is told from what the
  standing remembers, in the order in which it was recorded, when there is room again;
  the release officer hears. What is forgotten by then had been overtaken.
* After an act by which more may leave, what relies on its agreement waits until the
  partner is sure to know: lanes are independent, and an item could overtake the act.
"""

from itertools import chain

from beaconfire.agreements.entitled import parties_to_tell
from beaconfire.agreements.view import OPENING_ACTS
from beaconfire.seals.acts import act_id, envelope_of_act
from beaconfire.seals.dsse import envelope_digest
from beaconfire.stages.link import queue
from beaconfire.stages.link.state import LinkStage, Partner, Sending, Unit
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.carriage import Arrival
from beaconfire.vocabulary.entries.sightings import Bell
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import EARLIEST, Instant

# Acts that wait for one partner: as many as are remembered of one party on one
# agreement, and six messages. What stood in a purged window comes on top.
ACTS_WAITING_MAX = 256


def tell(state: LinkStage, act: Act, turn: int, at: Instant) -> list[Bell]:
    """Queue ``act``, new here in ``turn``, for every partner that is to know of it."""
    heard_from = state.heard[1] if state.heard and state.heard[0] == turn else None
    bells: list[Bell] = []
    for partner in state.partners.values():
        if partner.card.party == heard_from or not _concerns(state, act, partner):
            continue
        _await(partner, act)
        if partner.untold is not None:
            continue  # in its turn, behind what found no room before
        if _room(partner) > 0:
            _queue(state, partner, act)
        else:
            partner.untold = at
            bells.append(_no_room(partner))
    return bells


def tell_newcomer(state: LinkStage, party: Party) -> None:
    """Queue for a new partner the acts that it would have heard of by now."""
    partner = state.partners[party]
    for act in _untold(state, partner, EARLIEST):
        _await(partner, act)
    partner.untold = EARLIEST
    go_on(state, partner)


def go_on(state: LinkStage, partner: Partner) -> None:
    """Queue some of what found no room, once a message of acts would not be full.

    Those recorded at one instant may be parted here, so what is on its way is passed
    over; what is told twice is known the second time.
    """
    sending = partner.sending["notices"]
    if partner.untold is None or len(sending.acts) >= queue.MESSAGE_UNITS_MAX:
        return
    under_way = _under_way(sending)
    since, partner.untold = partner.untold, None
    room = _room(partner)
    for recorded in state.standing.recorded_since(since):
        act = recorded.act
        if recorded.entry in under_way or not _concerns(state, act, partner):
            continue
        if room == 0:
            partner.untold = recorded.at
            return
        _queue(state, partner, act)
        room -= 1
    # Nobody signs for what was forgotten before it was told.
    under_way = _under_way(sending)
    partner.awaited = {a: i for a, i in partner.awaited.items() if i in under_way}


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


def _untold(state: LinkStage, partner: Partner, since: Instant) -> list[Act]:
    recorded = state.standing.recorded_since(since)
    return [one.act for one in recorded if _concerns(state, one.act, partner)]


def _concerns(state: LinkStage, act: Act, partner: Partner) -> bool:
    party = partner.card.party
    agreement = next((a for a in state.agreements if a.id == act.agreement), None)
    if act.signature is None or agreement is None:
        return False
    return party in parties_to_tell(agreement, act, by=state.profile.party)


def _await(partner: Partner, act: Act) -> None:
    if act.act in OPENING_ACTS:
        partner.awaited[act.agreement] = act_id(act)


def _room(partner: Partner) -> int:
    waiting = partner.sending["notices"].acts
    return max(0, ACTS_WAITING_MAX - sum(unit.act is not None for unit in waiting))


def _under_way(sending: Sending) -> set[str]:
    window = chain.from_iterable(message.units for message in sending.window)
    return {unit.id for unit in chain(sending.acts, window)}


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


def _no_room(partner: Partner) -> Bell:
    text = (
        f"{ACTS_WAITING_MAX} acts wait for {partner.card.party}, which has not taken "
        "them: those that come now are told when it does; reach it in another way"
    )
    return Bell(role="release officer", text=text)
