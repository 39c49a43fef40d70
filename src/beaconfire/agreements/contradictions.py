"""Contradictions: articles of one text that cannot all be meant.

* A permission that a prohibition covers whole can never permit anything: whoever
  wrote it meant something else, and the reader must not have to find out by refusals.
* An article whose own conditions exclude each other applies never.
* Two prohibitions, or two permissions, may overlap as they like.

``covers`` answers only what is certain from the two conditions alone; where it cannot
tell it says no, so a text is never refused for a contradiction that is none.
"""

from collections.abc import Sequence

from beaconfire.agreements.agreement import Article, Effect
from beaconfire.agreements.conditions import (
    Body,
    Category,
    ClassificationAbove,
    ClassificationUpTo,
    Condition,
    Purpose,
    Recipient,
    Sender,
    TogetherWith,
)
from beaconfire.vocabulary.label import LADDER


def contradictions(articles: Sequence[Article]) -> list[tuple[int, str]]:
    """Return the place of each article that contradicts, and a sentence why."""
    found = []
    for place, article in enumerate(articles):
        clash = _excludes_itself(article)
        if clash is not None:
            found.append((place, f"never applies: {clash} exclude each other"))
        if article.effect is not Effect.PERMIT:
            continue
        for at, other in enumerate(articles):
            if other.effect is Effect.PROHIBIT and covers(other.when, article.when):
                found.append(_clash((place, article), (at, other)))
                break
    return found


def _clash(*two: tuple[int, Article]) -> tuple[int, str]:
    """Say it at the later of the two, which is the one that was written in error."""
    (_, first), (place, later) = sorted(two, key=lambda one: one[0])
    why = _LATER[later.effect]
    if set(first.when) == set(later.when):
        why = "same conditions"
    return place, f"contradicts article {first.number}: {why}"


_LATER = {
    Effect.PERMIT: "permits only what that one forbids",
    Effect.PROHIBIT: "forbids whatever that one permits",
}


def covers(wide: Sequence[Condition], narrow: Sequence[Condition]) -> bool:
    """Return whether ``wide`` is surely met or in doubt wherever ``narrow`` is met."""
    return all(any(_implies(given, asked) for given in narrow) for asked in wide)


def _implies(given: Condition, asked: Condition) -> bool:
    """Return whether ``asked`` is met wherever ``given`` is."""
    if isinstance(given, ClassificationUpTo) and isinstance(asked, ClassificationUpTo):
        return LADDER.index(given.value) <= LADDER.index(asked.value)
    if isinstance(given, ClassificationAbove) and isinstance(
        asked, ClassificationAbove
    ):
        return LADDER.index(given.value) >= LADDER.index(asked.value)
    if isinstance(given, _ONE_OF) and isinstance(asked, type(given)):
        return set(given.value) <= set(asked.value)
    return given == asked


# A list of which the question has exactly one, or all within: more of it holds wider.
_ONE_OF = (Body, Sender, Recipient, Purpose, Category, TogetherWith)


def _excludes_itself(article: Article) -> str | None:
    for one in article.when:
        for other in article.when:
            if (
                isinstance(one, ClassificationAbove)
                and isinstance(other, ClassificationUpTo)
                and LADDER.index(one.value) >= LADDER.index(other.value)
            ):
                return f"`{one.NAME}` and `{other.NAME}`"
    return None
