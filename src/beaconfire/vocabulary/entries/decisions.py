"""Decisions: leave to send one item to one partner by one way, or not, or not yet.

Three types, never a boolean: the link stage accepts nothing but a ``Release``.
``agreements/decision.py`` alone constructs them; everywhere else they are read.
Lists keep the order of the agreements' own texts.
"""

from typing import ClassVar, Literal

from msgspec import Struct, field

from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Token
from beaconfire.vocabulary.report import Form
from beaconfire.vocabulary.times import Instant


class Considered(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way that was considered: which agreements, and how it came out."""

    agreements: tuple[Token, ...]
    outcome: Literal["release", "refusal"]
    articles: tuple[Token, ...]
    acts: tuple[Token, ...]
    reason: str


class Release(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Leave to send. ``originator`` gave the item; ``via`` is us when we relay it.

    ``agreements`` are those relied on, all of them in force at ``at``; ``consents`` the
    consultations whose consent it rests on; ``marking`` is what a relay marks it with
    outside. ``withheld``: a suspension had kept the item from leaving, so its validity
    is not asked any more; where that has ended the recipient takes it as history.
    """

    KIND: ClassVar[str] = "release"
    item: Token
    form: Form
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    at: Instant
    agreements: tuple[Token, ...]
    articles: tuple[Token, ...]
    acts: tuple[Token, ...]
    approval: Token | None
    obligations: tuple[Token, ...]
    marking: Label | None
    reason: str
    considered: tuple[Considered, ...]
    consents: tuple[Token, ...] = ()
    withheld: bool = False


class Refusal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No leave to send. ``agreements`` are those that refuse; empty if all are silent.

    ``would_need`` says in words what would have to change; ``reason`` is one sentence
    shown to the operator as written. ``withheld`` names the agreements but for whose
    suspension it would be released: it is decided again when one of them is restored,
    or another way opens.
    """

    KIND: ClassVar[str] = "refusal"
    item: Token
    form: Form
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    at: Instant
    agreements: tuple[Token, ...]
    articles: tuple[Token, ...]
    acts: tuple[Token, ...]
    approval: Token | None
    reason: str
    would_need: tuple[str, ...]
    considered: tuple[Considered, ...]
    withheld: tuple[Token, ...] = ()


class Deferral(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No leave yet: it would be given if the open ``consultations`` were consented to.

    ``agreements`` and ``articles`` are those that the leave would rest on.
    """

    KIND: ClassVar[str] = "deferral"
    item: Token
    form: Form
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    at: Instant
    agreements: tuple[Token, ...]
    articles: tuple[Token, ...]
    consultations: tuple[Token, ...]
    reason: str
    would_need: tuple[str, ...]
    considered: tuple[Considered, ...]
