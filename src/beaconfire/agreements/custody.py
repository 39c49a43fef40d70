"""Custody: what became of each item that a partner gave, and what is made from it.

* A ledger has one line an event, oldest first, read from the journal and from the
  declared records: received, copied, marked anew, needed no more, returned, destroyed.
  It is a reading, kept nowhere else, so it cannot disagree with the journal.
* What is made from given items bears the highest level and the name and original
  marking of every originator, and may go only where all of its parts may. No stage
  makes such a thing: it is for whoever marks a document that people make, the way in
  which the duty ``mark-derived`` is met.
"""

from collections.abc import Iterable, Sequence
from functools import partial, reduce

from msgspec import Struct
from msgspec.structs import replace

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.register import Register
from beaconfire.errors import BadInput
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.label import Equivalent, Label, join
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.records import Closing, Copied, LevelFollowed, NoLongerNeeded
from beaconfire.vocabulary.times import Instant


class Line(Struct, frozen=True, kw_only=True):
    """One line of the ledger of ``item``, and the entry that it is read from."""

    item: str
    at: Instant
    entry: str
    what: str


def custody(
    held: Iterable[tuple[str, Instant, ItemHeld]],
    register: Register,
    *,
    under: Agreement,
    holder: Party,
    originator: Party,
) -> tuple[Line, ...]:
    """Return the ledger of all that ``holder`` got from ``originator`` ``under`` it.

    ``held`` are the holder's journalled items as (entry, instant, body).
    """
    lines = []
    for entry, at, body in held:
        item, carriage = body.sealed.item, body.carriage
        if item.originator != originator or carriage is None:
            continue
        if under.id not in carriage.agreements:
            continue
        via = f" via {carriage.via}" if carriage.via else ""
        what = f"received{via}, marked `{item.label.classification}` by {originator}"
        lines.append(Line(item=item.id, at=at, entry=entry, what=what))
    for one in register.under(under.id):
        record = one.record
        if (
            one.party == holder
            and isinstance(record, _TOLD)
            and (record.originator == originator)
        ):
            lines.append(
                Line(item=record.item, at=one.at, entry=one.entry, what=_said(record))
            )
    return tuple(sorted(lines, key=lambda line: (line.at, line.item)))


_TOLD = (Copied, LevelFollowed, NoLongerNeeded, Closing)


def _said(record: Copied | LevelFollowed | NoLongerNeeded | Closing) -> str:
    if isinstance(record, Copied):
        return f"copied {record.copies} times for {record.why}, every marking kept"
    if isinstance(record, LevelFollowed):
        return f"every copy marked anew as `{record.marking}`"
    if isinstance(record, NoLongerNeeded):
        return "needed no more"
    return f"{record.done}: {record.how}"


def derived_label(
    under: Agreement, parts: Sequence[tuple[Party, Label]], *, by: Party
) -> Label:
    """Return how ``by`` marks what it makes from ``parts``, (originator, label) each.

    Raises:
        BadInput: no parts, or a level or an equivalent that the tables do not know.
    """
    if not parts:
        raise BadInput("a derived document has parts: name at least one")
    levels = []
    for originator, label in parts:
        level = under.level_of(label.classification, by=originator)
        if level is None:
            mark = label.classification
            message = f"{under.id} does not know the marking `{mark}` of {originator}"
            raise BadInput(message)
        levels.append(level)
    marked = [
        Label(
            policy=label.policy,
            classification=level,
            categories=label.categories,
            releasable_to=label.releasable_to,
            equivalents=(
                Equivalent(
                    party=originator, marking=label.original or label.classification
                ),
            ),
        )
        for (originator, label), level in zip(parts, levels, strict=True)
    ]
    joined = reduce(partial(join, by=by), marked)
    marking = under.marking_for(joined.classification, by=by)
    if marking is None:
        raise BadInput(
            f"{by} has no marking for {joined.classification} under {under.id}"
        )
    return replace(joined, classification=marking)
