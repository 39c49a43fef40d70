"""Selection: which of the plots given are different sightings.

* A plot is counted once: the same sensor and plot id, or the same sensor, instant and
  values, is one sighting however often and by whichever way it came; the first given
  stays. Two echoes of one scan differ in their values and both count.
* One flight is over in three hours. A plot, tracklet or cue farther than that from
  the middle one belongs to another, and would cost years of integration.
* Sums of floats depend on their order, so there is one: that of time, whichever way
  and however late things came.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from beaconfire.vocabulary.flight import Observations, RejectedPlot
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.times import NS_PER_S, Instant

FLIGHT_NS_MAX = 10_800 * NS_PER_S


def in_fixed_order(observations: Observations) -> tuple[list[int], Observations]:
    """Return the same in an order of its own, and where each plot stood before."""
    plots = observations.plots
    places = sorted(range(len(plots)), key=lambda i: _place(plots[i]))
    told = observations
    return places, replace(
        told,
        plots=tuple(plots[i] for i in places),
        tracklets=tuple(sorted(told.tracklets, key=repr)),
        cues=tuple(sorted(told.cues, key=repr)),
        common=tuple(sorted(told.common, key=repr)),
        overlapping=tuple(sorted(told.overlapping, key=repr)),
        tracks=tuple(sorted(told.tracks, key=repr)),
    )


def _place(plot: Plot) -> tuple[int, str, float, float, float, str]:
    return (
        plot.time.ns, plot.sensor.id, plot.range_m, plot.azimuth_deg,
        plot.elevation_deg, plot.plot_id or "",
    )  # fmt: skip


# Says nothing against the sensor, nor against what was found.
REPEATED = "the same sighting as one given before; counted once"


def distinct_plots(plots: Sequence[Plot]) -> tuple[list[int], list[RejectedPlot]]:
    """Return the indices of distinct sightings, and the repetitions with a reason."""
    by_id: set[tuple[str, str]] = set()
    by_value: set[tuple[str, int, float, float, float]] = set()
    kept: list[int] = []
    repeated: list[RejectedPlot] = []
    for index, plot in enumerate(plots):
        sensor = plot.sensor.id
        value = (
            sensor,
            plot.time.ns,
            plot.range_m,
            plot.azimuth_deg,
            plot.elevation_deg,
        )
        named = None if plot.plot_id is None else (sensor, plot.plot_id)
        if value in by_value or named in by_id:
            repeated.append(RejectedPlot(index=index, reason=REPEATED))
            continue
        by_value.add(value)
        if named is not None:
            by_id.add(named)
        kept.append(index)
    return kept, repeated


def in_one_flight(
    plots: Sequence[Plot], kept: Sequence[int]
) -> tuple[list[int], list[RejectedPlot]]:
    """Return the indices that can be of one flight, and the others with a reason."""
    if not kept:
        return [], []
    middle = sorted(plots[i].time.ns for i in kept)[len(kept) // 2]
    near, far = [], []
    for i in kept:
        if abs(plots[i].time.ns - middle) <= FLIGHT_NS_MAX:
            near.append(i)
        else:
            reason = "it is more than three hours from the other plots"
            far.append(RejectedPlot(index=i, reason=reason))
    return near, far


def near_in_time(one: Instant, other: Instant) -> bool:
    """Whether two instants can be of one flight."""
    return abs(one.ns - other.ns) <= FLIGHT_NS_MAX
