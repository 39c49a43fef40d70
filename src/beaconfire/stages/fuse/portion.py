"""Portion: which plots go into one solve, when more are held than one can use.

* No solve is given more than ``solve_plots_max`` allows an arc of that length, so that
  the part of a processor that solves take is bounded whatever the radars' number and
  rate: a longer arc is solved less often (``pace``), and may have more.
* Every sensor has the same share; what one does not need falls to the others.
* A sensor with more than its share is thinned evenly over what it has seen, the first
  and the last plot it gave kept. That costs noise: at half the plots of five radars
  after a thousand seconds an area is 1.4 times as large.

Only a sensor that is thinned is put in order of time, so that what is given does not
hang on the order in which plots came. What is known to have come in order is not looked
at: ten dense radars hold more plots than fit near a processor, and to fetch each one
only to leave it out took longer than the rest of the turn.
"""

from collections.abc import Sequence
from typing import NamedTuple

from beaconfire.vocabulary.motion import Plot

# A solve takes some 20 us a plot: two launches of two products, twice a second each,
# leave four fifths of a processor to everything else.
SOLVE_PLOTS_MAX = 2_000
# From an arc of 100 s on the pace leaves time for more. Five radars at 1 Hz reach this
# after thirteen minutes; a solve of it holds up those of other launches for 80 ms.
LONG_ARC_PLOTS_MAX = 4_000
_PER_SECOND_OF_ARC = 20.0


def solve_plots_max(arc_s: float) -> int:
    """Return how many plots a solve of an arc of that length is given."""
    return min(
        max(SOLVE_PLOTS_MAX, int(_PER_SECOND_OF_ARC * arc_s)), LONG_ARC_PLOTS_MAX
    )


class Seen(NamedTuple):
    """The plots of one sensor, and whether they stand in the order of their times."""

    plots: Sequence[Plot]
    in_order: bool = False


def portion(sensors: Sequence[Seen], *, most: int) -> tuple[Plot, ...]:
    """Return at most ``most`` plots of those that each sensor has."""
    waiting = sorted(sensors, key=lambda seen: len(seen.plots))
    given: list[Plot] = []
    for number, seen in enumerate(waiting):
        share = (most - len(given)) // (len(waiting) - number)
        given.extend(_evenly(seen, share))
    return tuple(given)


def _time_ns(plot: Plot) -> int:
    return plot.time.ns


def _evenly(seen: Seen, share: int) -> Sequence[Plot]:
    held = seen.plots
    if len(held) <= share:
        return held
    if not seen.in_order:
        held = sorted(held, key=_time_ns)
    if share < 2:
        return held[len(held) - share :]
    step = (len(held) - 1) / (share - 1)
    return [held[round(place * step)] for place in range(share)]
