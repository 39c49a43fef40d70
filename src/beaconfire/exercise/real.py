"""Real: the same exercise on real servers, one real process a nation.

The sky and the people of the scenario talk to the nodes through the doors that anybody
would use; this process reads the nodes' journals with a reader's rights and nothing
more. Exercise time is epoch + speed × monotonic time, shared by all on one machine.

It ends when the flights have ended and what was on its way has ended too, or when the
grace for that is over; then the nodes are stopped, each by its own process id.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from beaconfire.errors import BadInput, BeaconfireError
from beaconfire.exercise.feed import Feed, feed_of
from beaconfire.exercise.node_process import NodeProcess
from beaconfire.exercise.picture import Picture
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.simulated import Sky
from beaconfire.exercise.staging import Staged, begin, stage
from beaconfire.journal.entry import Turn
from beaconfire.runtime.clock import ExerciseClock
from beaconfire.runtime.readiness import ProcessNote
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import NS_PER_S, Instant

SPEED_MAX = 60.0  # beyond it a millisecond of latency is a long time in the exercise
COMPILE_S_MAX = 300.0  # wall; the first time on a machine
START_AHEAD_S = 1.0  # wall; every node has read its start by then
LEAD_S = 3.0  # wall seconds for acts before lift-off to be exchanged
POLL_S = 0.2  # wall; how often the journals are read for the picture
GRACE_S = 20.0  # wall; how long what is on its way may take after the last flight
QUIET_S = 2.0  # wall; no new turn anywhere for so long means that all has ended

Show = Callable[[Picture, Instant], None]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """Kill one node with no warning, and start it again. For tests of what survives."""

    party: Party
    at_s: float
    restart_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RealRun:
    """The journals, which processes made them, and what the doors answered."""

    turns: dict[Party, tuple[Turn, ...]]
    processes: tuple[ProcessNote, ...]
    orders: tuple[str, ...]
    refused_lines: tuple[str, ...]


async def run_real(
    scenario: Scenario,
    sky: Sky,
    out: Path,
    *,
    speed: float,
    show: Show,
    say: Say,
    kills: tuple[Kill, ...] = (),
) -> RealRun:
    """Stage, start, feed, watch and stop; return the journals.

    Raises:
        BadInput: a speed that cannot be.
        BeaconfireError: a node did not start or ended by itself; its last words are
            in the message.
    """
    if not 0 < speed <= SPEED_MAX:
        message = f"speed {speed:g} is not possible with real nodes: at most 60"
        raise BadInput(message)
    await compile_estimator(say)
    begins = scenario.epoch.plus_s(-LEAD_S * speed)
    staged = stage(scenario, out / "nodes", begins=begins, speed=speed)
    run = _Run(scenario, sky, staged, show, say)
    try:
        await run.start()
        await run.fly(kills)
        return run.result()
    finally:
        await run.stop()


class _Run:
    """One run: nations, clock and feeds."""

    def __init__(
        self,
        scenario: Scenario,
        sky: Sky,
        staged: dict[Party, Staged],
        show: Show,
        say: Say,
    ) -> None:
        self._scenario = scenario
        self._sky = sky
        self._staged = staged
        self._show = show
        self._say = say
        self._nodes = {
            party: NodeProcess(one.directory) for party, one in staged.items()
        }
        self._turns: dict[Party, list[Turn]] = {party: [] for party in staged}
        self._picture = Picture.of(tuple(staged))
        self._feeds: dict[Party, Feed] = {}
        self._processes: list[ProcessNote] = []
        self._killed: set[Party] = set()

    async def start(self) -> None:
        """Start all nodes and wait until each is ready."""
        self._say(f"starting {len(self._nodes)} nodes, each with two servers")
        async with asyncio.TaskGroup() as group:
            for node in self._nodes.values():
                group.create_task(node.start())
        for node in self._nodes.values():
            self._processes.extend(node.ready().processes)
        self._say("all nodes are ready: the exercise runs")

    async def fly(self, kills: tuple[Kill, ...]) -> None:
        """Let exercise time run, feed the nodes and watch until all has ended."""
        start_ns = time.monotonic_ns() + round(NS_PER_S * START_AHEAD_S)
        begin(self._staged, start_monotonic_ns=start_ns)
        clock = exercise_clock(self._staged, start_ns)
        self._feeds = {
            party: Feed(one, self._scenario, clock)
            for party, one in self._staged.items()
        }
        work = [feed.run(self._sky.sightings) for feed in self._feeds.values()]
        work += [feed_of(self._feeds, act).order(act) for act in self._scenario.act]
        work += [self._kill(kill, clock) for kill in kills]
        feeding = [asyncio.create_task(one) for one in work]
        try:
            await self._watch(feeding, clock)
        finally:
            for task in feeding:
                task.cancel()
            await asyncio.gather(*feeding, return_exceptions=True)

    async def _watch(
        self, feeding: list[asyncio.Task[None]], clock: ExerciseClock
    ) -> None:
        end = self._scenario.at(self._sky.end_s(self._scenario))
        quiet_since = time.monotonic()
        while True:
            await asyncio.sleep(POLL_S)
            if await self._read():
                quiet_since = time.monotonic()
            self._show(self._picture, clock.now())
            for task in feeding:
                if task.done():
                    task.result()
            for node in self._nodes.values():
                node.check()
            over_s = -clock.wall_s_until(end)
            quiet = time.monotonic() - quiet_since > QUIET_S
            done = all(task.done() for task in feeding)
            if over_s > 0 and done and (quiet or over_s > GRACE_S):
                return

    async def _read(self) -> int:
        """Read what is new in every journal; return how many turns that were."""
        count = 0
        for party, node in self._nodes.items():
            if party in self._killed:
                continue
            async for turn in node.new_turns():
                count += 1
                self._turns[party].append(turn)
                for entry in turn.entries:
                    self._picture.see(party, entry)
        return count

    async def _kill(self, kill: Kill, clock: ExerciseClock) -> None:
        node = self._nodes[kill.party]
        at = self._scenario.at(kill.at_s)
        await asyncio.sleep(max(0.0, clock.wall_s_until(at)))
        self._say(f"killing the node of {kill.party}")
        self._killed.add(kill.party)
        await node.kill()
        again = self._scenario.at(kill.restart_s)
        await asyncio.sleep(max(0.0, clock.wall_s_until(again)))
        self._say(f"starting the node of {kill.party} again")
        await node.start()
        self._processes.extend(node.ready().processes)
        self._killed.discard(kill.party)

    def result(self) -> RealRun:
        """Return the journals as they were read."""
        accounts = [feed.account for feed in self._feeds.values()]
        return RealRun(
            turns={party: tuple(turns) for party, turns in self._turns.items()},
            processes=tuple(self._processes),
            orders=tuple(line for account in accounts for line in account.orders),
            refused_lines=tuple(
                line for account in accounts for line in account.rejected
            ),
        )

    async def stop(self) -> None:
        """Close the feeds and stop every node that was started."""
        for feed in self._feeds.values():
            await feed.close()
        await asyncio.gather(*(node.stop() for node in self._nodes.values()))


def exercise_clock(staged: dict[Party, Staged], start_ns: int) -> ExerciseClock:
    """Return the clock that all nodes of the run share."""
    exercise = next(iter(staged.values())).config.exercise
    assert exercise is not None
    assert exercise.epoch is not None
    return ExerciseClock(
        epoch=exercise.epoch, speed=exercise.speed, start_monotonic_ns=start_ns
    )


async def compile_estimator(say: Say) -> None:
    """Compile the estimator once, before three solvers would do it side by side."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "beaconfire.runtime.solver_process",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    done = asyncio.create_task(process.wait())
    began = time.monotonic()
    try:
        while not done.done():
            await asyncio.wait({done}, timeout=2.0)
            waited_s = time.monotonic() - began
            if not done.done():
                say(f"compiling the estimator: {waited_s:.0f} s (once on this machine)")
            if waited_s > COMPILE_S_MAX:
                process.kill()
    finally:
        if process.returncode is None:
            process.kill()
    if await done != 0:
        message = "the estimator could not be compiled: see the messages above"
        raise BeaconfireError(message)
