"""Run: one real node, from its directory to its last turn.

The order of starting is the order of trust: configuration, cards and signed texts; the
journal and what it holds; the solver; the border, filled again from the journal; the
doors; last the partners. Stopping goes the other way. The first part that fails ends
the node with its reason, and what was stored stays.

Left to others: what an input leads to (``turns``), when it is stored (``writer``).
"""

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from msgspec import Struct

from beaconfire.agreements.agreement import Agreement
from beaconfire.errors import BeaconfireError
from beaconfire.journal.entry import Entry
from beaconfire.journal.jetstream import open_writer
from beaconfire.journal.journal import Journal
from beaconfire.runtime import agreement_files, cards, keys
from beaconfire.runtime.agreement_files import InForce
from beaconfire.runtime.border import Border, BorderSite
from beaconfire.runtime.checkpointing import Checkpointing, replay
from beaconfire.runtime.clock import AwaitedClock, Clock, ExerciseClock
from beaconfire.runtime.disk import DiskWatch, node_has_room
from beaconfire.runtime.doors import Doors
from beaconfire.runtime.effects import (
    CloseLink,
    Effect,
    GiveReceipt,
    Publish,
    Purge,
    Solve,
    Tell,
)
from beaconfire.runtime.giving_up import give_up_later
from beaconfire.runtime.journal_server import JournalServer, start_journal_server
from beaconfire.runtime.node_dir import (
    NodeConfig,
    clock_of,
    load_node,
)
from beaconfire.runtime.partners import Partners
from beaconfire.runtime.pinned import Identity
from beaconfire.runtime.readiness import Readiness, Ready
from beaconfire.runtime.sealing import Sealer
from beaconfire.runtime.seldom import Seldom
from beaconfire.runtime.servers import find_nats_server
from beaconfire.runtime.settings import SETTINGS, journal_limits
from beaconfire.runtime.solver import Solver
from beaconfire.runtime.taking_up import first_turns
from beaconfire.runtime.turns import Node
from beaconfire.runtime.writer import Writer
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.entries.arrivals import (
    Checkpoint,
    ClockStep,
    Estimate,
    Tick,
)
from beaconfire.vocabulary.entries.sightings import Rejection
from beaconfire.vocabulary.party import Party

# A turn makes some hundred objects that are gone with it, and hardly any cycles. The
# loop stands still for a walk, so the two usual walks are short, of 2,000 and 10,000
# objects (some 0.5 and 3 ms; of 20,000 it was up to 9), and the whole one is rare.
GC_YOUNG_OBJECTS, GC_MIDDLE_ROUNDS, GC_OLD_ROUNDS = 2_000, 5, 800

Say = Callable[[str], None]
Show = Callable[["Ready | Stopped | Entry"], None]


class Stopped(Struct, frozen=True, kw_only=True):
    """The last that a node says when it was told to stop."""

    v: int = 1
    party: Party
    turns: int


async def run_node(directory: Path, *, say: Say, show: Show) -> None:
    """Run the node in ``directory`` until it is told to stop.

    ``say`` is told in sentences what the runtime has to remark, ``show`` what the node
    has come to: it is ready, an entry that may be news, it has stopped. Neither may
    block.

    Raises:
        BeaconfireError: it cannot start, or had to stop; the message says why.
    """
    config = load_node(directory)
    clock = clock_of(config) or _awaited(config)
    stop = asyncio.Event()
    loop, own = asyncio.get_running_loop(), asyncio.current_task()
    assert own is not None

    def told() -> None:
        if not stop.is_set():
            stop.set()
            give_up_later(own, say)

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, told)
    async with AsyncExitStack() as stack:
        stack.enter_context(node_has_room(directory))
        running = await _Running.start(directory, config, clock, stack, say, show)
        show(running.readiness.ready)
        await running.serve(stop)
        show(Stopped(party=config.party, turns=running.node.turns))


class _Running:
    """The parts of a running node, joined by their callbacks."""

    def __init__(
        self,
        directory: Path,
        config: NodeConfig,
        node: Node,
        journal: Journal,
        clock: Clock,
        say: Say,
        show: Show,
    ) -> None:
        self.node = node
        self.checkpointing = Checkpointing(node, journal, self._offer_checkpoint, say)
        self.writer = Writer(
            node,
            journal,
            clock,
            perform=self._perform,
            between=self.checkpointing.between_frames,
            purging=self._purging,
        )
        self.readiness = Readiness(directory / "run", config.party)
        self.solver = Solver(self._solved, report=say, again=self._solver_again)
        self.partners: Partners | None = None
        self.border: Border | None = None
        self.server: JournalServer | None = None
        self._show = show
        self._directory = directory
        self._config = config
        self._clock = clock
        self._say = say
        self._seldom = Seldom(say)

    @classmethod
    async def start(
        cls,
        directory: Path,
        config: NodeConfig,
        clock: Clock,
        stack: AsyncExitStack,
        say: Say,
        show: Show,
    ) -> "_Running":
        known = cards.load_cards(directory, config)
        for sentence in known.left_out:
            say(sentence)
        profile = cards.profile_of(config, known)
        texts = _texts(directory, profile, say)
        server = await start_journal_server(directory, port=config.journal.port)
        stack.push_async_callback(server.stop)
        journal = await open_writer(server.writer, journal_limits())
        stack.push_async_callback(journal.close)
        node = await replay(
            partial(_node, directory, config, profile, texts.agreements), journal, say
        )
        self = cls(directory, config, node, journal, clock, say, show)
        self.server = server
        # Before the journal is closed, however the node ends.
        stack.push_async_callback(self.checkpointing.stop)
        stack.push_async_callback(self.solver.stop)
        identity = Identity(
            leaf=directory / "keys" / keys.LEAF_NAME,
            key=directory / "keys" / keys.LEAF_KEY_NAME,
        )
        border = Border(
            BorderSite(
                own=config.party,
                place=config.border,
                identity=identity,
                run_dir=directory / "run",
                binary=find_nats_server(),
            ),
            on_receipt=self._receipt,
            on_trouble=self._seldom,
        )
        stack.push_async_callback(border.stop)
        self.border = border
        # The solver compiles while the border starts; neither needs the other.
        trust = node.stages.link.standing.trust
        trusted = trust.trusted(known.partners)
        closed = trust.closed(known.partners)
        for sentence in closed:
            say(sentence)
        await _both(self.solver.start(), border.start(trusted))
        # What the node is from now on, and whether its clock can be believed, is told
        # first: whatever follows is decided by it, and new partners have their place.
        turns, effects = first_turns(node, clock)
        await journal.append(turns)
        for refused in _left_out((*known.left_out, *closed), texts):
            self.writer.offer(refused, by="runtime")
        self.partners = Partners(
            trusted, identity, border, self.writer, node, say=self._seldom
        )
        stack.push_async_callback(self.partners.stop)
        await self.partners.start()
        for effect in (*effects, *node.unanswered()):
            self._perform(effect)
        doors = Doors(server.writer, self.writer)
        stack.push_async_callback(doors.close)
        await doors.open()
        _leave_out_of_collections()
        stack.callback(self.readiness.take_back)
        self._tell_ready(server.server.pid, border.pid)
        return self

    async def serve(self, stop: asyncio.Event) -> None:
        """Run until told to stop, or until a part fails."""
        assert self.partners is not None
        writing = asyncio.create_task(self.writer.run())
        parts = {
            writing,
            asyncio.create_task(self._watch_time()),
            asyncio.create_task(self.partners.watch()),
            asyncio.create_task(self.solver.failed()),
            asyncio.create_task(self._keep_border()),
            asyncio.create_task(self._keep_journal()),
        }
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({*parts, stopping}, return_when="FIRST_COMPLETED")
            for part in parts:
                if part.done():
                    part.result()  # raises what ended it
            await self.partners.hush()
            await self.checkpointing.stop()
            self.writer.finish()
            await writing
        finally:
            for task in (*parts, stopping):
                task.cancel()
            await asyncio.gather(*parts, stopping, return_exceptions=True)

    async def _keep_border(self) -> None:
        """Start the border again when it ends, and fill it from the journal.

        Raises:
            BeaconfireError: it ended too often.
        """
        assert self.border is not None
        assert self.partners is not None
        for _ in range(SETTINGS.server_restarts_max):
            await self.border.ended()
            self._say("the border ended; starting it again")
            await self.border.restart(self.partners.cards)
            self.readiness.runs("border", self.border.pid, self._config.border.port)
            # One may have been revoked while it started.
            await self.border.set_partners(self.partners.cards)
            self.partners.fill_border()
        message = f"the border ended {SETTINGS.server_restarts_max} times"
        raise BeaconfireError(message)

    async def _keep_journal(self) -> None:
        """Start the journal's server again when it ends; the writer settles the rest.

        Raises:
            BeaconfireError: it ended too often.
        """
        assert self.server is not None
        for _ in range(SETTINGS.server_restarts_max):
            await self.server.server.exited()
            self._say("the journal's server ended; starting it again")
            server = self.server.server
            await server.restart()
            self.readiness.runs("journal", server.pid, self._config.journal.port)
        message = f"the journal's server ended {SETTINGS.server_restarts_max} times"
        raise BeaconfireError(message)

    def _perform(self, effect: Effect) -> None:
        if isinstance(effect, Publish | Purge | GiveReceipt | CloseLink):
            assert self.partners is not None
            self.partners.put(effect)
        elif isinstance(effect, Solve):
            self.solver.submit(effect)
        elif isinstance(effect, Tell):
            self._show(effect.entry)

    def _purging(self) -> bool:
        return self.partners is not None and self.partners.purging

    def _offer_checkpoint(self, checkpoint: Checkpoint) -> None:
        self.writer.offer(checkpoint, by="runtime")

    def _solved(self, answer: Estimate) -> None:
        self.writer.offer(answer, by="runtime")

    async def _receipt(self, party: Party, data: bytes) -> None:
        if self.partners is None:
            message = "the node is still starting"
            raise BeaconfireError(message)
        await self.partners.take_receipt(party, data)

    async def _await_start(self) -> None:
        """Look into ``node.toml`` until the exercise's start stands there."""
        while isinstance(self._clock, AwaitedClock) and not self._clock.running:
            await asyncio.sleep(SETTINGS.due_check_s)
            clock = clock_of(load_node(self._directory))
            if isinstance(clock, ExerciseClock):
                self._clock.begin(clock)
                self._say(f"exercise time runs from {clock.epoch}")

    async def _watch_time(self) -> None:
        """Wake the node when something is due, and tell it when its clock steps."""
        await self._await_start()
        since_check_s = 0.0
        disk = DiskWatch(self._directory, self._say)
        trusted = self.node.clock_trusted
        while True:
            await asyncio.sleep(SETTINGS.due_check_s)
            for _ in range(SETTINGS.ticks_a_check_max):
                due = self.node.due()
                if due is None or due > self._clock.now():
                    break
                await self._tick()
            since_check_s += SETTINGS.due_check_s
            if since_check_s >= SETTINGS.clock_check_s:
                since_check_s = 0.0
                disk.look()
                trusted = self._watch_clock(trusted)

    def _watch_clock(self, trusted: bool) -> bool:
        """Tell the node when its clock steps and when it is trusted again."""
        steady, step_s = self._clock.trusted, self._clock.stepped_s()
        if step_s or (trusted and not steady):
            self.writer.offer(ClockStep(seconds=step_s, trusted=False), by="runtime")
            return False
        if steady and not trusted:
            self.writer.offer(ClockStep(seconds=0.0, trusted=True), by="runtime")
            return True
        return trusted

    async def _tick(self) -> None:
        """Let the node know that time has passed, and wait until that is stored."""
        stored = asyncio.Event()
        self.writer.offer(
            Tick(), by="runtime", stored=lambda turn, effects: stored.set()
        )
        await stored.wait()

    def _tell_ready(self, journal_pid: int, border_pid: int) -> None:
        self.readiness.runs("node", os.getpid())
        self.readiness.runs("journal", journal_pid, self._config.journal.port)
        self.readiness.runs("border", border_pid, self._config.border.port)
        self.readiness.runs("solver", self.solver.pid or 0)
        self.readiness.tell()

    def _solver_again(self, pid: int) -> None:
        self.readiness.runs("solver", pid)


def _leave_out_of_collections() -> None:
    """Take all that stands now out of the garbage collector's walks.

    Modules, settings and what was replayed stay for as long as the node runs. Walking
    them stops the loop for a tenth of a second, again and again, to find nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_YOUNG_OBJECTS, GC_MIDDLE_ROUNDS, GC_OLD_ROUNDS)


async def _both(one: Awaitable[None], other: Awaitable[None]) -> None:
    """Wait for both; if one fails, end the other and raise the first one's reason."""
    tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _awaited(config: NodeConfig) -> AwaitedClock:
    assert config.exercise is not None
    assert config.exercise.epoch is not None
    return AwaitedClock(config.exercise.epoch)


def _left_out(cards: tuple[str, ...], texts: InForce) -> Iterator[Rejection]:
    """Say for the journal which cards and texts this start does not live by, and why.

    A text that a party altered, or signed for itself alone, is no mere misprint: who
    asks later why nothing was shared must find it there.
    """
    told = (
        ("partners", "card", cards),
        ("agreements", "text", texts.left_out),
    )
    for source, what, sentences in told:
        for sentence in sentences:
            yield Rejection(source=source, what=what, reason=sentence)


def _texts(directory: Path, profile: NodeProfile, say: Say) -> InForce:
    known = (profile.card, *profile.partners)
    texts = agreement_files.in_force_texts(directory / "agreements", known)
    for sentence in texts.left_out:
        say(sentence)
    if not texts.agreements:
        say("no agreement is signed by all its parties: nothing will be shared")
    return texts


def _node(
    directory: Path,
    config: NodeConfig,
    profile: NodeProfile,
    agreements: tuple[Agreement, ...],
) -> Node:
    folder = directory / "keys"
    speed = 1.0 if config.exercise is None else config.exercise.speed
    return Node(
        profile,
        agreements,
        sealer=Sealer(
            items=keys.load_signing_key(folder / "items.key", "items"),
            link=keys.load_signing_key(folder / "link.key", "link"),
        ),
        opaque_key=keys.load_secret(folder),
        # Solve rates are wall rates; the node's own time runs `speed` times faster.
        solve_interval_s=SETTINGS.solve_interval_s * speed,
        writer=f"{config.party}-{os.getpid()}-{os.urandom(4).hex()}",
    )
