"""Statements: is what people signed about a consultation well made, by itself?

Form alone: parties that differ, classes that exist, a deadline ahead of its issue,
words without hidden characters, and with each answer exactly what belongs to it. What
has gone before is ``consultation.py``'s to look at.
"""

from beaconfire.agreements.values import Wrong, text
from beaconfire.vocabulary.acts import CLASSES
from beaconfire.vocabulary.consultations import (
    Conditions,
    Consultation,
    ConsultationAnswer,
    ConsultationWithdrawal,
    OnwardReleaseOf,
    ReleaseOf,
    Statement,
)

# A question that nobody need answer within a year is none.
DEADLINE_S_MAX = 366 * 86_400.0


def wrong_with(statement: Statement) -> str | None:
    """Return what is wrong with the form of ``statement``, ``None`` if nothing is."""
    if isinstance(statement, Consultation):
        return _wrong_question(statement)
    if isinstance(statement, ConsultationAnswer):
        return _wrong_answer(statement)
    if isinstance(statement, ConsultationWithdrawal):
        return _wrong_words(statement.reason, "reason")
    return None


def _wrong_question(ask: Consultation) -> str | None:
    if ask.party == ask.affected:
        return f"{ask.party} would ask itself: that is a circle"
    ahead_s = ask.deadline.seconds_since(ask.issued)
    if not 0.0 < ahead_s <= DEADLINE_S_MAX:
        return "its deadline lies within a year after its issue, not before"
    if not ask.reason:
        return "a question names its reason"
    about = ask.proposes
    if isinstance(about, ReleaseOf | OnwardReleaseOf):
        if ask.party in about.to:
            return f"{ask.party} would release to itself"
        if isinstance(about, OnwardReleaseOf) and about.originator == ask.party:
            return f"what is {ask.party}'s own is not passed on: write `release`"
        return _unknown_class((about.item_class,)) or _wrong_words(ask.reason, "reason")
    if not about.text:
        return "a statement or measure is described"
    return _wrong_words(about.text, "text") or _wrong_words(ask.reason, "reason")


def _wrong_answer(answer: ConsultationAnswer) -> str | None:
    if (answer.conditions is not None) is not (answer.reply == "consent-on-conditions"):
        return "conditions belong to a consent on conditions, and to nothing else"
    if (answer.deadline is not None) is not (answer.reply == "more-time"):
        return "a deadline belongs to an answer that takes more time, and to no other"
    told = answer.conditions
    if told is not None:
        if told == Conditions():
            return "a consent on conditions names at least one condition"
        flaw = _unknown_class(told.classes)
        if flaw is not None:
            return flaw
        if told.until is not None and told.until <= answer.issued:
            return f"the consent would end at {told.until}, before it begins"
    return _wrong_words(answer.reason, "reason")


def _unknown_class(classes: tuple[str, ...]) -> str | None:
    for name in classes:
        if name not in CLASSES:
            return f"`{name}` is no class: write one of {', '.join(CLASSES)}"
    return None


def _wrong_words(words: str, what: str) -> str | None:
    if not words:
        return None
    try:
        text(words)
    except Wrong as wrong:
        return f"`{what}` {wrong}"
    return None
