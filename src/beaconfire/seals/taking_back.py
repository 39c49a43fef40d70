"""Taking back: the signature of a person over it.

It covers the canonical encoding with ``signature`` null, as DSSE type
``taking-back``, and verifies under a people's key of the named party alone.
"""

from msgspec.structs import replace

from beaconfire.errors import BadInput
from beaconfire.seals import codec, dsse
from beaconfire.seals.keys import SigningKey
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.link import TAKING_BACK_TYPE
from beaconfire.vocabulary.taking_back import TakingBack


def sign_taking_back(order: TakingBack, key: SigningKey) -> TakingBack:
    """Return ``order`` signed by a person's key."""
    signature = dsse.sign(TAKING_BACK_TYPE, _payload(order), key)
    return replace(order, signature=signature)


def verify_taking_back(order: TakingBack, card: Card) -> None:
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
    dsse.verify(TAKING_BACK_TYPE, _payload(order), order.signature, card.keys)


def _payload(order: TakingBack) -> bytes:
    return codec.encode(replace(order, signature=None))
