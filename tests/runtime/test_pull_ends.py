"""A request for messages ends when it is told to, whatever the client makes of that."""

import asyncio
import contextlib

from beaconfire.runtime.pull import _Line

WAIT_S = 15.0


class Heartbeat:
    """What a border sends so that a request is known to stand."""

    data = b""

    def __init__(self):
        self.headers = {"Status": "100"}


class Forgetful:
    """A subscription whose waiting ends with a message, though it was cancelled.

    The client's does that when both come at once (Python 3.11).
    """

    async def next_msg(self, timeout):
        """Wait; return a heartbeat when told to end."""
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(timeout)
        return Heartbeat()


def test_a_message_that_comes_with_the_end_of_a_request_does_not_keep_it_alive():
    """Else who ends a line waits for that request for ever: a node would never stop."""

    async def scene():
        line = _Line(lambda pulled: None)
        hearing = asyncio.create_task(line._hear(Forgetful(), "notices"))
        await asyncio.sleep(0)
        hearing.cancel()
        await asyncio.wait([hearing], timeout=WAIT_S)
        assert hearing.cancelled()

    asyncio.run(scene())


class Full:
    """A client with more unsent than it may have: it waits, and forgets to be told.

    The client's flushing passes over a cancellation.
    """

    def __init__(self):
        self.asked = []

    async def publish(self, subject, data):
        """Wait; go on as if nothing had been said."""
        self.asked.append(subject)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(WAIT_S)


def test_an_acknowledgement_that_waits_to_leave_does_not_keep_its_line_alive():
    """A partner that stops reading must not keep our node from stopping."""

    async def scene():
        line = _Line(lambda pulled: None)
        line._client = full = Full()
        for subject in ("one", "other"):
            await line._acknowledge(subject)
        giving = asyncio.create_task(line._acks.give_all(line._give_ack))
        while not full.asked:
            await asyncio.sleep(0)
        giving.cancel()
        await asyncio.wait([giving], timeout=WAIT_S / 3)
        assert giving.cancelled()
        assert full.asked == ["one"]

    asyncio.run(scene())
