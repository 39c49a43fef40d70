"""What comes from a partner's border goes to the node, or is refused in the journal."""

import asyncio
import hashlib
from types import SimpleNamespace

from beaconfire.runtime import handed
from beaconfire.runtime.intake import Intake, WaysBack
from beaconfire.runtime.pull import Pulled
from beaconfire.runtime.resequence import HELD_MESSAGES_MAX, Resequencer
from beaconfire.runtime.settings import SETTINGS
from beaconfire.vocabulary.entries.arrivals import LinkArrival
from beaconfire.vocabulary.entries.sightings import Rejection
from beaconfire.vocabulary.link import LANES

from .test_resequence import message


class Stored:
    """A writer that stores at once, and keeps what it was offered."""

    def __init__(self):
        self.bodies = []

    def offer(self, body, *, by, stored, partner):
        """Keep it and say that it is stored."""
        assert partner == "KOR"
        self.bodies.append(body)
        self.store(stored)

    def store(self, stored, *, refused=()):
        """Say that a turn with these refusals is stored."""
        entries = tuple(SimpleNamespace(body=body) for body in refused)
        stored(SimpleNamespace(entries=entries), ())


class Slow(Stored):
    """A writer that stores what waits when it is told to."""

    def __init__(self):
        super().__init__()
        self.waiting = []

    def store(self, stored):
        """Let it wait."""
        self.waiting.append(stored)

    def store_one(self, *, refused=()):
        """Store what has waited longest."""
        super().store(self.waiting.pop(0), refused=refused)


class Laid:
    """A line that brings these messages of one lane."""

    def __init__(self, *messages):
        self._messages = messages
        self.acknowledged = []

    async def messages(self):
        """Yield them."""
        for data in self._messages:
            yield Pulled("plots", data, self._acknowledger(data))

    def _acknowledger(self, data):
        async def ack():
            self.acknowledged.append(data)

        return ack


def intake(writer, say=print):
    """Return Korea's intake, at the beginning of every lane."""
    order = {lane: Resequencer() for lane in LANES}
    return Intake("KOR", writer, order, say=say)


async def settled():
    """Let whatever can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def none():
    """Answer nobody."""


def test_a_message_larger_than_any_may_be_is_refused_unread():
    """Its size stands in the journal, not its bytes; it is not asked for again."""

    async def scene():
        writer = Stored()
        most = SETTINGS.link_payload_bytes_max
        laid = Laid(b"x" * (most + 1))
        await intake(writer).take_all(laid)
        await asyncio.sleep(0)

        (refused,) = writer.bodies
        assert isinstance(refused, Rejection)
        assert (refused.source, refused.what) == ("KOR", "link message")
        assert refused.reason == f"{most + 1} bytes; at most {most} are looked at"
        assert len(laid.acknowledged) == 1
        assert not any(isinstance(body, LinkArrival) for body in writer.bodies)

    asyncio.run(scene())


def test_what_a_closed_link_refuses_is_left_at_its_border():
    """Taken from there it would be a hole in the lane when another card opens it."""

    async def scene():
        writer = Stored()
        taken = intake(writer)
        laid = Laid(b"x" * (SETTINGS.link_payload_bytes_max + 1))
        taken.close()
        await taken.take_all(laid)
        await asyncio.sleep(0)

        assert len(writer.bodies) == 1
        assert laid.acknowledged == []

    asyncio.run(scene())


def test_what_is_held_back_is_answered_for_once_it_is_stored():
    """Whatever order messages come in, each is acknowledged, and only when stored."""

    async def scene():
        writer = Stored()
        laid = Laid(*(message(number).encode() for number in (3, 2, 2, 1)))
        await intake(writer).take_all(laid)
        await asyncio.sleep(0)

        stored = [body.message for body in writer.bodies]
        assert stored == [message(number) for number in (1, 2, 3)]
        assert [text.decode() for text in laid.acknowledged] == stored

    asyncio.run(scene())


def test_of_what_is_never_offered_nothing_is_kept_but_a_window_of_digests():
    """A partner that lays the middle of a later epoch for ever costs no memory.

    It was kept whole, thousands of messages of all partners together.
    """

    async def scene():
        writer = Stored()
        taken = intake(writer)
        count = 20 * HELD_MESSAGES_MAX
        floods = (message(n, epoch=2).encode() for n in range(2, count))
        await taken.take_all(Laid(*floods))
        assert writer.bodies == []

        first, second = message(1), message(2)
        laid = Laid(second.encode(), first.encode())
        await taken.take_all(laid)
        await asyncio.sleep(0)
        assert laid.acknowledged == [first.encode(), second.encode()]

    asyncio.run(scene())


def test_ways_back_are_as_many_as_a_lane_holds_and_keep_no_text():
    """The oldest is forgotten: what is stored without an answer comes again."""
    ways_back = WaysBack()
    for number in range(10 * HELD_MESSAGES_MAX):
        ways_back.keep(f"{number} " + "x" * 10_000, none)
    assert len(ways_back) == HELD_MESSAGES_MAX
    assert ways_back.take("0 " + "x" * 10_000) is None
    newest = f"{10 * HELD_MESSAGES_MAX - 1} " + "x" * 10_000
    assert ways_back.take(newest) is none
    assert ways_back.take(newest) is None


def test_a_large_text_that_is_no_message_is_journalled_by_its_digest():
    """Refused messages alone filled a disk, whole and fsynced, at 90 MB a second."""

    async def scene():
        writer = Stored()
        junk = b'{"v":1,"zz":"' + b"x" * 500_000 + b'"}'
        laid = Laid(junk, b"\xff" * 500_000)
        await intake(writer).take_all(laid)
        await settled()

        refused, odd = writer.bodies
        assert isinstance(refused, Rejection)
        assert refused.what == "link message"
        digest = hashlib.sha256(junk).hexdigest()
        size = len(junk)
        assert refused.reason.startswith("link message: unknown key `zz`; ")
        assert refused.reason.endswith(f"{size} bytes, sha256:{digest}")
        assert refused.excerpt == junk[:512].decode()
        assert len(odd.excerpt) == 512
        assert laid.acknowledged == [junk, b"\xff" * 500_000]

    asyncio.run(scene())


def test_a_small_text_that_is_no_message_is_left_to_the_node():
    """It is evidence, and a later version may judge it again."""

    async def scene():
        writer = Stored()
        await intake(writer).take_all(Laid(b'{"v":9}'))
        (body,) = writer.bodies
        assert isinstance(body, LinkArrival)

    asyncio.run(scene())


def test_no_more_is_handed_over_than_the_lanes_windows():
    """A border that keeps no window is read no faster than its messages are stored."""

    async def scene():
        writer = Slow()
        most = handed.MESSAGES_MAX
        laid = Laid(*(message(number).encode() for number in range(1, 3 * most)))
        taking = asyncio.create_task(intake(writer).take_all(laid))
        await settled()
        for stored in range(most):
            assert len(writer.bodies) == most + stored
            writer.store_one()
            await settled()
        taking.cancel()
        told = [body.message for body in writer.bodies]
        assert told == [message(number) for number in range(1, 2 * most + 1)]

    asyncio.run(scene())


def test_no_more_bytes_are_handed_over_than_their_limit():
    """Twenty thousand inputs may wait; twenty thousand of the largest are 10 GB."""

    async def scene():
        writer = Slow()
        largest = SETTINGS.link_payload_bytes_max - 1024
        text = message(1).replace("{", "{" + " " * largest, 1)
        laid = Laid(*[text.encode()] * 50)
        taking = asyncio.create_task(intake(writer).take_all(laid))
        most = SETTINGS.handed_bytes_max // len(text)
        for count in range(most, most + 5):
            await settled()
            assert len(writer.bodies) == count
            writer.store_one()
        taking.cancel()

    asyncio.run(scene())


def test_what_is_refused_is_taken_at_a_bounded_rate():
    """The journal keeps a refusal's text, since a replay judges it again.

    Before the rate counts there is a burst, and whoever runs the node is told.
    """

    async def scene():
        writer, said = Slow(), []
        text = message(1).replace("{", "{" + " " * 400_000, 1)
        laid = Laid(*[text.encode()] * 100)
        taking = asyncio.create_task(intake(writer, said.append).take_all(laid))
        refused = Rejection(source="KOR", what="link message", reason="not theirs")
        await settled()
        while writer.waiting:
            writer.store_one(refused=[refused])
            await settled()
        burst = SETTINGS.handed_bytes_max // len(text) + 1
        assert burst <= len(writer.bodies) <= 2 * burst
        assert len(said) == 1
        taking.cancel()

    asyncio.run(scene())
