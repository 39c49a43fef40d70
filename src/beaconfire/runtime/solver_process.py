"""Solver process: whole-arc solves in a process of their own, one at a time.

Started by ``runtime/solver.py``; only this process loads the numerical libraries,
which keeps the node itself small. It reads requests from standard input and writes
answers to standard output, as ``solver_talk`` says. It compiles first and says
``ready``; it ends when its input does. It holds no state: the same request gives the
same answer.

It runs below the node's priority: an estimate may come a moment later, but a plot on
its way to a partner must not wait for one.
"""

import sys
from typing import BinaryIO

from beaconfire.errors import BeaconfireError
from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.warm import warm_up
from beaconfire.runtime.priority import step_back
from beaconfire.runtime.solver_talk import LENGTH, READY, Solved, joined, read
from beaconfire.seals import codec

NICE = 10  # a tenth of the node's share of a processor that both want


def solve(parts: list[bytes]) -> Solved:
    """Answer one request."""
    try:
        return Solved(estimate=estimate_flight(joined(map(read, parts))))
    except (BeaconfireError, ArithmeticError, ValueError) as error:
        # Numbers that no rule foresaw must cost one answer, not the solver.
        return Solved(estimate=None, failed=f"the solver could not: {error}")


def main(source: BinaryIO, sink: BinaryIO) -> None:
    """Serve requests until the source ends."""
    step_back(NICE)
    warm_up()
    _write(sink, READY)
    parts: list[bytes] = []
    while True:
        head = source.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return
        (length,) = LENGTH.unpack(head)
        if length:
            parts.append(source.read(length))
            continue
        _write(sink, codec.encode(solve(parts)))
        parts.clear()


def _write(sink: BinaryIO, data: bytes) -> None:
    sink.write(LENGTH.pack(len(data)))
    sink.write(data)
    sink.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
