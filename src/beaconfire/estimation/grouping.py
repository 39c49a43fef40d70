"""Grouping: objects too near each other to be told apart are one group, with a count.

Two plots of a scan nearer than ``CELL_SIGMAS`` of their errors may be of either of two
objects: a track of one of them would be a claim that nothing bears. What is followed
there is the group; how many are in it is counted, by each radar for itself:

* A radar's count is what most of its newest scans show about the group's plot, so a
  false plot or a missed one changes nothing. Two in one echo count as one: the number
  is what there is *at least*.
* The radar that can tell most apart decides, of those that see it now: what it sees
  alone is an object of its own, and is followed as one.
* Where others that stand in the group are followed too, each names them: the count is
  of all of them together, and is not to be added up.
* To leave a group takes more than to join it: until no plots can be exchanged any more
  the area goes on to hold each member. Then what a radar showed before counts for
  none of them, since it may be of any (``surely_of_one``).

Plain Python: it runs in the node's own process.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from beaconfire.estimation.fix import Fix, fix_of, way_m
from beaconfire.vocabulary.flight import GroupSpread
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.sight import Group, SensorCount
from beaconfire.vocabulary.times import NS_PER_S

# Two plots of a scan nearer than this many sigma may be of either of two objects. It is
# the distance of plots, each with its error: of two objects that stand 1, 1.5, 2 and 3
# sigma apart, 94, 80, 50 and 3 % of counts say so (measured over 9 scans). A sigma and
# a half apart one plot in fifteen would go to the wrong one.
CELL_SIGMAS = 2.5
# Scans over which a group is counted: its number is what most of them show. Fewer than
# the second show nothing yet.
COUNTED_SCANS, COUNTED_MIN = 25, 5
# While plots of two come now and then as near as this, their paths may exchange plots:
# of pairs that stand 4, 5, 6 and 6.5 sigma apart 72, 18, 2 and 0.6 % do within a
# hundred scans. Two that part come no more as near some 6 to 8 sigma from each other.
EXCHANGE_SIGMAS = 4.5
# Of the scans counted so many show several before two are taken to meet: fewer may be
# an echo of one object that a radar split.
SEVERAL_SCANS_MIN = 3
# A count older than this against the newest is of another time.
SAME_TIME_S = 60.0

_NAMED_MAX = 32
_REASON_MAX = 400  # the vocabulary holds 512 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What one radar's newest scans show about one object's plot.

    ``cell_m``: within which it tells nothing apart. ``near`` names what else is
    followed there. ``since_ns`` is since when plots can be exchanged, where they can;
    ``until_ns`` until when they could at all.
    """

    count: int
    scans: int
    newest_ns: int
    cell_m: float
    near: tuple[str, ...] = ()
    since_ns: int | None = None
    until_ns: int | None = None


def several_since(since_ns: int | None, counts: Sequence[int], ns: int) -> int | None:
    """Return since when several are shown now and then; ``counts`` end with ``ns``.

    They are until none of the newest scans shows several: at the edge it would be said
    and taken back by turns.
    """
    several = sum(count > 1 for count in counts[-COUNTED_SCANS:])
    if since_ns is None:
        return ns if several >= SEVERAL_SCANS_MIN else None
    return since_ns if several else None


@dataclass(slots=True)
class Meeting:
    """Whether plots of one path can be exchanged with another's, by its scans."""

    counts: list[int] = field(default_factory=list)
    several_ns: int | None = None
    close_ns: int = 0
    since_ns: int | None = None
    until_ns: int | None = None

    def take(self, count: int, ns: int) -> None:
        """Take how many stood so near to each other in the scan of an instant."""
        again = ns - (self.until_ns or 0) <= SAME_TIME_S * NS_PER_S
        self.counts.append(count)
        del self.counts[:-COUNTED_SCANS]
        self.close_ns = ns if count > 1 else self.close_ns
        self.several_ns = several_since(self.several_ns, self.counts, ns)
        if self.several_ns is None:
            return
        # The same two that meet again have flown freely from where they first met.
        if self.since_ns is None or not (again or self.several_ns < ns):
            self.since_ns = self.several_ns
        self.until_ns = self.close_ns

    def now_since_ns(self) -> int | None:
        """Return since when they can be exchanged; ``None`` where they cannot now."""
        return None if self.several_ns is None else self.since_ns


def spread_of(seen: Mapping[str, Together]) -> GroupSpread | None:
    """Return how near to each other a group's members were, and for how long.

    By the finest radar that sees them now. It stands longer than the group is named:
    while plots come near enough to be exchanged, which is whose is chance.
    """
    newest_ns = max((one.newest_ns for one in seen.values()), default=0)
    now = [
        one
        for _, one in sorted(seen.items())
        if newest_ns - one.newest_ns <= SAME_TIME_S * NS_PER_S
    ]
    finest = min(now, key=lambda one: one.cell_m, default=None)
    if finest is None or finest.since_ns is None:
        return None
    over_s = (finest.newest_ns - finest.since_ns) / NS_PER_S
    wider = 1.0 if finest.count > 1 else EXCHANGE_SIGMAS / CELL_SIGMAS
    return GroupSpread(cell_m=wider * finest.cell_m, over_s=over_s)


def surely_of_one(
    plots: Sequence[Plot], seen: Mapping[str, Together]
) -> tuple[Plot, ...]:
    """Return the plots that no other object of a group that has parted may have given.

    While the group has not, they are the group's: all of them.
    """
    if spread_of(seen) is not None:
        return tuple(plots)
    until_ns = {
        sensor: one.until_ns for sensor, one in seen.items() if one.until_ns is not None
    }
    return tuple(
        plot for plot in plots if plot.time.ns > until_ns.get(plot.sensor.id, 0)
    )


def cell_m(fix: Fix) -> float:
    """Return within which distance a plot cannot be told from another."""
    return CELL_SIGMAS * fix.sigma_m


def in_one_cell(one: Fix, other: Fix) -> bool:
    """Say whether two plots of one scan are too near each other to be told apart."""
    return way_m(one, other) <= max(cell_m(one), cell_m(other))


def exchangeable(one: Fix, other: Fix) -> bool:
    """Say whether two paths that these plots are of may exchange them by chance."""
    return way_m(one, other) <= EXCHANGE_SIGMAS * max(one.sigma_m, other.sigma_m)


def most(counts: Sequence[int]) -> int:
    """Return what most of the newest scans show at least; one while they are few."""
    newest = sorted(counts[-COUNTED_SCANS:])
    return newest[(len(newest) - 1) // 2] if len(newest) >= COUNTED_MIN else 1


def in_most(seen: Sequence[Collection[str]]) -> tuple[str, ...]:
    """Return the names that more than half of the newest scans show, in order."""
    newest = seen[-COUNTED_SCANS:]
    if len(newest) < COUNTED_MIN:
        return ()
    names = sorted({name for scan in newest for name in scan})
    return tuple(
        name for name in names if 2 * sum(name in scan for scan in newest) > len(newest)
    )


def group_of(seen: Mapping[str, Together]) -> Group | None:
    """Return the group that radars see in one place, ``None`` where they see one."""
    if all(one.count < 2 for one in seen.values()):
        return None
    newest_ns = max(one.newest_ns for one in seen.values())
    now = {
        sensor: one
        for sensor, one in seen.items()
        if newest_ns - one.newest_ns <= SAME_TIME_S * NS_PER_S
    }
    finest = min(now, key=lambda sensor: (now[sensor].cell_m, sensor))
    if now[finest].count < 2:
        return None
    counting = {sensor: one for sensor, one in sorted(now.items()) if one.count > 1}
    at_least = max(one.count for one in counting.values())
    near = sorted({name for one in counting.values() for name in one.near})
    by = ", ".join(counting)
    return Group(
        at_least=at_least,
        rests_on=tuple(
            SensorCount(sensor=sensor, count=one.count, scans=one.scans)
            for sensor, one in counting.items()
        ),
        shared_with=tuple(near[:_NAMED_MAX]),
        reason=(
            f"at least {at_least} objects nearer to each other than can be told apart "
            f"by {by}"
        )[:_REASON_MAX]
        + "; track and area are the group's, and each may come down beside them",
    )


def together_in(
    plots: Sequence[Plot],
    scan_of: Mapping[int, Sequence[Plot]],
    others: Mapping[int, str],
) -> dict[str, Together]:
    """Return what each radar of a file shows about one object's plots.

    ``scan_of`` has each plot's scan (``scans.scan_of_each``), ``others`` name the
    objects that further plots are of; both by the plots' ``id``.
    """
    of: dict[str, dict[int, Plot]] = {}
    for plot in plots:
        of.setdefault(plot.sensor.id, {}).setdefault(plot.time.ns, plot)
    found: dict[str, Together] = {}
    for sensor, mine in sorted(of.items()):
        counts: list[int] = []
        near: list[set[str]] = []
        fix = None
        meeting = Meeting()
        for ns in sorted(mine):
            fix = fix_of(mine[ns])
            different = [
                (plot, fix_of(plot))
                for plot in _distinct(scan_of[id(mine[ns])], mine[ns])
            ]
            beside = [plot for plot, there in different if in_one_cell(fix, there)]
            counts.append(1 + len(beside))
            near.append({others[id(p)] for p in beside if id(p) in others})
            close = 1 + sum(exchangeable(fix, there) for _, there in different)
            meeting.take(close, ns)
        if fix is not None:
            found[sensor] = Together(
                count=most(counts),
                scans=min(len(counts), COUNTED_SCANS),
                newest_ns=max(mine),
                cell_m=cell_m(fix),
                near=in_most(near),
                since_ns=meeting.now_since_ns(),
                until_ns=meeting.until_ns,
            )
    return found


def _distinct(scan: Sequence[Plot], but: Plot) -> list[Plot]:
    """Return the other sightings of a scan; one that stands twice in a file is one."""
    seen = {_values(but)}
    different = []
    for plot in scan:
        if _values(plot) not in seen:
            seen.add(_values(plot))
            different.append(plot)
    return different


def _values(plot: Plot) -> tuple[float, float, float]:
    return (plot.range_m, plot.azimuth_deg, plot.elevation_deg)
