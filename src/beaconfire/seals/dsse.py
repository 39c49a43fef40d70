"""DSSE: what was signed, by which key, and may that key sign such a thing?

One verifier stands behind every decision of the house. It signs and verifies the
pre-authentication encoding of DSSE v1,

    "DSSEv1" SP length(type) SP type SP length(payload) SP payload

so that a signature over one type of payload never serves for another. Rules:

1. The payload type decides the role: items are signed by ``items`` keys, link headers
   and receipts by ``link`` keys, acts and consultations by ``people``. The caller
   cannot choose.
2. The key must be one of those given, by its id, and listed for that role.
3. Base64 has one spelling; a signature has 64 bytes and verifies under libsodium,
   which refuses small-order keys and second spellings of a signature.
4. An item that names a key twice is refused: two readers might each see another item.

Left to others: whose keys these are and whether their card is valid now (``cards``),
whether sender, recipient, number and hash fit (the stages).
"""

import hashlib
from collections.abc import Iterable

import nacl.exceptions

from beaconfire.errors import BadInput
from beaconfire.seals import codec
from beaconfire.seals.keys import (
    SIGNATURE_BYTES,
    SigningKey,
    SigningRole,
    from_base64,
    to_base64,
    verify_key,
)
from beaconfire.vocabulary.acts import UNSIGNED, Signature
from beaconfire.vocabulary.cards import KeyRole, PublicKey
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.link import (
    ACT_TYPE,
    CARD_REVOCATION_TYPE,
    CARD_TYPE,
    CONSULTATION_TYPE,
    ITEM_TYPE,
    LINK_TYPE,
    RECEIPT_TYPE,
    TAKING_BACK_TYPE,
    Envelope,
    SealedItem,
)
from beaconfire.vocabulary.party import Party

_MAGIC = b"DSSEv1 "

_ROLE_OF: dict[str, KeyRole] = {
    ITEM_TYPE: "items",
    LINK_TYPE: "link",
    RECEIPT_TYPE: "link",
    ACT_TYPE: "people",
    CONSULTATION_TYPE: "people",
    TAKING_BACK_TYPE: "people",
    CARD_REVOCATION_TYPE: "people",
}
_NAME_OF = {
    ITEM_TYPE: "item",
    LINK_TYPE: "link header",
    RECEIPT_TYPE: "receipt",
    ACT_TYPE: "act",
    CONSULTATION_TYPE: "consultation",
    TAKING_BACK_TYPE: "order",
    CARD_REVOCATION_TYPE: "order",
    CARD_TYPE: "card",
}


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that a signature over ``payload`` covers."""
    kind = payload_type.encode()
    return b"%s%d %s %d %s" % (_MAGIC, len(kind), kind, len(payload), payload)


def digest(payload_type: str, payload: bytes) -> str:
    """Return SHA-256, in hexadecimal, over what a signature over ``payload`` covers."""
    return hashlib.sha256(pae(payload_type, payload)).hexdigest()


def sign(payload_type: str, payload: bytes, key: SigningKey) -> Signature:
    """Sign ``payload`` as a ``payload_type``.

    A key of another role raises ``RuntimeError``: that is our own mistake.
    """
    role: SigningRole | None = _ROLE_OF.get(payload_type)
    if payload_type == CARD_TYPE:
        role = "root"
    if role != key.role:
        message = f"a key for {key.role} does not sign {payload_type}"
        raise RuntimeError(message)
    return key.sign_bytes(pae(payload_type, payload))


def verify(
    payload_type: str,
    payload: bytes,
    signature: Signature,
    keys: Iterable[PublicKey],
) -> PublicKey:
    """Verify ``signature`` over ``payload`` under one of ``keys``; return that key.

    Raises:
        BadInput: the type is unknown, the key is not among those that may sign it,
            or the signature does not verify; says which.
    """
    role = _ROLE_OF.get(payload_type)  # rule 1
    if role is None:
        message = f"signature: nothing of type `{payload_type[:64]}` is signed here"
        raise BadInput(message)
    name = _NAME_OF[payload_type]
    key = _choose(signature, keys, role=role, name=name)  # rule 2
    check_signature(pae(payload_type, payload), signature, key.key, what=name)
    return key


def check_signature(
    data: bytes, signature: Signature, key_text: str, *, what: str
) -> None:
    """Verify ``signature`` over exactly ``data`` under one public key (rule 3).

    Raises:
        BadInput: it does not verify.
    """
    raw = from_base64(signature.sig, what=f"{what}: signature")
    if len(raw) != SIGNATURE_BYTES:
        message = f"{what}: a signature has {SIGNATURE_BYTES} bytes, not {len(raw)}"
        raise BadInput(message)
    try:
        verify_key(key_text).verify(data, raw)
    except nacl.exceptions.BadSignatureError:
        message = f"{what}: the signature does not match under key `{signature.keyid}`"
        raise BadInput(message) from None


def sign_detached(data: bytes, key: SigningKey) -> Signature:
    """Sign a file's own bytes, for a signature that lies beside the file.

    People sign agreements so. No file that starts like a DSSE encoding is signed: it
    could be an act in disguise.
    """
    _refuse_disguise(data)
    if key.role != "people":
        message = f"a key for {key.role} does not sign a document"
        raise RuntimeError(message)
    return key.sign_bytes(data)


def verify_detached(
    data: bytes, signature: Signature, keys: Iterable[PublicKey]
) -> PublicKey:
    """Verify a person's signature over a file's own bytes; return the key.

    Raises:
        BadInput: not signed by one of the people's keys given.
    """
    _refuse_disguise(data)
    key = _choose(signature, keys, role="people", name="document")
    check_signature(data, signature, key.key, what="document")
    return key


def envelope(payload_type: str, payload: bytes, signature: Signature) -> Envelope:
    """Put a payload and its signature into the form that stands on the wire."""
    return Envelope(
        payload=to_base64(payload), payload_type=payload_type, signatures=(signature,)
    )


def open_envelope(
    sealed: Envelope, keys: Iterable[PublicKey], *, payload_type: str
) -> bytes:
    """Return the payload of a verified envelope that holds a ``payload_type``.

    Raises:
        BadInput: of another type, or not signed by a key that may.
    """
    payload = unverified_payload(sealed, payload_type=payload_type)
    verify(payload_type, payload, sealed.signatures[0], keys)
    return payload


def unverified_payload(sealed: Envelope, *, payload_type: str) -> bytes:
    """Return the payload of an envelope that nobody has verified yet.

    Raises:
        BadInput: of another type, or not base64.
    """
    name = _NAME_OF.get(payload_type, "payload")
    if sealed.payload_type != payload_type:
        message = (
            f"{name}: the envelope holds `{sealed.payload_type[:64]}`, "
            f"expected `{payload_type}`"
        )
        raise BadInput(message)
    return from_base64(sealed.payload, what=f"{name}: payload")


def envelope_digest(sealed: Envelope) -> str:
    """Return the digest of the payload in an envelope, under the type that it states.

    Raises:
        BadInput: the payload is not base64.
    """
    return digest(sealed.payload_type, from_base64(sealed.payload, what="payload"))


def item_payload(item: Item) -> bytes:
    """Return the bytes of ``item`` that its originator signs."""
    return codec.encode(item)


def sign_item(item: Item, key: SigningKey) -> SealedItem:
    """Seal ``item`` under its originator's key for items."""
    return SealedItem(item=item, signature=sign(ITEM_TYPE, item_payload(item), key))


def payload_of(sealed: SealedItem) -> bytes:
    """Return the bytes that the signature of a sealed item covers."""
    if sealed.payload is None:
        return item_payload(sealed.item)
    return sealed.payload.encode()


def envelope_of(sealed: SealedItem) -> Envelope:
    """Return the envelope of a sealed item: the very bytes its originator signed."""
    return envelope(ITEM_TYPE, payload_of(sealed), sealed.signature)


def open_item(
    sealed: Envelope, keys: Iterable[PublicKey], *, originator: Party
) -> SealedItem:
    """Verify and read an item that ``originator``, whose keys are given, sealed.

    Raises:
        BadInput: the signature, the item or the originator is not right.
    """
    payload = open_envelope(sealed, keys, payload_type=ITEM_TYPE)
    item = codec.decode_repeating(payload, Item, what="item")
    if item.originator != originator:
        message = f"item: `{originator}` signed an item that names `{item.originator}`"
        raise BadInput(message)
    found = _sealed(item, payload, sealed)
    if found.payload is not None:
        codec.refuse_repeated_keys(payload, what="item")  # rule 4
    return found


def reopen_item(sealed: Envelope) -> SealedItem:
    """Return the sealed item of an envelope that we made, or verified when it came."""
    payload = unverified_payload(sealed, payload_type=ITEM_TYPE)
    item = codec.decode_repeating(payload, Item, what="item")
    return _sealed(item, payload, sealed)


def _sealed(item: Item, payload: bytes, sealed: Envelope) -> SealedItem:
    # The text is kept where ours of the same item would be another.
    text = None if item_payload(item) == payload else payload.decode()
    return SealedItem(item=item, signature=sealed.signatures[0], payload=text)


def _choose(
    signature: Signature, keys: Iterable[PublicKey], *, role: KeyRole, name: str
) -> PublicKey:
    if signature == UNSIGNED:
        message = f"{name}: not signed"
        raise BadInput(message)
    elsewhere: str | None = None
    for key in keys:
        if key.keyid == signature.keyid:
            if key.role == role:
                return key
            elsewhere = key.role
    if elsewhere is not None:
        message = (
            f"{name}: key `{signature.keyid}` is for {elsewhere}; "
            f"a key for {role} must sign here"
        )
        raise BadInput(message)
    message = f"{name}: no key for {role} is known by the id `{signature.keyid[:32]}`"
    raise BadInput(message)


def _refuse_disguise(data: bytes) -> None:
    if data.startswith(_MAGIC):
        message = "document: starts like a signed message of the link; it is none"
        raise BadInput(message)
