"""Consulting: what became of a consultation without anybody signing for it."""

from typing import ClassVar, Literal

from msgspec import Struct

from beaconfire.vocabulary.places import Token


class ConsultationHeard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The affected party's node has the question: only now can its silence speak."""

    KIND: ClassVar[str] = "consultation-heard"
    consultation: Token


class ConsultationClosed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Its deadline passed unanswered, or the consent came to its agreed end."""

    KIND: ClassVar[str] = "consultation-closed"
    consultation: Token
    by: Literal["silence", "end"]
