"""Conditions: what an article may ask about an item and its way. A closed list.

Each condition answers one question about a ``Question`` with a ``Finding``, and can
say in words what it saw and what would have to change. Nothing here knows an
agreement, an act or a clock: what depends on them (is it in force, at which level,
approved or not) is worked out before and stands in the question as a fact.

* ``MET`` and ``NOT_MET`` are certain. ``UNKNOWN`` is doubt, and doubt refuses.
* An article applies when all its conditions are met: one that is not met settles it,
  else one in doubt leaves the article in doubt.

A text can use no other condition than those in ``CONDITIONS``; the reference page
``docs/reference/conditions.md`` explains each.
"""

import enum
from dataclasses import dataclass
from typing import ClassVar

from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import LADDER
from beaconfire.vocabulary.party import Party


class Finding(enum.Enum):
    """What a condition found."""

    MET = "met"
    NOT_MET = "not met"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May ``item`` go from ``sender`` to ``to``: the facts that articles ask about.

    ``level`` is the English level of the item's marking under this agreement, ``None``
    when its tables do not know the marking. ``together`` are the other agreements that
    decide the same way. ``approved`` tells whether the originator's approval stands
    under this agreement. The ``*_note`` say the same in words, ``status_need`` what
    would put the agreement in force.
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

    @property
    def body(self) -> str:
        """The item's body type, as texts name it."""
        return type(self.item.body).__name__


@dataclass(frozen=True, slots=True)
class Body:
    """The item's body is one of these types."""

    NAME: ClassVar[str] = "body"
    value: tuple[str, ...]

    def finding(self, question: Question) -> Finding:
        """Certain: a body has exactly one type."""
        return _sure(question.body in self.value)

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return f"the item's body is {question.body}"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        wanted = _any_of(self.value) if met else "another body"
        return f"{wanted} instead of {question.body}"


@dataclass(frozen=True, slots=True)
class OriginatorIsSender:
    """The sender sends an item of its own (``true``) or somebody else's (``false``)."""

    NAME: ClassVar[str] = "originator_is_sender"
    value: bool

    def finding(self, question: Question) -> Finding:
        """Certain: the originator is signed into the item."""
        own = question.item.originator == question.sender
        return _sure(own is self.value)

    def saw(self, question: Question) -> str:
        """Say what was found."""
        if question.item.originator == question.sender:
            return f"the item is {question.sender}'s own"
        return f"the item is {question.item.originator}'s, not {question.sender}'s own"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        own = self.value is met
        return f"an item {'of' if own else 'other than'} {question.sender}'s own"


@dataclass(frozen=True, slots=True)
class ApprovalOfOriginator:
    """The originator's approval for this recipient and relay stands, or does not.

    Of an item of its own a sender approves by sending it.
    """

    NAME: ClassVar[str] = "approval_of_originator"
    value: bool

    def finding(self, question: Question) -> Finding:
        """Certain: an approval that is expired, revoked or for another way is none."""
        return _sure(question.approved is self.value)

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return question.approval_note

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        approval = "approval" if self.value is met else "no approval"
        way = f"for {question.to} via {question.sender} under {question.under}"
        return f"{approval} by {question.item.originator} {way}"


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender on this hop is one of these parties."""

    NAME: ClassVar[str] = "sender"
    value: tuple[Party, ...]

    def finding(self, question: Question) -> Finding:
        """Certain: each hop has one sender."""
        return _sure(question.sender in self.value)

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return f"{question.sender} sends it"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        wanted = _any_of(self.value) if met else "another party"
        return f"sent by {wanted} instead of {question.sender}"


@dataclass(frozen=True, slots=True)
class Recipient:
    """The recipient on this hop is one of these parties."""

    NAME: ClassVar[str] = "recipient"
    value: tuple[Party, ...]

    def finding(self, question: Question) -> Finding:
        """Certain: each hop has one recipient."""
        return _sure(question.to in self.value)

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return f"{question.to} receives it"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        wanted = _any_of(self.value) if met else "another party"
        return f"sent to {wanted} instead of {question.to}"


@dataclass(frozen=True, slots=True)
class ClassificationUpTo:
    """The item's level is this one or lower; doubt if its marking is not known."""

    NAME: ClassVar[str] = "classification_up_to"
    value: str

    def finding(self, question: Question) -> Finding:
        """In doubt when the agreement's tables do not know the marking."""
        if question.level is None:
            return Finding.UNKNOWN
        return _sure(LADDER.index(question.level) <= LADDER.index(self.value))

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return question.level_note

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        side = "up to" if met else "above"
        return f"a marking that {question.under} knows, {side} {self.value}"


@dataclass(frozen=True, slots=True)
class ClassificationAbove:
    """The item's level is higher than this one; doubt if its marking is not known."""

    NAME: ClassVar[str] = "classification_above"
    value: str

    def finding(self, question: Question) -> Finding:
        """In doubt when the agreement's tables do not know the marking."""
        if question.level is None:
            return Finding.UNKNOWN
        return _sure(LADDER.index(question.level) > LADDER.index(self.value))

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return question.level_note

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        side = "above" if met else "up to"
        return f"a marking that {question.under} knows, {side} {self.value}"


@dataclass(frozen=True, slots=True)
class TogetherWith:
    """One of these agreements binds both ends of the hop and decides beside this one.

    That the other one must itself be in force and permit the item is not asked here:
    each agreement of a way is decided by itself, and all of them must permit.
    """

    NAME: ClassVar[str] = "together_with"
    value: tuple[str, ...]

    def finding(self, question: Question) -> Finding:
        """Certain: the agreements of a way are chosen before it is decided."""
        return _sure(any(other in self.value for other in question.together))

    def saw(self, question: Question) -> str:
        """Say what was found."""
        beside = " and ".join(question.together) or "no other agreement"
        return f"{beside} decides beside {question.under}"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        wanted = _any_of(self.value) if met else "another agreement"
        return f"{wanted} beside {question.under} on the same hop"


@dataclass(frozen=True, slots=True)
class Status:
    """The agreement is not in force at the instant of the send."""

    NAME: ClassVar[str] = "status"
    value: str

    def finding(self, question: Question) -> Finding:
        """Certain: the acts that the node holds say so."""
        return _sure(not question.in_force)

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return question.status_note

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        return f"{question.under} not in force" if met else question.status_need


NOT_IN_FORCE = "not-in-force"

Condition = (
    Body
    | OriginatorIsSender
    | ApprovalOfOriginator
    | Sender
    | Recipient
    | ClassificationUpTo
    | ClassificationAbove
    | TogetherWith
    | Status
)

# The closed list, by the name that a text writes.
CONDITIONS: dict[str, type[Condition]] = {
    Body.NAME: Body,
    OriginatorIsSender.NAME: OriginatorIsSender,
    ApprovalOfOriginator.NAME: ApprovalOfOriginator,
    Sender.NAME: Sender,
    Recipient.NAME: Recipient,
    ClassificationUpTo.NAME: ClassificationUpTo,
    ClassificationAbove.NAME: ClassificationAbove,
    TogetherWith.NAME: TogetherWith,
    Status.NAME: Status,
}


def all_of(findings: tuple[Finding, ...]) -> Finding:
    """Return whether everything was met; one ``NOT_MET`` settles it, then doubt."""
    if Finding.NOT_MET in findings:
        return Finding.NOT_MET
    return Finding.UNKNOWN if Finding.UNKNOWN in findings else Finding.MET


def _sure(holds: bool) -> Finding:
    return Finding.MET if holds else Finding.NOT_MET


def _any_of(names: tuple[str, ...]) -> str:
    return " or ".join(names)
