"""Turns for tests: a small node's day, as long and as large as asked."""

from beaconfire.journal.entry import GENESIS, Entry, Turn, make_turn
from beaconfire.vocabulary.entries.arrivals import SensorLines
from beaconfire.vocabulary.times import Instant

START = Instant.parse("2022-10-03T22:22:00Z")


def turn_after(
    before: Turn | None,
    *,
    writer: str = "writer-a",
    entries: int = 2,
    text: str = "plot",
    after_s: float = 0.02,
) -> Turn:
    """Return a turn that follows ``before``, with ``text`` as what a sensor said."""
    number = 1 if before is None else before.turn + 1
    at = START if before is None else before.at.plus_s(after_s)
    return make_turn(
        turn=number,
        at=at,
        writer=writer,
        previous=GENESIS if before is None else before.digest,
        entries=tuple(
            Entry(
                turn=number,
                seq=seq,
                id=f"e-{number}-{seq}",
                at=at,
                by="ingest",
                kind="sensor-lines",
                cause=(),
                body=SensorLines(sensor="jpn-radar-1", stream="plots", lines=(text,)),
            )
            for seq in range(1, entries + 1)
        ),
    )


def turns_from(
    before: Turn | None, count: int, *, writer: str = "writer-a", text: str = "plot"
) -> tuple[Turn, ...]:
    """Return ``count`` turns that follow ``before`` and one another."""
    made: list[Turn] = []
    for _ in range(count):
        before = turn_after(before, writer=writer, text=text)
        made.append(before)
    return tuple(made)
