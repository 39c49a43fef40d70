"""Follower: which plots of one sensor are those of the launched objects, each apart.

The estimator solves for one object at a time and wants its plots alone; a scan holds
those of several, and false ones. A path begins by ``initiation`` from what no path has
taken, and is carried on by at most one plot a scan until nothing has fitted for
``LOST_S``; then it is deleted, and the object must begin anew.

* Which plot carries on which path is the global nearest neighbour over all paths.
* What stands so near a path's plot that this sensor could not tell two objects apart
  is of the same *group*: it begins no path, and is counted (``Carried.together``).
* Everything is a function of this one sensor's plots: not of a launch event, another
  sensor or a partner. Which paths are one launch's is decided elsewhere.
* Scans that come after newer ones (a feed or link that was cut resends what it kept,
  in order) are followed by themselves.
"""

import math
from dataclasses import dataclass, field

from beaconfire.stages.fuse.assignment import nearest
from beaconfire.stages.fuse.fix import (
    ACCELERATION_MPS2_MAX,
    Fix,
    fix_of,
    off_path,
    way_m,
)
from beaconfire.stages.fuse.initiation import Recent, initiates
from beaconfire.vocabulary.motion import Plot

# After this long the gate would be tens of kilometres wide.
LOST_S = 20.0
# The line that is carried on runs through the newest plot and one this much older:
# longer is steadier, shorter bends less.
BASE_S = 8.0
# What was missed in so many looks has most often set, and what comes near its gate is
# another object: from then on no more push is allowed for than a falling body has.
MISSED_LOOKS = 3
COASTING_MPS2 = 30.0
# Of one scan no more plots are looked at; a fuller one is jamming. Less where many
# paths are followed, so that a step keeps its time.
PLOTS_LOOKED_AT_MAX = 256
PAIRS_LOOKED_AT_MAX = 1_024
# Objects that one sensor follows at once: four times the largest salvo published.
PATHS_MAX = 32
# Two plots of a scan nearer than this many sigma are of one group: below it one in
# fifteen plots would go to the wrong object, and what is told apart would be noise.
CELL_SIGMAS = 1.5
# Scans over which a group is counted: its number is what most of them show.
COUNTED_SCANS = 9

_FIXES_KEPT = 32


@dataclass(frozen=True, slots=True)
class Carried:
    """What a scan gave to one path; the whole beginning when the path begins."""

    path: int
    plots: tuple[Plot, ...]
    begun: bool
    fixes: tuple[Fix, ...]  # what is kept of the path, the newest last
    together: int  # objects that stand too near each other to be told apart


@dataclass(frozen=True, slots=True)
class Followed:
    """What a scan gave: each path's plots, and the scans in which they stand.

    When a path begins these are the scans of its beginning; else the scan itself.
    """

    paths: tuple[Carried, ...]
    scans: tuple[tuple[Plot, ...], ...]

    @property
    def plots(self) -> tuple[Plot, ...]:
        """Return the plots of all paths."""
        return tuple(plot for path in self.paths for plot in path.plots)


@dataclass(slots=True)
class Path:
    """One object as one sensor follows it."""

    number: int
    fixes: list[Fix]
    seen_together: list[int] = field(default_factory=list)
    missed: int = 0

    def push_mps2(self) -> float:
        """Return how much push its next plot may show."""
        return COASTING_MPS2 if self.missed >= MISSED_LOOKS else ACCELERATION_MPS2_MAX

    def base(self) -> Fix:
        """Return the older end of the line that is carried on."""
        base_ns = self.fixes[-1].time_ns - round(BASE_S * 1e9)
        return next(
            (fix for fix in self.fixes[:-1] if fix.time_ns >= base_ns), self.fixes[-2]
        )

    def take(self, fix: Fix, together: int) -> Carried:
        """Carry on with a plot."""
        self.missed = 0
        self.fixes.append(fix)
        del self.fixes[:-_FIXES_KEPT]
        self.seen_together.append(together)
        del self.seen_together[:-COUNTED_SCANS]
        return self._carried((fix.plot,), begun=False)

    def beginning(self) -> Carried:
        """Return what is told when the path begins."""
        return self._carried(tuple(fix.plot for fix in self.fixes), begun=True)

    def _carried(self, plots: tuple[Plot, ...], *, begun: bool) -> Carried:
        counts = sorted(self.seen_together)
        together = counts[len(counts) // 2] if counts else 1
        return Carried(
            path=self.number,
            plots=plots,
            begun=begun,
            fixes=tuple(self.fixes),
            together=together,
        )


@dataclass(slots=True)
class Stretch:
    """A run of scans in order of time, and the objects' paths in it."""

    whole: Recent = field(default_factory=Recent)
    untaken: Recent = field(default_factory=Recent)
    paths: list[Path] = field(default_factory=list)
    newest_ns: int = 0

    def take(self, plots: tuple[Plot, ...], next_number: int) -> Followed:
        """Take one scan; a path that begins is given ``next_number``."""
        self.newest_ns = max(self.newest_ns, *(plot.time.ns for plot in plots))
        self.whole.add(plots)
        lost_ns = self.newest_ns - round(LOST_S * 1e9)
        self.paths = [p for p in self.paths if p.fixes[-1].time_ns >= lost_ns]
        fixes = [fix_of(plot) for plot in plots[: self._looked_at()]]
        carried, left = self._carry_on(fixes)
        if not left:
            return Followed(tuple(carried), (plots,))
        self.untaken.add(tuple(fix.plot for fix in left))
        begun = initiates(self.untaken) if len(self.paths) < PATHS_MAX else []
        if not begun:
            return Followed(tuple(carried), (plots,))
        path = Path(next_number, begun)
        self.paths.append(path)
        self._let_go(begun)
        carried.append(path.beginning())
        return Followed(tuple(carried), tuple(self.whole.since(begun[0].plot.time)))

    def _looked_at(self) -> int:
        if len(self.paths) < 2:
            return PLOTS_LOOKED_AT_MAX
        return min(PLOTS_LOOKED_AT_MAX, PAIRS_LOOKED_AT_MAX // len(self.paths))

    def _carry_on(self, fixes: list[Fix]) -> tuple[list[Carried], list[Fix]]:
        """Give each path its plot; return what was carried on and what is left."""
        pairs: list[tuple[int, int, float]] = []
        for k, path in enumerate(self.paths):
            first, last, push = path.base(), path.fixes[-1], path.push_mps2()
            path.missed += 1  # until it is carried on
            for j, fix in enumerate(fixes):
                if fix.time_ns > last.time_ns:
                    off = off_path(first, last, fix, push)
                    if off <= 1.0:
                        pairs.append((k, j, off * off))
        taken = nearest(pairs)
        given = [fixes[j] for j in taken.values()]
        together = [1] * len(given)
        left: list[Fix] = []
        for j, fix in enumerate(fixes):
            if j in taken.values():
                continue
            cell = _cell_of(given, fix)
            if cell is None:
                left.append(fix)
            else:
                together[cell] += 1
        carried = [
            self.paths[k].take(fix, count)
            for k, fix, count in zip(taken, given, together, strict=True)
        ]
        return carried, left

    def _let_go(self, begun: list[Fix]) -> None:
        """Take a path's beginning out of what other paths may begin with."""
        mine = {id(fix.plot) for fix in begun}
        scans = (
            tuple(plot for plot in scan if id(plot) not in mine)
            for scan in self.untaken.scans
        )
        self.untaken.scans = [scan for scan in scans if scan]


@dataclass(slots=True)
class Follower:
    """The paths of one sensor: the live ones, and those of what comes late."""

    live: Stretch = field(default_factory=Stretch)
    late: Stretch = field(default_factory=Stretch)
    begun: int = 0

    def take(self, plots: tuple[Plot, ...]) -> Followed:
        """Take one scan; return those plots that are now known to be objects'."""
        newest_ns = max(plot.time.ns for plot in plots)
        stretch = self.live
        if newest_ns < self.live.newest_ns:
            if newest_ns < self.late.newest_ns:
                self.late = Stretch()  # the link was cut again: an older one begins
            stretch = self.late
        followed = stretch.take(plots, self.begun)
        self.begun += sum(path.begun for path in followed.paths)
        return followed


def _cell_of(given: list[Fix], fix: Fix) -> int | None:
    """Return which plot of this scan ``fix`` cannot be told apart from, if any."""
    best, cell = math.inf, None
    for k, one in enumerate(given):
        apart = way_m(one, fix) / (CELL_SIGMAS * max(one.sigma_m, fix.sigma_m))
        if apart <= 1.0 and apart < best:
            best, cell = apart, k
    return cell
