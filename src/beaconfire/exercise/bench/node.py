"""Node: how much memory a real node takes, and how soon it is ready.

The nations of a scenario with real nodes, fed with the whole flight as in any real
exercise. One of them is started again and again, alone and warm (the estimator is
compiled, the partners are up): at first with an empty journal, then with what the
scenario left. Ready is when the node says so: servers up, journal folded, solver
compiled, border answering every partner, doors open.

Memory is read from the system, process by process, at the end and, where the system
keeps it, at its peak.
"""

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from beaconfire.exercise.bench.figures import Bench, Figure
from beaconfire.exercise.feed import Feed, feed_of
from beaconfire.exercise.node_process import NodeProcess
from beaconfire.exercise.real import (
    GRACE_S,
    LEAD_S,
    QUIET_S,
    START_AHEAD_S,
    compile_estimator,
    exercise_clock,
)
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.simulated import Sky, sky_of
from beaconfire.exercise.staging import Staged, begin, stage
from beaconfire.runtime import event_loop
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import NS_PER_S

NODE_MB_MAX = 250.0
READY_S_MAX = 5.0
STARTS = 3
KINDS = ("node", "journal", "border", "solver")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident memory of one process, in megabytes; the peak where it is known."""

    party: Party
    kind: str
    now_mb: float
    peak_mb: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was measured of the nodes of one scenario."""

    party: Party
    empty_s: tuple[float, ...]
    full_s: tuple[float, ...]
    turns: int
    entries: int
    memory: tuple[Memory, ...]


def read_memory(party: Party, kind: str, pid: int) -> Memory | None:
    """Return what the system says of a process, or ``None`` if it is gone."""
    status = Path(f"/proc/{pid}/status")
    try:
        text = status.read_text("ascii", "replace")
    except OSError:
        return _asked(party, kind, pid)
    found = {
        key: float(value.split()[0]) * 1024 / 1e6
        for key, _, value in (line.partition(":") for line in text.splitlines())
        if key in ("VmRSS", "VmHWM")
    }
    if "VmRSS" not in found:
        return None
    return Memory(
        party=party, kind=kind, now_mb=found["VmRSS"], peak_mb=found.get("VmHWM")
    )


def _asked(party: Party, kind: str, pid: int) -> Memory | None:
    """Ask ``ps``, which also a Mac has; it knows no peak."""
    command = ["ps", "-o", "rss=", "-p", str(pid)]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    kib = said.stdout.strip()
    if not kib.isdigit():
        return None
    return Memory(party=party, kind=kind, now_mb=int(kib) * 1024 / 1e6, peak_mb=None)


async def measure(
    out: Path,
    scenario: Scenario,
    *,
    party: Party,
    speed: float,
    say: Say,
    starts: int = STARTS,
) -> Bench:
    """Stage ``scenario`` under ``out``, fly it, and watch the node of ``party``.

    Raises:
        BeaconfireError: a node did not start or ended by itself.
    """
    await compile_estimator(say)
    say("flying the launches")
    sky = sky_of(scenario, scenario.seed)
    begins = scenario.epoch.plus_s(-LEAD_S * speed)
    staged = stage(scenario, out, begins=begins, speed=speed)
    nodes = {name: NodeProcess(one.directory) for name, one in staged.items()}
    async with AsyncExitStack() as stack:
        for node in nodes.values():
            stack.push_async_callback(node.stop)
        say("starting the partners, then the node again and again")
        for name in sorted(nodes.keys() - {party}):
            await nodes[name].start()
        empty_s = await _starts(nodes[party], starts)
        say(f"flying {scenario.name} at {speed:g} times its speed")
        await _fly(scenario, sky, staged)
        memory = tuple(_memory(nodes))
        turns = [turn async for turn in nodes[party].new_turns()]
        say("starting the node with what the scenario left")
        full_s = await _starts(nodes[party], starts)
    return report(
        Observed(
            party=party,
            empty_s=empty_s,
            full_s=full_s,
            turns=len(turns),
            entries=sum(len(turn.entries) for turn in turns),
            memory=memory,
        ),
        scenario.name,
        speed,
    )


async def _starts(node: NodeProcess, count: int) -> tuple[float, ...]:
    """Start the node some times, leave it running, and return how long each took."""
    took: list[float] = []
    for _ in range(count):
        await node.stop()
        began = time.monotonic()
        await node.start()
        took.append(time.monotonic() - began)
    return tuple(took)


async def _fly(scenario: Scenario, sky: Sky, staged: dict[Party, Staged]) -> None:
    start_ns = time.monotonic_ns() + round(NS_PER_S * START_AHEAD_S)
    begin(staged, start_monotonic_ns=start_ns)
    clock = exercise_clock(staged, start_ns)
    feeds = {party: Feed(one, scenario, clock) for party, one in staged.items()}
    end = scenario.at(sky.end_s(scenario))
    try:
        async with asyncio.timeout(clock.wall_s_until(end) + GRACE_S):
            async with asyncio.TaskGroup() as group:
                for feed in feeds.values():
                    group.create_task(feed.run(sky.sightings))
                for act in scenario.act:
                    group.create_task(feed_of(feeds, act).order(act))
            await asyncio.sleep(max(0.0, clock.wall_s_until(end)) + QUIET_S)
    finally:
        for feed in feeds.values():
            await feed.close()


def _memory(nodes: dict[Party, NodeProcess]) -> Iterable[Memory]:
    for node in nodes.values():
        node.check()
        for process in node.ready().processes:
            read = read_memory(process.party, process.kind, process.pid)
            if read is not None:
                yield read


def report(seen: Observed, scenario: str, speed: float) -> Bench:
    """Return the figures: of each kind of process the greatest of all nations'."""
    figures = [
        Figure(
            name=f"ready, {what}, median of {len(took)}",
            unit="s",
            measured=median(took),
            goal=READY_S_MAX,
        )
        for what, took in (
            ("empty journal", seen.empty_s),
            (f"journal of {seen.entries:,} entries", seen.full_s),
        )
    ]
    for kind in KINDS:
        of_kind = [one for one in seen.memory if one.kind == kind]
        peaks = [one.peak_mb for one in of_kind if one.peak_mb is not None]
        goal = NODE_MB_MAX if kind == "node" else None
        figures += [
            Figure(
                name=f"{kind} process, resident",
                unit="MB",
                measured=max((one.now_mb for one in of_kind), default=None),
                goal=goal,
            ),
            Figure(
                name=f"{kind} process, at its peak",
                unit="MB",
                measured=max(peaks, default=None),
                goal=goal if peaks else None,
            ),
        ]
    nations = len({one.party for one in seen.memory})
    return Bench(
        bench="node",
        figures=tuple(figures),
        conditions=(
            f"{scenario}, real, at {speed:g} times its speed, {nations} nations; "
            "memory is the greatest of all nodes'",
            f"ready: the node of {seen.party}, started alone and warm; "
            f"{_s(seen.empty_s)} s empty, {_s(seen.full_s)} s after {seen.turns:,} "
            "turns",
        ),
    )


def _s(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)


def run(
    out: Path, scenario: Scenario, *, party: Party, speed: float, say: Say
) -> Bench:
    """Measure, from code that is not asynchronous."""
    return event_loop.run(measure(out, scenario, party=party, speed=speed, say=say))
