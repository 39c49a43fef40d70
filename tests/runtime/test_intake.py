"""What comes from a partner's border goes to the node, or is refused in the journal."""

import asyncio

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

    def offer(self, body, *, by, stored):
        """Keep it and say that it is stored."""
        self.bodies.append(body)
        stored(None, ())


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


def intake(writer):
    """Return Korea's intake, at the beginning of every lane."""
    return Intake("KOR", writer, {lane: Resequencer() for lane in LANES})


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
