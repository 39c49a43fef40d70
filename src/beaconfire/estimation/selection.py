"""Selection: which of the plots given are different sightings.

A plot is counted once: the same sensor and plot id, or the same sensor and instant,
is the same sighting however often and by whichever way it came. The first given stays.
"""

from collections.abc import Sequence

from beaconfire.vocabulary.flight import RejectedPlot
from beaconfire.vocabulary.motion import Plot


def distinct_plots(plots: Sequence[Plot]) -> tuple[list[int], list[RejectedPlot]]:
    """Return the indices of distinct sightings, and the repetitions with a reason."""
    by_id: dict[tuple[str, str], int] = {}
    by_time: dict[tuple[str, int], int] = {}
    kept: list[int] = []
    repeated: list[RejectedPlot] = []
    for index, plot in enumerate(plots):
        sensor = plot.sensor.id
        first = by_time.get((sensor, plot.time.ns))
        if first is None and plot.plot_id is not None:
            first = by_id.get((sensor, plot.plot_id))
        if first is not None:
            reason = f"the same sighting as plot {first + 1} given before; counted once"
            repeated.append(RejectedPlot(index=index, reason=reason))
            continue
        by_time[sensor, plot.time.ns] = index
        if plot.plot_id is not None:
            by_id[sensor, plot.plot_id] = index
        kept.append(index)
    return kept, repeated
