"""Ways: which agreements must answer together for one hop from sender to recipient.

* An agreement with an article that asks for no other is a way by itself.
* An agreement that asks for another makes a way with it, if both bind both ends. The
  wider one (more parties) stands first, so each way has one spelling.
* An agreement that finds no companion is still asked, alone, so that its refusal can
  say what is missing.

Two is the most: an agreement that a companion asks for in turn is not joined, and
that companion stays silent.
"""

from collections.abc import Sequence

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.conditions import ApprovalOfOriginator, Sender
from beaconfire.vocabulary.party import Party

Way = tuple[Agreement, ...]


def ways_between(
    agreements: Sequence[Agreement], sender: Party, to: Party
) -> tuple[Way, ...]:
    """Return the ways from ``sender`` to ``to``, single agreements first.

    Whether a way is open is not asked: a closed one is considered and refused with
    its grounds.
    """
    bound = [a for a in agreements if sender in a.parties and to in a.parties]
    pairs: dict[tuple[str, str], Way] = {}
    for one in [agreement for agreement in bound if agreement.requires]:
        for other in bound:
            if other.id in one.requires and other is not one:
                first, second = sorted((one, other), key=_wider_first)
                pairs[first.id, second.id] = (first, second)
    paired = {agreement_id for pair in pairs for agreement_id in pair}
    alone = [
        (agreement,)
        for agreement in bound
        if agreement.permits_alone or agreement.id not in paired
    ]
    return (*alone, *pairs.values())


def _wider_first(agreement: Agreement) -> tuple[int, str]:
    return (-len(agreement.parties), agreement.id)


def may_relay(
    agreements: Sequence[Agreement], *, originator: Party, relay: Party, to: Party
) -> bool:
    """Return whether any agreement of all three foresees ``relay`` as their relay.

    Whether it may pass on this item now is ``decide``'s to say. This only keeps a
    node from asking, and journalling a refusal, where nobody ever meant it to relay.
    """
    return any(
        any(isinstance(c, ApprovalOfOriginator) and c.value for c in article.when)
        and all(relay in c.value for c in article.when if isinstance(c, Sender))
        for agreement in agreements
        if agreement.binds(originator, relay, to)
        for article, _ in agreement.permissions
    )
