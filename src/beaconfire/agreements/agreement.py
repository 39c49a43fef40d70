"""Agreement: a text that parties signed, as articles that permit or prohibit.

* An agreement never changes. Suspension and restoration are acts beside it
  (``standing.py``); an amendment is another text (``amendment.py``).
* A citation is ``<agreement id>:<article number>``; lists of articles keep the order
  of the text.
* Markings are compared letter by letter. What the level tables do not list is not
  known, and whoever asks must treat it as doubt.

Reading and printing the text is ``text.py``'s; nothing here decides anything.
"""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from msgspec import Struct

from beaconfire.agreements.conditions import (
    Condition,
    Status,
    TogetherWith,
)
from beaconfire.agreements.question import Finding, Question
from beaconfire.agreements.register import Annex
from beaconfire.errors import BadInput
from beaconfire.vocabulary.label import LADDER
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

__all__ = [
    "LASTING",
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

_MET, _NOT_MET, _UNKNOWN = Finding.MET, Finding.NOT_MET, Finding.UNKNOWN
NO_FURTHER = "no-further"  # an article may require it, and so may a consent

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
    NO_FURTHER: "the recipient passes it on to nobody",
    "forward-unchanged": "the relay forwards the originator's signed bytes as they are",
}

# What lasts beyond a send, and who carries it out. Closed as well; ``duties.py`` and
# the register keep what was done of it.
LASTING: dict[str, str] = {
    "protect-equivalently": (
        "the recipient protects it at a level at least equivalent to the originator's"
    ),
    "keep-purpose": (
        "used for the purpose it was given for, or another that its originator approves"
    ),
    "need-to-know": (
        "seen only by cleared persons whose duty requires it; rank alone opens nothing"
    ),
    "keep-register": (
        "each facility keeps a register of cleared and authorised persons"
    ),
    "keep-custody": (
        "identified, located, inventoried and controlled, in a ledger an item"
    ),
    "mark-derived": (
        "what is made from it bears the highest level and every originator of its parts"
    ),
    "control-copies": (
        "copies are limited, counted, and bear all the original markings"
    ),
    "translate-alike": "a translation is made by cleared persons and handled alike",
    "contractors-alike": (
        "contractors are bound by the same rules, each person told of his duty"
    ),
    "follow-level-changes": (
        "the originator notifies a change of level, the recipient marks all copies anew"
    ),
    "return-or-destroy": (
        "what is no longer needed is returned, or destroyed beyond reconstruction"
    ),
    "report-loss": (
        "loss or compromise, even its possibility, is notified at once, investigated, "
        "and closed only with findings and measures"
    ),
    "open-to-inspection": "the other party may see how its information is kept",
    "notify-law-changes": "a change of law that affects the protection is notified",
    "protect-after-end": "what was given stays protected after termination",
}


class Effect(enum.Enum):
    """What an article does when its conditions are met.

    One that obliges lays lasting duties on whoever holds what was given; it neither
    permits nor prohibits a send.
    """

    PERMIT = "permit"
    PROHIBIT = "prohibit"
    OBLIGE = "oblige"


class Obligation(str):
    """What a release owes or what lasts, by its name in one of the closed lists."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One rule. ``rests_on`` says which source it rests on, and how surely."""

    number: str
    effect: Effect
    when: tuple[Condition, ...]
    obligations: tuple[Obligation, ...] = ()
    rests_on: str
    # What follows from ``when``, worked out once: the agreements that it asks for
    # beside its own, and whether a refusal by status cites it.
    companions: tuple[str, ...] = field(init=False, repr=False, compare=False)
    governs_status: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        companions: tuple[str, ...] = ()
        for condition in self.when:
            if isinstance(condition, TogetherWith):
                companions = condition.value
        governs = any(isinstance(condition, Status) for condition in self.when)
        object.__setattr__(self, "companions", companions)
        object.__setattr__(self, "governs_status", governs)

    def applies(self, question: Question) -> Finding:
        """Return whether all its conditions are met; doubt settles nothing by itself.

        One that is not met settles it, so the rest need not be asked.
        """
        found = _MET
        for condition in self.when:
            finding = condition.finding(question)
            if finding is _NOT_MET:
                return _NOT_MET
            if finding is _UNKNOWN:
                found = _UNKNOWN
        return found


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


class Found(Struct, frozen=True):
    """What the conditions of one text found, a bit for each of them.

    A permission applies that asks for nothing ``lacking``, a prohibition that asks for
    nothing ``not_met``: so doubt refuses.
    """

    not_met: int
    lacking: int  # not met, or in doubt


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
    annexes: tuple[Annex, ...] = ()
    # What follows from the text, worked out once: the articles by their effect, in
    # order, each with the bits of its conditions; whether one of them permits without
    # another agreement; the agreements that some ask for beside this one, in order;
    # each condition once, with its bit; each party's levels.
    permissions: tuple[tuple[Article, int], ...] = field(
        init=False, repr=False, compare=False
    )
    prohibitions: tuple[tuple[Article, int], ...] = field(
        init=False, repr=False, compare=False
    )
    permits_alone: bool = field(init=False, repr=False, compare=False)
    _asked: tuple[tuple[Callable[[Question], Finding], int], ...] = field(
        init=False, repr=False, compare=False
    )
    _bits_of: dict[type, int] = field(init=False, repr=False, compare=False)
    requires: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _governing: tuple[Article, ...] = field(init=False, repr=False, compare=False)
    _tables: dict[Party, dict[str, str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        others = [other for article in self.articles for other in article.companions]
        tables = {levels.party: dict(levels.markings) for levels in self.levels}
        bits: dict[Condition, int] = {}
        by_effect: dict[Effect, list[tuple[Article, int]]] = {e: [] for e in Effect}
        for article in self.articles:
            asks = 0
            for condition in article.when:
                asks |= bits.setdefault(condition, 1 << len(bits))
            by_effect[article.effect].append((article, asks))
        permits = tuple(by_effect[Effect.PERMIT])
        alone = any(not article.companions for article, _ in permits)
        prohibits = tuple(by_effect[Effect.PROHIBIT])
        object.__setattr__(self, "permissions", permits)
        object.__setattr__(self, "prohibitions", prohibits)
        object.__setattr__(self, "permits_alone", alone)
        bits_of: dict[type, int] = {}
        for condition, bit in bits.items():
            bits_of[type(condition)] = bits_of.get(type(condition), 0) | bit
        asked = tuple((condition.finding, bit) for condition, bit in bits.items())
        object.__setattr__(self, "_asked", asked)
        object.__setattr__(self, "_bits_of", bits_of)
        object.__setattr__(self, "requires", tuple(dict.fromkeys(others)))
        governing = tuple(a for a in self.articles if a.governs_status)
        object.__setattr__(self, "_governing", governing)
        object.__setattr__(self, "_tables", tables)

    def ask(self, question: Question) -> Found:
        """Ask every condition that stands in the text, once however many share it."""
        not_met = lacking = 0
        for ask, bit in self._asked:
            found = ask(question)
            if found is not _MET:
                lacking |= bit
                if found is _NOT_MET:
                    not_met |= bit
        return Found(not_met=not_met, lacking=lacking)

    def bits_of(self, kind: type[Condition]) -> int:
        """Return the bits of the conditions of one kind."""
        return self._bits_of.get(kind, 0)

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
        return self._governing[0]

    def level_of(self, marking: str, *, by: Party) -> str | None:
        """Return the English level of what ``by`` marked so, ``None`` if not known.

        Known are the markings in the party's table, the English levels that the table
        maps to, ``UNCLASSIFIED`` (it needs no protection, so no table lists it) and
        ``TOP SECRET`` (certainly above what a table without it covers).
        """
        table = self._tables.get(by)
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
        table = self._tables.get(by, {})
        return next((mark for mark, of in table.items() if of == level), None)


def parties_of(agreements: Iterable[Agreement], name: str) -> tuple[Party, ...]:
    """Return who signed the agreement of that id, nobody if it is none of these."""
    return next((a.parties for a in agreements if a.id == name), ())
