"""Agreement: a text that parties signed, as articles that permit or prohibit.

* An agreement never changes. Suspension and restoration are acts beside it
  (``standing.py``); an amendment is another text with its own signatures.
* A citation is ``<agreement id>:<article number>``; lists of articles keep the order
  of the text.
* Markings are compared letter by letter. What the level tables do not list is not
  known, and whoever asks must treat it as doubt.

Reading and printing the text is ``text.py``'s; nothing here decides anything.
"""

import enum
from dataclasses import dataclass

from beaconfire.agreements.conditions import (
    Condition,
    Finding,
    Question,
    Status,
    TogetherWith,
    all_of,
)
from beaconfire.errors import BadInput
from beaconfire.vocabulary.label import LADDER
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

__all__ = [
    "OBLIGATIONS",
    "UNCLASSIFIED",
    "Agreement",
    "Article",
    "Effect",
    "Finding",
    "Levels",
    "Obligation",
    "Term",
]

UNCLASSIFIED = LADDER[0]

# What a release may owe, and who carries it out. A closed list, like the conditions.
OBLIGATIONS: dict[str, str] = {
    "seal-in-transit": "the link carries it encrypted, inside two signed envelopes",
    "signed-receipt": "the recipient signs for it when it is stored",
    "mark-on-receipt": (
        "the recipient adds the originator's name and its own equivalent marking, "
        "and keeps the original marking"
    ),
    "re-mark": (
        "the relay adds its own equivalent marking outside, and keeps the original"
    ),
    "forward-unchanged": "the relay forwards the originator's signed bytes as they are",
}


class Effect(enum.Enum):
    """What an article does when its conditions are met."""

    PERMIT = "permit"
    PROHIBIT = "prohibit"


class Obligation(str):
    """What a release owes, by its name in ``OBLIGATIONS``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One rule. ``rests_on`` says which source it rests on, and how surely."""

    number: str
    effect: Effect
    when: tuple[Condition, ...]
    obligations: tuple[Obligation, ...] = ()
    rests_on: str

    def applies(self, question: Question) -> Finding:
        """Return whether every condition of this article is met."""
        return all_of(tuple(condition.finding(question) for condition in self.when))

    def companions(self) -> tuple[str, ...]:
        """Return the agreements that this article asks for beside its own."""
        for condition in self.when:
            if isinstance(condition, TogetherWith):
                return condition.value
        return ()

    @property
    def governs_status(self) -> bool:
        """Whether this is the article that a refusal by status cites."""
        return any(isinstance(condition, Status) for condition in self.when)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long it lasts, and how notice ends it; ``term.py`` says what it means."""

    initial_years: int | None = None
    extended_by_years: int | None = None
    notice_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """One party's markings and the English level of each, in the text's order.

    Several markings may share a level; the first of them is the one that the party
    itself marks with.
    """

    party: Party
    markings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A whole text. It began at ``in_force_from``; acts may have closed it since."""

    id: str
    title: str
    instrument: str
    parties: tuple[Party, ...]
    in_force_from: Instant
    term: Term = Term()
    levels: tuple[Levels, ...]
    articles: tuple[Article, ...]

    def cite(self, article: Article) -> str:
        """Return the citation of ``article``."""
        return f"{self.id}:{article.number}"

    def binds(self, *parties: Party) -> bool:
        """Return whether all ``parties`` are parties to it."""
        return all(party in self.parties for party in parties)

    def require_party(self, party: Party) -> None:
        """Check that ``party`` is a party to it.

        Raises:
            BadInput: it is not. That is a routing mistake, not a refusal, and must
                not look like one in the journal.
        """
        if party not in self.parties:
            message = f"`{party}` is no party to {self.id}"
            raise BadInput(message)

    @property
    def status_article(self) -> Article:
        """The article that governs whether it is in force; every text has one."""
        return next(article for article in self.articles if article.governs_status)

    @property
    def requires(self) -> tuple[str, ...]:
        """The agreements that some article asks for beside this one, in order."""
        asked = [other for article in self.articles for other in article.companions()]
        return tuple(dict.fromkeys(asked))

    def level_of(self, marking: str, *, by: Party) -> str | None:
        """Return the English level of what ``by`` marked so, ``None`` if not known.

        Known are the markings in the party's table, the English levels that the table
        maps to, ``UNCLASSIFIED`` (it needs no protection, so no table lists it) and
        ``TOP SECRET`` (certainly above what a table without it covers).
        """
        table = self._table(by)
        if table is None:
            return None
        if marking in table:
            return table[marking]
        plain = (*table.values(), UNCLASSIFIED, LADDER[-1])
        return marking if marking in plain else None

    def marking_for(self, level: str, *, by: Party) -> str | None:
        """Return how ``by`` marks ``level``, ``None`` if its table does not say."""
        if level == UNCLASSIFIED:
            return UNCLASSIFIED
        table = self._table(by) or {}
        return next((mark for mark, of in table.items() if of == level), None)

    def _table(self, party: Party) -> dict[str, str] | None:
        for levels in self.levels:
            if levels.party == party:
                return dict(levels.markings)
        return None
