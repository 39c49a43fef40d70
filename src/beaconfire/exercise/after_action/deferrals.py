"""Deferrals: does what waited for a consultation end in a way that has a name?

Reads one nation's journal. From a deferral on a unit (item x partner x via) *waits*.
Rules:

1. It ends once: released or refused by the next decision, or withdrawn with why.
2. What its originator retracts waits no longer.
"""

from beaconfire.exercise.after_action.ledger import Fact

_Way = tuple[str, str, str | None]  # item, to, via


class Deferrals:
    """The fold over one journal; ``flaws`` are sentences.

    ``withdrawn`` counts what ended so while it waited.
    """

    def __init__(self) -> None:
        self.flaws: list[str] = []
        self.withdrawn = 0
        self._waiting: dict[_Way, str] = {}
        self._retracted: set[tuple[str, str]] = set()

    @property
    def left(self) -> int:
        """How many still wait."""
        return len(self._waiting)

    def take(self, fact: Fact) -> None:
        """Take one entry other than a withdrawal."""
        body = fact.body
        if fact.kind == "item" and body["retracts"] is not None:
            self._retracted.add((body["from"], body["retracts"]))
        elif fact.kind in ("release", "refusal"):
            self._waiting.pop((body["item"], body["to"], body["via"]), None)
        elif fact.kind == "deferral":
            way = (body["item"], body["to"], body["via"])
            if way in self._waiting:
                self._flaw(way, "was deferred twice")
            self._waiting[way] = body["from"]

    def withdraw(self, item: str, fact: Fact) -> bool:
        """Say whether an item that is withdrawn waited for a consultation until now."""
        way = (item, fact.body["to"], fact.body["via"])
        if self._waiting.pop(way, None) is None:
            return False
        if not fact.body.get("reason"):
            self._flaw(way, "was withdrawn while it waited, and nothing says why")
        self.withdrawn += 1
        return True

    def close(self) -> None:
        """Find what waits at the journal's end though it may not."""
        for way, originator in self._waiting.items():
            if (originator, way[0]) in self._retracted:
                self._flaw(way, "still waits for a consultation, and was retracted")

    def _flaw(self, way: _Way, what: str) -> None:
        item, to, via = way
        by = f" via {via}" if via else ""
        self.flaws.append(f"item `{item}` to {to}{by} {what}")
