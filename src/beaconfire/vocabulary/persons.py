"""Persons: a facility's own register of who is cleared and authorised.

It never leaves its party and stands in no journal: partners see that a facility keeps
one, never whom it lists. There is no field for rank, since rank opens nothing.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from beaconfire.vocabulary.places import Token
from beaconfire.vocabulary.records import Level, Word
from beaconfire.vocabulary.times import Instant


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One person: cleared by whom, up to what, until when, and what the duty is.

    ``told_of_duty``: a contractor's person has been told what protecting it means.
    """

    name: Token
    role: Literal["official", "contractor"]
    clearance: Level | None = None
    cleared_by: Token | None = None
    cleared_until: Instant | None = None
    duties: Annotated[tuple[Word, ...], Meta(max_length=32)] = ()
    told_of_duty: bool = False


class FacilityRegister(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The register of one facility, by the name under which it is on record."""

    v: Literal[1] = 1
    facility: Token
    persons: Annotated[tuple[Person, ...], Meta(max_length=10_000)]
