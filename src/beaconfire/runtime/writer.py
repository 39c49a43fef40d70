"""Writer: the one loop that turns inputs into stored turns, and only then acts.

* Inputs of one source are taken in the order in which they were offered. The node's own
  (sensors, people, its clock, its solver) come before any partner's, and partners take
  turns: whatever one of them sends, a launch that our radar sees does not wait behind
  it, nor does another partner's warning. Sources share no order but what is written.
  But after some of our own comes one of a partner's: a sensor that floods the node
  must not keep a suspension out of it.
* While one frame is being stored the next inputs gather; when the acknowledgement
  comes, all that is ready goes into the next frame, up to a number of turns and of
  bytes. There is no timer.
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
from beaconfire.vocabulary.entries.arrivals import LinkArrival, ReceiptArrival
from beaconfire.vocabulary.party import Party

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
        # Of each source what waits; of partners only those of whom something does, in
        # the order in which their turns come.
        self._own: deque[_Input] = deque()
        self._partners: dict[Party, deque[_Input]] = {}
        self._waiting = 0
        self._own_in_a_row = 0
        self._ready = asyncio.Event()
        self._ending = False

    def offer(
        self,
        body: EntryBody,
        *,
        by: By,
        stored: Stored | None = None,
        partner: Party | None = None,
    ) -> None:
        """Queue an input; ``stored`` is called when its turn is on disk.

        ``partner`` is whose input it is, if it is not the node's own.

        Raises:
            BeaconfireError: the queue is full; nothing was taken.
        """
        if self._waiting >= SETTINGS.inputs_max:
            message = f"the node has {SETTINGS.inputs_max} inputs waiting; try again"
            raise BeaconfireError(message)
        queue = self._own
        if partner is not None:
            queue = self._partners.setdefault(partner, deque())
        queue.append(_Input(body, by, stored))
        self._waiting += 1
        self._ready.set()

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
            if not self._waiting:
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
        bytes_left = SETTINGS.frame_bytes_max
        while self._waiting and len(batch) < turns_max and bytes_left > 0:
            if batch and self._own and self._own[0].by == "person":
                break
            taken = self._next()
            turn, effects = self._node.turn(
                taken.body, by=taken.by, at=self._clock.now()
            )
            batch.append((turn, effects, taken.stored))
            if any(isinstance(effect, Purge) for effect in effects):
                break
            bytes_left -= _size_bytes(taken.body)
        return batch

    def _next(self) -> _Input:
        """Take the input whose turn it is."""
        self._waiting -= 1
        at_once = self._own_in_a_row < SETTINGS.own_inputs_in_a_row_max
        if self._own and (at_once or not self._partners):
            self._own_in_a_row += 1
            return self._own.popleft()
        self._own_in_a_row = 0
        party = next(iter(self._partners))
        queue = self._partners.pop(party)
        taken = queue.popleft()
        if queue:
            self._partners[party] = queue  # behind the others
        return taken


def _size_bytes(body: EntryBody) -> int:
    """Return how much of a frame a partner's text takes; the node's own is small."""
    if isinstance(body, LinkArrival | ReceiptArrival):
        return len(body.message)
    return 0
