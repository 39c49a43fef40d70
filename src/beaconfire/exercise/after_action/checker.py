"""Checker: was everything released delivered once, and nothing else?

An independent audit of the exported journals of all nations, both ends of every link
at once. It shares no code with the nodes: JSON lines in, counts and sentences out.

* released = delivered + refused by the recipient + withdrawn + expired + waiting +
  sent-fate-unknown, counted per unit (item x partner x via). A unit that vanished
  silently breaks the sum.
* lost: the sender holds a receipt but the recipient does not hold the item, or a
  released unit has neither an ending nor a trace.
* duplicated: the recipient used an item again. A repeat by another way, or the same
  message sent again, is used once and is not one.
* leaked: a nation holds, or was handed, what no release in force covered.
* withheld: what a suspension keeps from leaving at the end. What no agreement keeps any
  more, and nobody has decided again, is undecided.
* deferred: what waits for a consultation at the end; taken back: what was withdrawn
  while it did. Neither was released.
* Each delivered unit has exactly one receipt, which the recipient did give.
* Numbers are gapless in each lane and epoch, at both ends, and texts agree.

``problems`` says each finding in a sentence; ``sound`` is true when there is none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from beaconfire.errors import BadInput
from beaconfire.exercise.after_action.accounts import (
    Suspensions,
    Unit,
    UnitKey,
    account_for,
)
from beaconfire.exercise.after_action.holdings import Holdings, Message, holdings_of
from beaconfire.exercise.after_action.lanes import sent_messages, taken_in_order
from beaconfire.exercise.after_action.ledger import Ledger, Line, read_journal

PROBLEMS_MAX = 200  # sentences kept; a broken run breaks in thousands of places

OUTCOMES = (
    *("delivered", "refused", "withdrawn", "expired", "waiting"),
    "sent-fate-unknown",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The account of a whole exercise, in units (item x partner x via)."""

    released: int
    delivered: int
    receipts: int
    lost: int
    duplicated: int
    leaked: int
    refused: int
    withdrawn: int
    expired: int
    waiting: int
    sent_fate_unknown: int
    quarantined: int
    withheld: int
    undecided: int
    deferred: int
    taken_back: int
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Nothing lost, duplicated or leaked, and every account closes."""
        return not self.problems

    @property
    def settled(self) -> bool:
        """Sound, and nothing is left on its way: the end of a run of live nodes.

        What waits for people's answer may go on waiting.
        """
        left = (self.waiting, self.sent_fate_unknown, self.undecided)
        return self.sound and not any(left)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentUnit:
    """One release and how it ended; ``outcome`` is ``None`` if it vanished."""

    originator: str
    to: str
    via: str | None
    form: str
    articles: tuple[str, ...]
    outcome: str | None


def check_delivery(journals: Mapping[str, Iterable[Line]]) -> Delivery:
    """Audit the exported journals of an exercise, by party.

    Raises:
        BadInput: a line is not a journal entry; names the party and the line.
    """
    return audit(journals)[0]


def audit(
    journals: Mapping[str, Iterable[Line]],
) -> tuple[Delivery, tuple[SentUnit, ...]]:
    """Audit journals and also return every unit with its ending, in journal order.

    Raises:
        BadInput: a line is not a journal entry; names the party and the line.
    """
    return _Audit(
        {party: read_journal(party, lines) for party, lines in journals.items()}
    ).result()


def plots_between_acts(
    journal: Iterable[Line], *, party: str, to: str, agreement: str
) -> tuple[str, ...]:
    """Return the plot hand-overs of ``party`` to ``to`` while ``agreement`` was off.

    Off is from a suspend act to the restore act after it, by anybody, as this journal
    has them: entries between the two, whatever release they rest on.

    Raises:
        BadInput: the journal has no such suspension: then nothing was tested.
    """
    found: list[str] = []
    suspensions = Suspensions()
    seen = False
    for fact in read_journal(party, journal).facts:
        body = fact.body
        if fact.kind == "act":
            suspensions.take(fact)
            seen = seen or suspensions.among([agreement]) is not None
            continue
        plots = fact.kind == "hand-over" and body["lane"] == "plots" and body["items"]
        if plots and body["to"] == to and suspensions.among([agreement]):
            found.append(
                f"{party} handed {len(body['items'])} plot items to {to} at "
                f"{fact.at} (entry `{fact.id}`) while `{agreement}` was suspended"
            )
    if not seen:
        message = f"the journal of {party} has no suspension of `{agreement}`"
        raise BadInput(message)
    return tuple(found)


class _Audit:
    """Both ends of every link, held against each other."""

    def __init__(self, ledgers: Mapping[str, Ledger]) -> None:
        self._accounts = {p: account_for(one) for p, one in ledgers.items()}
        self._holdings = {p: holdings_of(one) for p, one in ledgers.items()}
        self._problems: list[str] = []
        self._lost: set[UnitKey] = set()
        self._leaked: set[UnitKey] = set()
        self._duplicated = 0
        self._units: dict[UnitKey, list[Unit]] = {}
        for account in self._accounts.values():
            for unit in account.units:
                self._units.setdefault(unit.key, []).append(unit)
        for ledger in ledgers.values():
            self._problems.extend(ledger.flaws)
        self._texts(ledgers)
        for account in self._accounts.values():
            self._problems.extend(account.flaws)
            for key, why in account.leaks:
                self._leak(key, why)
            for unit in account.units:
                self._settle(unit)
        for holdings in self._holdings.values():
            self._problems.extend(holdings.flaws)
            self._held_rightly(holdings)

    def result(self) -> tuple[Delivery, tuple[SentUnit, ...]]:
        units = [unit for account in self._accounts.values() for unit in account.units]
        counts = dict.fromkeys(OUTCOMES, 0)
        for unit in units:
            for ending in unit.endings or filter(None, [unit.outcome]):
                counts[ending] += 1
        total = sum(counts.values())
        if total != len(units):
            parts = " + ".join(f"{counts[o]} {o}" for o in OUTCOMES)
            self._problems.append(f"{len(units)} released, but {parts} = {total}")
        delivery = Delivery(
            released=len(units),
            delivered=sum("delivered" in unit.endings for unit in units),
            receipts=counts["delivered"],
            lost=len(self._lost),
            duplicated=self._duplicated,
            leaked=len(self._leaked),
            refused=counts["refused"],
            withdrawn=counts["withdrawn"],
            expired=counts["expired"],
            waiting=counts["waiting"],
            sent_fate_unknown=counts["sent-fate-unknown"],
            quarantined=sum(unit.quarantined for unit in units),
            withheld=sum(one.withheld for one in self._accounts.values()),
            undecided=sum(one.undecided for one in self._accounts.values()),
            deferred=sum(one.deferred for one in self._accounts.values()),
            taken_back=sum(one.taken_back for one in self._accounts.values()),
            problems=_bounded(self._problems),
        )
        return delivery, tuple(_sent(unit) for unit in units)

    def _texts(self, ledgers: Mapping[str, Ledger]) -> None:
        sent: dict[str, dict[Message, str]] = {}
        for party, ledger in ledgers.items():
            sent[party], flaws = sent_messages(ledger)
            self._problems.extend([*flaws, *taken_in_order(ledger)])
        for party, holdings in self._holdings.items():
            for (sender, lane, epoch, number), hash_ in holdings.hashes.items():
                if sender not in sent:
                    continue  # said below, where its items are looked for
                found = sent[sender].get((party, lane, epoch, number))
                if found != hash_:
                    what = "another text" if found else "nothing of that number"
                    self._problems.append(
                        f"{party} took {lane} {epoch}/{number} from {sender}, which "
                        f"handed over {what}"
                    )

    def _settle(self, unit: Unit) -> None:
        key = unit.key
        recipient = self._holdings.get(key.to)
        if unit.outcome is None:
            self._lose(key, "was released, and nothing was heard of it again")
        elif recipient is None:
            self._problems.append(
                f"{key} from {key.sender} cannot be checked: no journal of {key.to}"
            )
        elif "delivered" in unit.endings:
            self._delivered(unit, recipient)
        elif "refused" in unit.endings and key.item not in recipient.refused:
            self._problems.append(
                f"{key} from {key.sender} counts as refused, but {key.to} did not "
                "refuse it"
            )
        elif unit.endings and recipient.holds(key) and self._by(unit, recipient):
            self._problems.append(
                f"{key} from {key.sender} counts as {unit.outcome}, but {key.to} has it"
            )

    def _by(self, unit: Unit, recipient: Holdings) -> bool:
        """Say whether the recipient has it by this release, and not by another one.

        If by none of them, it is the newest that does not tell how.
        """
        came = recipient.came.get(unit.key, set())
        units = self._units[unit.key]
        by = [
            one
            for one in units
            if any((one.key.sender, *way) in came for way in one.handed)
        ]
        return any(one is unit for one in by or units[-1:])

    def _delivered(self, unit: Unit, recipient: Holdings) -> None:
        key = unit.key
        ways: set[Message] = {(key.sender, *way) for way in unit.handed}
        if not recipient.holds(key):
            refused = recipient.refused.get(key.item)
            why = f": {key.to} refused it, {refused}" if refused else ""
            self._lose(key, f"counts as delivered, but {key.to} does not have it{why}")
        elif unit.quarantined and not recipient.set_apart(key, ways):
            self._problems.append(
                f"{key}: {key.sender} was told that {key.to} set it apart, which it "
                "did not"
            )
        elif not unit.quarantined and recipient.set_apart(key, ways):
            if not recipient.took(key, ways):
                self._lose(key, f"counts as taken, but {key.to} has set it apart")
        elif not any(map(recipient.gave_receipt, recipient.came.get(key, ()))):
            self._problems.append(
                f"{key}: {key.sender} has a receipt that {key.to} did not give"
            )

    def _held_rightly(self, holdings: Holdings) -> None:
        for item, times in holdings.used.items():
            if times > 1:
                self._duplicated += times - 1
                self._problems.append(
                    f"duplicated: {holdings.party} used item `{item}` {times} times"
                )
        for key, messages in holdings.came.items():
            if key.sender not in self._accounts:
                self._problems.append(
                    f"{key}: cannot be checked, no journal of {key.sender}"
                )
                continue
            units = self._units.get(key, [])
            handed = {way for unit in units for way in unit.handed}
            for _, lane, epoch, number in sorted(messages):
                if not units:
                    self._leak(key, f"is in {key.to}'s journal without a release")
                elif (lane, epoch, number) not in handed:
                    self._leak(key, f"came in {lane} {epoch}/{number}, not handed over")
            if key in holdings.plots_by_relay:
                self._leak(key, "are plots that came through a relay")

    def _lose(self, key: UnitKey, why: str) -> None:
        self._lost.add(key)
        self._problems.append(f"lost: {key} from {key.sender} {why}")

    def _leak(self, key: UnitKey, why: str) -> None:
        self._leaked.add(key)
        self._problems.append(f"leaked: {key} from {key.sender} {why}")


def _sent(unit: Unit) -> SentUnit:
    body = unit.release.body
    return SentUnit(
        originator=body["from"],
        to=body["to"],
        via=body["via"],
        form=body["form"],
        articles=tuple(body["articles"]),
        outcome=unit.outcome,
    )


def _bounded(problems: list[str]) -> tuple[str, ...]:
    if len(problems) <= PROBLEMS_MAX:
        return tuple(problems)
    more = len(problems) - PROBLEMS_MAX
    return (*problems[:PROBLEMS_MAX], f"and {more} more")
