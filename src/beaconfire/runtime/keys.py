"""Keys on disk: seeds, the secret for opaque ids, and the border's certificate.

* Every file is 0600 in a directory 0700; one that others may read is refused.
* ``root.key`` signs cards and nothing else. A running node never opens it: it belongs
  on a medium in a safe, and is brought back to issue the next card.
* The border certificate is a self-signed leaf (CA:FALSE) whose one URI name is
  ``urn:beaconfire:<PARTY>``. ``require_leaf`` admits exactly such a thing from a
  partner, because the border maps a certificate to an account by the names in it.

X.509 is the only use of ``cryptography``; signatures are the seals' business.
"""

import ipaddress
import os
import re
import secrets
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from beaconfire.errors import BadInput, Refused
from beaconfire.runtime.clock import WallClock
from beaconfire.runtime.named_files import opened, system_said
from beaconfire.runtime.node_dir import replace_private, write_private
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import codec
from beaconfire.seals.keys import (
    SEED_BYTES,
    SigningKey,
    SigningRole,
    from_base64,
    to_base64,
)
from beaconfire.seals.opaque import SECRET_BYTES
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import NS_PER_S

E = TypeVar("E", bound=x509.ExtensionType)

ROLES: tuple[SigningRole, ...] = ("root", "items", "link", "people")
WORKING_ROLES: tuple[SigningRole, ...] = ("items", "link", "people")
SECRET_NAME = "opaque.secret"
LEAF_NAME = "border.pem"
LEAF_KEY_NAME = "border.key"
ROOT_NOTE_NAME = "ROOT-KEY-README.txt"

LEAF_DAYS = 1_096
_CLOCK_SLACK = timedelta(hours=1)

_ROOT_NOTE = """\
root.key signs this nation's cards, and nothing else. A running node never opens it.
Once the card is issued (`beaconfire node card`), move root.key to a medium that is
kept in a safe, and bring it back only to issue the next card:

    beaconfire node card --node DIR --renew --root /path/to/root.key

Whoever holds it can speak for this nation to every partner.
"""

_DNS_NAME = re.compile(r"[A-Za-z0-9*.-]{1,253}", re.ASCII)


class KeyFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a key file holds."""

    v: Literal[1] = 1
    role: SigningRole
    keyid: str
    seed: str


def party_urn(party: Party) -> str:
    """Return the name by which a border knows ``party``."""
    return f"urn:beaconfire:{party}"


def create_keys(keys_dir: Path, *, party: Party, host: str) -> None:
    """Make every key of a new node. Nothing is ever written over.

    Raises:
        Refused: one of the files exists.
    """
    for role in ROLES:
        write_private(keys_dir / f"{role}.key", _fresh_key_file(role))
    write_private(keys_dir / ROOT_NOTE_NAME, _ROOT_NOTE.encode())
    secret = to_base64(secrets.token_bytes(SECRET_BYTES)) + "\n"
    write_private(keys_dir / SECRET_NAME, secret.encode())
    key_pem, leaf_pem = make_leaf(party_urn(party), host=host)
    write_private(keys_dir / LEAF_KEY_NAME, key_pem)
    write_private(keys_dir / LEAF_NAME, leaf_pem)


def replace_working_keys(keys_dir: Path, *, party: Party, host: str) -> None:
    """Make new keys for items, link, people and the border; root and secret stay."""
    for role in WORKING_ROLES:
        replace_private(keys_dir / f"{role}.key", _fresh_key_file(role))
    key_pem, leaf_pem = make_leaf(party_urn(party), host=host)
    replace_private(keys_dir / LEAF_KEY_NAME, key_pem)
    replace_private(keys_dir / LEAF_NAME, leaf_pem)


def load_signing_key(path: Path, role: SigningRole) -> SigningKey:
    """Read the key for ``role``.

    Raises:
        BadInput: missing, damaged, or for another role.
        Refused: others may read the file.
    """
    data = read_private(path)
    held = codec.decode(data, KeyFile, what=f"`{path}`")
    seed = from_base64(held.seed, what=f"`{path}`: seed")
    if held.role != role:
        message = f"`{path}`: is a key for {held.role}; one for {role} is needed"
        raise BadInput(message)
    if len(seed) != SEED_BYTES:
        message = f"`{path}`: a seed has {SEED_BYTES} bytes, not {len(seed)}"
        raise BadInput(message)
    key = SigningKey.from_seed(seed, role)
    if key.keyid != held.keyid:
        message = f"`{path}`: damaged: its seed is not that of key `{held.keyid}`"
        raise BadInput(message)
    return key


def load_secret(keys_dir: Path) -> bytes:
    """Read the secret for opaque ids.

    Raises:
        BadInput: missing or damaged.
        Refused: others may read the file.
    """
    path = keys_dir / SECRET_NAME
    text = read_private(path).decode("ascii", "replace").strip()
    secret = from_base64(text, what=f"`{path}`")
    if len(secret) < SECRET_BYTES:
        message = f"`{path}`: has {len(secret)} bytes; at least {SECRET_BYTES} it must"
        raise BadInput(message)
    return secret


def read_private(path: Path) -> bytes:
    """Read a small secret file that nobody else may read.

    Raises:
        BadInput: missing, or larger than any key.
        Refused: its mode lets others in.
    """
    try:
        with opened(path) as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(SETTINGS.key_file_bytes_max + 1)
    except OSError as error:
        message = f"`{path}` cannot be read: {system_said(error)}"
        raise BadInput(message) from None
    if mode & 0o077:
        message = f"`{path}` can be read by others (mode {mode:o}): chmod 600 it"
        raise Refused(message)
    if not data:
        raise BadInput(f"`{path}` is empty: it needs a key")
    if len(data) > SETTINGS.key_file_bytes_max:
        message = (
            f"`{path}`: larger than {SETTINGS.key_file_bytes_max} bytes; not a key"
        )
        raise BadInput(message)
    return data


def make_leaf(
    urn: str, *, host: str | None = None, days: int = LEAF_DAYS
) -> tuple[bytes, bytes]:
    """Make a private key and its self-signed leaf certificate; both PEM, key first."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, urn)])
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(urn)]
    if host is not None:
        names.append(_host_name(host))
    now = _wall_time()
    leaf = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SLACK)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(_SIGNS_HANDSHAKES, critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            ),
            critical=False,
        )
        .sign(key, None)
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return key_pem, leaf.public_bytes(serialization.Encoding.PEM)


def require_leaf(pem: str, party: Party) -> str:
    """Check that ``pem`` is a certificate a border may pin for ``party``.

    Returns it written anew, so that nothing else that stood in the text (a second
    certificate, say) ever reaches the list of trusted ones. Steps, each with what it
    keeps out:

    1. One certificate of X.509 v3, which OpenSSL never takes for a version 1 root.
    2. CA:FALSE, present and said: else the partner could vouch for anybody.
    3. Self-signed: else trust in it would rest on somebody else.
    4. Exactly one URI name, the party's own; other names are plain host names or
       addresses: the border maps users by any name in the certificate.

    Whether it is valid now is for ``require_leaf_valid``, when a card is admitted: an
    expired leaf ends a link (TLS sees to that), and must not keep a node from starting.

    Raises:
        BadInput: not a certificate at all.
        Refused: a certificate, but not such a one.
    """
    what = f"certificate of `{party}`"
    leaf = _one_certificate(pem, what=what)  # 1
    try:
        constraints = _extension(leaf, x509.BasicConstraints)
        names = _extension(leaf, x509.SubjectAlternativeName)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        message = f"{what}: its extensions cannot be read"
        raise BadInput(message) from None
    if leaf.version is not x509.Version.v3 or constraints is None:
        message = f"{what}: does not say CA:FALSE"
        raise Refused(message)
    if constraints.ca:  # 2
        message = f"{what}: is an authority (CA:TRUE); a card carries a leaf, CA:FALSE"
        raise Refused(message)
    try:
        leaf.verify_directly_issued_by(leaf)  # 3
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        message = f"{what}: is not self-signed"
        raise Refused(message) from None
    _require_names(names, party, what=what)  # 4
    return leaf.public_bytes(serialization.Encoding.PEM).decode("ascii")


def require_leaf_valid(pem: str, party: Party) -> None:
    """Check that a leaf is valid now, by the machine's clock, as TLS will judge it.

    Raises:
        BadInput: not a certificate at all.
        Refused: not yet valid, or expired; says from when until when it is.
    """
    what = f"certificate of `{party}`"
    leaf = _one_certificate(pem, what=what)
    now = _wall_time()
    if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
        message = (
            f"{what}: valid from {leaf.not_valid_before_utc:%Y-%m-%d} to "
            f"{leaf.not_valid_after_utc:%Y-%m-%d}, not today"
        )
        raise Refused(message)


_SIGNS_HANDSHAKES = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _wall_time() -> datetime:
    # TLS judges certificates by the machine's clock, in an exercise too.
    return datetime.fromtimestamp(WallClock().now().ns // NS_PER_S, UTC)


def _fresh_key_file(role: SigningRole) -> bytes:
    seed = secrets.token_bytes(SEED_BYTES)
    keyid = SigningKey.from_seed(seed, role).keyid
    return codec.encode(KeyFile(role=role, keyid=keyid, seed=to_base64(seed))) + b"\n"


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _one_certificate(pem: str, *, what: str) -> x509.Certificate:
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm):
        found = []
    if len(found) != 1:
        message = f"{what}: is not one PEM certificate"
        raise BadInput(message)
    return found[0]


def _extension(leaf: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return leaf.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _require_names(
    names: x509.SubjectAlternativeName | None, party: Party, *, what: str
) -> None:
    uris: list[str] = []
    for name in names or ():
        if isinstance(name, x509.UniformResourceIdentifier):
            uris.append(name.value)
        elif isinstance(name, x509.DNSName):
            if _DNS_NAME.fullmatch(name.value) is None:
                message = f"{what}: `{name.value[:64]}` is not a host name"
                raise Refused(message)
        elif not isinstance(name, x509.IPAddress):
            message = f"{what}: carries a name that is neither URI, host nor address"
            raise Refused(message)
    if uris != [party_urn(party)]:
        listed = ", ".join(f"`{uri[:64]}`" for uri in uris) or "none"
        message = f"{what}: its URI names are {listed}; `{party_urn(party)}` alone may"
        raise Refused(message)
