"""Withholdings: is what a suspension kept from leaving decided again, once, and whole?

Reads one nation's journal. A unit (item x partner x via) is *withheld* from a refusal
or withdrawal that says so, or a receipt that says it was set apart. Rules:

1. Whatever a suspension withdrew, or its recipient set apart, is withheld: the journal
   says that it is kept.
2. A withheld unit leaves on no other leave than one that follows its being given back,
   and nothing is given back that nobody kept.
3. It ends: given back and decided, or withheld for good with the reason. It may stay
   only while an agreement that keeps it is suspended.
4. What its originator has retracted is not released any more.
"""

from collections.abc import Iterator, Sequence

from beaconfire.exercise.after_action.ledger import Fact

_Way = tuple[str, str, str | None]  # item, to, via


class Withholdings:
    """The fold over one journal; ``flaws`` are sentences."""

    def __init__(self, party: str) -> None:
        self.flaws: list[str] = []
        self._party = party  # a receipt to ourselves is one that we gave
        self._kept: dict[_Way, Sequence[str]] = {}
        self._asked: set[_Way] = set()
        self._suspending: dict[str, str] = {}
        self._retracted: set[tuple[str, str]] = set()
        self._late: set[str] = set()

    def take(self, fact: Fact) -> None:
        """Take one entry."""
        kind, body = fact.kind, fact.body
        if kind == "act" and body["act"] == "suspend":
            self._suspending[fact.id] = body["agreement"]
        elif kind == "item" and body["retracts"] is not None:
            self._retracted.add((body["from"], body["retracts"]))
            carriage = body["carriage"]
            if carriage is not None and carriage.get("history"):
                self._late.add(body["item"])
        elif kind in ("release", "refusal", "deferral"):
            self._decided(kind, fact)
        elif kind == "withdrawal":
            for way in _ways(fact):
                self._withdrawn(way, fact)
        elif kind == "receipt" and body["to"] != self._party:
            for item in body["quarantined"]:
                self._set_apart(_way(fact, item), fact)
        elif kind == "reconsideration":
            way = _way(fact, body["item"])
            if way not in self._kept:
                self._flaw(way, "was given back, but nobody had withheld it")
            self._asked.add(way)
        elif kind == "foregone":
            for way in _ways(fact):
                if self._kept.pop(way, None) is None:
                    self._flaw(way, "was given up, but nobody had withheld it")
                self._asked.discard(way)

    def left(self, suspended: frozenset[str]) -> tuple[int, int]:
        """Return how many are withheld at the end, and how many of them need not."""
        free = [
            way
            for way, under in self._kept.items()
            if not all(one in suspended for one in under)
        ]
        return len(self._kept), len(free)

    def _decided(self, kind: str, fact: Fact) -> None:
        body = fact.body
        way = _way(fact, body["item"])
        asked = way in self._asked
        self._asked.discard(way)
        if kind == "release":
            if (body["from"], body["item"]) in self._retracted:
                self._flaw(way, "was released after it was retracted")
            if way in self._kept and not asked:
                self._flaw(way, "was released while it was withheld")
            # Once a retraction that came late to its relay was said to be withheld.
            if body.get("withheld") and not asked and body["item"] not in self._late:
                self._flaw(way, "was released as withheld, but was not given back")
        self._kept.pop(way, None)
        if kind == "refusal" and body.get("withheld"):
            self._kept[way] = body["withheld"]

    def _withdrawn(self, way: _Way, fact: Fact) -> None:
        body = fact.body
        suspended = self._suspending.get(body.get("act") or "")
        if body.get("withheld"):
            self._kept[way] = (body["agreement"],)
        elif suspended is not None:
            self._flaw(way, f"was withdrawn as `{suspended}` is suspended, not kept")

    def _set_apart(self, way: _Way, fact: Fact) -> None:
        keepers = fact.body.get("withheld")  # older journals do not say
        if keepers:
            self._kept[way] = keepers
        elif keepers is not None:
            self._flaw(way, "was set apart by its recipient, and is not kept")

    def _flaw(self, way: _Way, what: str) -> None:
        item, to, via = way
        by = f" via {via}" if via else ""
        self.flaws.append(f"item `{item}` to {to}{by} {what}")


def _way(fact: Fact, item: str) -> _Way:
    return (item, fact.body["to"], fact.body["via"])


def _ways(fact: Fact) -> Iterator[_Way]:
    for item in fact.body["items"]:
        yield _way(fact, item)
