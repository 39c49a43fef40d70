"""A node's journal is read while the node may be killed."""

import asyncio
from pathlib import Path

import pytest

from beaconfire.exercise.node_process import NodeProcess


class Slow:
    """A journal whose reading waits, and fails if it was closed meanwhile."""

    def __init__(self):
        self.closed = False
        self.reading = asyncio.Event()

    async def read(self, from_turn):
        """Wait for a moment, then read nothing."""
        self.reading.set()
        await asyncio.sleep(0.01)
        if self.closed:
            raise RuntimeError("this journal is closed")
        for nothing in ():
            yield nothing

    async def close(self):
        """Be closed."""
        self.closed = True


def read_while(happening):
    """Return what is read while something happens to the node."""

    async def scene():
        node = NodeProcess(Path("nowhere"))
        node._journal = journal = Slow()

        async def read():
            return [turn async for turn in node.new_turns()]

        reading = asyncio.create_task(read())
        await journal.reading.wait()
        await happening(node, journal)
        return await reading

    return asyncio.run(scene())


def test_a_node_that_is_killed_while_it_is_read_is_read_later():
    """The exercise that kills it goes on; its journal is read when it is up again."""

    async def kill(node, _):
        await node.kill()

    assert read_while(kill) == []


def test_a_journal_that_is_closed_by_mistake_is_a_mistake():
    """It hides no fault of ours."""

    async def close(_, journal):
        await journal.close()

    with pytest.raises(RuntimeError, match="closed"):
        read_while(close)
