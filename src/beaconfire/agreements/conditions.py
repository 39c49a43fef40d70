"""Conditions: what an article may ask about an item and its way. A closed list.

Each condition answers one question about a ``Question`` with a ``Finding``, and can
say in words what it saw and what would have to change. Nothing here knows an
agreement, an act or a clock. Those that read what the parties put on record stand in
``record_conditions.py``.

An article applies when all its conditions are met: one that is not met settles it,
else one in doubt leaves the article in doubt. A text can use no other condition than
those in ``CONDITIONS``; the reference page ``docs/reference/conditions.md`` explains
each.
"""

from dataclasses import dataclass
from typing import ClassVar

from beaconfire.agreements.question import Finding, Question, any_of, sure
from beaconfire.agreements.record_conditions import (
    AssuranceOfRecipient,
    AuthorityOfRecipient,
    FacilityOfRecipient,
)
from beaconfire.vocabulary.label import LADDER
from beaconfire.vocabulary.party import Party

_MET, _NOT_MET = Finding.MET, Finding.NOT_MET
_RANK = {level: rank for rank, level in enumerate(LADDER)}


@dataclass(frozen=True, slots=True)
class Body:
    """The item's body is one of these types."""

    NAME: ClassVar[str] = "body"
    value: tuple[str, ...]

    def finding(self, question: Question) -> Finding:
        """Certain: a body has exactly one type."""
        return _MET if question.body in self.value else _NOT_MET

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return f"the item's body is {question.body}"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        wanted = any_of(self.value) if met else "another body"
        return f"{wanted} instead of {question.body}"


@dataclass(frozen=True, slots=True)
class OriginatorIsSender:
    """The sender sends an item of its own (``true``) or somebody else's (``false``)."""

    NAME: ClassVar[str] = "originator_is_sender"
    value: bool

    def finding(self, question: Question) -> Finding:
        """Certain: the originator is signed into the item."""
        return _MET if question.own is self.value else _NOT_MET

    def saw(self, question: Question) -> str:
        """Say what was found."""
        if question.own:
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
        return _MET if question.approved is self.value else _NOT_MET

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
        return _MET if question.sender in self.value else _NOT_MET

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return f"{question.sender} sends it"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        wanted = any_of(self.value) if met else "another party"
        return f"sent by {wanted} instead of {question.sender}"


@dataclass(frozen=True, slots=True)
class Recipient:
    """The recipient on this hop is one of these parties."""

    NAME: ClassVar[str] = "recipient"
    value: tuple[Party, ...]

    def finding(self, question: Question) -> Finding:
        """Certain: each hop has one recipient."""
        return _MET if question.to in self.value else _NOT_MET

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return f"{question.to} receives it"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        wanted = any_of(self.value) if met else "another party"
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
        within = _RANK[question.level] <= _RANK[self.value]
        return _MET if within else _NOT_MET

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
        above = _RANK[question.level] > _RANK[self.value]
        return _MET if above else _NOT_MET

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return question.level_note

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        side = "above" if met else "up to"
        return f"a marking that {question.under} knows, {side} {self.value}"


@dataclass(frozen=True, slots=True)
class MarkingKnown:
    """The agreement's tables know the item's marking (``true``), or do not."""

    NAME: ClassVar[str] = "marking_known"
    value: bool

    def finding(self, question: Question) -> Finding:
        """Certain: a marking stands in the table or does not."""
        return _MET if (question.level is not None) is self.value else _NOT_MET

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return question.level_note

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        known = "knows" if self.value is met else "does not know"
        return f"a marking that {question.under} {known}"


@dataclass(frozen=True, slots=True)
class Category:
    """The item's label carries one of these categories."""

    NAME: ClassVar[str] = "category"
    value: tuple[str, ...]

    def finding(self, question: Question) -> Finding:
        """Certain: the label is signed into the item."""
        carried = question.item.label.categories
        return sure(any(one in self.value for one in carried))

    def saw(self, question: Question) -> str:
        """Say what was found."""
        carried = ", ".join(question.item.label.categories) or "no category"
        return f"the item's label carries {carried}"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        names = any_of(self.value)
        return f"a label with {names}" if met else f"a label without {names}"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the item is given for is within these purposes; doubt if it does not say."""

    NAME: ClassVar[str] = "purpose"
    value: tuple[str, ...]

    def finding(self, question: Question) -> Finding:
        """In doubt where neither the label nor the body says what it is for."""
        stated = question.purposes
        if not stated:
            return Finding.UNKNOWN
        for purpose in stated:
            if purpose not in self.value:
                return _NOT_MET
        return _MET

    def saw(self, question: Question) -> str:
        """Say what was found."""
        stated = question.purposes
        if not stated:
            return "the item does not say what it is given for"
        return f"the item is given for {' and '.join(stated)}"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        names = any_of(self.value)
        return f"an item given for {names}{'' if met else ' and for something else'}"


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
        return sure(any(other in self.value for other in question.together))

    def saw(self, question: Question) -> str:
        """Say what was found."""
        beside = " and ".join(question.together) or "no other agreement"
        return f"{beside} decides beside {question.under}"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        wanted = any_of(self.value) if met else "another agreement"
        return f"{wanted} beside {question.under} on the same hop"


@dataclass(frozen=True, slots=True)
class Status:
    """The agreement is not in force at the instant of the send."""

    NAME: ClassVar[str] = "status"
    value: str

    def finding(self, question: Question) -> Finding:
        """Certain: the acts that the node holds say so."""
        return _MET if not question.in_force else _NOT_MET

    def saw(self, question: Question) -> str:
        """Say what was found."""
        return question.status_note

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        return f"{question.under} not in force" if met else question.status_need


@dataclass(frozen=True, slots=True)
class WithConsentOf:
    """Each of these parties was consulted before and consents; a sender to itself."""

    NAME: ClassVar[str] = "with_consent_of"
    value: tuple[Party, ...]

    def finding(self, question: Question) -> Finding:
        """Certain: no answer is none, and silence is what the question said."""
        return sure(not self._lacking(question))

    def saw(self, question: Question) -> str:
        """Say what was found."""
        notes = {consent.party: consent.note for consent in question.consents}
        return " and ".join(
            notes.get(party, f"{party} was not consulted")
            for party in self._lacking(question) or self.value
        )

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        if not met:
            return f"no consent of {any_of(self.value)}"
        needs = {consent.party: consent.need for consent in question.consents}
        return " and ".join(
            needs.get(party, f"a consultation of {party}, and its consent")
            for party in self._lacking(question)
        )

    def _lacking(self, question: Question) -> tuple[Party, ...]:
        given = {consent.party for consent in question.consents if consent.stands}
        return tuple(
            party
            for party in self.value
            if party != question.sender and party not in given
        )


NOT_IN_FORCE = "not-in-force"

Condition = (
    Body
    | OriginatorIsSender
    | ApprovalOfOriginator
    | Sender
    | Recipient
    | ClassificationUpTo
    | ClassificationAbove
    | MarkingKnown
    | Category
    | Purpose
    | AuthorityOfRecipient
    | AssuranceOfRecipient
    | FacilityOfRecipient
    | TogetherWith
    | Status
    | WithConsentOf
)

# The closed list, by the name that a text writes.
CONDITIONS: dict[str, type[Condition]] = {
    kind.NAME: kind
    for kind in (
        Body,
        OriginatorIsSender,
        ApprovalOfOriginator,
        Sender,
        Recipient,
        ClassificationUpTo,
        ClassificationAbove,
        MarkingKnown,
        Category,
        Purpose,
        AuthorityOfRecipient,
        AssuranceOfRecipient,
        FacilityOfRecipient,
        TogetherWith,
        Status,
        WithConsentOf,
    )
}
