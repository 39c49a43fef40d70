"""The writer's frames: many turns in one, but one where a lane must be emptied."""

import asyncio

from beaconfire.runtime.effects import Purge
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.writer import Writer
from beaconfire.vocabulary.entries.arrivals import LinkArrival, Tick
from beaconfire.vocabulary.times import Instant

NOW = Instant.parse("2030-01-01T00:00:00Z")


class NodeMade:
    """Makes numbered turns; some of them empty a lane."""

    def __init__(self, *, purge_at=()):
        self.turns = 0
        self.bodies = []
        self._purge_at = purge_at

    def turn(self, body, *, by, at):
        """Return the turn's number for the turn itself."""
        self.turns += 1
        self.bodies.append(body)
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


def sequence(*offered):
    """Return the inputs in the order of their turns, and the sizes of the frames."""
    node, journal = NodeMade(), JournalMade()
    writer = Writer(
        node,
        journal,
        ClockMade(),
        perform=lambda effect: None,
        between=lambda: None,
        purging=lambda: False,
    )
    for partner, body in offered:
        writer.offer(body, by="runtime", partner=partner)
    writer.finish()
    asyncio.run(writer.run())
    return node.bodies, [len(frame) for frame in journal.frames]


def arrival(party, message):
    """Return a message of this partner, as the writer is offered it."""
    return party, LinkArrival(partner=party, lane="plots", message=message)


def test_the_nodes_own_inputs_come_before_any_partners():
    """A radar's scan does not wait behind what a partner laid before it."""
    own = (None, Tick())
    partners = [arrival("KOR", str(number)) for number in range(5)]
    turns, _ = sequence(*partners, own)
    assert turns == [own[1], *(body for _, body in partners)]


def test_a_flood_of_own_inputs_does_not_keep_a_partner_out():
    """Its suspension must count though a sensor sends more than the node can take."""
    row = SETTINGS.own_inputs_in_a_row_max
    flood = [(None, Tick()) for _ in range(3 * row)]
    acts = [arrival("KOR", str(number)) for number in range(2)]
    turns, _ = sequence(*flood, *acts)
    assert [turns.index(body) for _, body in acts] == [row, 2 * row + 1]


def test_partners_take_turns_and_each_ones_order_stays():
    """One that sends much makes another wait for one of its messages, not for all."""
    much = [arrival("KOR", str(number)) for number in range(4)]
    little = [arrival("USA", str(number)) for number in range(2)]
    turns, _ = sequence(*much, *little)
    came = [(body.partner, body.message) for body in turns]
    assert came == [
        ("KOR", "0"),
        ("USA", "0"),
        ("KOR", "1"),
        ("USA", "1"),
        ("KOR", "2"),
        ("KOR", "3"),
    ]


def test_a_frame_ends_with_the_message_that_fills_it():
    """Sixty-four of the largest in one would keep the next scan for seconds."""
    large = "x" * SETTINGS.link_payload_bytes_max
    small = [arrival("KOR", "small") for _ in range(3)]
    _, sizes = sequence(arrival("KOR", large), arrival("KOR", large), *small)
    assert sizes == [1, 1, 3]
