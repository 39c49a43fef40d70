"""Card files: the node's own card, and those of the partners it was told to trust.

A partner's card is admitted once, by a person who confirms its fingerprint, and from
then on by its root key alone: only a higher number from the same root replaces it.
``admit`` ticks off, in this order:

1. Form and the root's signature over the card (``seals/cards.py``).
2. The fingerprint of the root is the one that was confirmed.
3. The party is the one expected, and not ourselves.
4. The status is ours: exercise and actual never mix.
5. The certificate is a self-signed leaf in that party's name (``keys.require_leaf``).
6. Valid now: the card by this node's own time, the certificate by the machine's.
7. Neither it nor a higher number of that party was revoked by our own people.
8. It replaces what is known of the party, if anything is.

What lies in ``partners/`` was admitted so; reading it again repeats 1, 3, 4 and 5, so
that a file laid there by another way is not believed: it is left out and named, and
does not keep the node from starting. A card that has been replaced
is kept in ``partners/former/``: what was once accepted stays verifiable.
"""

from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from beaconfire.agreements.trust import Trust
from beaconfire.errors import BadInput, NotReachable, Refused
from beaconfire.runtime import keys
from beaconfire.runtime.named_files import read_named
from beaconfire.runtime.node_dir import (
    PRIVATE_DIR,
    NodeConfig,
    replace_private,
    write_private,
)
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import cards
from beaconfire.seals.keys import SigningKey
from beaconfire.vocabulary.cards import Card, NodeProfile
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

_SUFFIX = ".card"


class Validity(Struct, frozen=True, kw_only=True):
    """From when until when a card is to hold."""

    begins: Instant
    ends: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """The cards a node lives by: its own and its partners', partners by name.

    ``left_out`` says, a sentence each, which files in ``partners/`` are not believed.
    """

    own: Card
    partners: tuple[Card, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What admitting a card did."""

    card: Card
    replaced: int | None  # the number of the card that it replaced


def own_card_path(directory: Path, party: Party) -> Path:
    """Return where a node keeps its own signed card."""
    return directory / f"{party}{_SUFFIX}"


def issue_card(
    directory: Path,
    config: NodeConfig,
    *,
    root: SigningKey,
    validity: Validity,
    new_keys: bool = False,
) -> Card:
    """Sign and store this node's next card; the first has number 1.

    With ``new_keys`` the keys for items, link, people and the border are made anew.

    Raises:
        Refused: ``root`` did not sign the card that this one would replace.
        BadInput: keys or the current card are missing or damaged.
    """
    path = own_card_path(directory, config.party)
    former = _read_card(path) if path.exists() else None
    keys_dir = directory / "keys"
    if former is not None and former.root != root.public_text:
        message = (
            "this is not the root key that signed the card in use: partners would "
            "refuse the new one"
        )
        raise Refused(message)
    if validity.begins >= validity.ends:
        message = f"a card cannot end ({validity.ends}) before it begins"
        raise BadInput(message)
    if new_keys:
        host = config.border.host
        keys.replace_working_keys(keys_dir, party=config.party, host=host)
    card = _compose(config, keys_dir, root=root, validity=validity)
    if former is not None:
        card = replace(card, number=former.number + 1)
    data = cards.card_bytes(cards.sign_card(card, root))
    cards.open_card(data)  # what we hand out must pass what partners check
    keys.require_leaf(card.certificate_pem, card.party)
    replace_private(path, data)
    return card


def load_cards(directory: Path, config: NodeConfig) -> Cards:
    """Read and verify the node's own card and its partners'.

    Raises:
        NotReachable: the node has no card yet.
        BadInput: the node's own card is damaged.
        Refused: the node's own card is not of this party and status.
    """
    path = own_card_path(directory, config.party)
    if not path.exists():
        message = (
            f"`{directory}` has no card yet: issue one with `beaconfire node card`"
        )
        raise NotReachable(message)
    own = _read_card(path)
    if own.party != config.party or own.status != config.status:
        message = (
            f"`{path}`: is of {own.party}, {own.status}; "
            f"`node.toml` says {config.party}, {config.status}"
        )
        raise Refused(message)
    partners: list[Card] = []
    left_out: list[str] = []
    for path in _card_files(directory):
        try:
            partners.append(_partner(path, config))
        except (BadInput, Refused) as error:
            left_out.append(f"partner left out: {error}")
    return Cards(own=own, partners=tuple(partners), left_out=tuple(left_out))


def profile_of(config: NodeConfig, known: Cards) -> NodeProfile:
    """Return what the stages of this node know of themselves and their partners."""
    return NodeProfile(
        party=config.party,
        status=config.status,
        exercise=config.exercise_id,
        policy=config.policy,
        classification=config.classification,
        sensors=config.sensor,
        card=known.own,
        partners=known.partners,
    )


def read_card_file(path: Path) -> bytes:
    """Read a card file of any origin, never more of it than a card can have.

    Raises:
        BadInput: it cannot be read, or is no text of a card's length.
    """
    return read_named(
        path, bytes_max=cards.CARD_BYTES_MAX, empty=": it needs a partner's card"
    )


def admit(
    directory: Path,
    config: NodeConfig,
    data: bytes,
    *,
    confirmed: str,
    expected: Party | None,
    at: Instant,
    trust: Trust | None = None,
) -> Admission:
    """Check a partner's card and store it; see the module for the order.

    ``trust`` tells which cards our people have revoked.

    Raises:
        BadInput: not a card.
        Refused: a card, but not one to be trusted here; nothing was changed.
    """
    card = cards.open_card(data)  # 1
    if not cards.same_fingerprint(confirmed, cards.card_fingerprint(card)):  # 2
        message = (
            f"card of `{card.party}`: its fingerprint is not the one confirmed; "
            "do not use this card, and ask the partner how it reached you"
        )
        raise Refused(message)
    if expected is not None and card.party != expected:  # 3
        message = f"card of `{card.party}`: `{expected}` was to be added"
        raise Refused(message)
    _require_fit(card, config)  # 3, 4, 5
    cards.require_valid(card, at)  # 6
    keys.require_leaf_valid(card.certificate_pem, card.party)
    _require_trusted(card, trust or Trust())  # 7
    path = _partner_path(directory, card.party)
    former = _read_card(path) if path.exists() else None
    if former is not None:
        cards.require_replacement(card, former)  # 8
        _keep_former(path, former)
    elif len(list(_card_files(directory))) >= SETTINGS.partners_max:
        message = (
            f"this node has {SETTINGS.partners_max} partners already; no more are kept"
        )
        raise Refused(message)
    replace_private(path, data)
    replaced = None if former is None else former.number
    return Admission(card=card, replaced=replaced)


def _compose(
    config: NodeConfig, keys_dir: Path, *, root: SigningKey, validity: Validity
) -> Card:
    working = (
        keys.load_signing_key(keys_dir / f"{role}.key", role)
        for role in keys.WORKING_ROLES
    )
    leaf = keys.read_private(keys_dir / keys.LEAF_NAME).decode("ascii", "replace")
    return Card(
        party=config.party,
        number=1,
        status=config.status,
        valid_from=validity.begins,
        valid_until=validity.ends,
        root=root.public_text,
        keys=tuple(key.public for key in working),
        border_host=config.border.host,
        border_port=config.border.port,
        certificate_pem=leaf,
    )


def _require_fit(card: Card, config: NodeConfig) -> None:
    if card.party == config.party:
        message = f"card of `{card.party}`: that is this node's own party"
        raise Refused(message)
    if card.status != config.status:
        message = (
            f"card of `{card.party}`: is for {card.status}, this node for "
            f"{config.status}; the two never mix"
        )
        raise Refused(message)
    keys.require_leaf(card.certificate_pem, card.party)


def _require_trusted(card: Card, trust: Trust) -> None:
    revoked = trust.covering(card)
    if revoked is not None:
        message = (
            f"card {card.number} of `{card.party}`: {revoked.told}; ask the partner "
            f"for a card of a higher number than {revoked.number}, from the same root"
        )
        raise Refused(message)


def _partner(path: Path, config: NodeConfig) -> Card:
    card = _read_card(path)
    if path.name != f"{card.party}{_SUFFIX}":
        message = f"`{path}`: holds the card of `{card.party}`"
        raise Refused(message)
    _require_fit(card, config)
    return card


def _card_files(directory: Path) -> list[Path]:
    return sorted((directory / "partners").glob(f"[A-Z][A-Z][A-Z]{_SUFFIX}"))


def _partner_path(directory: Path, party: Party) -> Path:
    return directory / "partners" / f"{party}{_SUFFIX}"


def _read_card(path: Path) -> Card:
    try:
        return cards.open_card(read_card_file(path))
    except BadInput as error:
        message = f"`{path}`: {error}"
        raise BadInput(message) from None


def _keep_former(path: Path, card: Card) -> None:
    folder = path.parent / "former"
    folder.mkdir(mode=PRIVATE_DIR, exist_ok=True)
    kept = folder / f"{card.party}.{card.number}{_SUFFIX}"
    if not kept.exists():
        write_private(kept, path.read_bytes())
