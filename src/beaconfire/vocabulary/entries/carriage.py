"""Carriage: what happened to released items on the way to one partner.

``from`` is the item's originator, ``via`` the relay or nobody: together with ``to``
and the item's id they name the unit of account. The link itself runs from ``via`` (or
``from``) to ``to``.
"""

from typing import ClassVar, Literal

from msgspec import Struct, field

from beaconfire.vocabulary.acts import Signature
from beaconfire.vocabulary.link import (
    Digest,
    EpochHead,
    Lane,
    RefusedPart,
    SealedItem,
)
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Token


class HandOver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A numbered link message given to the border. ``header`` is its signed text.

    ``items`` and ``acts`` are what it carries, in order. ``signature`` is put in by
    the runtime before the turn is stored.
    """

    KIND: ClassVar[str] = "hand-over"
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    lane: Lane
    epoch: int
    number: int
    items: tuple[Token, ...]
    acts: tuple[Token, ...]
    header: str
    hash: Digest
    signature: Signature | None = None


class Arrival(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A partner's link message was verified and taken: the head of its lane moved.

    ``items`` came for the first time by this route, ``repeated`` were here already.
    ``refused`` are parts that were not taken; each has a rejection of its own.
    A message seen before moves nothing: it has neither and is receipted again.
    """

    KIND: ClassVar[str] = "arrival"
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    lane: Lane
    epoch: int
    number: int
    hash: Digest
    items: tuple[Token, ...]
    acts: tuple[Token, ...]
    quarantined: tuple[Token, ...]
    repeated: tuple[Token, ...]
    refused: tuple[RefusedPart, ...] = ()
    closed: EpochHead | None = None
    again: bool = False


class Receipt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signed receipt, given by us (``to`` is us) or got from the partner ``to``.

    ``from``, ``to`` and ``via`` are those of the items, also in a receipt given.
    ``number`` is the head of the lane; ``items`` are those that this receipt settles
    as delivered, ``quarantined`` those among them that are not used as they came.
    ``refused`` are not among them: the recipient did not take these, and says why.
    ``note`` is the signed text. In a receipt got ``withheld`` names the agreements
    under which its quarantined items went: they are decided again after an act on one.
    """

    KIND: ClassVar[str] = "receipt"
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    lane: Lane
    epoch: int
    number: int
    items: tuple[Token, ...]
    quarantined: tuple[Token, ...]
    note: str
    refused: tuple[RefusedPart, ...] = ()
    signature: Signature | None = None
    withheld: tuple[Token, ...] = ()


class Withdrawal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Items that were released, or waited for leave, and will not be sent, and why.

    ``withheld``: because ``agreement`` is suspended; they are decided again when it is
    restored. At once, if another text has taken its place.
    """

    KIND: ClassVar[str] = "withdrawal"
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    lane: Lane
    items: tuple[Token, ...]
    agreement: Token | None
    act: Token | None
    reason: str
    withheld: bool = False


class Reconsideration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item that a suspension withheld, given back to be decided as things now stand.

    ``was`` says how it had been kept from leaving, or that it had left and its
    recipient set it apart.
    """

    KIND: ClassVar[str] = "reconsideration"
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    agreements: tuple[Token, ...]
    was: Literal["refused", "withdrawn", "quarantined"]
    sealed: SealedItem


class Foregone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Withheld items that will not be decided again: withheld for good, and why."""

    KIND: ClassVar[str] = "foregone"
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    items: tuple[Token, ...]
    reason: str


class Expiry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Released items whose validity ended before they could be handed over."""

    KIND: ClassVar[str] = "expiry"
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    lane: Lane
    items: tuple[Token, ...]
    reason: str


class Waiting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Released items that cannot be handed over yet, and why."""

    KIND: ClassVar[str] = "waiting"
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    lane: Lane
    items: tuple[Token, ...]
    reason: str


class FateUnknown(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Items that stood at the border when its window was purged; the link will tell."""

    KIND: ClassVar[str] = "fate-unknown"
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    lane: Lane
    epoch: int
    number: int
    items: tuple[Token, ...]
    reason: str


class EpochEnd(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lane's epoch ended at ``head``: the window is purged, numbering starts anew."""

    KIND: ClassVar[str] = "epoch-end"
    to: Party
    lane: Lane
    head: EpochHead
    agreement: Token | None
    act: Token | None
    reason: str
