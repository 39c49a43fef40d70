"""Sealing: put signatures where a stage left a place for one.

Stages emit the exact bytes to sign and hold no private key; this is the only place
where a running node's keys are used. Ed25519 is deterministic, so a simulated run
with given keys is the same to the byte.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from beaconfire.seals.dsse import envelope, sign, sign_item, unverified_payload
from beaconfire.seals.keys import SigningKey
from beaconfire.vocabulary.acts import UNSIGNED
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import HandOver, Receipt
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.link import (
    LINK_TYPE,
    RECEIPT_TYPE,
    Envelope,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealer:
    """The node's two working keys: for items, and for links."""

    items: SigningKey
    link: SigningKey

    def seal(self, body: EntryBody) -> EntryBody:
        """Return ``body`` signed if it has a place for a signature, else unchanged."""
        if isinstance(body, ItemHeld) and body.sealed.signature == UNSIGNED:
            return replace(body, sealed=sign_item(body.sealed.item, self.items))
        if isinstance(body, HandOver) and body.signature == UNSIGNED:
            text = body.header.encode()
            return replace(body, signature=sign(LINK_TYPE, text, self.link))
        if isinstance(body, Receipt) and body.signature == UNSIGNED:
            text = body.note.encode()
            return replace(body, signature=sign(RECEIPT_TYPE, text, self.link))
        return body

    def signed_now(self, sealed: Envelope) -> Envelope:
        """Return what this node's link key signed before, signed by the one of now.

        The text stays; with the same key the signature does too.
        """
        kind = sealed.payload_type
        text = unverified_payload(sealed, payload_type=kind)
        return envelope(kind, text, sign(kind, text, self.link))
