"""Passage: send scans to one end, and say when each plot could be read at the other.

The same for the nodes and for the raw peer: a sensor's door at the sender, a witness
at both ends. A plot's passage begins just before its sensor publishes and ends when
the stored bytes that hold it are in the hands of a reader of the receiver's journal.
Plots are sent when they are due, whether or not earlier ones were answered, so that a
slow node cannot slow the load.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from beaconfire.exercise.bench.pair import Scan
from beaconfire.exercise.bench.witness import Witness
from beaconfire.journal.entry import Turn
from beaconfire.journal.frames import Assembler
from beaconfire.runtime.clock import WallClock
from beaconfire.runtime.door_client import DoorClient
from beaconfire.vocabulary.entries.arrivals import SensorLines
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.report import Plots
from beaconfire.vocabulary.times import NS_PER_S

ARRIVE_S_MAX = 30.0  # after the last was sent; what has not come by then is lost
ARRIVE_POLL_S = 0.1  # looks at what the witness has heard; no server is asked
IN_FLIGHT_MAX = 256  # scans without an answer, when sent as fast as they are taken


class _Named(msgspec.Struct):
    plot_id: str


@dataclass(slots=True, kw_only=True)
class Passages:
    """When each plot was sent, stored at the sender, stored and seen at the receiver.

    Monotonic nanoseconds of this machine. ``messages`` numbers the scans.
    """

    sent_ns: dict[str, int] = field(default_factory=dict)
    kept_ns: dict[str, int] = field(default_factory=dict)
    stored_ns: dict[str, int] = field(default_factory=dict)
    seen_ns: dict[str, int] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """How many plots were sent and never stored at the receiver."""
        return len(self.sent_ns.keys() - self.stored_ns.keys())

    def ms(self, since: dict[str, int], until: dict[str, int]) -> list[float]:
        """Return the milliseconds between two stamps of every plot that has both."""
        return [
            (until[name] - at_ns) / 1e6
            for name, at_ns in since.items()
            if name in until
        ]

    def rates(self) -> tuple[float, float]:
        """Return messages and plots stored at the receiver in a second, whole way.

        From the first message sent to the last stored.
        """
        if not self.stored_ns:
            return 0.0, 0.0
        begin_ns = min(self.sent_ns.values())
        took_s = (max(self.stored_ns.values()) - begin_ns) / NS_PER_S
        stored = [self.messages[name] for name in self.stored_ns]
        return len(set(stored)) / took_s, len(stored) / took_s


@dataclass(frozen=True, slots=True)
class _Stamp:
    name: str
    stored_ns: int
    seen_ns: int | None


class _Post:
    """One end's journal: what is new in it, with the witness's stamps."""

    def __init__(self, directory: Path, *, reads: bool, node: bool) -> None:
        self.witness = Witness(directory, reads=reads)
        self.turns: list[Turn] = []
        self._node = node
        self._place = 1
        self._assembler = Assembler()

    async def new(self) -> list[_Stamp]:
        await self.witness.settle()
        found = await self.witness.stored(self._place)
        stamps: list[_Stamp] = []
        for place, data in found:
            self._place = place + 1
            names = list(self._of_node(data) if self._node else _in_lines(data))
            stored_ns = self.witness.stored_ns.get(place)
            if stored_ns is not None:
                seen_ns = self.witness.seen_ns.get(place)
                stamps.extend(_Stamp(name, stored_ns, seen_ns) for name in names)
        return stamps

    def _of_node(self, data: bytes) -> Iterator[str]:
        for turn in self._assembler.feed(data):
            self.turns.append(turn)
            for entry in turn.entries:
                body = entry.body
                if isinstance(body, SensorLines) and body.stream == "plots":
                    yield from _in_lines("\n".join(body.lines).encode())
                elif isinstance(body, ItemHeld) and body.carriage is not None:
                    item = body.sealed.item.body
                    if isinstance(item, Plots):
                        yield from (plot.plot_id or "" for plot in item.plots)


def _in_lines(data: bytes) -> Iterator[str]:
    return (
        msgspec.json.decode(line, type=_Named).plot_id for line in data.splitlines()
    )


class Way:
    """The way from a sensor's door at one end to the journal at the other."""

    def __init__(self, sender: Path, receiver: Path, *, nodes: bool) -> None:
        """``nodes``: the ends are nodes; else they are the raw peer's."""
        self._door = DoorClient(sender)
        self._near = _Post(sender, reads=False, node=nodes)
        self._far = _Post(receiver, reads=True, node=nodes)

    async def open(self) -> None:
        """Take up the posts at both ends."""
        await self._near.witness.open()
        await self._far.witness.open()

    async def close(self) -> None:
        """Leave them."""
        await self._door.close()
        await self._near.witness.close()
        await self._far.witness.close()

    @property
    def turns(self) -> list[Turn]:
        """What the receiver has stored so far, as far as it was read."""
        return self._far.turns

    async def timed(
        self, scans: list[Scan], *, arrive_s_max: float = ARRIVE_S_MAX
    ) -> Passages:
        """Send each scan at its own instant, and follow all of them."""
        clock, out, asked = WallClock(), Passages(), set[asyncio.Task[None]]()
        for number, scan in enumerate(scans):
            wait_s = scan.at.seconds_since(clock.now())
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            asked.add(asyncio.create_task(self._send(scan, number, out)))
        await asyncio.gather(*asked)
        return await self._follow(out, arrive_s_max)

    async def flat_out(self, scans: list[Scan]) -> Passages:
        """Send all scans as fast as they are taken, and follow all of them."""
        out, free = Passages(), asyncio.Semaphore(IN_FLIGHT_MAX)
        # A reader at each message would slow what is measured.
        self._far.witness.reads = False

        async def send(scan: Scan, number: int) -> None:
            try:
                await self._send(scan, number, out)
            finally:
                free.release()

        asked = []
        for number, scan in enumerate(scans):
            await free.acquire()
            asked.append(asyncio.create_task(send(scan, number)))
        await asyncio.gather(*asked)
        done = await self._follow(out, ARRIVE_S_MAX)
        self._far.witness.reads = True
        return done

    async def _send(self, scan: Scan, number: int, out: Passages) -> None:
        for name in scan.plot_ids:
            out.messages[name] = number
        now_ns = time.monotonic_ns()
        out.sent_ns.update(dict.fromkeys(scan.plot_ids, now_ns))
        await self._door.ask(scan.subject, scan.data)

    async def _follow(self, out: Passages, arrive_s_max: float) -> Passages:
        """Wait until all has come, or nothing has for long."""
        waited_s = 0.0
        while waited_s < arrive_s_max:
            for stamp in await self._near.new():
                out.kept_ns.setdefault(stamp.name, stamp.stored_ns)
            new = await self._far.new()
            for stamp in new:
                if stamp.name not in out.sent_ns:
                    continue  # a straggler of an earlier passage
                out.stored_ns.setdefault(stamp.name, stamp.stored_ns)
                if stamp.seen_ns is not None:
                    out.seen_ns.setdefault(stamp.name, stamp.seen_ns)
            if not out.missing:
                return out
            waited_s = 0.0 if new else waited_s + ARRIVE_POLL_S
            await asyncio.sleep(ARRIVE_POLL_S)
        return out
