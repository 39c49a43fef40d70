"""Consulting rules: may this be said on a consultation, by this party, now?

A question is asked under an agreement of both; an answer is given by the party that
was asked, before the deadline of this journal; a consent is withdrawn by who gave it,
a question by who asked it, before it is answered; an act is done by who asked, while a
consent to it stands. What nothing here objects to, ``consultation.py`` folds.
"""

from collections.abc import Sequence

from beaconfire.agreements.consultation import (
    MOVES,
    REPLIES,
    Consultations,
    Held,
    pair,
    taken,
    told,
)
from beaconfire.agreements.statements import wrong_with
from beaconfire.vocabulary.consultations import (
    Consultation,
    ConsultationAnswer,
    ConsultationProceeding,
    ConsultationWithdrawal,
    ReleaseOf,
    Statement,
)
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

# Between one asker and one affected party: open or consented. People ask; more than
# this is a machine that does.
STANDING_MAX = 256


def objection_to(
    known: Consultations,
    statement: Statement,
    *,
    parties: Sequence[Party] | None,
    at: Instant,
    own: bool,
) -> str | None:
    """Return the rule by which ``statement`` does not count, ``None`` if it does.

    ``parties`` are those of the agreement that a question names; ``None`` if no such
    agreement is signed here. ``own`` people answer a partner's question before they
    ask it back; two that cross on their way are no circle, and both are taken.
    """
    flaw = wrong_with(statement)
    if flaw is not None:
        return flaw
    if isinstance(statement, Consultation):
        circle = _circle(known, statement) if own else None
        return circle or _against_asking(known, statement, parties, at)
    held = known.get(statement.consultation)
    if held is None:
        return f"there is no consultation `{statement.consultation}` here"
    if isinstance(statement, ConsultationAnswer):
        return _against_answering(held, statement, at)
    if isinstance(statement, ConsultationWithdrawal):
        return _against_withdrawing(held, statement)
    return _against_proceeding(held, statement, at)


def _against_asking(
    known: Consultations,
    ask: Consultation,
    parties: Sequence[Party] | None,
    at: Instant,
) -> str | None:
    if parties is None:
        return f"`{ask.agreement}` is not an agreement that all parties have signed"
    for party in (ask.party, ask.affected):
        if party not in parties:
            return f"{party} is no party to {ask.agreement}"
    if ask.deadline < at:
        return f"its deadline {ask.deadline} has passed"
    between = [h for h in known.held if pair(h) == (ask.party, ask.affected)]
    if sum(h.waits or h.consented for h in between) >= STANDING_MAX:
        return f"{STANDING_MAX} consultations with {ask.affected} are open or consented"
    return None


def _circle(known: Consultations, ask: Consultation) -> str | None:
    if isinstance(ask.proposes, ReleaseOf):
        return None  # each speaks of items of its own
    for held in known.held:
        back = pair(held) == (ask.affected, ask.party)
        if back and held.waits and held.ask.proposes == ask.proposes:
            return (
                f"{ask.affected} has asked {ask.party} about the same act "
                f"(consultation `{held.id}`): a circle; answer that one first"
            )
    return None


def _against_answering(
    held: Held, answer: ConsultationAnswer, at: Instant
) -> str | None:
    ask, state = held.ask, held.state
    if answer.party != ask.affected:
        return f"{answer.party} was not asked: {ask.affected} was"
    event = REPLIES[answer.reply]
    if event not in MOVES.get(type(state), {}):
        return f"it has ended: {told(held)}"
    if held.waits and held.deadline < at:
        return f"the answer comes after the deadline {held.deadline}"
    if event != "more time":
        return None
    if taken(held) >= ask.extensions:
        return f"more time may be taken {ask.extensions} times, and was"
    assert answer.deadline is not None  # wrong_with has seen to it
    longest_s = ask.deadline.seconds_since(ask.issued)
    latest = held.deadline.plus_s(longest_s)
    if not held.deadline < answer.deadline <= latest:
        return f"more time ends after {held.deadline} and not after {latest}"
    return None


def _against_withdrawing(held: Held, body: ConsultationWithdrawal) -> str | None:
    ask = held.ask
    if body.party not in (ask.party, ask.affected):
        return f"{body.party} neither asked nor was asked"
    if body.party == ask.party and not held.waits:
        return f"a question is taken back before it is answered: {told(held)}"
    if body.party == ask.affected and not held.consented:
        return f"no consent stands that could be withdrawn: {told(held)}"
    return None


def _against_proceeding(
    held: Held, body: ConsultationProceeding, at: Instant
) -> str | None:
    if body.party != held.ask.party:
        return f"{body.party} did not ask: {held.ask.party} did"
    end = held.ends
    if not held.consented:
        return f"the act waits for consent: {told(held)}"
    if end is not None and end < at:
        return f"the consent ended at {end}"
    return None
