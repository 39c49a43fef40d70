"""Suspended: what one suspension did, read from the journals and at the border.

Pure. The suspension begins at the instant of its entry in the sender's journal and ends
with the entry of its restoration. The sender's own counters are never asked: what was
handed over stands in its journal, what was laid and purged is the border's word, and
what still came is in the partner's journal.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from beaconfire.exercise.bench.border_witness import Seen
from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.carriage import Arrival, EpochEnd, HandOver
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.link import EpochHead, Lane, LinkHeader
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Bite:
    """One suspension.

    ``purged_ms`` runs from the act's journalled instant until the last lane that had
    to be purged was; ``None`` if nothing stood in any. ``unpurged`` lanes should have
    been and never were. ``more`` counts messages of the old window by lane that the
    partner took after that instant.
    """

    to: Party
    hand_overs_after: int
    laid_after: int
    purged_ms: float | None
    stood: int
    unpurged: int
    more: dict[Lane, int]
    items_per_s: float

    @property
    def more_max(self) -> int:
        """The most of any lane."""
        return max(self.more.values(), default=0)


def read_bite(
    to: Party,
    agreement: str,
    *,
    sender: Sequence[Entry],
    partner: Iterable[Entry],
    border: Seen,
) -> Bite:
    """Read one suspension of ``agreement`` from what was journalled around it.

    ``sender`` and ``partner`` are the entries of each since the flow began; ``border``
    was watched from before the act until before the restoration.
    """
    act = _act(sender, agreement, "suspend")
    end = _act(sender, agreement, "restore")
    during = [entry.body for entry in sender if act.seq < entry.seq < end.seq]
    heads = {
        body.lane: body.head
        for body in reversed(during)
        if isinstance(body, EpochEnd) and body.to == to
    }
    purges = {lane: border.first_purge(lane) for lane in heads}
    took = [one.at.seconds_since(act.at) for one in purges.values() if one is not None]
    return Bite(
        to=to,
        hand_overs_after=sum(
            isinstance(body, HandOver) and body.to == to and bool(body.items)
            for body in during
        ),
        laid_after=sum(
            _too_late(header, heads, gone)
            for header, gone in border.laid
            if header.sent >= act.at or header.lane in gone
        ),
        purged_ms=1_000.0 * max(took) if took else None,
        stood=sum(one.messages for one in purges.values() if one is not None),
        unpurged=sum(one is None for one in purges.values()),
        more=_more(partner, heads, act.at),
        items_per_s=_rate(sender, act.at),
    )


def _act(entries: Sequence[Entry], agreement: str, name: str) -> Entry:
    for entry in entries:
        body = entry.body
        if isinstance(body, Act) and (body.agreement, body.act) == (agreement, name):
            return entry
    message = f"the sender's journal has no `{name}` of `{agreement}`"
    raise AssertionError(message)


def _too_late(
    header: LinkHeader, heads: dict[Lane, EpochHead], gone: frozenset[Lane]
) -> bool:
    """Say whether a message with items was laid that should not have been.

    One of the old window may be on its way to the border when the act is journalled,
    and is purged with it; behind the purge it must not come.
    """
    if not any(part.kind == "item" for part in header.parts):
        return False
    head = heads.get(header.lane)
    old = head is not None and header.epoch <= head.epoch
    return not old or header.lane in gone


def _more(
    partner: Iterable[Entry], heads: dict[Lane, EpochHead], since: Instant
) -> dict[Lane, int]:
    came: Counter[Lane] = Counter()
    for entry in partner:
        body = entry.body
        if not isinstance(body, Arrival) or body.again or entry.at <= since:
            continue
        head = heads.get(body.lane)
        if head is not None and body.epoch == head.epoch and body.number <= head.number:
            came[body.lane] += 1
    return dict(came)


def _rate(sender: Sequence[Entry], until: Instant) -> float:
    """Return how many items of its own the sender made a second before the act.

    From the first to the last of them: what was on its way into the journal at the act
    is in neither the count nor the time.
    """
    times = [
        entry.at
        for entry in sender
        if isinstance(entry.body, ItemHeld)
        and entry.body.carriage is None
        and entry.at <= until
    ]
    took_s = max(times).seconds_since(min(times)) if times else 0.0
    return (len(times) - 1) / took_s if took_s > 0 else 0.0
