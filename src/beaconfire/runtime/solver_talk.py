"""Solver talk: what the node and its solver process say to each other.

Each message is a length (4 bytes, big endian) and that many bytes of JSON. A request
is several: parts of what is held, in order, then an empty one; so a long arc need not
be written in one go. Kept apart so that the node need not load the numerical libraries
to speak it.
"""

import struct
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from beaconfire.vocabulary.flight import FlightEstimate, Observations

LENGTH = struct.Struct(">I")
PART_PLOTS = 256  # about a millisecond to write
READY = b"ready"


class Solved(Struct, frozen=True, kw_only=True):
    """The answer, or in one sentence why there is none."""

    estimate: FlightEstimate | None
    failed: str | None = None


def parts_of(observations: Observations) -> Iterator[Observations]:
    """Yield what is held in parts, the first with all but plots; see ``joined``."""
    plots = observations.plots
    yield replace(observations, plots=plots[:PART_PLOTS])
    for at in range(PART_PLOTS, len(plots), PART_PLOTS):
        yield Observations(plots=plots[at : at + PART_PLOTS])


def joined(parts: Iterable[Observations]) -> Observations:
    """Return the whole of which these are the parts, in order."""
    first, *rest = parts
    plots = [plot for part in (first, *rest) for plot in part.plots]
    return replace(first, plots=tuple(plots))
