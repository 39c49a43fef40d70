"""Accounts: what one nation's journal says became of everything that it released.

The unit of account is item x partner x via, opened by a ``release``. Every unit has
exactly one ending; the sender's own entries are believed here and held against the
partner's journal elsewhere (``checker``). Rules:

1. Nothing is handed over without a release before it, nor after it was withdrawn.
2. Nothing is handed over under an agreement that some party suspended and did not
   restore, as far as this journal knew at that entry.
3. What a relay hands over has its originator's approval, on record and unrevoked.
4. Plots never go under the trilateral arrangement, nor through a relay.
5. A unit ends once: by one receipt, which says that the recipient took it, set it
   apart or refused it, one withdrawal or one expiry. Until then it waits, and the
   journal says that it waits, or it was handed over and its fate is unknown. It is
   released again only if it was not taken.
6. What a suspension withheld is decided again once it is over (``withholdings``).
7. What waits for a consultation is no unit yet; it ends too (``deferrals``).
8. Nothing crosses a link whose partner's card is revoked (``closings``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from beaconfire.exercise.after_action.closings import Closings
from beaconfire.exercise.after_action.deferrals import Deferrals
from beaconfire.exercise.after_action.ledger import Fact, Ledger
from beaconfire.exercise.after_action.withholdings import Withholdings

TRILATERAL = "tisa"  # how the ids of the trilateral arrangement's texts begin

_MAY_COME_AGAIN = ("withdrawn", "expired", "refused")
_ENDINGS = {"receipt": "delivered", "withdrawal": "withdrawn", "expiry": "expired"}


class UnitKey(NamedTuple):
    """A unit of account, and whose journal it is in."""

    sender: str
    item: str
    to: str
    via: str | None

    def __str__(self) -> str:
        way = f" via {self.via}" if self.via else ""
        return f"item `{self.item}` to {self.to}{way}"


@dataclass(slots=True)
class Unit:
    """One released item on its way to one partner, as its sender accounts for it.

    ``endings`` holds each ending as often as it was journalled; a sound account has
    one at most. ``handed`` are lane, epoch and number of every hand-over.
    """

    key: UnitKey
    release: Fact
    handed: list[tuple[str, int, int]] = field(default_factory=list)
    endings: list[str] = field(default_factory=list)
    waiting: bool = False
    quarantined: bool = False

    @property
    def outcome(self) -> str | None:
        """How it stands at the end of the journal; ``None``: it vanished silently."""
        if self.endings:
            return self.endings[-1]
        if self.handed:
            return "sent-fate-unknown"
        return "waiting" if self.waiting else None

    @property
    def may_come_again(self) -> bool:
        """Whether it has ended without the recipient's having taken it."""
        return self.quarantined or self.outcome in _MAY_COME_AGAIN


@dataclass(slots=True)
class Account:
    """A nation's sends. ``leaks`` are units and why, ``flaws`` other sentences.

    ``withheld`` are units that a suspension keeps from leaving at the end, and
    ``undecided`` those among them that no agreement keeps any more. ``deferred`` wait
    for a consultation at the end, ``taken_back`` were withdrawn while they did.
    """

    party: str
    units: list[Unit] = field(default_factory=list)
    leaks: list[tuple[UnitKey, str]] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    withheld: int = 0
    undecided: int = 0
    deferred: int = 0
    taken_back: int = 0


def account_for(ledger: Ledger) -> Account:
    """Follow everything that a nation released to its ending."""
    reading = _Reading(Account(ledger.party))
    for fact in ledger.facts:
        reading.take(fact)
    return reading.closed()


class Suspensions:
    """Which agreements are suspended, by whom, entry by entry of one journal."""

    def __init__(self) -> None:
        self._by: dict[str, set[str]] = {}

    def take(self, act: Fact) -> None:
        """Fold one accepted act."""
        parties = self._by.setdefault(act.body["agreement"], set())
        if act.body["act"] == "suspend":
            parties.add(act.body["party"])
        elif act.body["act"] == "restore":
            parties.discard(act.body["party"])

    def among(self, agreements: list[str]) -> str | None:
        """Return the first of ``agreements`` that somebody holds suspended."""
        return next((a for a in agreements if self._by.get(a)), None)

    @property
    def all(self) -> frozenset[str]:
        """All agreements that somebody holds suspended."""
        return frozenset(a for a, by in self._by.items() if by)


class _Reading:
    """The fold over one journal."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._newest: dict[UnitKey, Unit] = {}
        self._suspended = Suspensions()
        self._withholdings = Withholdings(account.party)
        self._deferrals = Deferrals()
        self._closings = Closings()
        self._approvals: dict[str, dict[str, Any]] = {}
        self._types: dict[str, str] = {}

    def take(self, fact: Fact) -> None:
        """Take one entry."""
        kind = fact.kind
        self._withholdings.take(fact)
        self._deferrals.take(fact)
        self._closings.take(fact)
        if kind == "act":
            self._suspended.take(fact)
        elif kind == "approval":
            self._approve(fact)
        elif kind == "item":
            self._types[fact.body["item"]] = fact.body["type"]
        elif kind == "release":
            self._release(fact)
        elif kind == "hand-over":
            for key in self._keys(fact):
                self._hand_over(key, fact)
        elif kind in _ENDINGS and self._ours(fact):
            for key in self._keys(fact):
                if kind == "withdrawal" and self._deferrals.withdraw(key.item, fact):
                    continue
                self._end(key, _ENDINGS[kind], fact)
            for part in fact.body.get("refused", ()):
                self._end(self._key(fact, part["id"]), "refused", fact)
        elif kind in ("waiting", "fate-unknown"):
            for key in self._keys(fact):
                self._note(key, fact)

    def closed(self) -> Account:
        """Return the account at the journal's end."""
        self._deferrals.close()
        for fold in (self._withholdings, self._deferrals, self._closings):
            for sentence in fold.flaws:
                self._flaw(sentence)
        account = self.account
        account.deferred = self._deferrals.left
        account.taken_back = self._deferrals.withdrawn
        left = self._withholdings.left(self._suspended.all)
        account.withheld, account.undecided = left
        return account

    def _ours(self, fact: Fact) -> bool:
        # A receipt to ourselves is one that we gave.
        return not (fact.kind == "receipt" and fact.body["to"] == self.account.party)

    def _keys(self, fact: Fact) -> Iterator[UnitKey]:
        for item in fact.body["items"]:
            yield self._key(fact, item)

    def _key(self, fact: Fact, item: str) -> UnitKey:
        return UnitKey(self.account.party, item, fact.body["to"], fact.body["via"])

    def _approve(self, fact: Fact) -> None:
        body = dict(fact.body)
        if body["act"] == "approve":
            self._approvals[fact.id] = body
            return
        scope = ("agreement", "party", "item", "class", "to", "via")
        self._approvals = {
            id_: given
            for id_, given in self._approvals.items()
            if any(given[key] != body[key] for key in scope)
        }

    def _release(self, fact: Fact) -> None:
        body = fact.body
        key = UnitKey(self.account.party, body["item"], body["to"], body["via"])
        earlier = self._newest.get(key)
        if earlier is not None and not earlier.may_come_again:
            self._flaw(f"{key} was released twice")
        if body["via"] not in (None, self.account.party):
            self._flaw(f"{key} was released in another's name")
        unit = Unit(key, fact)
        self._newest[key] = unit
        self.account.units.append(unit)

    def _hand_over(self, key: UnitKey, fact: Fact) -> None:
        body = fact.body
        unit = self._newest.get(key)
        if unit is None:
            self._leak(key, "was handed over without a release")  # rule 1
            return
        if "withdrawn" in unit.endings:
            self._leak(key, "was handed over after it was withdrawn")
        elif unit.endings:
            self._flaw(f"{key} was handed over after it was {unit.endings[-1]}")
        lapsed = self._suspended.among(unit.release.body["agreements"])
        if lapsed is not None:  # rule 2
            self._leak(key, f"was handed over while `{lapsed}` was suspended")
        if key.via is not None:
            self._relayed(unit)
        self._plots(unit, body["lane"])
        unit.handed.append((body["lane"], body["epoch"], body["number"]))

    def _relayed(self, unit: Unit) -> None:
        body = unit.release.body
        given = self._approvals.get(body["approval"])
        wanted = (body["from"], body["to"], body["via"])
        if given is None or (given["party"], given["to"], given["via"]) != wanted:
            self._leak(unit.key, f"was relayed without approval by {body['from']}")

    def _plots(self, unit: Unit, lane: str) -> None:
        body = unit.release.body
        plots = self._types.get(unit.key.item) == "Plots"
        plots = plots or lane == "plots" or body["form"] == "plots"
        under = any(a.startswith(TRILATERAL) for a in body["agreements"])
        if plots and (under or unit.key.via is not None):  # rule 4
            self._leak(unit.key, "are plots, handed over under the three elements")

    def _end(self, key: UnitKey, ending: str, fact: Fact) -> None:
        unit = self._newest.get(key)
        if unit is None:
            self._flaw(f"{key} was {ending}, but never released")
            return
        if unit.endings:
            self._flaw(f"{key} was {unit.endings[-1]}, and then {ending}")
        elif fact.kind == "receipt" and not unit.handed:
            self._flaw(f"{key} has a receipt, but was never handed over")
        unit.endings.append(ending)
        if ending == "delivered" and key.item in fact.body["quarantined"]:
            unit.quarantined = True

    def _note(self, key: UnitKey, fact: Fact) -> None:
        unit = self._newest.get(key)
        if unit is None:
            self._flaw(f"{key} is said to be {fact.kind}, but was never released")
        elif fact.kind == "waiting":
            unit.waiting = True
        elif not unit.handed:
            self._flaw(f"{key} has an unknown fate, but was never handed over")

    def _leak(self, key: UnitKey, why: str) -> None:
        self.account.leaks.append((key, why))

    def _flaw(self, sentence: str) -> None:
        self.account.flaws.append(f"{self.account.party}: {sentence}")
