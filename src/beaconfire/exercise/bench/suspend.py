"""Suspend: how soon a suspension bites, under load, while one partner does not read.

Three real nodes: KOR has radars, JPN reads what it is given, USA's node is stopped (its
process stands still; its servers and its lines do not). Items flow to both, one plot
each, at an even rate. In turn each partner's agreement is suspended by a signed act,
given to the desk as anybody would give it; then the stopped node goes on, all settles,
the agreement is restored, all settles again, and the next round begins.

What is measured is read from the journals and at the border (``suspended``); what was
lost, duplicated or leaked in the whole run, by the auditor of exercises.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import msgspec

from beaconfire.errors import BeaconfireError
from beaconfire.exercise.after_action.checker import Delivery, check_delivery
from beaconfire.exercise.after_action.ledger import KINDS_READ
from beaconfire.exercise.bench import pair, trio
from beaconfire.exercise.bench.border_witness import BorderWitness
from beaconfire.exercise.bench.figures import Bench, Figure, percentile
from beaconfire.exercise.bench.suspended import Bite, read_bite
from beaconfire.exercise.node_process import NodeProcess
from beaconfire.exercise.real import compile_estimator
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.sky.flight import Flight
from beaconfire.exercise.staging import Staged
from beaconfire.journal.entry import Entry
from beaconfire.runtime import event_loop
from beaconfire.runtime.clock import WallClock
from beaconfire.runtime.door_client import DoorClient
from beaconfire.runtime.doors import Judged
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import codec
from beaconfire.seals.acts import sign_act
from beaconfire.vocabulary.acts import Act, ActName
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.party import Party

RATE_HZ = 1_000.0
# What is offered, over what must flow: the last scans of a stretch stay on their way.
OFFERED = 1.05
ROUNDS = 20
PURGED_P99_MS_MAX = 50.0
ROUNDS_MAX = 200  # at some five seconds a suspension, the flight is still under way
AHEAD_S = 0.5  # a flow's plots are made before its first is due
AFTER_LIFT_OFF_S = 160.0  # burn-out is at 147 s: from here the radars see it whole
IN_FLIGHT_MAX = 128  # scans without an answer
QUIET_S = 0.5  # nothing new in any journal for so long: all has settled
SETTLE_S_MAX = 30.0
POLL_S = 0.05

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much must flow, how long before and after the act, and how often."""

    rate_hz: float = RATE_HZ
    rounds: int = ROUNDS
    before_s: float = 1.0
    after_s: float = 0.4
    warm_s: float = 3.0


async def measure(out: Path, load: Load, *, say: Say) -> Bench:
    """Start the nodes under ``out``, measure, and stop what was started.

    Raises:
        BeaconfireError: a node does not start or ends, or nothing settles.
    """
    await compile_estimator(say)
    scenario = pair.pair_scenario(OFFERED * load.rate_hz)
    flight = pair.flown(scenario)
    async with AsyncExitStack() as stack:
        say("starting three nodes, each with two servers")
        staged = trio.stage_trio(scenario, out / "nodes", now=WallClock().now())
        stage = _Stage(scenario, flight, staged, load, out)
        stack.push_async_callback(stage.stop)
        await stage.start()
        say("warming up")
        await stage.flow(load.warm_s)
        await stage.settle()
        bites = []
        for number in range(load.rounds):
            say(f"round {number + 1} of {load.rounds}")
            bites += [await stage.bite(partner) for partner in trio.PARTNERS]
        say("auditing the journals")
        return report(load, bites, stage.audit())


@dataclass(slots=True)
class _Nation:
    """One nation's node, what was journalled in this round, and its book."""

    node: NodeProcess
    book: Path
    entries: list[Entry] = field(default_factory=list)


class _Stage:
    """The three nodes, the flow, the orders and the witness."""

    def __init__(
        self,
        scenario: Scenario,
        flight: Flight,
        staged: dict[Party, Staged],
        load: Load,
        out: Path,
    ) -> None:
        self._scenario = scenario
        self._sender = staged[pair.SENDER]
        self._load = load
        self._nations = {
            party: _Nation(NodeProcess(one.directory), out / f"{party}.jsonl")
            for party, one in staged.items()
        }
        self._doors = DoorClient(self._sender.directory)
        self._witness = BorderWitness(self._sender)
        self._clock = WallClock()
        self._flight = flight

    async def start(self) -> None:
        async with asyncio.TaskGroup() as group:
            for nation in self._nations.values():
                group.create_task(nation.node.start())
        await self._witness.open()
        self._flight = pair.moved(
            self._flight, second=AFTER_LIFT_OFF_S, at=self._clock.now()
        )

    async def stop(self) -> None:
        await self._doors.close()
        await self._witness.close()
        await asyncio.gather(*(one.node.stop() for one in self._nations.values()))

    async def bite(self, to: Party) -> Bite:
        """Let it flow, suspend the agreement with ``to``, and restore it."""
        for nation in self._nations.values():
            nation.entries.clear()
        agreement = trio.agreement_with(to)
        stopped = self._nations[trio.STOPPED].node
        await self._witness.watch(to)
        stopped.pause()
        try:
            flowing = asyncio.create_task(
                self.flow(self._load.before_s + self._load.after_s)
            )
            try:
                await asyncio.sleep(AHEAD_S + self._load.before_s)
                await self._order(agreement, "suspend")
                await flowing
            finally:
                flowing.cancel()
        finally:
            stopped.go_on()
        await self.settle()
        border = await self._witness.seen()
        await self._order(agreement, "restore")
        await self.settle()
        return read_bite(
            to,
            agreement,
            sender=self._nations[pair.SENDER].entries,
            partner=self._nations[to].entries,
            border=border,
        )

    async def flow(self, seconds: float) -> None:
        """Send every scan at its own instant, or as soon as few enough are unanswered.

        So a node that cannot take the rate is given what it can take.
        """
        begin = self._clock.now().plus_s(AHEAD_S)
        scans = pair.scans_between(
            self._scenario, self._flight, begin, begin.plus_s(seconds)
        )
        end, free = begin.plus_s(seconds), asyncio.Semaphore(IN_FLIGHT_MAX)
        async with asyncio.TaskGroup() as asked:
            for scan in scans:
                wait_s = scan.at.seconds_since(self._clock.now())
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
                await free.acquire()
                if self._clock.now() > end:
                    return
                asked.create_task(self._send(scan, free))

    async def _send(self, scan: pair.Scan, free: asyncio.Semaphore) -> None:
        try:
            await self._doors.ask(scan.subject, scan.data)
        finally:
            free.release()

    async def settle(self) -> None:
        """Wait until nothing new comes in any journal, and read what has come.

        Raises:
            BeaconfireError: it goes on and on, or a node has ended.
        """
        began = quiet_since = time.monotonic()
        while (now := time.monotonic()) - quiet_since < QUIET_S:
            if now - began > SETTLE_S_MAX:
                message = f"the nodes do not settle within {SETTLE_S_MAX:g} s"
                raise BeaconfireError(message)
            for nation in self._nations.values():
                nation.node.check()
                if await _read(nation):
                    quiet_since = time.monotonic()
            await asyncio.sleep(POLL_S)

    async def _order(self, agreement: str, name: ActName) -> None:
        act = Act(
            agreement=agreement,
            act=name,
            party=self._sender.party,
            issued=self._clock.now(),
        )
        signed = codec.encode(sign_act(act, self._sender.people))
        answer = await self._doors.ask(f"orders.{name}", signed)
        judged = codec.decode(answer, Judged, what="the desk's answer")
        if not judged.accepted:
            message = f"the desk refuses to {name} `{agreement}`: {judged.reason}"
            raise BeaconfireError(message)

    def audit(self) -> Delivery:
        """Audit the whole run, from the journals as they were read."""
        return check_delivery(
            {party: _lines(one.book) for party, one in self._nations.items()}
        )


async def _read(nation: _Nation) -> int:
    """Read what is new in a journal, into the round and into the book."""
    count = 0
    with nation.book.open("ab") as book:
        async for turn in nation.node.new_turns():
            count += 1
            nation.entries.extend(turn.entries)
            for entry, line in zip(turn.entries, turn.lines, strict=True):
                # The rest would be most of what is kept for the audit.
                kept = line if entry.kind in KINDS_READ else _bare(entry)
                book.write(kept + b"\n")
    return count


def _bare(entry: Entry) -> bytes:
    """Return an entry's line with as much of its body as an audit reads."""
    body: dict[str, object] = {}
    if isinstance(entry.body, ItemHeld):
        item = entry.body.sealed.item
        kept = {
            "id": item.id,
            "originator": item.originator,
            "body": {"type": type(item.body).__name__},
        }
        carriage = msgspec.to_builtins(entry.body.carriage)
        body = {"sealed": {"item": kept}, "carriage": carriage}
    line = {"v": 1, "seq": entry.seq, "at": str(entry.at), "id": entry.id}
    return json.dumps({**line, "kind": entry.kind, "body": body}).encode()


def _lines(book: Path) -> Iterator[bytes]:
    with book.open("rb") as lines:
        yield from lines


def report(load: Load, bites: Iterable[Bite], audited: Delivery) -> Bench:
    """Return the figures: over all suspensions, and for each partner by itself."""
    bites = tuple(bites)
    figures = [
        Figure(
            name="items made a second, median",
            unit="items/s",
            measured=median(bite.items_per_s for bite in bites),
            goal=load.rate_hz,
            at_least=True,
        ),
        _none(
            "hand-overs behind a suspension's entry", _sum(bites, "hand_overs_after")
        ),
        _none("messages with items laid behind a purge", _sum(bites, "laid_after")),
        _none("windows that were not purged", _sum(bites, "unpurged")),
    ]
    for party, what in ((trio.READER, "reads"), (trio.STOPPED, "is stopped")):
        figures += _of_partner(f"{party} {what}", [b for b in bites if b.to == party])
    figures += [
        _none("units lost", audited.lost),
        _none("units duplicated", audited.duplicated),
        _none("units leaked", audited.leaked),
        _none("units without an ending", audited.waiting + audited.sent_fate_unknown),
        _none("other findings of the audit", len(audited.problems)),
    ]
    return Bench(
        bench="suspend",
        figures=tuple(figures),
        conditions=(
            f"{len(bites)} suspensions, each after {load.before_s:g} s of flow to both "
            f"partners, {OFFERED * load.rate_hz:g} plots/s offered (one an item), and "
            f"{load.after_s:g} s before its end, the node of {trio.STOPPED} stopped",
            "purged: from the instant of the act's entry until the border's server "
            "says that the last lane that held anything of it is empty",
            f"{audited.released:,} units released: {audited.delivered:,} delivered, "
            f"{audited.withdrawn:,} withdrawn, {audited.refused:,} refused, "
            f"{audited.expired:,} expired, {audited.quarantined:,} quarantined",
        ),
        text="\n".join(audited.problems[:5]),
    )


def _of_partner(what: str, bites: list[Bite]) -> list[Figure]:
    took = [bite.purged_ms for bite in bites if bite.purged_ms is not None]
    shares = (
        (0.5, "p50", None),
        (0.99, "p99", PURGED_P99_MS_MAX),
        (1.0, "worst", None),
    )
    return [
        *(
            Figure(
                name=f"{what}: window purged after, {name}",
                unit="ms",
                measured=percentile(took, share) if took else None,
                goal=goal,
            )
            for share, name, goal in shares
        ),
        Figure(
            name=f"{what}: messages of a lane that it still took, most",
            unit="",
            measured=float(max((bite.more_max for bite in bites), default=0)),
            goal=float(SETTINGS.window_messages_max),
        ),
        Figure(
            name=f"{what}: suspensions that found a window",
            unit=f"of {len(bites)}",
            measured=float(len(took)),
        ),
    ]


def _sum(bites: Iterable[Bite], name: str) -> int:
    return sum(int(getattr(bite, name)) for bite in bites)


def _none(name: str, count: int) -> Figure:
    return Figure(name=name, unit="", measured=float(count), goal=0.0)


def run(out: Path, load: Load, *, say: Say) -> Bench:
    """Measure, from code that is not asynchronous."""
    return event_loop.run(measure(out, load, say=say))
