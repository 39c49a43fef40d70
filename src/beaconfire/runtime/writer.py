"""Writer: the one loop that turns inputs into stored turns, and only then acts.

* Inputs are taken in the order in which they were offered. While one frame is being
  stored the next inputs gather; when the acknowledgement comes, all that is ready goes
  into the next frame. There is no timer.
* What a person orders begins a frame: what was handed over before it is on its way
  before it counts, and it is not stored behind sixty-three other turns.
* A turn that empties a lane at the border ends its frame, and while one is being
  emptied a frame holds one turn: what should not be read any more must not stand there
  for as long as sixty-four other turns take.
* Effects and replies follow the commit, in the order of the turns.
* An offer beyond the queue's limit is refused to whoever makes it: nothing that was
  accepted is dropped.
* Any failure to store ends the loop, and with it the node: what is stored is known
  again when the node starts.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from beaconfire.errors import BeaconfireError
from beaconfire.journal.entry import By, Turn
from beaconfire.journal.journal import Journal
from beaconfire.runtime.clock import Clock
from beaconfire.runtime.effects import Effect, Purge
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.turns import Node
from beaconfire.vocabulary.entries import EntryBody

# Rounds of the loop from a commit to its messages' way into the sockets.
ROUNDS_TO_LEAVE = 3

# Told once the turn is stored: the turn and its effects.
Stored = Callable[[Turn, tuple[Effect, ...]], None]


@dataclass(frozen=True, slots=True)
class _Input:
    body: EntryBody
    by: By
    stored: Stored | None


class Writer:
    """The node, its journal, and the inputs between them."""

    def __init__(
        self,
        node: Node,
        journal: Journal,
        clock: Clock,
        *,
        perform: Callable[[Effect], None],
        between: Callable[[], None],
        purging: Callable[[], bool],
    ) -> None:
        """``perform`` starts an effect; ``between`` is called between two frames.

        ``purging`` says whether the border is still to empty a lane. None may block.
        """
        self._node = node
        self._journal = journal
        self._clock = clock
        self._perform = perform
        self._between = between
        self._purging = purging
        self._inputs: deque[_Input] = deque()
        self._ready = asyncio.Event()
        self._ending = False

    def offer(self, body: EntryBody, *, by: By, stored: Stored | None = None) -> None:
        """Queue an input; ``stored`` is called when its turn is on disk.

        Raises:
            BeaconfireError: the queue is full; nothing was taken.
        """
        if len(self._inputs) >= SETTINGS.inputs_max:
            message = f"the node has {SETTINGS.inputs_max} inputs waiting; try again"
            raise BeaconfireError(message)
        self._inputs.append(_Input(body, by, stored))
        self._ready.set()

    @property
    def waiting(self) -> int:
        """How many inputs wait."""
        return len(self._inputs)

    def finish(self) -> None:
        """Let ``run`` end once all that was offered is stored."""
        self._ending = True
        self._ready.set()

    async def run(self) -> None:
        """Store turns until told to finish.

        Raises:
            NoLongerWriter, NotReachable, BeaconfireError: the journal's own reasons.
        """
        while True:
            if not self._inputs:
                if self._ending:
                    return
                self._ready.clear()
                await self._ready.wait()
                continue
            batch = self._make_turns()
            await self._journal.append(tuple(turn for turn, _, _ in batch))
            for turn, effects, stored in batch:
                for effect in effects:
                    self._perform(effect)
                if stored is not None:
                    stored(turn, effects)
            self._between()
            # What has just become free to leave must not wait for the next turns to
            # be worked out: an effect is a task, and what it writes another one's.
            for _ in range(ROUNDS_TO_LEAVE):
                await asyncio.sleep(0)

    def _make_turns(self) -> list[tuple[Turn, tuple[Effect, ...], Stored | None]]:
        batch: list[tuple[Turn, tuple[Effect, ...], Stored | None]] = []
        turns_max = 1 if self._purging() else SETTINGS.frame_turns_max
        while self._inputs and len(batch) < turns_max:
            if batch and self._inputs[0].by == "person":
                break
            taken = self._inputs.popleft()
            turn, effects = self._node.turn(
                taken.body, by=taken.by, at=self._clock.now()
            )
            batch.append((turn, effects, taken.stored))
            if any(isinstance(effect, Purge) for effect in effects):
                break
        return batch
