"""Solver process: whole-arc solves in a process of their own, one at a time.

Started by ``runtime/solver.py``; only this process loads the numerical libraries,
which keeps the node itself small. It reads requests from standard input and writes
answers to standard output, each a length (4 bytes, big endian) and that many bytes of
JSON. It compiles first and says ``ready``; it ends when its input does. It holds no
state: the same request gives the same answer.
"""

import sys
from typing import BinaryIO

from beaconfire.errors import BeaconfireError
from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.warm import warm_up
from beaconfire.runtime.solver_talk import LENGTH, READY, Solved
from beaconfire.seals import codec
from beaconfire.vocabulary.flight import Observations


def solve(data: bytes) -> Solved:
    """Answer one request."""
    try:
        observations = codec.decode(data, Observations, what="observations")
        return Solved(estimate=estimate_flight(observations))
    except (BeaconfireError, ArithmeticError, ValueError) as error:
        # Numbers that no rule foresaw must cost one answer, not the solver.
        return Solved(estimate=None, failed=f"the solver could not: {error}")


def main(source: BinaryIO, sink: BinaryIO) -> None:
    """Serve requests until the source ends."""
    warm_up()
    _write(sink, READY)
    while True:
        head = source.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return
        (length,) = LENGTH.unpack(head)
        _write(sink, codec.encode(solve(source.read(length))))


def _write(sink: BinaryIO, data: bytes) -> None:
    sink.write(LENGTH.pack(len(data)))
    sink.write(data)
    sink.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
