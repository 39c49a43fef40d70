"""Ledger: the lines of one exported journal, reduced to what an audit needs.

The audit is a second opinion: it reads JSON lines as ``journal export`` writes them,
with nothing of the nodes' own code, so that one mistake cannot be made on both sides.
Guarantees:

* A line that cannot be read is refused with the journal's party and the line's number.
* A journal whose numbers do not run 1, 2, 3 … is read all the same, and said to have
  a hole.
* What an audit never looks at (signatures, texts, plots) is dropped while reading.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from beaconfire.errors import BadInput

Line = str | bytes | Mapping[str, Any]
Body = Mapping[str, Any]

_OPTIONAL = ("withheld", "act", "agreement", "reason", "profile")

# Of each kind that matters, the keys that must be there and are kept.
_KEPT: dict[str, tuple[str, ...]] = {
    "release": (
        "item",
        "form",
        "from",
        "to",
        "via",
        "agreements",
        "articles",
        "approval",
    ),
    "hand-over": (
        *("from", "to", "via", "lane", "epoch", "number"),
        *("items", "acts", "hash"),
    ),
    "receipt": (
        *("from", "to", "via", "lane", "epoch", "number"),
        *("items", "quarantined", "refused"),
    ),
    "withdrawal": ("from", "to", "via", "items"),
    "expiry": ("from", "to", "via", "items"),
    "waiting": ("from", "to", "via", "items"),
    "fate-unknown": ("from", "to", "via", "items"),
    "refusal": ("item", "from", "to", "via", "acts"),
    "deferral": ("item", "from", "to", "via"),
    "reconsideration": ("from", "to", "via", "agreements", "sealed"),
    "foregone": ("from", "to", "via", "items"),
    "epoch-end": ("to", "lane", "head"),
    "arrival": (
        *("from", "to", "via", "lane", "epoch", "number", "hash"),
        *("items", "quarantined", "repeated"),
    ),
    "quarantine": ("from", "to", "via", "lane", "epoch", "number", "items"),
    "rejection": ("source", "what", "reason", "excerpt"),
    "card-revocation": ("order", "number", "root"),
    "node-start": (),
    "act": ("agreement", "act", "party"),
    "approval": ("agreement", "act", "party", "item", "to", "via", "class"),
}
# Beside the items themselves: of an entry of another kind nothing in its body is read.
KINDS_READ = frozenset(_KEPT)


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry: its number, id, kind, and the kept part of its body."""

    seq: int
    at: str
    id: str
    kind: str
    body: Body


@dataclass(frozen=True, slots=True)
class Ledger:
    """One nation's journal. ``flaws`` are sentences on the journal itself."""

    party: str
    facts: tuple[Fact, ...]
    flaws: tuple[str, ...]


def read_journal(party: str, lines: Iterable[Line]) -> Ledger:
    """Read a nation's exported journal, as lines or as objects already read.

    Raises:
        BadInput: not a journal; names the party and the line.
    """
    facts: list[Fact] = []
    flaws: list[str] = []
    seq = 0
    for number, line in enumerate(lines, 1):
        where = f"journal of {party}, line {number}"
        entry = _object(line, where)
        found = _whole(entry, "seq", where)
        if found != seq + 1:
            flaws.append(f"the journal of {party} has entry {found} after {seq}")
        seq = found
        fact = _fact(entry, seq, where)
        if fact is not None:
            facts.append(fact)
    return Ledger(party, tuple(facts), tuple(flaws))


def _fact(entry: Mapping[str, Any], seq: int, where: str) -> Fact | None:
    kind = _needed(entry, "kind", where)
    body = _needed(entry, "body", where)
    if kind == "item":
        kept = _item(body, where)
    elif kind in _KEPT:
        kept = {key: _needed(body, key, where) for key in _KEPT[kind]}
        for key in _OPTIONAL:  # older journals have none of them
            if key in body:
                kept[key] = body[key]
        kept["again"] = body.get("again", False)
        if kind == "reconsideration":
            kept["item"] = _item({"sealed": kept.pop("sealed")}, where)["item"]
    else:
        return None
    at, id_ = _needed(entry, "at", where), _needed(entry, "id", where)
    return Fact(seq, at, id_, kind, kept)


def _item(body: Any, where: str) -> dict[str, Any]:
    item = _needed(_needed(body, "sealed", where), "item", where)
    return {
        "item": _needed(item, "id", where),
        "from": _needed(item, "originator", where),
        "type": _needed(_needed(item, "body", where), "type", where),
        "retracts": item["body"].get("retracts"),
        "carriage": body.get("carriage"),
    }


def _object(line: Line, where: str) -> Mapping[str, Any]:
    if isinstance(line, str | bytes):
        try:
            line = json.loads(line)
        except (ValueError, RecursionError):
            message = f"{where}: not JSON"
            raise BadInput(message) from None
    if not isinstance(line, Mapping):
        message = f"{where}: not a journal entry"
        raise BadInput(message)
    if line.get("v") != 1:
        message = f"{where}: unknown `v`: this reads 1"
        raise BadInput(message)
    return line


def _whole(entry: Mapping[str, Any], key: str, where: str) -> int:
    value = _needed(entry, key, where)
    if not isinstance(value, int):
        message = f"{where}: `{key}` is not a whole number"
        raise BadInput(message)
    return value


def _needed(entry: Any, key: str, where: str) -> Any:
    if not isinstance(entry, Mapping) or key not in entry:
        message = f"{where}: missing key `{key}`"
        raise BadInput(message)
    return entry[key]
