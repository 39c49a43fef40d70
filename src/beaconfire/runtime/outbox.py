"""Outbox: effects on their way out, for one partner, in the order of the turns.

* Messages of a lane are laid at our border in order, each without waiting for the
  border's word on the one before; a purge waits for all before it in its lane, and what
  follows there waits for it. Lanes do not wait for each other: their numbers are their
  own, and a suspension that empties three must not empty one after another.
* Receipts go to the partner's border one after another.
* A partner whose border does not answer holds up its own receipts and nothing else.
* Of receipts for one lane that wait, the newest is enough: it covers the older ones.
  Between two there is a pause, in which more of them become one. It ends early when a
  part of a window waits for its receipt, so that no partner stands before a full one.
* Effects may be repeated: messages carry their lane, epoch and number as their id.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from beaconfire.errors import NotReachable
from beaconfire.runtime.border import Border
from beaconfire.runtime.effects import GiveReceipt, Publish, Purge
from beaconfire.runtime.pull import PartnerPull
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import codec
from beaconfire.vocabulary.link import LANES
from beaconfire.vocabulary.party import Party


def note_failure(failed: asyncio.Future[None], task: asyncio.Task[None]) -> None:
    """Let ``failed`` hold what ended a task; of several, the first.

    A message that the border refuses must end the node with its reason: passed over,
    it would be a hole in the lane and the partner would wait for ever.
    """
    # Each is asked, also behind the first: what nobody asks for is a warning.
    error = None if task.cancelled() else task.exception()
    if error is not None and not failed.done():
        failed.set_exception(error)


class Outbox:
    """What waits to go to one partner."""

    def __init__(self, party: Party, border: Border, pull: PartnerPull) -> None:
        """Nothing moves before ``start``."""
        self._party = party
        self._pull = pull
        self._receipts: dict[str, bytes] = {}
        self._covers: Counter[str] = Counter()
        self._receipt_ready = asyncio.Event()
        self._receipt_wanted = asyncio.Event()
        self._giving: asyncio.Task[None] | None = None
        self._failed: asyncio.Future[None] = asyncio.Future()
        self._lanes = {
            lane: _Lane(border, partial(note_failure, self._failed)) for lane in LANES
        }

    def start(self) -> None:
        """Begin to move what waits."""
        self._giving = asyncio.create_task(self._move_receipts())
        self._giving.add_done_callback(partial(note_failure, self._failed))
        for lane in self._lanes.values():
            lane.start()

    def put(self, effect: Publish | Purge | GiveReceipt) -> None:
        """Take one effect; it follows those of its lane that were put before."""
        if isinstance(effect, GiveReceipt):
            self._receipts.pop(effect.lane, None)
            self._receipts[effect.lane] = codec.encode(effect.receipt)
            self._covers[effect.lane] += 1
            self._receipt_ready.set()
            if self._covers[effect.lane] >= SETTINGS.pause_messages_max:
                self._receipt_wanted.set()
        else:
            self._lanes[effect.lane].put(effect)

    @property
    def purging(self) -> bool:
        """Whether a lane is to be emptied and the border has not said that it is."""
        return any(lane.purging for lane in self._lanes.values())

    async def failed(self) -> None:
        """Raise what went wrong for good; otherwise wait for ever."""
        await asyncio.shield(self._failed)

    async def stop(self) -> None:
        """Move nothing more; the journal knows what to repeat."""
        tasks = {task for one in self._lanes.values() for task in one.tasks}
        tasks.update(filter(None, [self._giving]))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._failed.cancel()

    async def _move_receipts(self) -> None:
        while True:
            await self._receipt_ready.wait()
            self._receipt_ready.clear()
            self._receipt_wanted.clear()
            # What comes meanwhile waits for the next round: one a lane and no more.
            for lane in tuple(self._receipts):
                receipt = self._receipts.pop(lane)
                self._covers.pop(lane, None)
                try:
                    await self._pull.send_receipt(receipt)
                except NotReachable:
                    # A newer one covers it; otherwise it is given again, behind the
                    # other lanes'. The line may have been up all the while, so
                    # nothing else would give it, and the partner's window stays full.
                    self._receipts.setdefault(lane, receipt)
                    self._receipt_ready.set()
                    break
            await self._pause()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTINGS.receipt_pause_s):
                await self._receipt_wanted.wait()


class _Lane:
    """The messages and purges of one lane."""

    def __init__(self, border: Border, note: Callable[[asyncio.Task[None]], None]):
        self._border = border
        self._note = note
        # Held back: before the start, and behind a purge. Else a message is on its
        # way as soon as it is put: every wait in between would be the plot's.
        self._held: deque[Publish | Purge] = deque()
        self._laying: set[asyncio.Task[None]] = set()
        self._moving: asyncio.Task[None] | None = None
        self._started = False

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """What is under way."""
        return {*self._laying, *filter(None, [self._moving])}

    @property
    def purging(self) -> bool:
        """Whether the lane is to be emptied and is not yet."""
        return any(isinstance(effect, Purge) for effect in self._held)

    def start(self) -> None:
        """Begin to move what waits."""
        self._started = True
        self._move_on()

    def put(self, effect: Publish | Purge) -> None:
        """Take one effect."""
        if not self._started or self._moving or isinstance(effect, Purge):
            self._held.append(effect)
            self._move_on()
        else:
            self._begin(effect)

    def _move_on(self) -> None:
        if self._held and self._moving is None and self._started:
            self._moving = asyncio.create_task(self._move_held())
            self._moving.add_done_callback(self._note)

    async def _move_held(self) -> None:
        """Move what is held back, each purge alone, until nothing is."""
        try:
            while self._held:
                if isinstance(self._held[0], Purge):
                    await asyncio.gather(*self._laying)
                    await self._lay(self._held[0])
                else:
                    self._begin(self._held[0])
                self._held.popleft()
        finally:
            self._moving = None

    def _begin(self, effect: Publish | Purge) -> None:
        task = asyncio.create_task(self._lay(effect))
        self._laying.add(task)
        task.add_done_callback(self._laying.discard)
        task.add_done_callback(self._note)

    async def _lay(self, effect: Publish | Purge) -> None:
        """Do it at the border, however often that takes: it may be starting again."""
        while True:
            try:
                if isinstance(effect, Purge):
                    await self._border.purge(effect.to, effect.lane)
                else:
                    await self._border.publish(
                        effect.to,
                        effect.lane,
                        codec.encode(effect.message),
                        msg_id=f"{effect.epoch}.{effect.number}",
                    )
            except NotReachable:
                await asyncio.sleep(SETTINGS.link_pause_s_min)
            else:
                return
