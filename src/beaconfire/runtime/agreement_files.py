"""Agreement files: texts on disk, the signatures beside them, the shipped library.

``FILE.toml`` is a text; ``FILE.toml.<PARTY>.sig`` is that party's signature over
exactly the text's bytes, by one of its people's keys.

* ``read_agreements`` reads texts as they lie there, signed or not: for reviewing and
  deciding on paper.
* ``in_force_texts`` is what a running node lives by: only texts that *every* party
  signed, under the people's keys of the cards held. Whatever else lies there is left
  out, with a sentence a file; it never stops the node.

Whether a text is in force at some instant, acts considered, is ``agreements``' to say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.text import TEXT_BYTES_MAX, parse_agreement
from beaconfire.errors import BadInput, Refused
from beaconfire.runtime.named_files import read_named
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import codec, dsse
from beaconfire.seals.keys import SigningKey
from beaconfire.seals.toml_text import text_of
from beaconfire.vocabulary.acts import Signature
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Token

_SUFFIX = ".toml"


class SignatureFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a signature file holds: whose it is, and an Ed25519 signature in base64."""

    v: Literal[1] = 1
    party: Party
    keyid: Token
    sig: Token

    @property
    def signature(self) -> Signature:
        """The signature without its owner."""
        return Signature(keyid=self.keyid, sig=self.sig)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementFile:
    """One text, the bytes it was read from, and the signatures that lie beside it."""

    agreement: Agreement
    file: str
    data: bytes
    signatures: tuple[SignatureFile, ...] = ()

    @property
    def unsigned_by(self) -> tuple[Party, ...]:
        """The parties whose signature does not lie beside it; none is verified here."""
        signed = {signature.party for signature in self.signatures}
        return tuple(p for p in self.agreement.parties if p not in signed)


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """Texts that every party signed, and a sentence for each file that is left out."""

    texts: tuple[AgreementFile, ...]
    left_out: tuple[str, ...]

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """The agreements of the texts."""
        return tuple(text.agreement for text in self.texts)


def shipped_texts() -> tuple[AgreementFile, ...]:
    """Return the texts that ship with the project, unsigned, in order of their id."""
    place = resources.files("beaconfire.agreements") / "library"
    return _each_once(
        [
            _text_in(path.read_bytes(), file=path.name, name=path.name)
            for path in _sorted(place.iterdir())
        ]
    )


def library() -> tuple[Agreement, ...]:
    """Return the agreements that ship with the project, in order of their id."""
    return tuple(text.agreement for text in shipped_texts())


def read_agreements(directory: Path) -> tuple[AgreementFile, ...]:
    """Read every text in ``directory``, signed or not, in order of the file names.

    Raises:
        BadInput: no such directory, or a text or signature is wrong; says which.
    """
    texts = [_with_signatures(_read_text(path), path) for path in _texts_in(directory)]
    return _each_once(texts)


def read_agreement(path: Path) -> AgreementFile:
    """Read one text and the signatures beside it.

    Raises:
        BadInput: it cannot be read, or is wrong; says where.
    """
    return _with_signatures(_read_text(path), path)


def in_force_texts(directory: Path, cards: Iterable[Card]) -> InForce:
    """Return the texts in ``directory`` that all their parties signed.

    ``cards`` are those held, this node's own included. Keys are taken as the cards
    list them now: after a party changes its people's keys it signs anew.
    """
    held = {card.party: card for card in cards}
    texts: list[AgreementFile] = []
    left_out: list[str] = []
    for path in _texts_in(directory):
        try:
            text = read_agreement(path)
            _require_all_signatures(text, held)
            _each_once([*texts, text])
        except BadInput as error:
            left_out.append(f"{path.name} is not in force here: {error}")
        else:
            texts.append(text)
    return InForce(texts=tuple(texts), left_out=tuple(left_out))


def sign_file(path: Path, *, party: Party, key: SigningKey) -> tuple[Path, Agreement]:
    """Sign the text at ``path`` for ``party``; return the signature's file, and it.

    Raises:
        BadInput: the text is wrong: nobody signs what cannot be read.
        Refused: ``party`` is no party to it.
    """
    text = _read_text(path)
    if party not in text.agreement.parties:
        message = f"{party} is no party to {text.agreement.id}: nothing was signed"
        raise Refused(message)
    signature = dsse.sign_detached(text.data, key)
    signed = SignatureFile(party=party, keyid=signature.keyid, sig=signature.sig)
    beside = _signature_path(path, party)
    beside.write_bytes(codec.encode(signed) + b"\n")
    return beside, text.agreement


def _require_all_signatures(text: AgreementFile, held: dict[Party, Card]) -> None:
    for party in text.agreement.parties:
        signed = next((s for s in text.signatures if s.party == party), None)
        if signed is None:
            raise BadInput(f"{party} has not signed it")
        card = held.get(party)
        if card is None:
            message = f"no card of {party} is held, so its signature proves nothing"
            raise BadInput(message)
        try:
            dsse.verify_detached(text.data, signed.signature, card.keys)
        except BadInput as error:
            message = (
                f"{party}'s signature does not hold: {error}; after a change of the "
                f"text or of its people's keys {party} signs anew, by "
                "`beaconfire agreement sign`"
            )
            raise BadInput(message) from None


def _with_signatures(text: AgreementFile, path: Path) -> AgreementFile:
    found = []
    for party in text.agreement.parties:
        beside = _signature_path(path, party)
        if not beside.exists():
            continue
        data = read_named(
            beside,
            bytes_max=SETTINGS.signature_bytes_max,
            empty=f": {party} signs anew",
        )
        signed = codec.decode(data, SignatureFile, what=f"signature `{beside}`")
        if signed.party != party:
            message = f"signature `{beside}`: it says it is {signed.party}'s"
            raise BadInput(message)
        found.append(signed)
    return AgreementFile(
        agreement=text.agreement,
        file=text.file,
        data=text.data,
        signatures=tuple(found),
    )


def _read_text(path: Path) -> AgreementFile:
    data = read_named(path, bytes_max=TEXT_BYTES_MAX, empty=": it needs an agreement")
    return _text_in(data, file=path.name, name=str(path))


def _text_in(data: bytes, *, file: str, name: str) -> AgreementFile:
    agreement = parse_agreement(text_of(data, file=name), file=name)
    return AgreementFile(agreement=agreement, file=file, data=data)


def _texts_in(directory: Path) -> list[Path]:
    try:
        paths = [path for path in directory.iterdir() if path.suffix == _SUFFIX]
    except OSError as error:
        message = f"`{directory}` cannot be read as a directory: {error.strerror}"
        raise BadInput(message) from None
    if len(paths) > SETTINGS.texts_max:
        raise BadInput(f"`{directory}`: more than {SETTINGS.texts_max} texts")
    return sorted(paths)


def _sorted(paths: Iterable[Traversable]) -> list[Traversable]:
    texts = [path for path in paths if path.name.endswith(_SUFFIX)]
    return sorted(texts, key=lambda path: path.name)


def _each_once(texts: list[AgreementFile]) -> tuple[AgreementFile, ...]:
    seen: dict[str, str] = {}
    for text in texts:
        first = seen.setdefault(text.agreement.id, text.file)
        if first != text.file:
            message = f"`{text.agreement.id}` stands in {first} and in {text.file}"
            raise BadInput(message)
    return tuple(texts)


def _signature_path(path: Path, party: Party) -> Path:
    return path.with_name(f"{path.name}.{party}.sig")
