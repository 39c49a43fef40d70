"""Link: how long a plot takes from a sensor of one nation to another's journal.

Two real nodes and, beside them in the same run, the same hops on JetStream alone (see
``raw_process``): the same servers, certificates, TLS and fsyncs, the same plots, the
same witness. Rounds alternate, so that whatever else the machine does hits both alike;
the figures are medians over the rounds.

Whole way: from just before the sensor publishes, to when a reader of the receiver's
journal holds the stored bytes in which the plot stands as a verified item. The picture
has taken it by then: a node folds a turn before it stores it. The reader's own question
and answer are counted in.
"""

import asyncio
import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from beaconfire.errors import BeaconfireError
from beaconfire.exercise.bench import pair
from beaconfire.exercise.bench.figures import Bench, Figure, percentile
from beaconfire.exercise.bench.passage import Passages, Way
from beaconfire.exercise.bench.raw import RawProcess
from beaconfire.exercise.node_process import NodeProcess
from beaconfire.exercise.real import compile_estimator
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.sky.flight import Flight
from beaconfire.journal.entry import Turn
from beaconfire.runtime import event_loop
from beaconfire.runtime.clock import WallClock
from beaconfire.vocabulary.entries.arrivals import Estimate
from beaconfire.vocabulary.times import Instant

P50_MS_MAX = 5.0
P99_MS_MAX = 20.0
AHEAD_S = 0.5  # a round's plots are made before its first is due
AFTER_LIFT_OFF_S = 160.0  # burn-out is at 147 s: from here the radars see it whole
PAST_S_MIN = 1.0  # of the time just past, sent flat out
SPARE = 1.2  # not every scan of a radar has a plot
FALSE_PLOTS = 49.0  # of a full scan, beside the object's own plot

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much is sent. Everything is bounded in count and in time."""

    seconds: float = 10.0
    rate_hz: float = 200.0
    rounds: int = 3
    burst: int = 3_000
    burst_full: int = 300
    warm_s: float = 3.0  # before anything counts: a launch is known, all is warm


@dataclass(frozen=True, slots=True)
class Measured:
    """The rounds of one way: timed, flat out, and flat out with full scans."""

    timed: list[Passages]
    burst: list[Passages]
    full: list[Passages]


async def measure(out: Path, load: Load, *, say: Say) -> Bench:
    """Start both pairs under ``out``, measure, and stop what was started.

    Raises:
        BeaconfireError: a process does not start, or nothing arrives.
    """
    await compile_estimator(say)
    scenario = pair.pair_scenario(load.rate_hz)
    flight = pair.flown(scenario)
    async with AsyncExitStack() as stack:
        say("starting two nodes, and the raw peer beside them")
        nodes = await _nodes(scenario, out / "nodes", stack)
        raw = await _raw(scenario, out / "raw", stack)
        sky = _Sky(scenario, flight)
        say("warming up")
        for way in (nodes, raw):
            warm = await way.timed(sky.next(load.warm_s), arrive_s_max=load.warm_s)
            # What came before a launch was known is not all told, and need not be.
            if not warm.seen_ns:
                message = "no plot of the warm-up arrived"
                raise BeaconfireError(message)
        ours, theirs = Measured([], [], []), Measured([], [], [])
        for number in range(load.rounds):
            say(f"round {number + 1} of {load.rounds}")
            for way, rounds in ((nodes, ours), (raw, theirs)):
                with _unpaused():
                    rounds.timed.append(await way.timed(sky.next(load.seconds)))
                rounds.burst.append(await way.flat_out(sky.past(load.burst)))
                full = sky.past(load.burst_full, false_plots=FALSE_PLOTS)
                rounds.full.append(await way.flat_out(full))
        return report(load, ours, theirs, nodes.turns)


@contextmanager
def _unpaused() -> Iterator[None]:
    """Let no garbage collection of the bench stop its sensors and its witness.

    It keeps every turn that it has read, and to walk them took 0.15 to 0.37 s: a round
    that met one had a tail of 40 to 70 ms, which no node had made.
    """
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Sky:
    """One flight that is under way for as long as the bench takes."""

    def __init__(self, scenario: Scenario, flight: Flight) -> None:
        self._scenario = scenario
        now = WallClock().now()
        self._flight = pair.moved(flight, second=AFTER_LIFT_OFF_S, at=now)
        self._bursts = 0

    def next(self, seconds: float) -> list[pair.Scan]:
        """Return what the radars report in the next so many seconds."""
        begin = WallClock().now().plus_s(AHEAD_S)
        return pair.scans_between(
            self._scenario, self._flight, begin, begin.plus_s(seconds)
        )

    def past(self, count: int, *, false_plots: float = 0.0) -> list[pair.Scan]:
        """Return so many of the scans of the time just past."""
        now = WallClock().now()
        # A microsecond more each time: another window, so other names for its plots.
        self._bursts += 1
        rate_hz = sum(sensor.rate_hz or 0.0 for sensor in self._scenario.sensor)
        past_s = max(PAST_S_MIN, SPARE * count / rate_hz)
        begin = Instant(now.plus_s(-past_s).ns + self._bursts * 1_000)
        scans = pair.scans_between(
            self._scenario, self._flight, begin, now, false_plots=false_plots
        )
        return scans[:count]


async def _nodes(scenario: Scenario, out: Path, stack: AsyncExitStack) -> Way:
    staged = pair.stage_pair(scenario, out, now=WallClock().now())
    async with asyncio.TaskGroup() as group:
        for nation in staged.values():
            node = NodeProcess(nation.directory)
            stack.push_async_callback(node.stop)
            group.create_task(node.start())
    return await _way(out, stack, nodes=True)


async def _raw(scenario: Scenario, out: Path, stack: AsyncExitStack) -> Way:
    staged = pair.stage_pair(scenario, out, now=WallClock().now())
    sender = RawProcess("sender", staged[pair.SENDER].directory)
    receiver = RawProcess("receiver", staged[pair.RECEIVER].directory)
    for process in (sender, receiver):
        stack.push_async_callback(process.stop)
        await process.start()
    return await _way(out, stack, nodes=False)


async def _way(out: Path, stack: AsyncExitStack, *, nodes: bool) -> Way:
    way = Way(out / pair.SENDER, out / pair.RECEIVER, nodes=nodes)
    stack.push_async_callback(way.close)
    await way.open()
    return way


def report(
    load: Load, ours: Measured, theirs: Measured, turns: Iterable[Turn]
) -> Bench:
    """Return the figures of the rounds: medians over the rounds of each."""
    rate = f"at {load.rate_hz:g} plots/s"
    pictures = sum(
        isinstance(entry.body, Estimate) and entry.body.product == "picture"
        for turn in turns
        for entry in turn.entries
    )
    figures = [
        _latency(f"whole way {rate}, p50", ours, theirs, 0.50, P50_MS_MAX),
        _latency(f"whole way {rate}, p99", ours, theirs, 0.99, P99_MS_MAX),
        _latency(f"whole way {rate}, worst", ours, theirs, 1.0, None),
        _part("of it: to the sender's journal, p50", ours, theirs, "kept_ns"),
        _part("of it: to the receiver's journal, p50", ours, theirs, "stored_ns"),
        _rate("flat out, one plot an item", "items/s", ours.burst, theirs.burst, 0),
        _rate("flat out, full scans", "items/s", ours.full, theirs.full, 0),
        _rate("flat out, full scans", "track updates/s", ours.full, theirs.full, 1),
        Figure(
            name="plots that did not arrive",
            unit="",
            measured=float(_missing(ours)),
            goal=0.0,
            raw=float(_missing(theirs)),
        ),
    ]
    timed = [_share(one, 0.5) for one in ours.timed]
    tails = [_share(one, 0.99) for one in ours.timed]
    plots = [len(one.sent_ns) for one in ours.timed]
    return Bench(
        bench="link",
        figures=tuple(figures),
        conditions=(
            f"medians over {load.rounds} rounds of {plots} plots; p50 of each "
            f"{_ms(timed)} ms, p99 {_ms(tails)} ms",
            "whole way: from before the sensor publishes until a reader of the "
            "receiver's journal holds the stored bytes; its own question counts in",
            "nodes: TLS 1.3, two signatures and two verifications an item, fsync at "
            "both ends, stages, solver on; raw: JetStream with the same TLS, fsync "
            "and hops, one message a scan, nothing signed or decided",
            f"estimates of the receiver's picture meanwhile: {pictures}",
            "a track update is one plot of a full scan, of some 50 plots",
        ),
    )


def _ms(values: list[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values)


def _share(one: Passages, share: float) -> float:
    return percentile(one.ms(one.sent_ns, one.seen_ns), share)


def _latency(
    name: str, ours: Measured, theirs: Measured, share: float, goal: float | None
) -> Figure:
    return Figure(
        name=name,
        unit="ms",
        measured=median(_share(one, share) for one in ours.timed),
        goal=goal,
        raw=median(_share(one, share) for one in theirs.timed),
    )


def _part(name: str, ours: Measured, theirs: Measured, stamp: str) -> Figure:
    def to(one: Passages) -> float:
        stamps = one.kept_ns if stamp == "kept_ns" else one.stored_ns
        return percentile(one.ms(one.sent_ns, stamps), 0.5)

    return Figure(
        name=name,
        unit="ms",
        measured=median(to(one) for one in ours.timed),
        raw=median(to(one) for one in theirs.timed),
    )


def _rate(
    name: str, unit: str, ours: list[Passages], theirs: list[Passages], which: int
) -> Figure:
    return Figure(
        name=name,
        unit=unit,
        measured=median(one.rates()[which] for one in ours),
        raw=median(one.rates()[which] for one in theirs),
    )


def _missing(rounds: Measured) -> int:
    return sum(one.missing for one in (*rounds.timed, *rounds.burst, *rounds.full))


def run(out: Path, load: Load, *, say: Say) -> Bench:
    """Measure, from code that is not asynchronous."""
    return event_loop.run(measure(out, load, say=say))
