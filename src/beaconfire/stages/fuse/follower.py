"""Follower: which plots of one sensor are those of the launched object.

The estimator solves for one object and wants its plots alone; a scan holds false ones
too, often at the same instant. A path begins by ``initiation`` and is carried on by
the plot nearest to where it leads, one an instant, until nothing has fitted for
``LOST_S``; then it must begin anew.

Everything is a function of this one sensor's plots: not of a launch event, another
sensor or a partner. Scans that come after newer ones (a feed or link that was cut
resends what it kept, in order) are followed by themselves. One object a sensor is
followed; telling several apart is not attempted.
"""

from dataclasses import dataclass, field

from beaconfire.stages.fuse.fix import Fix, fix_of, off_path
from beaconfire.stages.fuse.initiation import Recent, initiates
from beaconfire.vocabulary.motion import Plot

# After this long the gate would be tens of kilometres wide.
LOST_S = 20.0
# The line that is carried on runs through the newest plot and one this much older:
# longer is steadier, shorter bends less.
BASE_S = 8.0
# Of one scan no more plots are looked at; a fuller one is jamming.
PLOTS_LOOKED_AT_MAX = 256

_FIXES_KEPT = 32


@dataclass(frozen=True, slots=True)
class Followed:
    """What a scan gave: the object's plots, and the scans in which they stand.

    When a path begins these are its whole beginning; else at most one plot and the
    scan itself.
    """

    plots: tuple[Plot, ...]
    scans: tuple[tuple[Plot, ...], ...]


@dataclass(slots=True)
class _Path:
    """A run of scans in order of time, and the object's plots in it."""

    recent: Recent = field(default_factory=Recent)
    fixes: list[Fix] = field(default_factory=list)
    newest_ns: int = 0

    def take(self, plots: tuple[Plot, ...]) -> Followed:
        self.newest_ns = max(self.newest_ns, *(plot.time.ns for plot in plots))
        self.recent.add(plots)
        if self.fixes and self.newest_ns - self.fixes[-1].time_ns > LOST_S * 1e9:
            last = self.fixes[-1].plot.time.plus_s(1e-9)
            self.recent.scans = self.recent.since(last)
            self.fixes.clear()
        if not self.fixes:
            self.fixes = initiates(self.recent)
            begun = tuple(fix.plot for fix in self.fixes)
            scans = self.recent.since(begun[0].time) if begun else [plots]
            return Followed(begun, tuple(scans))
        return Followed(self._carry_on(plots), (plots,))

    def _carry_on(self, plots: tuple[Plot, ...]) -> tuple[Plot, ...]:
        last = self.fixes[-1]
        base_ns = last.time_ns - round(BASE_S * 1e9)
        first = next(
            (fix for fix in self.fixes[:-1] if fix.time_ns >= base_ns), self.fixes[-2]
        )
        near = [
            (off, fix)
            for fix in map(fix_of, plots[:PLOTS_LOOKED_AT_MAX])
            if fix.time_ns > last.time_ns and (off := off_path(first, last, fix)) <= 1.0
        ]
        if not near:
            return ()
        fix = min(near, key=lambda one: one[0])[1]
        self.fixes.append(fix)
        del self.fixes[:-_FIXES_KEPT]
        return (fix.plot,)


@dataclass(slots=True)
class Follower:
    """The paths of one sensor: the live one, and one for what comes late."""

    live: _Path = field(default_factory=_Path)
    late: _Path = field(default_factory=_Path)

    def take(self, plots: tuple[Plot, ...]) -> Followed:
        """Take one scan; return those plots that are now known to be the object's."""
        newest_ns = max(plot.time.ns for plot in plots)
        if newest_ns >= self.live.newest_ns:
            return self.live.take(plots)
        if newest_ns < self.late.newest_ns:
            self.late = _Path()  # the link was cut again: an older stretch begins
        return self.late.take(plots)
