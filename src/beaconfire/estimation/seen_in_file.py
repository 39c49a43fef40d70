"""Seen in a file: how each object stands to the looking of the file's radars.

The same that a node says of what it follows (``sight``, ``grouping``), of lines that
state no rates: how a radar looks is bounded by what it shows in the file. That it
looked is known of the instants at which it shows anything at all, followed or not; a
file holds no empty scans, so of what comes after its last line nothing is known.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from msgspec import structs

from beaconfire.estimation.grouping import (
    group_of,
    spread_of,
    surely_of_one,
    together_in,
)
from beaconfire.estimation.scans import scan_of_each
from beaconfire.estimation.sight import course_of, judge_sight
from beaconfire.estimation.watcher import (
    Heard,
    Watcher,
    hear,
    looked_at,
    watcher_of,
)
from beaconfire.vocabulary.flight import FlightEstimate, GroupSpread, Observations
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.sight import Group, Sight
from beaconfire.vocabulary.times import NS_PER_S, Instant

Answered = Sequence[tuple[Observations, FlightEstimate]]


def sights_in(
    answered: Answered, everything: Sequence[Plot], at: Instant
) -> list[Sight | None]:
    """Return each object's sight at an instant; ``None`` where no rate is known.

    ``everything`` are all plots of the file.
    """
    used = [_used(held, estimate) for held, estimate in answered]
    watchers = _watchers(used, everything)
    found: list[Sight | None] = []
    for plots, (_, estimate) in zip(used, answered, strict=True):
        if not plots:
            found.append(None)
            continue
        seen = max(plot.time for plot in plots)
        judged = judge_sight(course_of(estimate, seen, at), watchers, seen, at)
        found.append(None if judged is None else judged.sight)
    return found


def groups_in(
    answered: Answered, everything: Sequence[Plot]
) -> list[tuple[Group | None, GroupSpread | None]]:
    """Return the group that an object stands for, and how near its members were.

    Others are named by their number.
    """
    used = [_used(held, estimate) for held, estimate in answered]
    scan_of = scan_of_each(everything)
    found = []
    for number, plots in enumerate(used):
        others = {
            id(plot): str(k + 1)
            for k, theirs in enumerate(used)
            if k != number
            for plot in theirs
        }
        together = together_in(plots, scan_of, others)
        found.append((group_of(together), spread_of(together)))
    return found


def surely_theirs(
    objects: Sequence[Observations], everything: Sequence[Plot]
) -> tuple[Observations, ...]:
    """Return the objects without the plots that may be of another of their group."""
    scan_of = scan_of_each(everything)
    return tuple(
        structs.replace(held, plots=surely_of_one(held.plots, together))
        for held in objects
        for together in (together_in(held.plots, scan_of, {}),)
    )


def _used(held: Observations, estimate: FlightEstimate) -> list[Plot]:
    out = {one.index for one in estimate.rejected}
    return [plot for k, plot in enumerate(held.plots) if k not in out]


def _watchers(
    used: Sequence[Sequence[Plot]], everything: Sequence[Plot]
) -> list[Watcher]:
    """Return how the radars look that any object's answer rests on, and when they did.

    A radar's interval is the longest that it shows of any object: several objects at
    several bearings of one turning radar would look like a faster one.
    """
    heard: dict[str, Heard] = {}
    gaps: dict[str, list[list[float]]] = {}
    for plots in used:
        of: dict[str, set[int]] = {}
        for plot in plots:
            name = plot.sensor.id
            heard[name] = hear(heard.get(name), (plot,))
            of.setdefault(name, set()).add(plot.time.ns)
        for name, instants in of.items():
            steps = [(b - a) / NS_PER_S for a, b in pairwise(sorted(instants))]
            if steps:
                gaps.setdefault(name, []).append(steps)
    told: dict[str, set[int]] = {}
    for plot in everything:
        told.setdefault(plot.sensor.id, set()).add(plot.time.ns)
    watchers = []
    for name, one in sorted(heard.items()):
        one.gaps_s = max(gaps.get(name, [[]]), key=_middle)
        one.heard_ns = 0  # a file is not behind: what it holds has come
        one.looked.clear()
        watcher = watcher_of(one)
        if watcher is not None:
            for ns in sorted(told[name]):
                looked_at(one.looked, ns, watcher.scan_s)
            watchers.append(replace(watcher, looked=tuple(one.looked)))
    return watchers


def _middle(steps: Sequence[float]) -> float:
    return sorted(steps)[len(steps) // 2] if steps else 0.0
