"""Initiation: do the latest plots of one radar show something that was launched?

One question, asked of one sensor's own plots, so that its answer tells a partner
nothing of any other sensor. Four plots at four instants must lie on one path:

1. **Fast.** First and last lie ``SPEED_MPS_MIN`` apart for every second between them,
   beyond five sigma of their errors; and not faster than anything that comes back.
2. **Climbing or falling.** Their heights differ by ``CLIMB_MPS_MIN`` beyond five
   sigma: an aircraft is slow, a satellite on a near-circular orbit is level.
3. **On one path.** At two instants between them a plot lies near the chord, within
   four sigma and what the greatest acceleration can bend, and none of the four waits
   more than ``GAP_S_MAX`` for the next: over a minute a chord bends by tens of
   kilometres, and clutter would do.

Clutter fails because false plots are spread over a radar's whole volume and each of
three must fall into a small part of it; the figures are in
``docs/concepts/stages.md``. Whether the path leads anywhere is the estimator's to say.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise

from beaconfire.estimation.fix import SPEED_MPS_MAX, Fix, fix_of, off_path, way_m
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.times import Instant

# Below this an aircraft could do it; a ballistic missile passes it within the first
# half minute, before it is above most radars' horizons.
SPEED_MPS_MIN = 500.0
# A circular orbit climbs at zero; with an eccentricity of 0.01, at 76 m/s.
CLIMB_MPS_MIN = 150.0
# Instants between that must agree; with the two ends four in all. Three in all would
# be a second sooner at 1 Hz and some thousand times more often false.
BETWEEN_MIN = 2
# A radar that misses every other look still finds what it sees, some scans later.
SUPPORT_PART = 0.6
# What is kept of a sensor: eight scans or twenty seconds, whichever is more (a distant
# object must move beyond its errors), never older than a minute (a slowly rotating
# radar). No more than 48 plots where they are single ones; of scans that are full, two
# dozen at 20 plots each: in three or four scans nothing would ever show its speed, and
# a salvo, or clutter, would make the radar blind. A search of so many takes 4 ms.
SCANS_KEPT = 8
KEPT_S = 20.0
KEPT_S_MAX = 60.0
GAP_S_MAX = 20.0
SCANS_ENOUGH = 24
PLOTS_ENOUGH = 48
PLOTS_KEPT_MAX = 480
# Of a scan so full that it must be jamming only the first plots are searched.
NEW_PLOTS_MAX = 32

# Some twenty pairs are tried with every scan, so three sigma would be passed by the
# noise of a distant satellite within seconds; five, once in some hundred passes.
_SIGMAS_ENDS = 5.0


@dataclass(slots=True)
class Recent:
    """The last scans of one sensor, oldest first."""

    scans: list[tuple[Plot, ...]] = field(default_factory=list)

    def add(self, plots: tuple[Plot, ...]) -> None:
        """Keep a new scan and let go of what is too old or too many."""
        self.scans.append(plots[:NEW_PLOTS_MAX])
        newest = plots[0].time
        held = sum(map(len, self.scans))
        while len(self.scans) > 1:
            age_s = newest.seconds_since(self.scans[0][0].time)
            many = len(self.scans) > SCANS_KEPT and age_s > KEPT_S
            enough = len(self.scans) > SCANS_ENOUGH and held > PLOTS_ENOUGH
            many = many or enough or held > PLOTS_KEPT_MAX
            if not (many or age_s > KEPT_S_MAX):
                return
            held -= len(self.scans.pop(0))

    def since(self, first: Instant) -> list[tuple[Plot, ...]]:
        """Return the kept scans that do not lie wholly before ``first``."""
        return [scan for scan in self.scans if any(p.time >= first for p in scan)]


def initiates(recent: Recent, whole: Recent | None = None) -> list[Fix]:
    """Return the path that the newest scan completes, in order of time, or nothing.

    ``whole`` are the scans as they came, where ``recent`` is only what no path took:
    what most of them do not show is what a path's own plots left now and then.
    """
    looked = recent if whole is None else whole
    scans = [_Fixes(scan) for scan in recent.scans[:-1]]
    if sum(len(scan.fixes) for scan in scans) <= BETWEEN_MIN:
        return []
    for plot in recent.scans[-1]:
        last = fix_of(plot)
        for first in (one for scan in scans for one in scan.near(last)):
            if _is_launched(first, last):
                between = _between(first, last, scans)
                path = [first, *between, last]
                if len(between) < BETWEEN_MIN or _widest_gap_s(path) > GAP_S_MAX:
                    continue
                if len(between) >= SUPPORT_PART * _looks(looked, first, last):
                    return path
    return []


class _Fixes:
    """The fixes of one scan, and which of them a later one can have come from."""

    def __init__(self, scan: tuple[Plot, ...]) -> None:
        self.fixes = [fix_of(plot) for plot in scan]
        self._first_ns = min(fix.time_ns for fix in self.fixes)
        self._sigma_m = max(fix.sigma_m for fix in self.fixes)

    def near(self, last: Fix) -> list[Fix]:
        """Return all from which nothing too fast leads there, and few others.

        Fifteen thousand pairs of a full search are looked at so; few are left.
        """
        x_m, y_m = last.x_m, last.y_m
        span_s = (last.time_ns - self._first_ns) * 1e-9
        reach_m = SPEED_MPS_MAX * span_s
        reach_m += _SIGMAS_ENDS * (self._sigma_m + last.sigma_m)
        return [
            fix
            for fix in self.fixes
            if abs(fix.x_m - x_m) <= reach_m and abs(fix.y_m - y_m) <= reach_m
        ]


def _looks(looked: Recent, first: Fix, last: Fix) -> int:
    """Return in how many scans between two plots anything was seen."""
    return sum(first.time_ns < scan[0].time.ns < last.time_ns for scan in looked.scans)


def _widest_gap_s(path: list[Fix]) -> float:
    return max((b.time_ns - a.time_ns) * 1e-9 for a, b in pairwise(path))


def _is_launched(first: Fix, last: Fix) -> bool:
    span_s = (last.time_ns - first.time_ns) * 1e-9
    if span_s <= 0.0:
        return False
    climb_m = abs(last.height_m - first.height_m)
    slack_m = _SIGMAS_ENDS * math.hypot(first.sigma_height_m, last.sigma_height_m)
    if climb_m - slack_m < CLIMB_MPS_MIN * span_s:
        return False
    apart_m = way_m(first, last)
    slack_m = _SIGMAS_ENDS * math.hypot(first.sigma_m, last.sigma_m)
    fast = apart_m - slack_m >= SPEED_MPS_MIN * span_s
    return fast and apart_m - slack_m <= SPEED_MPS_MAX * span_s


def _between(first: Fix, last: Fix, scans: list[_Fixes]) -> list[Fix]:
    """Return the best plot of each scan between two that lies on their path."""
    best: list[Fix] = []
    for scan in scans:
        on_path = [
            (off, fix.time_ns, fix)
            for fix in scan.fixes
            if first.time_ns < fix.time_ns < last.time_ns
            and (off := off_path(first, last, fix)) <= 1.0
        ]
        if on_path:
            best.append(min(on_path, key=lambda one: one[:2])[2])
    return best
