"""Account: what one journal's entries oblige its node to, kept without its code.

Reads entries alone. It knows which agreements some party's act has closed, which
approvals and consents stand, and of each unit (item, recipient, relay) how it stands:

    deferred → withdrawn
    deferred → released → handed → delivered | refused there | unknown → … | withdrawn
    withheld (refused, withdrawn, lost or set apart by a suspension) → asked
    asked → released | refused | foregone

``flaw`` is the first thing that must not be: a hand-over without a standing release, a
second release, an ending of what was not there, a use of what came under an agreement
known to be closed. ``misled`` is what another uses that this one took back, and has not
told it. ``against`` holds the node's own memory to it: what is released and
has not ended is on its way, what is deferred or withheld is kept. ``forgotten`` is what
is withheld though nobody holds its agreement suspended any more, or a consent opens
another way, ``overdue`` what waits
for a consent though its agreement is closed, or every consent is there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from beaconfire.journal.entry import Entry
from beaconfire.runtime.turns import Stages
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.consultations import (
    Consultation,
    ConsultationAnswer,
    ConsultationWithdrawal,
    ReleaseOf,
    Statement,
)
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import (
    Expiry,
    FateUnknown,
    Foregone,
    HandOver,
    Receipt,
    Reconsideration,
    Withdrawal,
)
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld, Quarantine, Rejection
from beaconfire.vocabulary.report import Retraction

Key = tuple[str, str, str | None]
ON_ITS_WAY = ("released", "handed", "unknown")


@dataclass(frozen=True, slots=True)
class Unit:
    """How one unit stands, and what its release rests on."""

    key: Key
    stands: str
    agreements: tuple[str, ...] = ()
    approval: str | None = None
    consents: tuple[str, ...] = ()
    crossed: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """The account of one journal; immutable, so that equal ones are one."""

    party: str
    closed: frozenset[tuple[str, str]] = frozenset()
    approvals: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()
    units: tuple[Unit, ...] = ()
    used: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()
    refused: frozenset[tuple[str, str]] = frozenset()
    taken_back: frozenset[tuple[str, str]] = frozenset()
    asked: frozenset[tuple[str, str, str]] = frozenset()
    flaw: str | None = None

    def after(self, entries: Iterable[Entry]) -> "Account":
        """Return the account once these entries are in the journal."""
        account = self
        for entry in entries:
            account = account._take(entry.id, entry.body)
        return account

    @property
    def unsettled(self) -> tuple[Key, ...]:
        """Units that were handed over and have not ended."""
        return tuple(u.key for u in self.units if u.stands in ("handed", "unknown"))

    @property
    def forgotten(self) -> tuple[Key, ...]:
        """Units that were withheld and might be decided again."""
        return tuple(
            unit.key
            for unit in self.units
            if unit.stands == "withheld"
            and (not self._closed(unit.agreements) or self._open_otherwise(unit))
        )

    def _open_otherwise(self, unit: Unit) -> bool:
        """Say whether a consent that stands opens another way for an own item."""
        return unit.key[2] is None and any(
            question in self.consents and to == unit.key[1]
            for question, agreement, to in self.asked
            if not self._closed((agreement,))
        )

    @property
    def overdue(self) -> tuple[Key, ...]:
        """Units that wait and might be decided again."""
        return tuple(
            unit.key
            for unit in self.units
            if unit.stands == "deferred"
            and (
                self._closed(unit.agreements) or self.consents.issuperset(unit.consents)
            )
        )

    def against(self, stages: Stages) -> str | None:
        """Return what the node's memory has lost, or keeps for nothing."""
        kept: set[tuple[str, str]] = set()
        for to, partner in stages.link.partners.items():
            for sending in partner.sending.values():
                on_the_way = [
                    *sending.items.values(),
                    *sending.held.values(),
                    *(unit for one in sending.window for unit in one.units),
                    *(
                        unit
                        for epoch in sending.unsettled.values()
                        for units in epoch.values()
                        for unit in units
                    ),
                ]
                kept |= {(u.id, to) for u in on_the_way if u.release is not None}
        owed = {u.key[:2] for u in self.units if u.stands in ON_ITS_WAY}
        if kept != owed:
            return f"the link keeps {sorted(kept)}, the journal owes {sorted(owed)}"
        waiting = {
            (item, way.partition(" ")[0])
            for way, items in stages.release.deferred.items()
            for item in items
        }
        owed = {u.key[:2] for u in self.units if u.stands == "deferred"}
        if waiting != owed:
            return f"deferred are {sorted(waiting)}, the journal owes {sorted(owed)}"
        shelved = {
            (item, to)
            for to, partner in stages.link.partners.items()
            for shelf in partner.withheld.values()
            for item in shelf
        }
        withheld = {u.key[:2] for u in self.units if u.stands == "withheld"}
        if shelved != withheld:
            told = f"the journal owes {sorted(withheld)}"
            return f"withheld are {sorted(shelved)}, {told}"
        lacking = {item for item, _ in owed if item not in stages.link.deferred}
        return f"deferred but not kept: {sorted(lacking)}" if lacking else None

    def against_other(self, other: "Account") -> str | None:
        """Return what this journal says of ``other``'s that is not so there."""
        for unit in self.units:
            if unit.key[1] != other.party:
                continue
            has = unit.key[0] in other.used | other.apart
            if unit.crossed and unit.key[0] not in other.apart:
                return f"{unit.key} counts as set apart by {other.party}, which did not"
            refused = (self.party, unit.key[0]) in other.refused
            if unit.stands == "refused there" and not refused:
                return f"{unit.key} counts as refused by {other.party}, which did not"
            if unit.stands == "withdrawn" and refused:
                return f"{unit.key} counts as withdrawn, and {other.party} refused it"
            if unit.stands == "delivered" and unit.key[0] not in other.used:
                return f"{unit.key} counts as delivered and is not used"
            others = [u for u in self.units if u.key[:2] == unit.key[:2]]
            unsent = unit.stands in ("withdrawn", "withheld") and not unit.crossed
            if unsent and has and len(others) == 1:
                by_other = unit.key[2] is None and self.party != unit.key[0][:3].upper()
                if not by_other and not _came_otherwise(unit, other):
                    return f"{unit.key} counts as withdrawn, and {other.party} has it"
        return None

    def misled(self, other: "Account") -> str | None:
        """Return what ``other`` uses, and was never told that it was taken back."""
        for item, back in self.taken_back:
            if item not in other.used or back in other.used:
                continue
            units = [u for u in self.units if u.key[:2] == (back, other.party)]
            waits = ("withheld", "refused", "deferred")
            if not any(unit.stands in waits for unit in units):
                return item
        return None

    def _take(self, entry: str, body: EntryBody) -> "Account":
        if isinstance(body, Act):
            return self._act(entry, body)
        if isinstance(body, Statement):
            return self._said(entry, body)
        if isinstance(body, Deferral | Refusal | Release):
            return self._decided(body)
        if isinstance(body, Reconsideration):
            key = _key(body.sealed.item.id, body)
            return self._end(key, "asked", "withheld")
        if isinstance(body, Foregone):
            account = self
            for item in body.items:
                account = account._end(_key(item, body), "foregone", "withheld asked")
            return account
        if isinstance(body, ItemHeld):
            return self._held(body)
        if isinstance(body, Quarantine):
            return replace(self, apart=self.apart | set(body.items))
        if isinstance(body, Rejection) and body.what == "item":
            one = (body.source, body.excerpt)
            return replace(self, refused=self.refused | {one})
        return self._carried(body)

    def _said(self, entry: str, body: Statement) -> "Account":
        if isinstance(body, ConsultationAnswer):
            given = {body.consultation} if body.reply == "consent" else frozenset()
            return replace(self, consents=self.consents | given)
        if isinstance(body, ConsultationWithdrawal):
            return replace(self, consents=self.consents - {body.consultation})
        if not isinstance(body, Consultation) or body.party != self.party:
            return self
        to = body.proposes.to if isinstance(body.proposes, ReleaseOf) else ()
        ways = {(entry, body.agreement, one) for one in to}
        return replace(self, asked=self.asked | ways)

    def _decided(self, body: Deferral | Refusal | Release) -> "Account":
        key = _key(body.item, body)
        if isinstance(body, Deferral):
            asked = body.consultations
            unit = Unit(key, "deferred", body.agreements, consents=asked)
            return self._put(unit, ("asked",))
        if isinstance(body, Refusal):
            stands = "withheld" if body.withheld else "refused"
            if body.form == "retraction" and "validity ended" in body.reason:
                return replace(self, flaw=f"{key} is refused for its end alone")
            return self._put(Unit(key, stands, body.withheld), ("deferred", "asked"))
        unit = Unit(key, "released", body.agreements, body.approval, body.consents)
        return self._put(unit, ("deferred", "refused", "asked"))

    def _act(self, entry: str, act: Act) -> "Account":
        seat = (act.agreement, act.party)
        if act.act == "suspend":
            return replace(self, closed=self.closed | {seat})
        if act.act == "restore":
            return replace(self, closed=self.closed - {seat})
        # One approval is enough for the model, so a revocation takes all.
        kept = self.approvals | {entry} if act.act == "approve" else frozenset()
        return replace(self, approvals=frozenset(kept))

    def _held(self, body: ItemHeld) -> "Account":
        if body.carriage is None:
            own = body.sealed.item
            if isinstance(own.body, Retraction):
                one = (own.body.retracts, own.id)
                return replace(self, taken_back=self.taken_back | {one})
            return self
        item, account = body.sealed.item.id, self
        if item in self.used:
            account = replace(account, flaw=f"{item} is used twice")
        if self._closed(body.carriage.agreements):
            account = replace(account, flaw=f"{item} is used under what is closed")
        return replace(account, used=account.used | {item})

    def _carried(self, body: EntryBody) -> "Account":
        account = self
        if isinstance(body, HandOver):
            for item in body.items:
                account = account._hand_over(_key(item, body))
        elif isinstance(body, Receipt) and body.to != self.party:
            for item in body.items:
                if item in body.quarantined:
                    account = account._set_apart(_key(item, body), body.withheld)
                    continue
                account = account._end(_key(item, body), "delivered", "handed unknown")
            for part in body.refused:
                key = _key(part.id, body)
                account = account._end(key, "refused there", "handed unknown")
        elif isinstance(body, Withdrawal):
            for item in body.items:
                before = "deferred released unknown handed"
                stands = "withheld" if body.withheld else "withdrawn"
                account = account._end(_key(item, body), stands, before)
        elif isinstance(body, Expiry):
            for item in body.items:
                account = account._end(_key(item, body), "expired", "released handed")
        elif isinstance(body, FateUnknown):
            for item in body.items:
                account = account._end(_key(item, body), "unknown", "handed")
        return account

    def _hand_over(self, key: Key) -> "Account":
        unit = self._find(key)
        if unit is None or unit.stands not in ("released", "handed"):
            return replace(self, flaw=f"{key} leaves without a standing release")
        flaw = None
        if self._closed(unit.agreements):
            flaw = f"{key} leaves under what a party has closed"
        elif key[2] is not None and unit.approval not in self.approvals:
            flaw = f"{key} leaves without an approval"
        elif not set(unit.consents) <= self.consents:
            flaw = f"{key} leaves without the consent"
        elif key[2] is None and unit.agreements == ("direct",) and key[1] == "KOR":
            flaw = None if unit.consents else f"{key} leaves and nobody was asked"
        account = self._put(replace(unit, stands="handed"), (unit.stands,))
        return account if flaw is None else replace(account, flaw=flaw)

    def _set_apart(self, key: Key, keepers: tuple[str, ...]) -> "Account":
        account = self._end(key, "withheld", "handed unknown")
        unit = account._find(key)
        if unit is None or not keepers:
            return replace(self, flaw=f"{key} is set apart, and nothing keeps it")
        unit = replace(unit, agreements=keepers, crossed=True)
        return account._put(unit, ("withheld",))

    def _closed(self, agreements: tuple[str, ...]) -> bool:
        return any(agreement in agreements for agreement, _ in self.closed)

    def _end(self, key: Key, stands: str, before: str) -> "Account":
        unit = self._find(key)
        if unit is None or unit.stands not in before.split():
            was = unit.stands if unit else "nowhere"
            return replace(self, flaw=f"{key} is {stands}, but was {was}")
        return self._put(replace(unit, stands=stands), (unit.stands,))

    def _put(self, unit: Unit, over: tuple[str, ...]) -> "Account":
        before = self._find(unit.key)
        account = self
        if before is not None and before.stands not in over:
            told = f"{unit.key} is {unit.stands} after it was {before.stands}"
            account = replace(account, flaw=told)
        if before is not None and before.crossed:
            unit = replace(unit, crossed=True)
        rest = [one for one in account.units if one.key != unit.key]
        return replace(account, units=tuple(sorted([*rest, unit], key=_order)))

    def _find(self, key: Key) -> Unit | None:
        return next((unit for unit in self.units if unit.key == key), None)


def _key(item: str, body: object) -> Key:
    return (item, body.to, body.via)  # type: ignore[attr-defined]


def _order(unit: Unit) -> tuple[str, str, str]:
    return (unit.key[0], unit.key[1], unit.key[2] or "")


def _came_otherwise(unit: Unit, other: Account) -> bool:
    """Korea may have Japan's item by the hub though the direct one was withdrawn."""
    return unit.key[:2] == ("jpn-item", other.party) and other.party == "KOR"
