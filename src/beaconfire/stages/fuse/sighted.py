"""Sighted: what one sensor has shown of one object, each plot once, as it came.

* A plot is known by its own time and id, however often and by whatever way it came.
* Any plot is had by its place, and none of the others is looked at for that: ten dense
  radars show more than fits near a processor, and to fetch each plot only to leave it
  out took longer than the rest of a turn.
* Bounded. Of a sensor that has watched for very long the newest plots stay whole and
  the older ones evenly thinned, so the arc's length is never lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.times import Instant

# 25 minutes at 1 Hz, longer than any radar sees one ballistic flight whole.
PLOTS_PER_SENSOR_MAX = 1_500
# What stays when there are more: the newest whole, and so many of those before.
NEWEST_KEPT, OLDER_KEPT = 500, 500


@dataclass(slots=True, kw_only=True)
class Sighted:
    """The plots of one sensor, their names, and the items that brought them.

    ``names`` and ``items`` stand in the order of ``plots``. An own sensor's plots came
    with no item. ``in_order``: none came behind a later one.
    """

    names: dict[str, None] = field(default_factory=dict)
    plots: list[Plot] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    in_order: bool = True

    def __len__(self) -> int:
        """Return how many plots are held."""
        return len(self.plots)

    def add(self, name: str, plot: Plot, item: str = "") -> bool:
        """Take a plot by its name; say whether it was new."""
        if name in self.names:
            return False
        if self.plots and self.plots[-1].time > plot.time:
            self.in_order = False
        self.names[name] = None
        self.plots.append(plot)
        self.items.append(item)
        return True

    def each(self) -> Iterator[tuple[str, Plot, str]]:
        """Yield each plot with its name and its item."""
        return zip(self.names, self.plots, self.items, strict=True)

    def thin(self) -> None:
        """Thin out what is old, in the order of time, once there is too much."""
        if len(self) <= PLOTS_PER_SENSOR_MAX:
            return
        held = sorted(self.each(), key=lambda one: one[1].time)
        older = held[:-NEWEST_KEPT]
        begin_ns = older[0][1].time.ns
        step_ns = (older[-1][1].time.ns - begin_ns) / (OLDER_KEPT - 1)
        thinned = Sighted()
        for name, plot, item in older:
            if plot.time.ns >= begin_ns + len(thinned) * step_ns:
                thinned.add(name, plot, item)
        for name, plot, item in held[-NEWEST_KEPT:]:
            thinned.add(name, plot, item)
        self._be(thinned)

    def drop_item(self, item: str) -> bool:
        """Take out what ``item`` brought; say whether anything was there."""
        return self._keep([brought != item for brought in self.items])

    def drop_after(self, last: Instant) -> bool:
        """Take out what was seen after ``last``; say whether anything was there."""
        return self._keep([plot.time <= last for plot in self.plots])

    def drop_between(self, first: Instant, last: Instant) -> bool:
        """Take out what was seen in an interval; say whether anything was there."""
        return self._keep([not first <= plot.time <= last for plot in self.plots])

    def between(self, first: Instant, last: Instant) -> int:
        """Return how many plots were seen in an interval, its ends included."""
        return sum(first <= plot.time <= last for plot in self.plots)

    def exchange(self, other: "Sighted") -> None:
        """Exchange with another object what was seen since both were shown."""
        since = max(min(plot.time for plot in one.plots) for one in (self, other))
        mine, theirs = self._joined(other, since), other._joined(self, since)
        self._be(mine)
        other._be(theirs)

    def _joined(self, new: "Sighted", since: Instant) -> "Sighted":
        joined = Sighted()
        for name, plot, item in self.each():
            if plot.time < since:
                joined.add(name, plot, item)
        for name, plot, item in new.each():
            if plot.time >= since:
                joined.add(name, plot, item)
        return joined

    def _keep(self, which: list[bool]) -> bool:
        if all(which):
            return False
        kept = Sighted()
        for (name, plot, item), stays in zip(self.each(), which, strict=True):
            if stays:
                kept.add(name, plot, item)
        self._be(kept)
        return True

    def _be(self, other: "Sighted") -> None:
        self.names, self.plots, self.items = other.names, other.plots, other.items
        self.in_order = other.in_order


def name_of(plot: Plot) -> str:
    """Return what makes a plot of a sensor the same plot wherever it comes from.

    The time stands beside the id because a sensor may number each scan from one; the
    values stand in for an id because several plots of a scan can share an instant.
    """
    name = plot.plot_id or f"{plot.range_m!r}:{plot.azimuth_deg!r}"
    return f"{plot.time.ns}:{name}"
