"""The outbox keeps the order of turns, and waits only where waiting is needed."""

import asyncio
import gc
from contextlib import asynccontextmanager

import pytest

from beaconfire.errors import BeaconfireError, NotReachable
from beaconfire.runtime.effects import GiveReceipt, Publish, Purge
from beaconfire.runtime.outbox import Outbox
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import codec
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


async def come_to(state):
    """Let every task go on until ``state`` is so."""
    async with asyncio.timeout(5):
        while not state():
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
            await come_to(lambda: len(border.done) == 3)
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
            await come_to(lambda: len(border.done) == 3)
            assert border.done == ["1.1", "purge", "2.1"]

    asyncio.run(tried())


def test_a_lane_is_emptied_without_waiting_for_another():
    """A suspension empties three at once; what is laid in one holds up no other."""

    async def tried():
        border = BorderMade()
        async with moving(border) as outbox:
            assert not outbox.purging
            outbox.put(message(1))
            outbox.put(Purge("JPN", "notices"))
            outbox.put(Purge("JPN", "tracks"))
            await breathe()
            assert border.asked == ["1.1", "purge", "purge"]
            assert outbox.purging
            border.answering.set()
            await come_to(lambda: not outbox.purging)

    asyncio.run(tried())


def test_a_border_that_starts_again_is_asked_again():
    """What has no answer is laid down once more, and a purge still comes after it."""

    async def tried():
        border = BorderMade(failures=2)
        border.answering.set()
        async with moving(border) as outbox:
            for effect in (message(1), message(2), Purge("JPN", "plots")):
                outbox.put(effect)
            await come_to(lambda: len(border.done) == 3)
            assert sorted(border.done[:2]) == ["1.1", "1.2"]
            assert border.done[2:] == ["purge"]

    asyncio.run(tried())


class PullMade:
    """A line that takes receipts, and fails as often as it is told."""

    def __init__(self, *, failures):
        self.taken = []
        self.failures = failures

    async def send_receipt(self, data):
        """Take a receipt, or be out of reach."""
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise NotReachable("not taken")
        self.taken.append(data)


def receipt(lane, name):
    """Return the effect that gives a receipt."""
    sealed = Envelope(payload=name, payload_type="t", signatures=())
    return GiveReceipt("JPN", lane, sealed)


def test_a_receipt_that_was_not_taken_is_given_again_and_holds_up_no_other_lane():
    """The line may stay up all the while: nothing else would ever give it again."""

    async def tried():
        pull = PullMade(failures=2)
        outbox = Outbox("JPN", BorderMade(), pull)
        for effect in (
            receipt("plots", "old"),
            receipt("tracks", "only"),
            receipt("plots", "new"),
        ):
            outbox.put(effect)
        outbox.start()
        async with asyncio.timeout(5):
            while len(pull.taken) < 2:
                await asyncio.sleep(0.01)
        await outbox.stop()
        given = (receipt("tracks", "only"), receipt("plots", "new"))
        assert set(pull.taken) == {codec.encode(one.receipt) for one in given}

    asyncio.run(tried())


class PullThatTakesTime(PullMade):
    """A line whose partner stores a receipt for a while; more come meanwhile."""

    def __init__(self, outbox_of, more):
        super().__init__(failures=0)
        self.outbox_of, self.more = outbox_of, more

    async def send_receipt(self, data):
        """Take a receipt; meanwhile further messages are stored here."""
        for _ in range(self.more):
            self.outbox_of().put(receipt("plots", "later"))
        await super().send_receipt(data)


def pauses(count, *, more):
    """Return how many pauses long it takes until ``count`` receipts have gone out."""

    async def tried():
        outbox = Outbox("JPN", BorderMade(), None)
        pull = PullThatTakesTime(lambda: outbox, more)
        outbox._pull = pull
        outbox.put(receipt("plots", "first"))
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        outbox.start()
        while len(pull.taken) < count:
            await asyncio.sleep(0)
        took_s = loop.time() - begun_s
        await outbox.stop()
        return took_s / SETTINGS.receipt_pause_s

    return asyncio.run(tried())


def test_receipts_for_what_comes_meanwhile_wait_for_the_pause():
    """Each is a turn at the partner: one a message would be half of its journal."""
    assert pauses(3, more=1) >= 1.9


def test_a_part_of_a_window_without_its_receipt_ends_the_pause():
    """Else a fast lane would stand before a full window for as long as the pause."""
    assert pauses(41, more=SETTINGS.pause_messages_max) < 40


class RefusingBorder(BorderMade):
    """A border that takes no message."""

    async def publish(self, party, lane, data, *, msg_id):
        """Refuse it."""
        raise BeaconfireError(f"refused {msg_id}")


@pytest.mark.parametrize("watched", [True, False])
def test_messages_that_are_refused_together_are_told_once(watched):
    """The first reason ends the node; nothing is left that nobody asked for."""
    said = []

    async def tried():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: said.append(context["message"]))
        outbox = Outbox("JPN", RefusingBorder(), None)
        outbox.start()
        outbox.put(message(1))
        outbox.put(message(2))
        await breathe()
        if watched:
            with pytest.raises(BeaconfireError, match=r"refused 1\.1"):
                await outbox.failed()
        await outbox.stop()
        del outbox
        gc.collect()

    asyncio.run(tried())
    gc.collect()
    assert said == []
