"""Taking back: what a person signs to say that an item of ours was wrong.

The node makes the retraction of it, under its own key for items, and tells everyone
who was given the item. This order itself goes to no partner.
"""

from typing import Literal

from msgspec import Struct

from beaconfire.vocabulary.acts import Signature
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Text, Token
from beaconfire.vocabulary.times import Instant


class TakingBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``party`` takes its own ``item`` back; who has it is told ``reason``."""

    v: Literal[1] = 1
    party: Party
    item: Token
    reason: Text
    issued: Instant
    signature: Signature | None = None
