"""Question: the facts that articles ask about, and what a condition can find.

* ``MET`` and ``NOT_MET`` are certain. ``UNKNOWN`` is doubt, and doubt refuses.
* What depends on acts, tables and time (in force or not, at which level, approved or
  not) is worked out before and stands here as a fact, with the words that say it.
"""

import enum

from msgspec import Struct

from beaconfire.agreements.register import Annex, Register
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant


class Finding(enum.Enum):
    """What a condition found."""

    MET = "met"
    NOT_MET = "not met"
    UNKNOWN = "unknown"


class Consent(Struct, frozen=True, kw_only=True):
    """What an affected party has said of this item and way, so far.

    ``stands`` if it consents to it now; ``acts`` are the entries that say so or not;
    ``note`` is a sentence, ``need`` what would change it.
    """

    party: Party
    consultation: str
    stands: bool
    no_further: bool
    acts: tuple[str, ...]
    note: str
    need: str


class Question(Struct, frozen=True, kw_only=True):
    """May ``item`` go from ``sender`` to ``to``: the facts that articles ask about.

    ``level`` is the English level of the item's marking under this agreement, ``None``
    when its tables do not know the marking. ``body`` is the item's body type, as texts
    name it; ``own`` whether it is the sender's; ``purposes`` what it is given for,
    none if it does not say. ``together`` are the other agreements that
    decide the same way. ``approved`` tells whether the originator's approval stands
    under this agreement. The ``*_note`` say the same in words, ``status_need`` what
    would put the agreement in force. ``annexes`` and ``register`` hold what the parties
    put on record in the text and since; ``consents`` what the parties that were asked
    about such a release have said so far.
    """

    item: Item
    sender: Party
    to: Party
    under: str
    in_force: bool
    status_note: str
    status_need: str
    level: str | None
    level_note: str
    approved: bool
    approval_note: str
    together: tuple[str, ...]
    body: str
    own: bool
    purposes: tuple[str, ...]
    at: Instant
    annexes: tuple[Annex, ...]
    register: Register
    consents: tuple[Consent, ...] = ()


_SURE = (Finding.NOT_MET, Finding.MET)


def sure(holds: bool) -> Finding:
    """Return the finding of what is certain."""
    return _SURE[holds]


def any_of(names: tuple[str, ...]) -> str:
    """Return ``names`` as a choice, in words."""
    return " or ".join(names)
