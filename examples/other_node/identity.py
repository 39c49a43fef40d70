"""Identity: the keys of a nation, its border's certificate, and its card.

The certificate is a self-signed leaf (CA:FALSE) whose one URI name is
``urn:beaconfire:<PARTY>``. The card lists the public keys by role, names the border
and carries the certificate; the root key signs it and signs nothing else.
"""

import base64
import hashlib
import ipaddress
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from nacl.signing import SigningKey

from other_node.sealed import (
    NotSealed,
    check,
    encoding,
    keyid_of,
    payload_in,
    seal,
    to_json,
    to_text,
)

ROLES = ("root", "items", "link", "people")
CARD_DAYS = 365


@dataclass(frozen=True)
class Identity:
    """What one directory holds of a nation."""

    place: Path
    party: str
    card: dict[str, Any]

    def key(self, role: str) -> SigningKey:
        """Return one of the signing keys."""
        return SigningKey((self.place / f"{role}.seed").read_bytes())


def make(place: Path, *, party: str, status: str, host: str, port: int) -> Identity:
    """Make keys, certificate and card of a nation in a new directory."""
    place.mkdir(mode=0o700)
    for role in ROLES:
        keep_secret(place / f"{role}.seed", os.urandom(32))
    certificate = make_leaf(place, party=party, host=host)
    now = datetime.now(UTC)
    held = {role: SigningKey((place / f"{role}.seed").read_bytes()) for role in ROLES}
    keys = {role: bytes(key.verify_key) for role, key in held.items()}
    card = {
        "v": 1,
        "party": party,
        "number": 1,
        "status": status,
        "valid_from": instant(now - timedelta(minutes=5)),
        "valid_until": instant(now + timedelta(days=CARD_DAYS)),
        "root": to_text(keys["root"]),
        "keys": [
            {"role": role, "keyid": keyid_of(keys[role]), "key": to_text(keys[role])}
            for role in ROLES
            if role != "root"
        ],
        "border_host": host,
        "border_port": port,
        "certificate_pem": certificate,
    }
    signed = {"v": 1, "card": seal("card", to_json(card), held["root"])}
    (place / f"{party}.card").write_bytes(to_json(signed))
    return Identity(place, party, card)


def load(place: Path) -> Identity:
    """Return the nation whose directory this is."""
    held = sorted(place.glob("*.card"))
    if len(held) != 1:
        raise NotSealed(
            f"`{place}` holds {len(held)} cards: name a directory of `make`"
        )
    (path,) = held
    card = read_card(path)
    return Identity(place, card["party"], card)


def read_card(path: Path, *, confirm: str | None = None) -> dict[str, Any]:
    """Read a card; ``confirm`` is its root's fingerprint, obtained another way.

    Raises:
        NotSealed: not signed by its root, or by another root than the one confirmed.
    """
    envelope = json.loads(path.read_bytes())["card"]
    payload = payload_in(envelope)
    card: dict[str, Any] = json.loads(payload)
    (signature,) = envelope["signatures"]
    check(encoding("card", payload), signature["sig"], card["root"])
    if confirm is not None and confirm.replace("-", "") != fingerprint(card):
        raise NotSealed(f"the card of {card['party']} is signed by another root")
    return card


def fingerprint(card: dict[str, Any]) -> str:
    """Return SHA-256 over a card's root key, in hexadecimal."""
    return hashlib.sha256(base64.b64decode(card["root"])).hexdigest()


def sign_agreement(identity: Identity, text: Path) -> Path:
    """Sign an agreement's bytes as they stand; return the signature's file."""
    key = identity.key("people")
    signature = {
        "v": 1,
        "party": identity.party,
        "keyid": keyid_of(bytes(key.verify_key)),
        "sig": to_text(key.sign(text.read_bytes()).signature),
    }
    path = text.with_name(f"{text.name}.{identity.party}.sig")
    path.write_bytes(to_json(signature))
    return path


def make_leaf(place: Path, *, party: str, host: str) -> str:
    """Make the border's key and its self-signed leaf; return the latter as PEM."""
    key = Ed25519PrivateKey.generate()
    urn = f"urn:beaconfire:{party}"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, urn)])
    now = datetime.now(UTC)
    leaf = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=CARD_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName(
                [
                    x509.UniformResourceIdentifier(urn),
                    x509.IPAddress(ipaddress.ip_address(host)),
                ]
            ),
            critical=False,
        )
        .sign(key, None)
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    keep_secret(place / "border.key", secret)
    pem = leaf.public_bytes(serialization.Encoding.PEM)
    (place / "border.pem").write_bytes(pem)
    return pem.decode()


def keep_secret(path: Path, data: bytes) -> None:
    """Write a file that nobody else may read."""
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
    ) as f:
        f.write(data)


def instant(when: datetime) -> str:
    """Write an instant as the wire has it."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{when.microsecond:06d}Z"
