"""Cards: is this card what its nation's root key signed, and may it replace another?

``open_card`` proves that whoever holds the root key named *in the card* signed it.
Only the fingerprint, obtained another way, proves whose root that is: a card is
believed when both hold. What is checked here:

1. Size, form, payload type; keys stand once; the signature verifies under the root.
2. Each key is listed under its own id and in one role; every role has one.
3. The root key is none of them: what it signs, a node never signs.
4. Validity begins before it ends; the border's host is a plain name or address.

Left to others: the certificate inside (``runtime/keys.py``, X.509), files and clocks.
"""

import ipaddress
import re
from typing import Literal

from msgspec import Struct

from beaconfire.errors import BadInput, Refused
from beaconfire.seals import codec, dsse, keys
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.link import CARD_TYPE, Envelope
from beaconfire.vocabulary.times import Instant

# Twice what a card with 32 keys and the longest certificate takes.
CARD_BYTES_MAX = 65_536

_HOST = re.compile(
    r"(?=.{1,128}\Z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*",
    re.ASCII,
)


class SignedCard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card as it is handed to partners: the envelope, signed by the root key."""

    v: Literal[1] = 1
    card: Envelope


def sign_card(card: Card, root: keys.SigningKey) -> SignedCard:
    """Seal ``card`` under its nation's root key."""
    if card.root != root.public_text:
        message = "a card names the root key that signs it"
        raise RuntimeError(message)
    payload = codec.encode(card)
    signature = dsse.sign(CARD_TYPE, payload, root)
    return SignedCard(card=dsse.envelope(CARD_TYPE, payload, signature))


def card_bytes(signed: SignedCard) -> bytes:
    """Return the bytes of a card file."""
    return codec.encode(signed) + b"\n"


def open_card(data: bytes) -> Card:
    """Verify and read a card file; see the module for what is proven.

    Raises:
        BadInput: too large, damaged, tampered with, or against a rule above.
    """
    if len(data) > CARD_BYTES_MAX:
        message = f"card: {len(data)} bytes; a card has at most {CARD_BYTES_MAX}"
        raise BadInput(message)
    signed = codec.decode(data, SignedCard, what="card")
    payload = dsse.unverified_payload(signed.card, payload_type=CARD_TYPE)
    card = codec.decode(payload, Card, what="card")
    signature = signed.card.signatures[0]
    if signature.keyid != keys.keyid_of(card.root):
        message = f"card: signed by `{signature.keyid}`, which is not its root key"
        raise BadInput(message)
    dsse.check_signature(
        dsse.pae(CARD_TYPE, payload), signature, card.root, what="card"
    )
    _check_keys(card)
    _check_rest(card)
    return card


def card_fingerprint(card: Card) -> str:
    """Return the fingerprint of the root behind ``card``, in groups of four."""
    return keys.fingerprint(card.root)


def same_fingerprint(one: str, other: str) -> bool:
    """Say whether two spellings of a fingerprint are one, whatever case or spaces."""
    return _digits(one) == _digits(other)


def require_replacement(new: Card, old: Card) -> None:
    """Check that ``new`` may stand where ``old`` stood: same root, higher number.

    Raises:
        Refused: another root, or not a higher number.
    """
    if new.root != old.root:
        message = (
            f"card of `{new.party}`: another root key than the card it would replace "
            f"(`{card_fingerprint(new)[:9]}…` for `{card_fingerprint(old)[:9]}…`); "
            "only the root that signed the old card can replace it"
        )
        raise Refused(message)
    if new.number <= old.number:
        message = (
            f"card of `{new.party}`: number {new.number} does not replace "
            f"number {old.number}; ask for a higher one"
        )
        raise Refused(message)


def require_valid(card: Card, at: Instant) -> None:
    """Check that ``card`` is valid at ``at``.

    Raises:
        Refused: not begun, or over.
    """
    if at < card.valid_from:
        message = f"card of `{card.party}`: valid only from {card.valid_from}"
        raise Refused(f"{message}; it is {at}")
    if at >= card.valid_until:
        message = f"card of `{card.party}`: was valid until {card.valid_until}"
        raise Refused(f"{message}; it is {at}")


def _check_keys(card: Card) -> None:
    seen: set[str] = {card.root}  # rule 3
    for key in card.keys:
        if keys.keyid_of(key.key) != key.keyid:  # rule 2
            message = f"card: key `{key.keyid[:32]}` does not have the id of its key"
            raise BadInput(message)
        if key.key in seen:
            message = f"card: key `{key.keyid}` is listed twice, or is the root key"
            raise BadInput(message)
        seen.add(key.key)
    for role in ("items", "link", "people"):
        if not any(key.role == role for key in card.keys):
            message = f"card: has no key for {role}"
            raise BadInput(message)


def _check_rest(card: Card) -> None:
    if card.valid_from >= card.valid_until:  # rule 4
        message = "card: its validity ends before it begins"
        raise BadInput(message)
    require_host(card.border_host, what="card: `border_host`")


def require_host(host: str, *, what: str) -> None:
    """Check that ``host`` is a DNS name or an address, and nothing cleverer.

    Raises:
        BadInput: it is not.
    """
    if _HOST.fullmatch(host) is not None:
        return
    try:
        # A zone ("%eth0") names an interface of one machine and means nothing here.
        plain = "%" not in host and ipaddress.ip_address(host) is not None
    except ValueError:
        plain = False
    if not plain:
        message = f"{what}: `{host[:64]}` is not a host name or an address"
        raise BadInput(message)


def _digits(fingerprint: str) -> str:
    return re.sub(r"[\s:-]", "", fingerprint).lower()
