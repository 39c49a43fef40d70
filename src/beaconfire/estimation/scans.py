"""Scans: which plots of one radar are of one scan, in which it shows an object once?

Some radars stamp a whole scan with one instant, others each plot with its own; a file
says neither that nor how long a scan takes. What tells is that no object is in two
places: a plot that an earlier one may have become begins a new scan.

* **How long a scan takes** is the middle of the times after which a plot has a
  successor: one that can be reached from it at the greatest speed.
* Of objects that stand close together each may seem to succeed the other at once. So
  what comes in less than a tenth of the time that nearly all wait is of one scan.
* A scan ends where it has taken that long, though nothing came again: what a radar
  misses is missed in the next scan.

Where close objects are stamped a good part of a scan apart, nothing here can tell
three looks at one object from one look at three; then each instant is a scan.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from beaconfire.estimation.fix import SPEED_MPS_MAX, Fix, fix_of, way_m
from beaconfire.vocabulary.motion import Plot

_SIGMAS = 5.0
# Successors are looked for among so many plots, and no later than a slow radar turns.
_AHEAD = 64
_AHEAD_S = 60.0
# Of the sorted waits: the usual one, if half of the looks find nothing, and a long one.
_USUAL_PART, _LONG_PART = 0.4, 0.9
# What an antenna cannot do: to be back in this part of the time it takes.
_AT_ONCE_PART = 0.1
# Scans are not given to the millisecond.
_WHOLE_PART = 0.95


def scans_of(plots: Sequence[Plot]) -> tuple[tuple[Plot, ...], ...]:
    """Return one radar's plots by scans, in order of time; within one, as given."""
    fixes = sorted(map(fix_of, plots), key=lambda fix: fix.time_ns)
    instants = [tuple(of) for _, of in groupby(fixes, key=lambda fix: fix.time_ns)]
    scans = _scans(instants, *_waits_s(fixes))
    return tuple(tuple(fix.plot for fix in scan) for scan in scans)


def scan_of_each(plots: Iterable[Plot]) -> dict[int, tuple[Plot, ...]]:
    """Return the scan that each plot of a file stands in, by the plot's ``id``."""
    seen: dict[str, list[Plot]] = {}
    for plot in plots:
        seen.setdefault(plot.sensor.id, []).append(plot)
    scans = (scan for of in seen.values() for scan in scans_of(of))
    return {id(plot): scan for scan in scans for plot in scan}


def _scans(
    instants: Sequence[tuple[Fix, ...]], at_once_s: float, scan_s: float
) -> Iterator[list[Fix]]:
    scan: list[Fix] = []
    for seen in instants:
        whole = bool(scan) and _after_s(scan[0], seen[0]) >= _WHOLE_PART * scan_s
        if whole or any(
            _after_s(one, other) > at_once_s and _succeeds(one, other)
            for one in scan
            for other in seen
        ):
            yield scan
            scan = []
        scan.extend(seen)
    if scan:
        yield scan


def _waits_s(fixes: list[Fix]) -> tuple[float, float]:
    """Return what counts as at once, and how long a scan takes; 0 if nothing tells."""
    waits = sorted(wait for k in range(len(fixes)) if (wait := _wait_s(fixes, k)))
    if not waits:
        return 0.0, 0.0
    at_once_s = _AT_ONCE_PART * waits[int(_LONG_PART * (len(waits) - 1))]
    turns = [wait for wait in waits if wait > at_once_s]
    return at_once_s, turns[int(_USUAL_PART * (len(turns) - 1))]


def _wait_s(fixes: list[Fix], k: int) -> float | None:
    """Return after what time a plot has a successor."""
    for later in fixes[k + 1 : k + 1 + _AHEAD]:
        wait_s = _after_s(fixes[k], later)
        if wait_s > _AHEAD_S:
            return None
        if wait_s > 0.0 and _succeeds(fixes[k], later):
            return wait_s
    return None


def _after_s(one: Fix, later: Fix) -> float:
    return (later.time_ns - one.time_ns) * 1e-9


def _succeeds(one: Fix, later: Fix) -> bool:
    """Say whether one object can have been at both."""
    reach_m = SPEED_MPS_MAX * _after_s(one, later)
    reach_m += _SIGMAS * math.hypot(one.sigma_m, later.sigma_m)
    return way_m(one, later) <= reach_m
