"""Solver talk: what the node and its solver process say to each other.

Each message is a length (4 bytes, big endian) and that many bytes of JSON. Kept apart
so that the node need not load the numerical libraries to speak it.
"""

import struct

from msgspec import Struct

from beaconfire.vocabulary.flight import FlightEstimate

LENGTH = struct.Struct(">I")
READY = b"ready"


class Solved(Struct, frozen=True, kw_only=True):
    """The answer, or in one sentence why there is none."""

    estimate: FlightEstimate | None
    failed: str | None = None
