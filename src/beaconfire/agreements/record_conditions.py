"""Record conditions: what an article may ask of what the parties put on record.

Each is met while such a record holds at the instant of the send, in the agreement's
own text or declared since. With none at all it is in doubt, and doubt refuses: a
prohibition that asks for its absence and a permission that asks for its presence both
keep the item at home, and say whose record is missing.

* A record that has ended, or says *no*, is certain: not met.
* What is asked is the recipient's: who sends knows its own house.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from beaconfire.agreements.question import Finding, Question, sure
from beaconfire.agreements.register import K, latest, standing_records
from beaconfire.vocabulary.label import LADDER
from beaconfire.vocabulary.records import Annexed, Assurance, Authority, Facility


@dataclass(frozen=True, slots=True)
class AuthorityOfRecipient:
    """The recipient has notified its competent authorities, or (``false``) has not."""

    NAME: ClassVar[str] = "authority_of_recipient"
    value: bool

    def finding(self, question: Question) -> Finding:
        """In doubt where nothing was ever notified."""
        known = _on_record(question, Authority)
        return _as_asked(question, Authority, bool(known), self.value)

    def saw(self, question: Question) -> str:
        """Say what was found."""
        for record in _on_record(question, Authority):
            return f"{question.to} has notified {', '.join(record.names)}"
        return f"no competent authority of {question.to} is on record"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        word = "notified" if self.value is met else "not notified"
        return f"a competent authority {word} by {question.to} under {question.under}"


@dataclass(frozen=True, slots=True)
class AssuranceOfRecipient:
    """The recipient's assurance holds, all three answers *yes*, or does not."""

    NAME: ClassVar[str] = "assurance_of_recipient"
    value: bool

    def finding(self, question: Question) -> Finding:
        """In doubt where nothing was ever assured."""
        held = any(
            record.recipients_cleared
            and record.official_purpose
            and record.equivalent_protection
            for record in _on_record(question, Assurance)
        )
        return _as_asked(question, Assurance, held, self.value)

    def saw(self, question: Question) -> str:
        """Say what was found."""
        for record in _on_record(question, Assurance):
            return f"{question.to} assures {_assured(record)}"
        return f"no assurance by {question.to} is on record"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        word = "an assurance" if self.value is met else "no assurance"
        return (
            f"{word} by {question.to} under {question.under} that recipients are "
            "cleared, need it officially and protect it equivalently"
        )


@dataclass(frozen=True, slots=True)
class FacilityOfRecipient:
    """A facility of the recipient may hold the item's level, or none may."""

    NAME: ClassVar[str] = "facility_of_recipient"
    value: bool

    def finding(self, question: Question) -> Finding:
        """In doubt where no facility was ever named, or the level is not known."""
        if question.level is None:
            return Finding.UNKNOWN
        rank = LADDER.index(question.level)
        held = any(
            LADDER.index(record.level) >= rank
            for record in _on_record(question, Facility)
        )
        return _as_asked(question, Facility, held, self.value)

    def saw(self, question: Question) -> str:
        """Say what was found."""
        named = [
            f"{record.name} up to {record.level}"
            for record in _on_record(question, Facility)
        ]
        if not named:
            return f"no facility of {question.to} is on record"
        return f"{question.to} holds it at {', '.join(named)}; {question.level_note}"

    def need(self, question: Question, *, met: bool) -> str:
        """Say what would make this met, or not met."""
        word = "a facility" if self.value is met else "no facility"
        level = question.level or "its level"
        return f"{word} of {question.to} under {question.under} that may hold {level}"


RecordCondition = AuthorityOfRecipient | AssuranceOfRecipient | FacilityOfRecipient

# What each of them reads.
READS: dict[type[RecordCondition], type[Annexed]] = {
    AuthorityOfRecipient: Authority,
    AssuranceOfRecipient: Assurance,
    FacilityOfRecipient: Facility,
}


def reads(when: Iterable[object]) -> Iterator[type[Annexed]]:
    """Yield the kinds of record that conditions read."""
    for condition in when:
        if isinstance(condition, RecordCondition):
            yield READS[type(condition)]


def _on_record(question: Question, kind: type[K]) -> tuple[K, ...]:
    return standing_records(
        question.annexes,
        question.register,
        agreement=question.under,
        party=question.to,
        kind=kind,
        at=question.at,
    )


def _as_asked(
    question: Question, kind: type[Annexed], held: bool, wanted: bool
) -> Finding:
    if held:
        return sure(wanted)
    # What ended or says no is certain; what was never said is doubt.
    if _ever(question, kind):
        return sure(not wanted)
    return Finding.UNKNOWN


def _ever(question: Question, kind: type[Annexed]) -> bool:
    return any(
        annex.party == question.to and isinstance(annex.record, kind)
        for annex in question.annexes
    ) or bool(latest(question.register, question.under, question.to, kind))


def _assured(record: Assurance) -> str:
    answers = (
        (record.recipients_cleared, "clearance"),
        (record.official_purpose, "official purpose"),
        (record.equivalent_protection, "equivalent protection"),
    )
    yes = [word for held, word in answers if held]
    no = [word for held, word in answers if not held]
    told = " and ".join(yes) or "nothing"
    return f"{told}, but not {' nor '.join(no)}" if no else told
