"""Keys: Ed25519 keys that know what they may sign, and the short names they go by.

* A signing key carries its role and signs nothing outside it, so that a node's key
  can never be made to sign what only a person may.
* ``keyid`` is the first 16 hexadecimal digits of SHA-256 over the public key: it finds
  a key among a card's few, and proves nothing by itself.
* A fingerprint is the whole SHA-256 over a root key, for people to read to each other.

Left to others: where seeds come from and where they lie (``runtime/keys.py``).
"""

import binascii
import hashlib
from functools import lru_cache
from typing import Literal

import nacl.signing

from beaconfire.errors import BadInput
from beaconfire.vocabulary.acts import Signature
from beaconfire.vocabulary.cards import KeyRole, PublicKey

SigningRole = KeyRole | Literal["root"]

SEED_BYTES = 32
KEY_BYTES = 32
SIGNATURE_BYTES = 64

_KEYID_DIGITS = 16
_GROUP_DIGITS = 4


class SigningKey:
    """A private Ed25519 key and the role it signs in. Its seed is never shown."""

    __slots__ = ("_key", "keyid", "public_text", "role")

    def __init__(self, key: nacl.signing.SigningKey, role: SigningRole) -> None:
        public = key.verify_key.encode()
        self._key = key
        self.role: SigningRole = role
        self.public_text = to_base64(public)
        self.keyid = keyid_of(self.public_text)

    @classmethod
    def from_seed(cls, seed: bytes, role: SigningRole) -> "SigningKey":
        """Make the key of ``seed``, 32 secret bytes, for one role."""
        if len(seed) != SEED_BYTES:
            message = f"a seed has {SEED_BYTES} bytes, not {len(seed)}"
            raise ValueError(message)
        return cls(nacl.signing.SigningKey(seed), role)

    @property
    def public(self) -> PublicKey:
        """The public half, as it stands in a card."""
        if self.role == "root":
            message = "a root key signs cards alone and is not listed in one by role"
            raise RuntimeError(message)
        return PublicKey(role=self.role, keyid=self.keyid, key=self.public_text)

    def sign_bytes(self, data: bytes) -> Signature:
        """Sign exactly ``data``. Almost everybody wants ``dsse.sign`` instead."""
        raw = self._key.sign(data).signature
        return Signature(keyid=self.keyid, sig=to_base64(raw))

    def __repr__(self) -> str:
        return f"SigningKey({self.role} {self.keyid})"


def to_base64(data: bytes) -> str:
    """Write ``data`` in standard base64 with padding."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def from_base64(text: str, *, what: str) -> bytes:
    """Read base64 in the one spelling that ``to_base64`` writes.

    Raises:
        BadInput: another alphabet, missing padding, blanks, or stray bits at the end.
    """
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        data = None
    # Two spellings of one value would be two messages with one signature.
    if data is None or to_base64(data) != text:
        message = f"{what}: not base64 as RFC 4648 section 4 writes it, with padding"
        raise BadInput(message)
    return data


@lru_cache(maxsize=1024)
def keyid_of(key_text: str) -> str:
    """Return the short id of a public key given in base64.

    Raises:
        BadInput: not 32 bytes in base64.
    """
    return hashlib.sha256(_raw_key(key_text)).hexdigest()[:_KEYID_DIGITS]


def fingerprint(key_text: str) -> str:
    """Return SHA-256 over a public key, in groups that can be read aloud.

    Raises:
        BadInput: not 32 bytes in base64.
    """
    digits = hashlib.sha256(_raw_key(key_text)).hexdigest()
    starts = range(0, len(digits), _GROUP_DIGITS)
    return "-".join(digits[start : start + _GROUP_DIGITS] for start in starts)


@lru_cache(maxsize=1024)
def verify_key(key_text: str) -> nacl.signing.VerifyKey:
    """Return the verifier of a public key given in base64, made once.

    Raises:
        BadInput: not 32 bytes in base64.
    """
    return nacl.signing.VerifyKey(_raw_key(key_text))


def _raw_key(key_text: str) -> bytes:
    raw = from_base64(key_text, what="public key")
    if len(raw) != KEY_BYTES:
        message = f"public key: {len(raw)} bytes where an Ed25519 key has {KEY_BYTES}"
        raise BadInput(message)
    return raw
