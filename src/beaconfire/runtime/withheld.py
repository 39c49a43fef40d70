"""Withheld: what an agreement that was closed has kept from its recipient, as a list.

Reads one node's journal, entry by entry, and nothing else. For each act that closed
the agreement: the items of ours that were refused, withdrawn before they had a number,
purged at the border, or set apart by their recipient, by recipient and way; and what
has become of those purged. So are partners' items that were set apart here.

* *Refused* and *withdrawn* items have not left. What stood at the border is
  *sent-fate-unknown* until the partner's receipt tells that it was delivered or not.
* A receipt may tell that an item was *set apart* before the act comes that closed its
  way: until then it stands under no act. What was set apart here may *come again*.
* A list ends with the act by which the same party opened it again, as this journal
  has it. Beside how each item was kept stands what was decided of it then: *released
  again*, *refused again*, *waiting again* for a consultation until that is answered, or
  *for good* with why in the ``foregone`` entry, or the ``withdrawal`` of what waited;
  ``kept`` are those that are still to be decided.

What was withheld is not sent by this: what may still go is decided by the node.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import Struct

from beaconfire.agreements.view import OPENING_ACTS
from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.carriage import (
    Arrival,
    EpochEnd,
    FateUnknown,
    Foregone,
    Receipt,
    Withdrawal,
)
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.entries.sightings import Quarantine
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.records import Amendment
from beaconfire.vocabulary.times import Instant

_Way = tuple[Party, Party, Party | None]
_KEPT, _WAITING = "kept", "waiting"
_SET_APART = "set-apart"
_DECIDED: dict[type, str] = {
    Release: "released",
    Deferral: _WAITING,
    Refusal: "refused",
}


class Kept(Struct, frozen=True, kw_only=True, rename={"originator": "from"}):
    """What one way did not carry, and how each item was kept."""

    originator: Party
    to: Party
    via: Party | None
    refused: tuple[str, ...]
    refused_there: tuple[str, ...]
    withdrawn: tuple[str, ...]
    fate_unknown: tuple[str, ...]
    delivered: tuple[str, ...]
    kept: tuple[str, ...] = ()
    released_again: tuple[str, ...] = ()
    refused_again: tuple[str, ...] = ()
    waiting_again: tuple[str, ...] = ()
    for_good: tuple[str, ...] = ()
    set_apart: tuple[str, ...] = ()
    came_again: tuple[str, ...] = ()


class Withheld(Struct, frozen=True, kw_only=True):
    """One closure: by which act, ``None`` if it has not come, from when, until when."""

    act: str | None
    since: Instant
    until: Instant | None
    kept: tuple[Kept, ...]


@dataclass(slots=True)
class _Closure:
    act: str | None
    since: Instant
    until: Instant | None = None
    items: dict[_Way, dict[str, str]] = field(default_factory=dict)
    then: dict[tuple[_Way, str], str] = field(default_factory=dict)

    def put(
        self, way: _Way, items: Iterable[str], how: str, *, kept: bool = False
    ) -> None:
        for item in items:
            stood = self.items.setdefault(way, {})
            if stood.get(item) != _SET_APART:  # it is refused then, but was there
                stood[item] = how
            if kept:
                self.then[way, item] = _KEPT


def withheld(entries: Iterable[Entry], agreement: str) -> tuple[Withheld, ...]:
    """Return what ``agreement`` has withheld, closure by closure, the oldest first."""
    reading = _Reading(agreement)
    for entry in entries:
        reading.take(entry)
    return tuple(
        _told(closure)
        for closure in reading.closures
        if closure.act is not None or _KEPT in closure.then.values()
    )


class _Reading:
    """The fold over one journal, for one agreement."""

    def __init__(self, agreement: str) -> None:
        self.closures: list[_Closure] = []
        self._agreement = agreement
        self._acts: dict[str, Party] = {}
        self._purged: dict[tuple[Party, str], _Closure] = {}

    def take(self, entry: Entry) -> None:
        """Take one entry."""
        body, at = entry.body, entry.at
        if isinstance(body, Act) and body.agreement == self._agreement:
            self._act(entry.id, body, at)
        elif isinstance(body, Release | Deferral | Refusal | Foregone):
            self._decided(body, at)
        elif isinstance(body, Withdrawal):
            way, kept = _way(body), body.withheld
            _decide(self.closures, way, body.items, "for-good", was=(_WAITING,))
            if body.act in self._acts:
                by = _of(self.closures, body.act, at)
                by.put(way, body.items, "withdrawn", kept=kept)
            else:
                _settle(self.closures, way, body.items, "withdrawn", kept=kept)
        elif isinstance(body, EpochEnd | FateUnknown):
            self._purge(body, at)
        elif isinstance(body, Receipt):
            way = _way(body)
            if self._agreement in body.withheld:
                _crossed(self.closures, way, body.quarantined, at)
            _settle(self.closures, way, body.items, "delivered")
            there = [part.id for part in body.refused]
            _settle(self.closures, way, there, "refused-there")
        elif isinstance(body, Quarantine) and body.act in self._acts:
            _of(self.closures, body.act, at).put(_way(body), body.items, _SET_APART)
        elif isinstance(body, Arrival):
            came = {*body.items, *body.repeated}.difference(body.quarantined)
            _come_again(self.closures, _way(body), came)

    def _act(self, entry: str, act: Act, at: Instant) -> None:
        self._acts[entry] = act.party
        closes = act.act == "suspend" or isinstance(act.record, Amendment)
        for closure in self.closures:
            if closure.act is None:
                closure.act = entry if closes else None
            elif act.act in OPENING_ACTS and self._acts[closure.act] == act.party:
                closure.until = closure.until or at

    def _decided(
        self, body: Release | Deferral | Refusal | Foregone, at: Instant
    ) -> None:
        way = _way(body)
        if isinstance(body, Foregone):
            _decide(self.closures, way, body.items, "for-good")
            return
        _decide(self.closures, way, (body.item,), _DECIDED[type(body)])
        if isinstance(body, Refusal):
            kept = self._agreement in body.withheld
            for act in [one for one in body.acts if one in self._acts][:1]:
                by = _of(self.closures, act, at)
                by.put(way, (body.item,), "refused", kept=kept)

    def _purge(self, body: EpochEnd | FateUnknown, at: Instant) -> None:
        where = (body.to, body.lane)
        if isinstance(body, FateUnknown):
            if where in self._purged:
                self._purged[where].put(_way(body), body.items, "fate-unknown")
            return
        self._purged.pop(where, None)
        if body.act in self._acts:
            self._purged[where] = _of(self.closures, body.act, at)


def read(found: tuple[Withheld, ...], agreement: str) -> str:
    """Return the list as people read it."""
    if not found:
        return f"{agreement} has withheld nothing"
    lines: list[str] = []
    for one in found:
        until = "and still" if one.until is None else f"until {one.until}"
        by = f"act `{one.act}`" if one.act else "an act that has not come yet,"
        lines.append(f"{agreement}, by {by} from {one.since} {until}:")
        for kept in one.kept:
            by = f" via {kept.via}" if kept.via else ""
            counts = (
                (kept.refused, "refused"),
                (kept.refused_there, "refused by the recipient"),
                (kept.withdrawn, "withdrawn"),
                (kept.fate_unknown, "sent, fate unknown"),
                (kept.delivered, "delivered before it was known"),
                (kept.set_apart, "set apart on arrival"),
                (kept.kept, "still kept"),
                (kept.released_again, "released again"),
                (kept.refused_again, "refused again"),
                (kept.waiting_again, "waiting again"),
                (kept.for_good, "withheld for good"),
                (kept.came_again, "came again"),
            )
            told = ", ".join(f"{len(some)} {how}" for some, how in counts if some)
            lines.append(f"  {kept.originator} to {kept.to}{by}: {told}")
    return "\n".join(lines)


def _of(closures: list[_Closure], act: str | None, at: Instant) -> _Closure:
    for closure in closures:
        if closure.act == act:
            return closure
    closures.append(_Closure(act=act, since=at))
    return closures[-1]


def _settle(
    closures: list[_Closure],
    way: _Way,
    items: Iterable[str],
    how: str,
    *,
    kept: bool = False,
) -> None:
    named = set(items)
    for closure in closures:
        stood = closure.items.get(way, {})
        found = [i for i in named & stood.keys() if stood[i] == "fate-unknown"]
        closure.put(way, found, how, kept=kept)


def _crossed(
    closures: list[_Closure], way: _Way, items: Iterable[str], at: Instant
) -> None:
    """Note what its recipient set apart, under the act that purged it or none yet."""
    rest = dict.fromkeys(items)
    for closure in closures:
        stood = closure.items.get(way, {})
        purged = [item for item in rest if stood.get(item) == "fate-unknown"]
        closure.put(way, purged, _SET_APART, kept=True)
        rest = dict.fromkeys(item for item in rest if item not in purged)
    if rest:
        _of(closures, None, at).put(way, rest, _SET_APART, kept=True)


def _come_again(closures: list[_Closure], way: _Way, items: Iterable[str]) -> None:
    """Note what was set apart here and is used now, or known by another way."""
    for closure in closures:
        stood = closure.items.get(way, {})
        for item in items:
            if stood.get(item) == _SET_APART:
                closure.then[way, item] = "came-again"


def _decide(
    closures: list[_Closure],
    way: _Way,
    items: Iterable[str],
    how: str,
    *,
    was: tuple[str, ...] = (_KEPT, _WAITING),
) -> None:
    """Note what was decided, or given up, of items that a closure had kept."""
    for closure in closures:
        for item in items:
            if closure.then.get((way, item)) in was:
                closure.then[way, item] = how


def _way(
    body: Release
    | Refusal
    | Deferral
    | Foregone
    | Withdrawal
    | FateUnknown
    | Receipt
    | Quarantine
    | Arrival,
) -> _Way:
    return (body.originator, body.to, body.via)


def _told(closure: _Closure) -> Withheld:
    kept = []
    for (originator, to, via), items in closure.items.items():
        by_how: dict[str, list[str]] = {}
        for item, how in items.items():
            by_how.setdefault(how, []).append(item)
            then = closure.then.get(((originator, to, via), item))
            if then is not None:
                by_how.setdefault(f"then {then}", []).append(item)
        kept.append(
            Kept(
                originator=originator,
                to=to,
                via=via,
                refused=tuple(by_how.get("refused", ())),
                refused_there=tuple(by_how.get("refused-there", ())),
                withdrawn=tuple(by_how.get("withdrawn", ())),
                fate_unknown=tuple(by_how.get("fate-unknown", ())),
                delivered=tuple(by_how.get("delivered", ())),
                kept=tuple(by_how.get(f"then {_KEPT}", ())),
                released_again=tuple(by_how.get("then released", ())),
                refused_again=tuple(by_how.get("then refused", ())),
                waiting_again=tuple(by_how.get("then waiting", ())),
                for_good=tuple(by_how.get("then for-good", ())),
                set_apart=tuple(by_how.get(_SET_APART, ())),
                came_again=tuple(by_how.get("then came-again", ())),
            )
        )
    return Withheld(
        act=closure.act, since=closure.since, until=closure.until, kept=tuple(kept)
    )
