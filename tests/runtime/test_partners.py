"""What comes from a partner's border goes to the node, or is refused in the journal."""

import asyncio

from beaconfire.runtime.effects import CloseLink
from beaconfire.runtime.partners import Partners
from beaconfire.runtime.pull import Pulled
from beaconfire.runtime.settings import SETTINGS
from beaconfire.vocabulary.entries.arrivals import LinkArrival
from beaconfire.vocabulary.entries.sightings import Rejection


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


def test_a_message_larger_than_any_may_be_is_refused_unread():
    """Its size stands in the journal, not its bytes; it is not asked for again."""

    async def scene():
        writer = Stored()
        partners = Partners((), None, None, writer, None)
        most = SETTINGS.link_payload_bytes_max
        laid = Laid(b"x" * (most + 1))
        await partners.take_all("KOR", laid)
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
        partners = Partners((), None, None, writer, None)
        laid = Laid(b"x" * (SETTINGS.link_payload_bytes_max + 1))
        partners.put(CloseLink("KOR"))
        await partners.take_all("KOR", laid)
        await asyncio.sleep(0)

        assert len(writer.bodies) == 1
        assert laid.acknowledged == []

    asyncio.run(scene())
