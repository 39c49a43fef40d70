"""Solver talk: what the node and its solver process say to each other.

Each message is a length (4 bytes, big endian) and that many bytes. A request is
several: parts of what is held, in order, then an empty one; so a long arc need not be
written in one go. Kept apart so that the node need not load the numerical libraries to
speak it.

A request is MessagePack with instants as nanoseconds, since it goes down a pipe between
two processes of one build and no further: JSON took six times as long, and for so long
no plot moved. An answer is JSON; it is short, and goes into the journal.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.times import Instant

LENGTH = struct.Struct(">I")
PART_PLOTS = 256  # to write them takes some 0.2 ms, twice that in a busy node
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


def written(part: Observations) -> bytes:
    """Return a part as it goes down the pipe."""
    return _encoder.encode(part)


def read(data: bytes) -> Observations:
    """Return the part that ``written`` wrote.

    Raises:
        msgspec.ValidationError: it did not.
    """
    return _decoder.decode(data)


def _nanoseconds(value: object) -> int:
    assert isinstance(value, Instant)
    return value.ns


def _instant(kind: type, value: Any) -> Instant:
    assert kind is Instant
    return Instant(value)


_encoder = msgspec.msgpack.Encoder(enc_hook=_nanoseconds)
_decoder = msgspec.msgpack.Decoder(Observations, dec_hook=_instant)
