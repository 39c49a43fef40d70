"""Latency: how long messages took from one node's hand-over to the other's arrival.

A message is the same at both ends by sender, recipient, lane, epoch and number. Both
instants are turns' own, in exercise time. In a real run exercise time goes faster
than the wall by ``speed``, and a latency is wall milliseconds: it is divided. A message
that was delivered again counts by its first arrival, one that never arrived not at all.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from beaconfire.exercise.after_action.report import Latency, Reason, Spread
from beaconfire.exercise.after_action.rounding import rounded
from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.entries.carriage import Arrival, HandOver
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import NS_PER_S, Instant

Hop = tuple[Party, Party]
_Message = tuple[str, int, int]  # lane, epoch, number

_NS_PER_MS = NS_PER_S / 1_000.0


def hop_latencies_ms(
    journals: Mapping[Party, Iterable[Entry]], *, speed: float
) -> dict[Hop, list[float]]:
    """Return the latencies of each hop that anything was handed over on, sorted."""
    sent: dict[Hop, dict[_Message, Instant]] = {}
    taken: dict[Hop, dict[_Message, Instant]] = {}
    for party, entries in journals.items():
        for entry in entries:
            body = entry.body
            if isinstance(body, HandOver):
                way = sent.setdefault((party, body.to), {})
            elif isinstance(body, Arrival) and not body.again:
                way = taken.setdefault((body.via or body.originator, party), {})
            else:
                continue
            way.setdefault((body.lane, body.epoch, body.number), entry.at)
    return {
        hop: sorted(
            (arrived.ns - sent[hop][message].ns) / _NS_PER_MS / speed
            for message, arrived in taken.get(hop, {}).items()
            if message in sent[hop]
        )
        for hop in sorted(sent)
    }


def latency(hops_ms: Mapping[Hop, Sequence[float]]) -> Latency:
    """Return percentiles over all hops and for each."""
    everything = sorted(value for values in hops_ms.values() for value in values)
    whole = _spread(everything)
    return Latency(
        p50=whole.p50,
        p50_reason=whole.p50_reason,
        p99=whole.p99,
        p99_reason=whole.p99_reason,
        max=whole.max,
        max_reason=whole.max_reason,
        hops={f"{a}-{b}": _spread(values) for (a, b), values in hops_ms.items()},
    )


def _spread(values: Sequence[float]) -> Spread:
    if not values:
        why: Reason = "no message was taken by a partner"
        return Spread(
            p50=None,
            p50_reason=why,
            p99=None,
            p99_reason=why,
            max=None,
            max_reason=why,
        )
    return Spread(
        p50=rounded(_rank(values, 0.50)),
        p99=rounded(_rank(values, 0.99)),
        max=rounded(values[-1]),
    )


def _rank(values: Sequence[float], part: float) -> float:
    """Return the smallest value that ``part`` of all values do not exceed."""
    return values[max(math.ceil(part * len(values)), 1) - 1]
