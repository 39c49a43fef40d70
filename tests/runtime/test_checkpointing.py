"""A start takes the newest checkpoint that serves; a lost one costs turns, no more."""

import asyncio
import time
from dataclasses import replace

from beaconfire.journal.memory import MemoryJournal
from beaconfire.runtime import checkpointing
from beaconfire.runtime.checkpoint import SCHEMA, pack, save
from beaconfire.runtime.checkpointing import Checkpointing, replay
from beaconfire.runtime.forked import Copy
from beaconfire.vocabulary.entries.arrivals import Checkpoint
from tests.runtime.test_checkpoint import feed, fresh, stage, started


async def journal_with_checkpoints(ends):
    """Return (journal, digest, states): a checkpoint after so many scans."""
    scans = stage()[3]
    journal, node, states = MemoryJournal(), fresh(), []
    await journal.append((started(node),))
    begin = 0
    for end in ends:
        await journal.append(tuple(feed(node, scans[begin:end])))
        begin = end
        upto = node.turns
        states.append(await journal.save_checkpoint(upto, pack(save(node))))
        note = Checkpoint(upto=upto, state_digest=states[-1], schema=SCHEMA)
        await journal.append((node.turn(note, by="runtime", at=node.at)[0],))
    await journal.append(tuple(feed(node, scans[begin : begin + 2])))
    return journal, node.digest, states


def test_a_damaged_checkpoint_gives_way_to_the_one_before_it():
    """Three are kept so that one damaged file does not cost a night of folding."""

    async def tried():
        journal, digest, states = await journal_with_checkpoints((3, 6))
        journal.store.checkpoints[states[-1]] = b"damaged"
        said = []
        node = await replay(fresh, journal, said.append)
        assert node.digest == digest
        assert "after turn 8 is not whole" in said[0]
        assert "replayed 7 turns after the checkpoint at 4," in said[-1]

    asyncio.run(tried())


def test_a_checkpoint_that_was_never_made_costs_no_more_than_its_turns(monkeypatch):
    """The one before lies further back than a whole one would, and is found."""
    few = replace(checkpointing.SETTINGS, checkpoint_turns_max=3, late_turns_max=1)
    monkeypatch.setattr(checkpointing, "SETTINGS", few)

    async def tried():
        journal, digest, states = await journal_with_checkpoints((3, 10))
        del journal.store.checkpoints[states[-1]]
        said = []
        node = await replay(fresh, journal, said.append)
        assert node.digest == digest
        assert "after the checkpoint at 4," in said[-1]

    asyncio.run(tried())


def test_with_no_checkpoint_that_serves_all_turns_are_folded():
    """What is kept may all be lost: the journal alone is enough."""

    async def tried():
        journal, digest, _ = await journal_with_checkpoints((3, 6))
        journal.store.checkpoints.clear()
        said = []
        node = await replay(fresh, journal, said.append)
        assert node.digest == digest
        assert said[-1].startswith("replayed 11 turns, up to")

    asyncio.run(tried())


class Standing:
    """A node that has made many turns."""

    turns = 0


def test_whatever_fails_a_checkpoint_is_said(monkeypatch):
    """A failure of the system's costs one checkpoint, and a person hears of it."""
    said: list[str] = []

    def fails(*_):
        raise OSError(24, "too many open files")

    async def tried():
        node = Standing()
        keeping = Checkpointing(node, MemoryJournal(), lambda _: None, said.append)
        node.turns = 1_000_000
        monkeypatch.setattr(checkpointing, "save", lambda _: b"state")
        with monkeypatch.context() as patched:
            patched.setattr("beaconfire.runtime.forked.os.set_blocking", fails)
            keeping.between_frames()
            await keeping.stop()

    asyncio.run(tried())
    why = "a copy of the process: too many open files"
    assert said == [f"no checkpoint after turn 1000000: {why}"]


def test_a_stop_leaves_no_copy_behind(monkeypatch):
    """One that takes too long is given up: nothing waits for it any more."""
    few = replace(checkpointing.SETTINGS, stop_s_max=0.05)
    monkeypatch.setattr(checkpointing, "SETTINGS", few)
    made = []

    class Slow(Copy):
        def __init__(self, make):
            super().__init__(lambda: time.sleep(60) or b"")
            made.append(self)

    monkeypatch.setattr(checkpointing, "Copy", Slow)

    async def tried():
        node = Standing()
        keeping = Checkpointing(node, MemoryJournal(), lambda _: None, lambda _: None)
        node.turns = 1_000_000
        keeping.between_frames()
        await keeping.stop()
        assert {asyncio.current_task()} == asyncio.all_tasks()

    asyncio.run(tried())
    assert len(made) == 1
