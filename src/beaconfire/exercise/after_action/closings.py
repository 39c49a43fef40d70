"""Closings: after a partner's card is revoked, does nothing cross its link any more?

Reads one nation's journal. From a card's revocation on the link to its party is
*closed*, until the node starts with a card that was not revoked: of a higher number
than any that was under its root. Rules:

1. Nothing is handed over to a party whose link is closed, not even an act.
2. No message of it is taken, and so none is receipted.
"""

from beaconfire.exercise.after_action.ledger import Fact


class Closings:
    """The fold over one journal; ``flaws`` are sentences."""

    def __init__(self) -> None:
        self.flaws: list[str] = []
        self._closed: set[str] = set()
        self._revoked: dict[str, dict[str, int]] = {}

    def take(self, fact: Fact) -> None:
        """Take one entry."""
        body = fact.body
        if fact.kind == "card-revocation":
            party = body["order"]["partner"]
            self._closed.add(party)
            self._revoked.setdefault(party, {})[body["root"]] = body["number"]
        elif fact.kind == "node-start":
            self._start((body.get("profile") or {}).get("partners", ()))
        elif fact.kind == "hand-over" and body["to"] in self._closed:
            self._flaw(fact, f"was handed over to {body['to']}")
        elif fact.kind == "arrival" and (body["via"] or body["from"]) in self._closed:
            self._flaw(fact, f"was taken from {body['via'] or body['from']}")

    def _start(self, partners: list[dict[str, str]]) -> None:
        held = {card["party"]: card for card in partners}
        for party, numbers in self._revoked.items():
            card = held.get(party)
            if card and int(card["number"]) > numbers.get(card["root"], 0):
                self._closed.discard(party)
            else:
                self._closed.add(party)

    def _flaw(self, fact: Fact, what: str) -> None:
        body = fact.body
        message = f"{body['lane']} {body['epoch']}/{body['number']}"
        self.flaws.append(f"{message} {what}, whose card was revoked")
