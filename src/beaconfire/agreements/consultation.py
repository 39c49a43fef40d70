"""Consultation: what a question to an affected party has come to, as a state machine.

* A state is a type. ``MOVES`` is the whole machine: what is not in it cannot happen.
* Until it is answered it waits. Silence means no unless the question says yes, and
  speaks only for a party whose node is known to have the question. When its card is
  revoked that is not known any more, whatever comes later: who could not answer is not
  taken to consent.
* More time is taken by the affected party, as often as the question allows, each time
  at most as long as it had at first.
* A consent ends when the affected party withdraws it or at the end that it set. What
  has ended never comes back: whoever wants to ask again asks a new question.
* The instant of the journal decides what came in time, never the signer's clock.

Nothing here verifies a signature or reads a clock, or asks who may say what: that is
``consulting_rules.py``'s, and whoever takes a statement in must ask it before it is
folded. Which release a consent covers is ``consent.py``'s to say.
"""

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from beaconfire.vocabulary.consultations import (
    Conditions,
    Consultation,
    ConsultationAnswer,
    ConsultationWithdrawal,
    Silence,
    Statement,
)
from beaconfire.vocabulary.entries.consulting import (
    ConsultationClosed,
    ConsultationHeard,
)
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

# Ended ones that are remembered between two parties, so that a refusal can say how they
# ended.
ENDED_KEPT_MAX = 256


class State(Struct, frozen=True, kw_only=True, tag_field="state"):
    """What every state shares: since when, and by which entry."""

    at: Instant
    entry: str


class Asked(State, frozen=True, kw_only=True, tag=True):
    """The question is signed and on its way."""


class Heard(State, frozen=True, kw_only=True, tag=True):
    """The affected party's node has it."""


class MoreTime(State, frozen=True, kw_only=True, tag=True):
    """The affected party has taken more time, ``taken`` times so far."""

    deadline: Instant
    taken: int


class Consented(State, frozen=True, kw_only=True, tag=True):
    """It consents to all that was asked."""


class ConsentedOnConditions(State, frozen=True, kw_only=True, tag=True):
    """It consents as far as the conditions say."""

    conditions: Conditions


class ConsentedBySilence(State, frozen=True, kw_only=True, tag=True):
    """It had the question, was silent, and that means yes."""


class Objected(State, frozen=True, kw_only=True, tag=True):
    """It objects."""


class RefusedBySilence(State, frozen=True, kw_only=True, tag=True):
    """No answer came, and that means no."""


class ConsentWithdrawn(State, frozen=True, kw_only=True, tag=True):
    """It consented, and took that back."""


class ConsentEnded(State, frozen=True, kw_only=True, tag=True):
    """The consent came to the end that it set."""


class QuestionWithdrawn(State, frozen=True, kw_only=True, tag=True):
    """The asker took its question back before it was answered."""


AnyState = (
    Asked
    | Heard
    | MoreTime
    | Consented
    | ConsentedOnConditions
    | ConsentedBySilence
    | Objected
    | RefusedBySilence
    | ConsentWithdrawn
    | ConsentEnded
    | QuestionWithdrawn
)
Waiting = Asked | Heard | MoreTime
Standing = Consented | ConsentedOnConditions | ConsentedBySilence

Event = Literal[
    "it has arrived",
    "consent",
    "consent on conditions",
    "objection",
    "more time",
    "consent withdrawn",
    "question withdrawn",
    "deadline, silence means no",
    "deadline, silence means yes",
    "the agreed end",
]

_ANSWERS: dict[Event, type[State]] = {
    "consent": Consented,
    "consent on conditions": ConsentedOnConditions,
    "objection": Objected,
    "more time": MoreTime,
    "question withdrawn": QuestionWithdrawn,
    "deadline, silence means no": RefusedBySilence,
}
MOVES: dict[type[State], dict[Event, type[State]]] = {
    Asked: {"it has arrived": Heard, **_ANSWERS},
    Heard: {**_ANSWERS, "deadline, silence means yes": ConsentedBySilence},
    MoreTime: {**_ANSWERS, "deadline, silence means yes": ConsentedBySilence},
    Consented: {"consent withdrawn": ConsentWithdrawn},
    ConsentedOnConditions: {
        "consent withdrawn": ConsentWithdrawn,
        "the agreed end": ConsentEnded,
    },
    # Who objects when silence has already spoken was late, but is to be obeyed.
    ConsentedBySilence: {
        "consent withdrawn": ConsentWithdrawn,
        "objection": Objected,
    },
}
REPLIES: dict[str, Event] = {
    "consent": "consent",
    "consent-on-conditions": "consent on conditions",
    "object": "objection",
    "more-time": "more time",
}


class Held(Struct, frozen=True, kw_only=True):
    """One consultation: its question, its state, and what was signed about it.

    ``doubted``: the card of who had heard it was revoked before there was an answer.
    """

    id: str
    ask: Consultation
    state: AnyState
    said: tuple[str, ...]
    doubted: bool = False

    @property
    def deadline(self) -> Instant:
        """When silence speaks, unless more time is taken."""
        taken = isinstance(self.state, MoreTime)
        return self.state.deadline if taken else self.ask.deadline  # type: ignore[union-attr]

    @property
    def silence(self) -> Silence:
        """What silence will mean, once the question has arrived."""
        return "no" if self.doubted else self.ask.silence

    @property
    def waits(self) -> bool:
        """Whether an answer may still come in time."""
        return isinstance(self.state, Waiting)

    @property
    def consented(self) -> bool:
        """Whether a consent stands; how far it goes is another question."""
        return isinstance(self.state, Standing)

    @property
    def conditions(self) -> Conditions:
        """How far a consent goes; without conditions as far as was asked."""
        if isinstance(self.state, ConsentedOnConditions):
            return self.state.conditions
        return Conditions()

    @property
    def ends(self) -> Instant | None:
        """The last instant of the state, if time can end it."""
        return self.deadline if self.waits else self.conditions.until


class Consultations(Struct, frozen=True, kw_only=True):
    """The fold of all that was said so far, the oldest question first."""

    held: tuple[Held, ...] = ()

    def get(self, consultation: str) -> Held | None:
        """Return the consultation of that id, if it is known."""
        return next((h for h in self.held if h.id == consultation), None)

    def knows(self, statement: str) -> bool:
        """Return whether something signed, by its id, was folded in already."""
        return any(statement in held.said for held in self.held)


Outcome = ConsultationHeard | ConsultationClosed


def after(
    known: Consultations, entry: str, body: Statement | Outcome, at: Instant
) -> Consultations:
    """Return what is known once ``body``, recorded as ``entry``, has happened."""
    if isinstance(body, Consultation):
        held = Held(id=entry, ask=body, state=Asked(at=at, entry=entry), said=(entry,))
        return _bounded((*known.held, held))
    found = known.get(body.consultation)
    if found is None:
        return known
    said = found.said
    if not isinstance(body, Outcome):
        said = (*said, entry)
    state = _moved(found, entry, body, at)
    changed = replace(found, state=state or found.state, said=said)
    return Consultations(held=tuple(changed if h is found else h for h in known.held))


def doubting(known: Consultations, party: Party) -> Consultations:
    """Return what is known once the card of ``party`` has been revoked."""
    return Consultations(
        held=tuple(
            replace(h, doubted=True)
            if h.ask.affected == party and isinstance(h.state, Heard | MoreTime)
            else h
            for h in known.held
        )
    )


def closings(known: Consultations, at: Instant) -> Iterator[ConsultationClosed]:
    """Say which consultations time has ended by ``at``."""
    for held in known.held:
        if held.ends is not None and held.ends < at:
            by: Literal["silence", "end"] = "silence" if held.waits else "end"
            yield ConsultationClosed(consultation=held.id, by=by)


def due(known: Consultations) -> Instant | None:
    """Return when time next ends a consultation, ``None`` if it ends none."""
    ends = [held.ends.ns + 1 for held in known.held if held.ends is not None]
    return Instant(min(ends)) if ends else None


def state_name(state: type[State]) -> str:
    """Return how people call a state."""
    words = re.findall("[A-Z][a-z]+", state.__name__)
    return " ".join(words).lower()


def told(held: Held) -> str:
    """Say in one sentence where a consultation stands."""
    who, state = held.ask.affected, held.state
    name = f"consultation `{held.id}`"
    if isinstance(state, Waiting):
        silence = f"silence means {held.silence}"
        return f"{name} with {who} waits for an answer until {held.deadline}, {silence}"
    if isinstance(state, QuestionWithdrawn):
        return f"{held.ask.party} took {name} with {who} back at {state.at}"
    verbs: dict[type[State], str] = {
        Consented: f"{who} consented at",
        ConsentedOnConditions: f"{who} consented on conditions at",
        ConsentedBySilence: f"{who} was silent, which means yes, at",
        Objected: f"{who} objected at",
        RefusedBySilence: f"{who} gave no answer, which means no, by",
        ConsentWithdrawn: f"{who} withdrew its consent at",
        ConsentEnded: f"the consent of {who} came to its end at",
    }
    return f"{verbs[type(state)]} {state.at} ({name})"


def _moved(
    held: Held, entry: str, body: Statement | Outcome, at: Instant
) -> AnyState | None:
    event = _event(held, body)
    to = None if event is None else MOVES.get(type(held.state), {}).get(event)
    if to is None:
        return None
    more: dict[str, object] = {}
    if isinstance(body, ConsultationAnswer) and to is MoreTime:
        more = {"deadline": body.deadline, "taken": taken(held) + 1}
    elif isinstance(body, ConsultationAnswer) and to is ConsentedOnConditions:
        more = {"conditions": body.conditions}
    return to(at=at, entry=entry, **more)  # type: ignore[return-value]


def _event(held: Held, body: Statement | Outcome) -> Event | None:
    if isinstance(body, ConsultationHeard):
        return "it has arrived"
    if isinstance(body, ConsultationAnswer):
        return REPLIES[body.reply]
    if isinstance(body, ConsultationWithdrawal):
        own = body.party == held.ask.party
        return "question withdrawn" if own else "consent withdrawn"
    if isinstance(body, ConsultationClosed):
        if body.by == "end":
            return "the agreed end"
        # Silence is no consent of a party that may never have heard the question.
        yes = held.silence == "yes" and not isinstance(held.state, Asked)
        return "deadline, silence means yes" if yes else "deadline, silence means no"
    return None


def taken(held: Held) -> int:
    """Return how often more time was taken."""
    return held.state.taken if isinstance(held.state, MoreTime) else 0


def pair(held: Held) -> tuple[Party, Party]:
    """Return who asks and who is asked."""
    return (held.ask.party, held.ask.affected)


def _bounded(held: tuple[Held, ...]) -> Consultations:
    """Forget the oldest that have ended, pair by pair, beyond what is kept."""
    ended: dict[tuple[Party, Party], int] = {}
    kept = []
    for one in reversed(held):
        if not (one.waits or one.consented):
            ended[pair(one)] = ended.get(pair(one), 0) + 1
            if ended[pair(one)] > ENDED_KEPT_MAX:
                continue
        kept.append(one)
    return Consultations(held=tuple(reversed(kept)))
