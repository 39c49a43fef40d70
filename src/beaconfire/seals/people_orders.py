"""People's orders: the signature of a person over one that goes to our own node alone.

It covers the canonical encoding with ``signature`` null, as that order's DSSE type, and
verifies under a people's key of the named party alone.
"""

from typing import TypeVar

from msgspec.structs import replace

from beaconfire.errors import BadInput
from beaconfire.seals import codec, dsse
from beaconfire.seals.keys import SigningKey
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.link import CARD_REVOCATION_TYPE, TAKING_BACK_TYPE
from beaconfire.vocabulary.revoking import CardRevocation
from beaconfire.vocabulary.taking_back import TakingBack

PeopleOrder = TypeVar("PeopleOrder", TakingBack, CardRevocation)

_TYPE_OF: dict[type, str] = {
    TakingBack: TAKING_BACK_TYPE,
    CardRevocation: CARD_REVOCATION_TYPE,
}


def sign_people_order(order: PeopleOrder, key: SigningKey) -> PeopleOrder:
    """Return ``order`` signed by a person's key."""
    signature = dsse.sign(_TYPE_OF[type(order)], _payload(order), key)
    return replace(order, signature=signature)


def verify_people_order(order: TakingBack | CardRevocation, card: Card) -> None:
    """Verify that a person of ``order.party``, whose card is given, signed it.

    Raises:
        BadInput: unsigned, another party's, or signed by no such person.
    """
    if order.party != card.party:
        message = f"the order is {order.party}'s; this desk is {card.party}'s"
        raise BadInput(message)
    if order.signature is None:
        message = "the order has no `signature`: only signed ones are taken"
        raise BadInput(message)
    dsse.verify(_TYPE_OF[type(order)], _payload(order), order.signature, card.keys)


def _payload(order: TakingBack | CardRevocation) -> bytes:
    return codec.encode(replace(order, signature=None))
