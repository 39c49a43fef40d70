"""Follower: which plots of one sensor are those of the launched objects, each apart.

The estimator solves for one object at a time and wants its plots alone; a scan holds
those of several, and false ones. A path begins by ``initiation`` from what no path has
taken, and is carried on by at most one plot a scan until nothing has fitted for
``LOST_S``; then it is deleted, and the object must begin anew.

* Which plot carries on which path is the global nearest neighbour over all paths.
* What stands so near a path's plot that this sensor could not tell two objects apart
  is of the same *group* (``estimation.grouping``): it begins no path, and is counted.
  So are the plots of other paths that have come as near, and so is what stands no
  farther from a path on the whole, though single plots of it do.
* Everything is a function of this one sensor's plots: not of a launch event, another
  sensor or a partner. Which paths are one launch's is decided elsewhere.
* Scans that come after newer ones (a feed or link that was cut resends what it kept,
  in order) are followed by themselves.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise

from beaconfire.estimation.fix import (
    ACCELERATION_MPS2_MAX,
    Fix,
    fix_of,
    off_path,
    way_m,
)
from beaconfire.estimation.grouping import (
    COUNTED_SCANS,
    Meeting,
    Together,
    cell_m,
    exchangeable,
    in_most,
    in_one_cell,
    most,
)
from beaconfire.stages.fuse.assignment import nearest
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
LIVE = 0  # the run of scans that came in time; those that came late count from one

_FIXES_KEPT = 32


@dataclass(frozen=True, slots=True)
class Carried:
    """What a scan gave to one path; the whole beginning when the path begins."""

    path: int
    plots: tuple[Plot, ...]
    begun: bool
    fixes: tuple[Fix, ...]  # what is kept of the path, the newest last
    together: Together  # what stands too near to be told apart; paths by number
    run: int = LIVE  # two runs of scans may show one object in turns


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
    run: int = LIVE
    counts: list[int] = field(default_factory=list)
    near: list[tuple[str, ...]] = field(default_factory=list)
    missed: int = 0
    meeting: Meeting = field(default_factory=Meeting)

    def push_mps2(self) -> float:
        """Return how much push its next plot may show."""
        return COASTING_MPS2 if self.missed >= MISSED_LOOKS else ACCELERATION_MPS2_MAX

    def base(self) -> Fix:
        """Return the older end of the line that is carried on."""
        base_ns = self.fixes[-1].time_ns - round(BASE_S * 1e9)
        return next(
            (fix for fix in self.fixes[:-1] if fix.time_ns >= base_ns), self.fixes[-2]
        )

    def take(self, fix: Fix, count: int, close: int, near: tuple[str, ...]) -> Carried:
        """Carry on with a plot, about which so many stand, of these other paths.

        ``close`` is how many stand so near that they may be exchanged.
        """
        self.missed = 0
        self.fixes.append(fix)
        del self.fixes[:-_FIXES_KEPT]
        self.counts.append(count)
        self.near.append(near)
        del self.counts[:-COUNTED_SCANS], self.near[:-COUNTED_SCANS]
        self.meeting.take(close, fix.time_ns)
        return self._carried((fix.plot,), begun=False)

    def beginning(self) -> Carried:
        """Return what is told when the path begins."""
        return self._carried(tuple(fix.plot for fix in self.fixes), begun=True)

    def _carried(self, plots: tuple[Plot, ...], *, begun: bool) -> Carried:
        newest = self.fixes[-1]
        return Carried(
            path=self.number,
            plots=plots,
            begun=begun,
            fixes=tuple(self.fixes),
            run=self.run,
            together=Together(
                count=most(self.counts),
                scans=max(len(self.counts), 1),
                newest_ns=newest.time_ns,
                cell_m=cell_m(newest),
                near=in_most(self.near),
                since_ns=self.meeting.now_since_ns(),
                until_ns=self.meeting.until_ns,
            ),
        )


@dataclass(slots=True)
class Stretch:
    """A run of scans in order of time, and the objects' paths in it."""

    whole: Recent = field(default_factory=Recent)
    untaken: Recent = field(default_factory=Recent)
    paths: list[Path] = field(default_factory=list)
    newest_ns: int = 0
    run: int = LIVE

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
        begun: list[Fix] = []
        if len(self.paths) < PATHS_MAX:
            begun = initiates(self.untaken, self.whole)
        if begun and any(_beside(path.fixes, begun) for path in self.paths):
            self._let_go(begun)  # they are of that path's group
            begun = []
        if not begun:
            return Followed(tuple(carried), (plots,))
        path = Path(next_number, begun, self.run)
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
        numbers = [str(self.paths[k].number) for k in taken]
        near = _near(given, numbers)
        counts = [1 + len(others) for others in near]
        left: list[Fix] = []
        for j, fix in enumerate(fixes):
            if j in taken.values():
                continue
            cell = _cell_of(given, fix)
            if cell is None:
                left.append(fix)
            else:
                for k, fixed in enumerate(given):
                    counts[k] += k == cell or in_one_cell(given[cell], fixed)
        carried = [
            self.paths[k].take(fix, count, _close(fix, fixes), others)
            for k, fix, count, others in zip(taken, given, counts, near, strict=True)
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
    late: Stretch = field(default_factory=lambda: Stretch(run=LIVE + 1))
    begun: int = 0

    def take(self, plots: tuple[Plot, ...]) -> Followed:
        """Take one scan; return those plots that are now known to be objects'."""
        newest_ns = max(plot.time.ns for plot in plots)
        stretch = self.live
        if newest_ns < self.live.newest_ns:
            if newest_ns < self.late.newest_ns:
                # The link was cut again: an older one begins.
                self.late = Stretch(run=self.late.run + 1)
            stretch = self.late
        followed = stretch.take(plots, self.begun)
        self.begun += sum(path.begun for path in followed.paths)
        return followed


def _beside(fixes: list[Fix], begun: list[Fix]) -> bool:
    """Say whether what would begin cannot be told apart from a path, taken together.

    Single plots of one object scatter out of its cell; that they do so to one side is
    what makes them another's. Where the path has no plot a line between two stands in.
    """
    off = [0.0, 0.0, 0.0]
    compared = 0
    for fix in begun:
        for a, b in pairwise(fixes):
            if a.time_ns <= fix.time_ns <= b.time_ns:
                part = (fix.time_ns - a.time_ns) / max(b.time_ns - a.time_ns, 1)
                off[0] += fix.x_m - a.x_m - part * (b.x_m - a.x_m)
                off[1] += fix.y_m - a.y_m - part * (b.y_m - a.y_m)
                off[2] += fix.z_m - a.z_m - part * (b.z_m - a.z_m)
                compared += 1
                break
    if 2 * compared < len(begun):
        return False
    return math.hypot(*off) / compared <= cell_m(begun[-1])


def _close(fix: Fix, fixes: list[Fix]) -> int:
    """Return how many stand so near to ``fix``, itself with them, to be exchanged."""
    return sum(exchangeable(fix, one) for one in fixes)


def _cell_of(given: list[Fix], fix: Fix) -> int | None:
    """Return which plot of this scan ``fix`` cannot be told apart from, if any."""
    near = [k for k, one in enumerate(given) if in_one_cell(one, fix)]
    return min(near, key=lambda k: way_m(given[k], fix), default=None)


def _near(given: list[Fix], numbers: list[str]) -> list[tuple[str, ...]]:
    """Return for each path which others' plots cannot be told apart from its own."""
    near: list[tuple[str, ...]] = [()] * len(given)
    for k, one in enumerate(given):
        for j in range(k):
            if in_one_cell(one, given[j]):
                near[k] += (numbers[j],)
                near[j] += (numbers[k],)
    return near
