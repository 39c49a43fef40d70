"""The doors' answers when the node can take nothing more."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from beaconfire.errors import BeaconfireError
from beaconfire.runtime.doors import Doors


class Full:
    """A writer that takes nothing."""

    def offer(self, body, *, by, stored):
        """Refuse it."""
        message = "the node has 20000 inputs waiting; try again"
        raise BeaconfireError(message)


class Client:
    """A connection that keeps what is published."""

    def __init__(self):
        self.said = []

    async def publish(self, subject, data):
        """Keep it."""
        self.said.append((subject, json.loads(data)))


WAITING = "the node has 20000 inputs waiting; try again"
HEARD = {"v": 1, "accepted": 0, "rejected": [WAITING]}
JUDGED = {"v": 1, "accepted": False, "reason": WAITING, "entry": None}


@pytest.mark.parametrize(
    ("door", "subject", "data", "answer"),
    [
        ("_hear_sensor", "sensors.radar-1.plots", b"", HEARD),
        ("_hear_sensor", "sensors.radar-1.cues", b"\xff", HEARD),
        ("_hear_order", "orders.suspend", b"{}", JUDGED),
    ],
)
def test_a_door_that_takes_nothing_says_so_in_its_own_form(door, subject, data, answer):
    """A sensor reads how many plots were taken and why not the others, always."""

    async def scene():
        doors, client = Doors(None, Full()), Client()
        doors._client = client
        message = SimpleNamespace(subject=subject, data=data, reply="_INBOX.x")
        await getattr(doors, door)(message)
        await asyncio.sleep(0)
        assert client.said == [("_INBOX.x", answer)]

    asyncio.run(scene())
