"""Memo: an answer that was worked out once is given again while it cannot differ.

A decision reads an item's facts, the texts, the standing and an instant. The first
three are the key; the instant is *watched*: whatever compares it while an answer is
worked out leaves the bounds within which every one of those comparisons comes out
alike, and within them the answer is the same. So no list of the instants that matter
(beginnings, ends of notice, of approvals, of records) has to be kept beside the code
that reads them, and none can be forgotten.

* Texts and standing never change in place; when either is another object than before,
  everything is forgotten. So nothing outlives an act.
* What is done to an instant other than comparing it (writing it down, reckoning with
  it) makes the answer good for that instant alone.
* It is never part of a stage's state: with or without it every answer is the same.
"""

from collections.abc import Callable, Hashable
from typing import Any

from beaconfire.vocabulary.times import Instant

# Labels, forms and partners make a few hundred; a sender that invents labels by the
# thousand must not fill the memory.
ANSWERS_MAX = 4_096

_NS_MIN, _NS_MAX = -(2**80), 2**80


class Watched(Instant):
    """An instant that notes between which others it must lie to compare alike."""

    __slots__ = ("first", "last", "unwatched_ns")

    first: int
    last: int
    unwatched_ns: int

    def __init__(self, ns: int) -> None:
        object.__setattr__(self, "unwatched_ns", ns)
        object.__setattr__(self, "first", _NS_MIN)
        object.__setattr__(self, "last", _NS_MAX)

    @property
    def ns(self) -> int:  # type: ignore[override]
        """The instant itself: who reads it may do anything with it."""
        self._note(self.unwatched_ns, self.unwatched_ns)
        return self.unwatched_ns

    def __lt__(self, other: Instant) -> bool:
        return self._before(other.ns)

    def __le__(self, other: Instant) -> bool:
        return self._before(other.ns + 1)

    def __gt__(self, other: Instant) -> bool:
        return not self._before(other.ns + 1)

    def __ge__(self, other: Instant) -> bool:
        return not self._before(other.ns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Instant) and self.ns == other.ns

    def __hash__(self) -> int:
        return hash(self.ns)

    def _before(self, ns: int) -> bool:
        before = self.unwatched_ns < ns
        if before:
            self._note(_NS_MIN, ns - 1)
        else:
            self._note(ns, _NS_MAX)
        return before

    def _note(self, first: int, last: int) -> None:
        object.__setattr__(self, "first", max(self.first, first))
        object.__setattr__(self, "last", min(self.last, last))


class Memo:
    """Answers by key, each with the bounds of the instants that it holds for."""

    __slots__ = ("_answers", "_grounds")

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[int, int, Any]] = {}
        self._grounds: tuple[object, object] = (None, None)

    def recall(
        self,
        key: Hashable,
        at: Instant,
        *,
        texts: object,
        standing: object,
        work_out: Callable[[Instant], Any],
    ) -> Any:
        """Return what ``work_out(at)`` returns, from memory while it cannot differ."""
        answer, _ = self.recall_until(
            key, at, texts=texts, standing=standing, work_out=work_out
        )
        return answer

    def recall_until(
        self,
        key: Hashable,
        at: Instant,
        *,
        texts: object,
        standing: object,
        work_out: Callable[[Instant], Any],
    ) -> tuple[Any, Instant]:
        """Return the same, and the last instant for which it is known to be."""
        if self._grounds[0] is not texts or self._grounds[1] is not standing:
            self._answers.clear()
            self._grounds = (texts, standing)
        known = self._answers.get(key)
        ns = at.ns
        if known is not None and known[0] <= ns <= known[1]:
            return known[2], Instant(known[1])
        watched = Watched(ns)
        answer = work_out(watched)
        if len(self._answers) >= ANSWERS_MAX:
            self._answers.clear()
        self._answers[key] = (watched.first, watched.last, answer)
        return answer, Instant(watched.last)
