"""Duties: what lasts beyond a send, and what of it is still owed.

An article with ``effect = "oblige"`` lays duties on whoever holds what was given. A
duty is never a condition of a send and never a boolean: it is met by records with
their dates, and until then it is *open*. Whether the agreement is still in force is
not asked here: termination stops new sharing and lifts no duty.

The closed list is ``LASTING`` in ``agreement.py``.
"""

from typing import cast

from msgspec import Struct

from beaconfire.agreements.agreement import Agreement, Article, Effect
from beaconfire.agreements.question import Finding, Question
from beaconfire.agreements.register import Filed, Register, latest, steps_of
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.records import (
    CaseClosed,
    Closing,
    Findings,
    LevelChange,
    LevelFollowed,
    Measures,
    NoLongerNeeded,
    Suspected,
)
from beaconfire.vocabulary.times import Instant


class Open(Struct, frozen=True, kw_only=True):
    """One thing that ``by`` still owes, since when, and the record that began it."""

    duty: str
    article: str | None  # None where no article of the text lays it on: then for order
    by: Party
    since: Instant
    entry: str
    what: str


def lasting_duties(
    under: Agreement, question: Question | None = None
) -> tuple[tuple[str, str], ...]:
    """Return (duty, citation) for the articles that oblige, in the text's order.

    With a ``question``, only those whose conditions are met or in doubt for it.
    """
    return tuple(
        (str(duty), under.cite(article))
        for article in under.articles
        if article.effect is Effect.OBLIGE
        and (question is None or article.applies(question) is not Finding.NOT_MET)
        for duty in article.obligations
    )


def open_duties(under: Agreement, register: Register, at: Instant) -> tuple[Open, ...]:
    """Return what is owed under ``under`` at ``at``, oldest first."""
    found = [
        *_unfollowed(under, register),
        *_unclosed(under, register),
        *_cases(under, register),
    ]
    began = [duty for duty in found if duty.since <= at]
    return tuple(sorted(began, key=lambda duty: (duty.since, duty.by, duty.what)))


def _unfollowed(under: Agreement, register: Register) -> list[Open]:
    """List level changes that a party has not followed yet."""
    found = []
    for party in under.parties:
        for one in latest(register, under.id, party, LevelChange):
            changed = cast(LevelChange, one.record)
            item, marking = changed.item, changed.marking
            done = LevelFollowed(originator=party, item=item, marking=marking)
            found += [
                _open(
                    under,
                    "follow-level-changes",
                    other,
                    one,
                    f"mark {party}'s item `{item}` as `{marking}`, every copy",
                )
                for other in under.parties
                if other != party and not _said_after(register, one, other, done)
            ]
    return found


def _said_after(
    register: Register, since: Filed, party: Party, record: LevelFollowed
) -> bool:
    after = False
    for one in register.under(since.agreement):
        if one.entry == since.entry:
            after = True
        elif after and one.party == party and one.record == record:
            return True
    return False


def _unclosed(under: Agreement, register: Register) -> list[Open]:
    """List items that a party needs no more and has neither returned nor destroyed."""
    closed = {
        (one.party, one.record.originator, one.record.item)
        for one in register.under(under.id)
        if isinstance(one.record, Closing)
    }
    return [
        _open(
            under,
            "return-or-destroy",
            one.party,
            one,
            f"return or destroy {one.record.originator}'s item `{one.record.item}`",
        )
        for one in register.under(under.id)
        if isinstance(one.record, NoLongerNeeded)
        and (one.party, one.record.originator, one.record.item) not in closed
    ]


def _cases(under: Agreement, register: Register) -> list[Open]:
    found = []
    for one in register.under(under.id):
        if not isinstance(one.record, Suspected):
            continue
        case = one.record.case
        said = steps_of(register, under.id, one.party, case)
        owed = [
            word
            for kind, word in (
                (Findings, "send the findings"),
                (Measures, "send the measures that prevent it"),
                (CaseClosed, "close the case"),
            )
            if kind not in said
        ]
        found += [
            _open(under, "report-loss", one.party, one, f"case `{case}`: {what}")
            for what in owed
        ]
    return found


def _open(under: Agreement, duty: str, by: Party, began: Filed, what: str) -> Open:
    return Open(
        duty=duty,
        article=article_of(under, duty),
        by=by,
        since=began.issued,
        entry=began.entry,
        what=what,
    )


def article_of(under: Agreement, duty: str) -> str | None:
    """Return the article that lays ``duty`` on the parties, ``None`` if none does."""
    for article in under.articles:
        if _lays(article, duty):
            return under.cite(article)
    return None


def _lays(article: Article, duty: str) -> bool:
    return article.effect is Effect.OBLIGE and duty in article.obligations
