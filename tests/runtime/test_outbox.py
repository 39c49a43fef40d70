"""The outbox keeps the order of turns, and waits only where waiting is needed."""

import asyncio
from contextlib import asynccontextmanager

from beaconfire.errors import NotReachable
from beaconfire.runtime.outbox import Outbox
from beaconfire.runtime.turns import Publish, Purge
from beaconfire.vocabulary.link import Envelope, LinkMessage

EMPTY = LinkMessage(
    header=Envelope(payload="", payload_type="t", signatures=()), inner=()
)


class BorderMade:
    """A border that answers when it is let, and fails as often as it is told."""

    def __init__(self, *, failures=0):
        self.asked = []
        self.done = []
        self.answering = asyncio.Event()
        self.failures = failures

    async def publish(self, party, lane, data, *, msg_id):
        """Take a message."""
        await self._answer(msg_id)

    async def purge(self, party, lane):
        """Empty a lane."""
        await self._answer("purge")

    async def _answer(self, what):
        self.asked.append(what)
        await self.answering.wait()
        if self.failures:
            self.failures -= 1
            raise NotReachable("the border starts again")
        self.done.append(what)


def message(number, epoch=1):
    """Return the effect that lays a message down."""
    return Publish("JPN", "plots", epoch, number, EMPTY)


async def breathe():
    """Let every task come as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def moving(border):
    """An outbox at work, stopped at the end."""
    outbox = Outbox("JPN", border, None)
    outbox.start()
    try:
        yield outbox
    finally:
        await outbox.stop()


def test_a_message_does_not_wait_for_the_answer_to_the_one_before():
    """All are on their way in order before the border has answered any."""

    async def tried():
        border = BorderMade()
        async with moving(border) as outbox:
            for number in (1, 2, 3):
                outbox.put(message(number))
            await breathe()
            assert border.asked == ["1.1", "1.2", "1.3"]
            assert border.done == []
            border.answering.set()
            await asyncio.wait_for(outbox.idle(), 5)
            assert border.done == ["1.1", "1.2", "1.3"]

    asyncio.run(tried())


def test_a_purge_waits_for_what_came_before_and_holds_what_comes_after():
    """Otherwise a message of the ended epoch could stand where the new one begins."""

    async def tried():
        border = BorderMade()
        async with moving(border) as outbox:
            for effect in (message(1), Purge("JPN", "plots"), message(1, epoch=2)):
                outbox.put(effect)
            await breathe()
            assert border.asked == ["1.1"]
            border.answering.set()
            await asyncio.wait_for(outbox.idle(), 5)
            assert border.done == ["1.1", "purge", "2.1"]

    asyncio.run(tried())


def test_a_border_that_starts_again_is_asked_again():
    """What has no answer is laid down once more, and a purge still comes after it."""

    async def tried():
        border = BorderMade(failures=2)
        border.answering.set()
        async with moving(border) as outbox:
            for effect in (message(1), message(2), Purge("JPN", "plots")):
                outbox.put(effect)
            await asyncio.wait_for(outbox.idle(), 5)
            assert sorted(border.done[:2]) == ["1.1", "1.2"]
            assert border.done[2:] == ["purge"]

    asyncio.run(tried())
