"""Memory: crashes happen where they were planned, and nowhere else."""

import asyncio

import pytest

from beaconfire.errors import NoLongerWriter
from beaconfire.journal.chain import ChainBroken
from beaconfire.journal.memory import (
    CrashPoint,
    MemoryJournal,
    MemoryStore,
    PlannedCrash,
)

from .turns_made import turns_from


@pytest.mark.parametrize(
    ("when", "stored"), [(CrashPoint.BEFORE_STORE, 1), (CrashPoint.AFTER_STORE, 2)]
)
def test_a_planned_crash_stores_the_turn_or_not_as_planned(when, stored):
    """Both sides of the store can be hit; what is there is there for the next node."""
    turns = turns_from(None, 3)
    store = MemoryStore()
    journal = MemoryJournal(store)
    journal.plan_crash(2, when)

    with pytest.raises(PlannedCrash, match="planned crash at turn 2"):
        asyncio.run(journal.append(turns))

    assert store.turns == list(turns[:stored])
    again = MemoryJournal(store)
    asyncio.run(again.append(turns[stored:]))
    assert store.turns == list(turns)


def test_a_journal_that_crashed_appends_nothing_more():
    """A dead process writes nothing: the journal is taken up anew instead."""
    turns = turns_from(None, 2)
    journal = MemoryJournal()
    journal.plan_crash(1, CrashPoint.BEFORE_STORE)
    with pytest.raises(PlannedCrash):
        asyncio.run(journal.append(turns[:1]))

    with pytest.raises(RuntimeError, match="this journal has ended"):
        asyncio.run(journal.append(turns[:1]))
    assert journal.store.turns == []


def test_what_is_stored_at_once_is_stored_under_the_same_rules():
    """A world without a loop is fenced and chained as a node on a disk is."""
    turns = turns_from(None, 3)
    journal = MemoryJournal()
    journal.store_turn(turns[0])
    assert journal.next_turn == 2
    with pytest.raises(ChainBroken, match="turn 3 stands in its place"):
        journal.store_turn(turns[2])

    rival = MemoryJournal(journal.store)
    rival.store_turn(turns[1])
    with pytest.raises(NoLongerWriter):
        journal.store_turn(turns[1])
    assert journal.store.turns == list(turns[:2])
