"""Sealed: Ed25519 signatures over the DSSE encoding, and nothing cleverer.

A signature covers ``"DSSEv1" SP len(type) SP type SP len(payload) SP payload``. The
digest by which a message is named is SHA-256 over those same bytes.
"""

import base64
import hashlib
import json
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

KIND = "application/vnd.beaconfire.{}+json"
ROLE_OF = {"item": "items", "link": "link", "receipt": "link", "act": "people"}


class NotSealed(Exception):
    """An envelope is not what it should be; says how."""


def to_text(data: bytes) -> str:
    """Return base64 with padding, as every key, payload and signature is written."""
    return base64.b64encode(data).decode()


def to_json(value: object) -> bytes:
    """Return JSON without blanks, keys in the order given."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def keyid_of(public: bytes) -> str:
    """Return the short name of a public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def encoding(kind: str, payload: bytes) -> bytes:
    """Return what a signature over ``payload`` covers; ``kind`` is a key of ROLE_OF."""
    name = KIND.format(kind).encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def digest(kind: str, payload: bytes) -> str:
    """Return the digest by which a header or an inner envelope is named."""
    return hashlib.sha256(encoding(kind, payload)).hexdigest()


def seal(kind: str, payload: bytes, key: SigningKey) -> dict[str, Any]:
    """Return the envelope of ``payload``, signed."""
    signature = key.sign(encoding(kind, payload)).signature
    return {
        "payload": to_text(payload),
        "payloadType": KIND.format(kind),
        "signatures": [
            {"keyid": keyid_of(bytes(key.verify_key)), "sig": to_text(signature)}
        ],
    }


def payload_in(envelope: dict[str, Any]) -> bytes:
    """Return the payload of an envelope that nobody has verified."""
    return base64.b64decode(envelope["payload"], validate=True)


def unseal(kind: str, envelope: dict[str, Any], card: dict[str, Any]) -> bytes:
    """Return the payload, signed by the key that ``card`` lists for this kind.

    Raises:
        NotSealed: of another kind, or not signed so.
    """
    if envelope["payloadType"] != KIND.format(kind):
        raise NotSealed(f"not a {kind}: {envelope['payloadType']}")
    payload = payload_in(envelope)
    (signature,) = envelope["signatures"]
    for key in card["keys"]:
        if key["role"] == ROLE_OF[kind] and key["keyid"] == signature["keyid"]:
            check(encoding(kind, payload), signature["sig"], key["key"])
            return payload
    raise NotSealed(f"{kind}: {card['party']} has no such key for it")


def check(data: bytes, signature: str, key: str) -> None:
    """Verify one signature; key and signature are base64.

    Raises:
        NotSealed: it does not verify.
    """
    try:
        VerifyKey(base64.b64decode(key)).verify(data, base64.b64decode(signature))
    except BadSignatureError:
        raise NotSealed("the signature does not verify") from None
