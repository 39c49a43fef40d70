"""Consent: which consultations bear on this item and way, and do they allow it now?

A consultation bears on a release if its asker is the sender, it was asked under the
agreement that decides, and what it proposes covers item and recipient. Of several with
one party the one that helps most counts: a consent that covers, else one that waits,
else the newest; an objection outweighs all that is older. A consent goes only as far
as it says.
"""

from msgspec.structs import replace

from beaconfire.agreements.approval import covers
from beaconfire.agreements.consultation import (
    Consented,
    Consultations,
    Held,
    Objected,
    QuestionWithdrawn,
    told,
)
from beaconfire.agreements.question import Consent
from beaconfire.agreements.standing import Standing
from beaconfire.vocabulary.consultations import OnwardReleaseOf, ReleaseOf
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant


def consents_to(
    known: Consultations,
    agreement: str,
    *,
    item: Item,
    sender: Party,
    to: Party,
    at: Instant,
) -> tuple[Consent, ...]:
    """Return what each party that was asked says, in the order of the questions."""
    best: dict[Party, tuple[int, Consent]] = {}
    for held in known.held:
        ask = held.ask
        if (ask.agreement, ask.party) != (agreement, sender):
            continue
        if isinstance(held.state, QuestionWithdrawn) or not _is_about(held, item, to):
            continue
        flaw = why_not(held, item=item, to=to, at=at)
        rank = 2 if flaw is None else 1 if held.waits else 0
        if isinstance(held.state, Objected) or rank >= best.get(ask.affected, (0,))[0]:
            best[ask.affected] = (rank, _consent(held, flaw))
    return tuple(consent for _, consent in best.values())


def why_not(held: Held, *, item: Item, to: Party, at: Instant) -> str | None:
    """Return why no consent to this stands at ``at``, ``None`` if one does."""
    if not held.consented:
        return told(held)
    given, name = held.conditions, f"(consultation `{held.id}`)"
    who, body = held.ask.affected, type(item.body).__name__
    if given.recipients and to not in given.recipients:
        return f"{who} consents for {', '.join(given.recipients)} only {name}"
    if given.classes and not any(covers(one, body) for one in given.classes):
        return f"{who} consents to {', '.join(given.classes)} only {name}"
    if given.until is not None and given.until < at:
        return f"the consent of {who} ended at {given.until} {name}"
    return None


def if_answered(standing: Standing) -> Standing:
    """Return the standing as it would be if every open question had consent."""
    known = standing.consultations
    return replace(
        standing,
        consultations=Consultations(
            held=tuple(
                replace(held, state=Consented(at=held.state.at, entry=held.state.entry))
                if held.waits
                else held
                for held in known.held
            )
        ),
    )


def _is_about(held: Held, item: Item, to: Party) -> bool:
    about = held.ask.proposes
    if isinstance(about, ReleaseOf):
        whose = item.originator == held.ask.party
    elif isinstance(about, OnwardReleaseOf):
        whose = item.originator == about.originator
    else:
        return False
    body = type(item.body).__name__
    return whose and to in about.to and covers(about.item_class, body)


def _consent(held: Held, flaw: str | None) -> Consent:
    who = held.ask.affected
    entry = held.state.entry
    return Consent(
        party=who,
        consultation=held.id,
        stands=flaw is None,
        no_further=held.conditions.no_further,
        acts=(held.id,) if entry == held.id else (held.id, entry),
        note=flaw or told(held),
        need=f"consent of {who} to consultation `{held.id}`"
        if held.waits
        else f"a new consultation of {who}, and its consent",
    )
