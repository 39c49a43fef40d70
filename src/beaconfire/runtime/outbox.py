"""Outbox: effects on their way out, one queue a partner, in the order of the turns.

* Messages are laid at our border in order, each without waiting for the border's word
  on the one before; a purge waits for all before it, and what follows waits for it.
* Receipts go to the partner's border one after another.
* A partner whose border does not answer holds up its own receipts and nothing else.
* Of receipts for one lane that wait, the newest is enough: it covers the older ones.
* Effects may be repeated: messages carry their lane, epoch and number as their id.
"""

import asyncio
from contextlib import suppress

from beaconfire.errors import NotReachable
from beaconfire.runtime.border import Border
from beaconfire.runtime.pull import PartnerPull
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.turns import GiveReceipt, Publish, Purge
from beaconfire.seals import codec
from beaconfire.vocabulary.party import Party


class Outbox:
    """What waits to go to one partner."""

    def __init__(self, party: Party, border: Border, pull: PartnerPull) -> None:
        """Nothing moves before ``start``."""
        self._party = party
        self._border = border
        self._pull = pull
        self._messages: asyncio.Queue[Publish | Purge] = asyncio.Queue()
        self._receipts: dict[str, bytes] = {}
        self._receipt_ready = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to move what waits."""
        self._tasks = [
            asyncio.create_task(self._move_messages()),
            asyncio.create_task(self._move_receipts()),
        ]

    def put(self, effect: Publish | Purge | GiveReceipt) -> None:
        """Queue one effect."""
        if isinstance(effect, GiveReceipt):
            self._receipts.pop(effect.lane, None)
            self._receipts[effect.lane] = codec.encode(effect.receipt)
            self._receipt_ready.set()
        else:
            self._messages.put_nowait(effect)

    async def idle(self) -> None:
        """Return when all messages queued so far are at the border."""
        await self._messages.join()

    async def stop(self) -> None:
        """Move nothing more; the journal knows what to repeat."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _move_messages(self) -> None:
        # A wait for each answer would cost every message one way there and back more
        # than the one before it.
        async with asyncio.TaskGroup() as laying:
            under_way: set[asyncio.Task[None]] = set()
            while True:
                effect = await self._messages.get()
                if isinstance(effect, Purge):
                    if under_way:
                        await asyncio.wait(under_way)
                    await self._lay(effect)
                else:
                    task = laying.create_task(self._lay(effect))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)

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
                self._messages.task_done()
                return

    async def _move_receipts(self) -> None:
        while True:
            await self._receipt_ready.wait()
            self._receipt_ready.clear()
            while self._receipts:
                lane = next(iter(self._receipts))
                receipt = self._receipts.pop(lane)
                try:
                    await self._pull.send_receipt(receipt)
                except NotReachable:
                    # Tried for long enough. A newer one covers it; otherwise it is
                    # laid down again when the line is next told to be up.
                    break
