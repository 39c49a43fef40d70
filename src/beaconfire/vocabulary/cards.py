"""Cards: who a nation is on the wire, signed by its root key; and a node's profile.

A card names keys by role with a validity and a card number; a higher number from the
same root replaces it. The border certificate is a self-signed leaf (CA:FALSE): a card
never carries an authority that could vouch for somebody else.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from beaconfire.vocabulary.item import Status
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Token
from beaconfire.vocabulary.times import Instant

KeyRole = Literal["items", "link", "people"]


class PublicKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An Ed25519 public key (base64), what it may sign, and its short id."""

    role: KeyRole
    keyid: Token
    key: Token


class Card(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What partners need to know to trust one nation's node."""

    v: Literal[1] = 1
    party: Party
    number: Annotated[int, Meta(ge=1)]
    status: Status
    valid_from: Instant
    valid_until: Instant
    root: Token
    keys: Annotated[tuple[PublicKey, ...], Meta(min_length=3, max_length=32)]
    border_host: Token
    border_port: Annotated[int, Meta(ge=1, le=65535)]
    certificate_pem: Annotated[str, Meta(max_length=8192)]


class OwnSensor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sensor of this nation, as its node knows it.

    ``hidden_from`` names partners to whom nothing this sensor contributes to may go.
    The last four say how a radar looks; where one is not stated its plots must show it.
    """

    id: Token
    kind: Literal["radar", "infrared"]
    bias_id: Token | None = None
    hidden_from: Annotated[tuple[Party, ...], Meta(max_length=32)] = ()
    rate_hz: Annotated[float, Meta(gt=0.0, le=1_000.0)] | None = None
    range_max_km: Annotated[float, Meta(gt=0.0, le=50_000.0)] | None = None
    elevation_min_deg: Annotated[float, Meta(ge=-10.0, lt=90.0)] | None = None
    detection_probability: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None


class NodeProfile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that the stages of one node know of themselves and their partners."""

    party: Party
    status: Status
    exercise: Token | None
    policy: Token
    classification: Token
    sensors: Annotated[tuple[OwnSensor, ...], Meta(max_length=256)]
    card: Card
    partners: Annotated[tuple[Card, ...], Meta(max_length=32)]

    def partner(self, party: Party) -> Card | None:
        """Return the card of ``party``, or ``None`` for a stranger."""
        return next((card for card in self.partners if card.party == party), None)
