"""Answer: what one agreement says to one item on one hop, with all its grounds.

``decide_release`` returns a ``Permission`` or an ``Objection``; neither sends anything:
only ``decision.py``, which hears every agreement of every way, makes a ``Release``.
Within one agreement silence refuses, refusal wins, doubt refuses and obligations
accumulate.
"""

from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct

from beaconfire.agreements.agreement import (
    NO_FURTHER,
    Agreement,
    Article,
    Found,
    Obligation,
)
from beaconfire.agreements.approval import find_approval
from beaconfire.agreements.conditions import (
    OriginatorIsSender,
    WithConsentOf,
)
from beaconfire.agreements.consent import consents_to
from beaconfire.agreements.purpose import purposes_of
from beaconfire.agreements.question import Finding, Question
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.status import status_of
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

T = TypeVar("T")

_MET = Finding.MET


class Permission(Struct, frozen=True, kw_only=True):
    """One agreement lets the item go. ``relied_on`` is never empty."""

    under: Agreement
    relied_on: tuple[Article, ...]  # in the agreement's own order
    obligations: tuple[Obligation, ...]  # all of them, or do not send
    acts: tuple[str, ...]
    approval: str | None
    consents: tuple[str, ...]


class Objection(Struct, frozen=True, kw_only=True):
    """One agreement does not. ``relied_on`` is empty when it is merely silent."""

    under: Agreement
    relied_on: tuple[Article, ...]
    acts: tuple[str, ...]
    reason: str
    needs: tuple[str, ...]  # all of them would have to change


def decide_release(
    item: Item,
    *,
    sender: Party,
    to: Party,
    under: Agreement,
    at: Instant,
    standing: Standing,
    together: tuple[str, ...] = (),
    marking: str | None = None,
) -> Permission | Objection:
    """Decide whether ``item`` may go ``to`` a partner ``under`` one agreement.

    ``together`` are the other agreements of the same way; ``marking`` is what a relay
    marks the item with, by which an agreement without the originator knows its level.

    Raises:
        BadInput: ``sender`` or ``to`` never signed ``under``.
    """
    under.require_party(sender)
    under.require_party(to)
    facts = _facts(
        item,
        sender=sender,
        to=to,
        under=under,
        at=at,
        standing=standing,
        together=together,
        marking=marking,
    )

    # Ask every article, even after one has refused: partners and auditors are owed
    # the whole list of grounds, not whichever happened to be first.
    not_met, lacking = facts.found.not_met, facts.found.lacking
    prohibiting = [a for a, asks in under.prohibitions if not asks & not_met]
    permitting = [a for a, asks in under.permissions if not asks & lacking]

    if prohibiting:
        # Lifting the prohibition may not be enough: say also what would permit it.
        more = () if permitting else _silence(under, facts).needs
        return _prohibition(under, prohibiting, facts, more)
    unheard = _without_consent(under, permitting, facts)
    if unheard is not None:
        return unheard
    if not permitting:
        return _silence(under, facts)

    # Obligations accumulate. Relying on the lightest article alone would let a
    # second, more generous article quietly cancel what the first one requires.
    consents = facts.question.consents
    owed = [owed for article in permitting for owed in article.obligations]
    owed += [Obligation(NO_FURTHER) for consent in consents if consent.no_further]
    return Permission(
        under=under,
        relied_on=tuple(permitting),
        obligations=once(owed),
        acts=(*facts.acts, *[act for consent in consents for act in consent.acts]),
        approval=facts.approval,
        consents=tuple([consent.consultation for consent in consents]),
    )


def object_as_holder(
    item: Item,
    *,
    sender: Party,
    to: Party,
    under: Agreement,
    at: Instant,
    standing: Standing,
) -> Objection | None:
    """Ask what the sender promised the originator ``under`` an agreement of theirs.

    Only the articles about passing on somebody else's item are asked: the rest of the
    text is about another hop. Whether it is in force is *not* asked: the end of an
    agreement stops new sharing and never lifts the rules for what was received.
    """
    under.require_party(sender)
    under.require_party(item.originator)
    facts = _facts(
        item,
        sender=sender,
        to=to,
        under=under,
        at=at,
        standing=standing,
        together=(),
        marking=None,
    )
    kept = [
        article
        for article, asks in under.prohibitions
        if not asks & facts.found.not_met
        and OriginatorIsSender(value=False) in article.when
    ]
    return _prohibition(under, kept, facts, ()) if kept else None


def once(things: Iterable[T]) -> tuple[T, ...]:
    """Return ``things`` in order, each only the first time."""
    return tuple(dict.fromkeys(things))


class _Facts(Struct, frozen=True, kw_only=True):
    question: Question
    found: Found
    acts: tuple[str, ...]
    approval: str | None


def _facts(
    item: Item,
    *,
    sender: Party,
    to: Party,
    under: Agreement,
    at: Instant,
    standing: Standing,
    together: tuple[str, ...],
    marking: str | None,
) -> _Facts:
    status = status_of(under, standing, at)
    by, mark = item.originator, item.label.classification
    if marking is not None and by not in under.parties:
        by, mark = sender, marking
    level = under.level_of(mark, by=by)
    if level is None:
        level_note = f"{under.id} does not know the marking `{mark}` of {by}"
    else:
        level_note = f"the marking `{mark}` of {by} is {level}"
    own = sender == item.originator
    # Who sends its own item approves of it by sending; no act is needed for that.
    approval, approval_note = None, f"the item is {sender}'s own"
    if not own:
        approval, approval_note = find_approval(
            standing, under.id, item=item, to=to, via=sender, at=at
        )
    question = Question(
        item=item,
        sender=sender,
        to=to,
        under=under.id,
        in_force=status.in_force,
        status_note=status.reason,
        status_need=status.need,
        level=level,
        level_note=level_note,
        approved=own or approval is not None,
        approval_note=approval_note,
        together=together,
        body=type(item.body).__name__,
        own=own,
        purposes=purposes_of(item),
        at=at,
        annexes=under.annexes,
        register=standing.register,
        consents=consents_to(
            standing.consultations, under.id, item=item, sender=sender, to=to, at=at
        ),
    )
    return _Facts(
        question=question,
        found=under.ask(question),
        acts=status.acts,
        approval=approval,
    )


def _prohibition(
    under: Agreement, articles: list[Article], facts: _Facts, needs: tuple[str, ...]
) -> Objection:
    grounds, lifted = [], []
    for article in articles:
        saw = " and ".join(condition.saw(facts.question) for condition in article.when)
        grounds.append(f"{under.cite(article)} forbids it: {saw}")
        # Whose item it is cannot change; what could is the rest of the conditions.
        rest = [c for c in article.when if not isinstance(c, OriginatorIsSender)]
        lifted.append(
            " or ".join(
                condition.need(facts.question, met=False)
                for condition in rest or article.when
            )
        )
    status_counts = any(article.governs_status for article in articles)
    return Objection(
        under=under,
        relied_on=tuple(articles),
        acts=facts.acts if status_counts else (),
        reason="; ".join(grounds),
        needs=once((*lifted, *needs)),
    )


def _without_consent(
    under: Agreement, permitting: list[Article], facts: _Facts
) -> Objection | None:
    """Object if a party that was asked, or had to be, does not consent.

    An article that permits without asking for consent does not open what somebody was
    asked about: whoever asks waits for the answer.
    """
    question = facts.question
    withheld = [consent for consent in question.consents if not consent.stands]
    if permitting and not withheld:
        return None
    consents, lacking = under.bits_of(WithConsentOf), facts.found.lacking
    wanting = [
        article
        for article, asks in under.permissions
        if asks & lacking & consents and not asks & lacking & ~consents
    ]
    articles = permitting or wanting
    if not articles:
        return None  # consent would open nothing: the silence is the reason
    found = [
        condition
        for article in wanting
        for condition in article.when
        if isinstance(condition, WithConsentOf)
    ]
    notes = [condition.saw(question) for condition in found]
    needs = [condition.need(question, met=True) for condition in found]
    grounds = ", ".join(under.cite(article) for article in articles)
    told = " and ".join(once((*notes, *(consent.note for consent in withheld))))
    return Objection(
        under=under,
        relied_on=tuple(articles),
        acts=tuple(act for consent in withheld for act in consent.acts),
        reason=f"{grounds} needs consent: {told}",
        needs=once((*needs, *(consent.need for consent in withheld))),
    )


def _silence(under: Agreement, facts: _Facts) -> Objection:
    # Say how the nearest article fell short: it is the one that a person would look
    # up. An article about other people's items is never near to one's own.
    question = facts.question
    reason = f"no article of {under.id} permits it"
    needs: tuple[str, ...] = (f"an article of {under.id} that permits it",)
    if under.permissions:
        lacking, whose = facts.found.lacking, under.bits_of(OriginatorIsSender)
        distances = [
            (bool(asks & lacking & whose), (asks & lacking).bit_count())
            for _, asks in under.permissions
        ]
        nearest, _ = under.permissions[distances.index(min(distances))]
        needs = tuple(
            condition.need(question, met=True)
            for condition in nearest.when
            if condition.finding(question) is not _MET
        )
        reason += f"; {under.cite(nearest)} would, for {' and '.join(needs)}"
    return Objection(under=under, relied_on=(), acts=(), reason=reason, needs=needs)
