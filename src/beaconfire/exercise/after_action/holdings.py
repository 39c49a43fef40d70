"""Holdings: what one nation's journal says it got from partners, and by which way.

An item counts as *held* by a way if it stands in the journal: used (an ``item`` entry
with that way), set apart (a ``quarantine``), or noted as a repeat of one that is used.
An arrival that names an item which stands nowhere does not hold it. *Apart* are the
messages whose item was set apart: the same one may have come again, and been taken.
"""

from dataclasses import dataclass, field
from typing import Any

from beaconfire.exercise.after_action.accounts import Suspensions, UnitKey
from beaconfire.exercise.after_action.ledger import Fact, Ledger

Message = tuple[str, str, int, int]  # sender, lane, epoch, number


@dataclass(slots=True)
class Holdings:
    """What came. ``came`` maps every unit seen to the messages that brought it."""

    party: str
    used: dict[str, int] = field(default_factory=dict)
    held: set[UnitKey] = field(default_factory=set)
    apart: dict[UnitKey, set[Message]] = field(default_factory=dict)
    repeated: set[UnitKey] = field(default_factory=set)
    came: dict[UnitKey, set[Message]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    hashes: dict[Message, str] = field(default_factory=dict)
    receipted: dict[tuple[str, str, int], int] = field(default_factory=dict)
    plots_by_relay: set[UnitKey] = field(default_factory=set)
    flaws: list[str] = field(default_factory=list)

    def holds(self, key: UnitKey) -> bool:
        """Say whether a unit stands in this journal."""
        repeat = key in self.repeated and key.item in self.used
        return key in self.held or repeat or key in self.apart

    def set_apart(self, key: UnitKey, messages: set[Message]) -> bool:
        """Say whether it was set apart as one of these messages brought it."""
        return bool(messages & self.apart.get(key, set()))

    def took(self, key: UnitKey, messages: set[Message]) -> bool:
        """Say whether it came in one of these messages and was not set apart."""
        came = self.came.get(key, set()) - self.apart.get(key, set())
        return bool(messages & came)

    def gave_receipt(self, message: Message) -> bool:
        """Say whether this nation signed for a message that it took."""
        sender, lane, epoch, number = message
        return self.receipted.get((sender, lane, epoch), 0) >= number


def holdings_of(ledger: Ledger) -> Holdings:
    """Read what a nation got from all its partners."""
    reading = _Reading(Holdings(ledger.party))
    for fact in ledger.facts:
        reading.take(fact)
    return reading.holdings


class _Reading:
    def __init__(self, holdings: Holdings) -> None:
        self.holdings = holdings
        self._suspended = Suspensions()

    def take(self, fact: Fact) -> None:
        if fact.kind == "act":
            self._suspended.take(fact)
        elif fact.kind == "item" and fact.body["carriage"] is not None:
            self._item(fact)
        elif fact.kind == "quarantine":
            self._quarantine(fact)
        elif fact.kind == "arrival" and not fact.body["again"]:
            self._arrival(fact)
        elif fact.kind == "receipt" and fact.body["to"] == self.holdings.party:
            body = fact.body
            lane = (body["via"] or body["from"], body["lane"], body["epoch"])
            given = self.holdings.receipted
            given[lane] = max(given.get(lane, 0), body["number"])
        elif fact.kind == "rejection":
            self.holdings.refused[fact.body["excerpt"]] = fact.body["reason"]

    def _item(self, fact: Fact) -> None:
        holdings, body = self.holdings, fact.body
        carriage = body["carriage"]
        key = UnitKey(carriage["link"], body["item"], holdings.party, carriage["via"])
        holdings.used[key.item] = holdings.used.get(key.item, 0) + 1
        holdings.held.add(key)
        self._came(key, carriage)
        under = [*carriage["agreements"], *carriage.get("taken_under", ())]
        lapsed = self._suspended.among(under)
        if lapsed is not None:
            holdings.flaws.append(
                f"{holdings.party}: item `{key.item}` from {key.sender} was used "
                f"though `{lapsed}` was known to be suspended"
            )
        if body["type"] == "Plots" and carriage["via"] is not None:
            holdings.plots_by_relay.add(key)

    def _quarantine(self, fact: Fact) -> None:
        body = fact.body
        sender = body["via"] or body["from"]
        for item in body["items"]:
            key = UnitKey(sender, item, self.holdings.party, body["via"])
            self.holdings.apart.setdefault(key, set()).add(self._came(key, body))

    def _arrival(self, fact: Fact) -> None:
        body = fact.body
        sender = body["via"] or body["from"]
        message = (sender, body["lane"], body["epoch"], body["number"])
        self.holdings.hashes[message] = body["hash"]
        for items, repeats in ((body["items"], False), (body["repeated"], True)):
            for item in items:
                key = UnitKey(sender, item, self.holdings.party, body["via"])
                self._came(key, body)
                if repeats:
                    self.holdings.repeated.add(key)

    def _came(self, key: UnitKey, body: Any) -> Message:
        message = (key.sender, body["lane"], body["epoch"], body["number"])
        self.holdings.came.setdefault(key, set()).add(message)
        return message
