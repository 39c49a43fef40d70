"""Revoking: what a person signs to say that a partner's card is not to be trusted.

The node closes the link to that partner at once. This order itself goes to no partner.
"""

from typing import Literal

from msgspec import Struct

from beaconfire.vocabulary.acts import Signature
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Text
from beaconfire.vocabulary.times import Instant


class CardRevocation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``party`` trusts no key on the card of ``partner`` that it lives by.

    What was taken from ``partner`` from ``since`` on is in doubt.
    """

    v: Literal[1] = 1
    party: Party
    partner: Party
    since: Instant
    reason: Text
    issued: Instant
    signature: Signature | None = None
