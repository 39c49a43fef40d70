"""Revoking: that a partner's card is not trusted any more, as the journal has it."""

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from beaconfire.vocabulary.places import Token
from beaconfire.vocabulary.revoking import CardRevocation


class CardRevoked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Our people revoke card ``number`` of a partner, and all lower ones of that root.

    From this entry on its link is closed, until the node starts with a higher one.
    """

    KIND: ClassVar[str] = "card-revocation"
    order: CardRevocation
    number: Annotated[int, Meta(ge=1)]
    root: Token
