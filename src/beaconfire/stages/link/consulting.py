"""Consulting on the link: statements go to the other party, and bind what is sent.

* A statement of our people goes to the one party that it concerns, with the acts,
  whatever the state of any agreement.
* When a consent of which we are the asker ends before its time, every lane is settled
  in that very turn, as a suspension settles it.
* What a word on a question of ours opens that a suspension withheld is decided again.
* Our own items that wait for an answer are kept here until it comes or they end.
"""

from beaconfire.agreements.consultation import Held, Outcome
from beaconfire.journal.entry import Entry
from beaconfire.seals.consultations import envelope_of_statement
from beaconfire.seals.dsse import envelope_digest
from beaconfire.stages.link import queue
from beaconfire.stages.link.handing import fill
from beaconfire.stages.link.state import LinkStage, Unit
from beaconfire.stages.link.suspending import after_consent, after_word
from beaconfire.vocabulary.consultations import (
    Consultation,
    ConsultationAnswer,
    ConsultationWithdrawal,
    Statement,
)
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.consulting import ConsultationHeard
from beaconfire.vocabulary.link import SealedItem
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import Retraction
from beaconfire.vocabulary.times import Instant

# Own items kept for an answer that may still come. The release stage lets no more wait.
DEFERRED_KEPT_MAX = 2_000


def take_statement(
    state: LinkStage, body: Statement | Outcome, entry: Entry
) -> list[EntryBody]:
    """Send what our people signed to whom it concerns; obey what ends a consent."""
    state.standing = state.standing.consulted(entry.id, body, entry.at)
    own = state.profile.party
    held = _held(state, body, entry.id)
    if held is None:
        return []
    out: list[EntryBody] = []
    if isinstance(body, Statement) and body.party == own:
        out.extend(_send(state, body, entry, _other(held, own)))
    ends = isinstance(body, ConsultationWithdrawal) or (
        isinstance(body, ConsultationAnswer) and body.reply == "object"
    )
    if ends and held.ask.party == own:
        out.extend(after_consent(state, held.ask.agreement, entry.id, entry.at))
    outcome = isinstance(body, Outcome)
    return [*out, *after_word(state, held, entry.at, outcome=outcome)]


def heard(units: list[Unit]) -> list[ConsultationHeard]:
    """Say of delivered questions that the affected party has them."""
    return [
        ConsultationHeard(consultation=unit.id)
        for unit in units
        if isinstance(unit.statement, Consultation)
    ]


def keep_deferred(state: LinkStage, sealed: SealedItem, at: Instant) -> None:
    """Keep an own item for which leave may come later: retractions beside all else."""
    kept = state.deferred
    kept[sealed.item.id] = sealed
    is_back = isinstance(sealed.item.body, Retraction)
    alike = [
        n for n, o in kept.items() if isinstance(o.item.body, Retraction) is is_back
    ]
    for left, name in zip(range(len(alike), 0, -1), alike, strict=True):
        if left <= DEFERRED_KEPT_MAX and not kept[name].item.is_over(at):
            return
        del kept[name]


def _send(
    state: LinkStage, body: Statement, entry: Entry, to: Party
) -> list[EntryBody]:
    partner = state.partners.get(to)
    if partner is None or body.signature is None:
        return []
    sealed = envelope_of_statement(body)
    unit = Unit(
        id=entry.id,
        originator=body.party,
        via=None,
        digest=envelope_digest(sealed),
        envelope=sealed,
        statement=body,
    )
    queue.put(partner.sending["notices"], partner, unit)
    return fill(state, partner, "notices", entry.at)


def _held(state: LinkStage, body: Statement | Outcome, entry_id: str) -> Held | None:
    about = entry_id if isinstance(body, Consultation) else body.consultation
    return state.standing.consultations.get(about)


def _other(held: Held, own: Party) -> Party:
    return held.ask.affected if held.ask.party == own else held.ask.party
