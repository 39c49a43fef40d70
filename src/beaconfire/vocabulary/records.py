"""Records: what a party puts on record under an agreement, one struct a kind.

A record is carried by a signed act (``declare``), so it travels and is verified as
acts are. A few kinds may also stand in an agreement's own text: then both parties
signed them. Every duty that lasts, instead of being met at the moment of a send, is
kept by such records: they say what happened, by whom, and never that "all is well".

Which party may record what, and what is still owed, is ``agreements``' to say.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.patterns import END
from beaconfire.vocabulary.places import Text, Token
from beaconfire.vocabulary.times import Instant

Level = Literal["RESTRICTED", "CONFIDENTIAL", "SECRET", "TOP SECRET"]
Word = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9-]+" + END)]
_Names = Annotated[tuple[Token, ...], Meta(min_length=1, max_length=16)]
_Items = Annotated[tuple[Token, ...], Meta(max_length=64)]


class Kept(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"
):
    """What every record shares: its kind in ``type``."""


class Authority(Kept, frozen=True, kw_only=True, tag=True):
    """Which authorities of the party are competent to give and to receive."""

    names: _Names


class Assurance(Kept, frozen=True, kw_only=True, tag=True):
    """What a recipient assures before anything is passed to it: three answers."""

    recipients_cleared: bool
    official_purpose: bool
    equivalent_protection: bool


class Facility(Kept, frozen=True, kw_only=True, tag=True):
    """A place of the party that may hold what is given, up to a level.

    It keeps a register of the persons who are cleared and authorised; that stays
    with the party. ``responsible`` is an office, never a person's name.
    """

    name: Token
    level: Level
    responsible: Token
    contractor: bool = False


class LawChange(Kept, frozen=True, kw_only=True, tag=True):
    """A change of the party's law that affects the protection of what it was given."""

    what: Text


class LevelChange(Kept, frozen=True, kw_only=True, tag=True):
    """The originator marks an item of its own anew."""

    item: Token
    marking: Token


class LevelFollowed(Kept, frozen=True, kw_only=True, tag=True):
    """The party has marked all its copies of ``originator``'s item accordingly."""

    originator: Party
    item: Token
    marking: Token


class NoLongerNeeded(Kept, frozen=True, kw_only=True, tag=True):
    """The party needs ``originator``'s item no more for what it was given for."""

    originator: Party
    item: Token


class Closing(Kept, frozen=True, kw_only=True, tag=True):
    """The party gave ``originator``'s item back, or destroyed it, with all copies."""

    originator: Party
    item: Token
    done: Literal["returned", "destroyed"]
    how: Text


class Copied(Kept, frozen=True, kw_only=True, tag=True):
    """The party made copies of ``originator``'s item, all markings kept."""

    originator: Party
    item: Token
    copies: Annotated[int, Meta(ge=1, le=100_000)]
    why: Text


class UseApproval(Kept, frozen=True, kw_only=True, tag=True):
    """The originator approves another purpose for an item of its own."""

    item: Token
    purpose: Word


class Suspected(Kept, frozen=True, kw_only=True, tag=True):
    """A loss or compromise of what was given, or its mere possibility: said at once."""

    case: Word
    originator: Party
    items: _Items = ()
    what: Text


class Findings(Kept, frozen=True, kw_only=True, tag=True):
    """What the investigation of a case found."""

    case: Word
    what: Text


class Measures(Kept, frozen=True, kw_only=True, tag=True):
    """What prevents that a case happens again."""

    case: Word
    what: Text


class CaseClosed(Kept, frozen=True, kw_only=True, tag=True):
    """A case is closed."""

    case: Word


class Amendment(Kept, frozen=True, kw_only=True, tag=True):
    """The party consents that another text takes this one's place from ``since`` on."""

    text: Token
    since: Instant


Record = (
    Authority
    | Assurance
    | Facility
    | LawChange
    | LevelChange
    | LevelFollowed
    | NoLongerNeeded
    | Closing
    | Copied
    | UseApproval
    | Suspected
    | Findings
    | Measures
    | CaseClosed
    | Amendment
)

# What a text may hold itself: lasting facts that all parties sign, no events.
Annexed = Authority | Assurance | Facility
