"""Withheld: what an agreement that was closed has kept from leaving, as a list.

Reads one node's journal, entry by entry, and nothing else. For each act that closed
the agreement: the items of ours that were refused, withdrawn before they had a number,
or purged at the border, by recipient and way; and what has become of those purged.

* *Refused* and *withdrawn* items have not left. What stood at the border is
  *sent-fate-unknown* until the partner's receipt tells that it was delivered or not.
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
    EpochEnd,
    FateUnknown,
    Foregone,
    Receipt,
    Withdrawal,
)
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

_Way = tuple[Party, Party, Party | None]
_KEPT, _WAITING = "kept", "waiting"


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


class Withheld(Struct, frozen=True, kw_only=True):
    """One closure: by which act, from when, until when."""

    act: str
    since: Instant
    until: Instant | None
    kept: tuple[Kept, ...]


@dataclass(slots=True)
class _Closure:
    act: str
    since: Instant
    until: Instant | None = None
    items: dict[_Way, dict[str, str]] = field(default_factory=dict)
    then: dict[tuple[_Way, str], str] = field(default_factory=dict)

    def put(
        self, way: _Way, items: Iterable[str], how: str, *, kept: bool = False
    ) -> None:
        for item in items:
            self.items.setdefault(way, {})[item] = how
            if kept:
                self.then[way, item] = _KEPT


def withheld(entries: Iterable[Entry], agreement: str) -> tuple[Withheld, ...]:
    """Return what ``agreement`` has withheld, closure by closure, the oldest first."""
    closures: list[_Closure] = []
    purged: dict[tuple[Party, str], _Closure] = {}
    acts: dict[str, Party] = {}
    for entry in entries:
        body, at = entry.body, entry.at
        if isinstance(body, Act) and body.agreement == agreement:
            acts[entry.id] = body.party
            for closure in closures if body.act in OPENING_ACTS else ():
                if acts[closure.act] == body.party:
                    closure.until = closure.until or at
        elif isinstance(body, Release | Deferral):
            how = "released" if isinstance(body, Release) else _WAITING
            _decide(closures, _way(body), (body.item,), how)
        elif isinstance(body, Foregone):
            _decide(closures, _way(body), body.items, "for-good")
        elif isinstance(body, Refusal):
            way, kept = _way(body), agreement in body.withheld
            _decide(closures, way, (body.item,), "refused")
            for act in [one for one in body.acts if one in acts][:1]:
                _of(closures, act, at).put(way, (body.item,), "refused", kept=kept)
        elif isinstance(body, Withdrawal):
            way, kept = _way(body), body.withheld
            _decide(closures, way, body.items, "for-good", was=(_WAITING,))
            if body.act in acts:
                by = _of(closures, body.act, at)
                by.put(way, body.items, "withdrawn", kept=kept)
            else:
                _settle(closures, way, body.items, "withdrawn", kept=kept)
        elif isinstance(body, EpochEnd):
            purged.pop((body.to, body.lane), None)
            if body.act in acts:
                purged[body.to, body.lane] = _of(closures, body.act, at)
        elif isinstance(body, FateUnknown) and (body.to, body.lane) in purged:
            purged[body.to, body.lane].put(_way(body), body.items, "fate-unknown")
        elif isinstance(body, Receipt):
            way = _way(body)
            _settle(closures, way, body.items, "delivered")
            there = [part.id for part in body.refused]
            _settle(closures, way, there, "refused-there")
    return tuple(_told(closure) for closure in closures)


def read(found: tuple[Withheld, ...], agreement: str) -> str:
    """Return the list as people read it."""
    if not found:
        return f"{agreement} has withheld nothing"
    lines: list[str] = []
    for one in found:
        until = "and still" if one.until is None else f"until {one.until}"
        lines.append(f"{agreement}, by act `{one.act}` from {one.since} {until}:")
        for kept in one.kept:
            by = f" via {kept.via}" if kept.via else ""
            counts = (
                (kept.refused, "refused"),
                (kept.refused_there, "refused by the recipient"),
                (kept.withdrawn, "withdrawn"),
                (kept.fate_unknown, "sent, fate unknown"),
                (kept.delivered, "delivered before it was known"),
                (kept.kept, "still kept"),
                (kept.released_again, "released again"),
                (kept.refused_again, "refused again"),
                (kept.waiting_again, "waiting again"),
                (kept.for_good, "withheld for good"),
            )
            told = ", ".join(f"{len(some)} {how}" for some, how in counts if some)
            lines.append(f"  {kept.originator} to {kept.to}{by}: {told}")
    return "\n".join(lines)


def _of(closures: list[_Closure], act: str | None, at: Instant) -> _Closure:
    for closure in closures:
        if closure.act == act:
            return closure
    assert act is not None  # it is one of the acts that were met
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
    body: Release | Refusal | Deferral | Foregone | Withdrawal | FateUnknown | Receipt,
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
            )
        )
    return Withheld(
        act=closure.act, since=closure.since, until=closure.until, kept=tuple(kept)
    )
