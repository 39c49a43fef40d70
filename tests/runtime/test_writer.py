"""The writer's frames: many turns in one, but one where a lane must be emptied."""

import asyncio

from beaconfire.runtime.effects import Purge
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.writer import Writer
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.times import Instant

NOW = Instant.parse("2030-01-01T00:00:00Z")


class NodeMade:
    """Makes numbered turns; some of them empty a lane."""

    def __init__(self, *, purge_at=()):
        self.turns = 0
        self._purge_at = purge_at

    def turn(self, body, *, by, at):
        """Return the turn's number for the turn itself."""
        self.turns += 1
        purges = self.turns in self._purge_at
        return self.turns, (Purge("JPN", "plots"),) if purges else ()


class JournalMade:
    """Keeps the frames that it was given."""

    def __init__(self):
        self.frames = []

    async def append(self, turns):
        """Store a frame."""
        await asyncio.sleep(0)
        self.frames.append(turns)


class ClockMade:
    """Stands still."""

    def now(self):
        """Return always the same."""
        return NOW


def frames(count, *, purge_at=(), purging=lambda done: False, ordered=()):
    """Return the frames in which so many inputs are stored."""
    done, journal = [], JournalMade()
    writer = Writer(
        NodeMade(purge_at=purge_at),
        journal,
        ClockMade(),
        perform=done.append,
        between=lambda: None,
        purging=lambda: purging(done),
    )
    for number in range(1, count + 1):
        writer.offer(Tick(), by="person" if number in ordered else "runtime")
    writer.finish()
    asyncio.run(writer.run())
    assert sum(journal.frames, ()) == tuple(range(1, count + 1))
    return [len(frame) for frame in journal.frames]


def test_what_gathered_goes_into_one_frame_up_to_a_limit():
    """A busy node pays for one fsync, and the first input does not wait for ever."""
    most = SETTINGS.frame_turns_max
    assert frames(5) == [5]
    assert frames(most + 1) == [most, 1]


def test_what_a_person_orders_begins_a_frame():
    """It is stored as soon as it is judged, whatever was worked out before it."""
    assert frames(9, ordered=(1, 4, 5)) == [3, 1, 5]


def test_a_turn_that_empties_a_lane_ends_its_frame():
    """The purge follows the commit, so that must not wait for turns behind it."""
    assert frames(9, purge_at=(4,)) == [4, 5]


def test_while_a_lane_is_being_emptied_a_frame_holds_one_turn():
    """The border's answers are read between two frames, and the node goes on."""
    looks = []

    def purging(done):
        if done:
            looks.append(1)
        return bool(done) and len(looks) < 4

    assert frames(9, purge_at=(4,), purging=purging) == [4, 1, 1, 1, 2]
