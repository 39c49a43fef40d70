"""Chain: whatever is changed, left out, put in or moved, the first break is named."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beaconfire.errors import BadInput
from beaconfire.journal.chain import Chain, ChainBroken, Walk
from beaconfire.journal.entry import Turn, make_turn
from beaconfire.journal.frames import pack

from .turns_made import turn_after, turns_from

DAY = turns_from(None, 8)


def walked(turns: tuple[Turn, ...] | list[Turn]) -> Turn | None:
    """Return the end of the chain that ``turns`` make."""
    chain = Chain()
    for turn in turns:
        chain.accept(turn)
    return chain.last


def framed(turns: tuple[Turn, ...]) -> list[bytes]:
    """Return one frame a turn."""
    limits = {"frame_bytes_max": 4_000, "turn_bytes_max": 100_000}
    return [frame.data for turn in turns for frame in pack((turn,), **limits)]


def test_a_whole_day_holds():
    """Turns as they were made verify to the last."""
    assert walked(DAY) == DAY[-1]


@given(st.integers(0, 6))
def test_a_turn_left_out_is_named(missing):
    """The break is at the number that should have stood there."""
    with pytest.raises(ChainBroken) as broken:
        walked([*DAY[:missing], *DAY[missing + 1 :]])

    assert broken.value.turn == missing + 1
    assert f"turn {missing + 2} stands in its place" in str(broken.value)


@given(st.integers(0, 7), st.integers(0, 7))
def test_two_turns_that_changed_places_are_found(one, other):
    """The order is part of what is chained."""
    turns = list(DAY)
    turns[one], turns[other] = turns[other], turns[one]
    if one == other:
        assert walked(turns) == DAY[-1]
        return
    with pytest.raises(ChainBroken) as broken:
        walked(turns)
    assert broken.value.turn == min(one, other) + 1


@given(st.integers(0, 6))
def test_a_spliced_turn_breaks_the_one_after_it(place):
    """A turn made anew, digest and all, no longer carries the turn that follows."""
    before = DAY[place - 1] if place else None
    forged = turn_after(before, text="forged")

    with pytest.raises(ChainBroken, match="does not follow from the turn") as broken:
        walked([*DAY[:place], forged, *DAY[place + 1 :]])

    assert broken.value.turn == place + 2


def test_a_repeated_turn_is_found():
    """The same turn twice is a break, not a harmless repeat."""
    with pytest.raises(ChainBroken, match="turn 3: it is missing: turn 2 stands"):
        walked([DAY[0], DAY[1], DAY[1]])


def test_time_does_not_run_backwards():
    """A turn's instant is never before that of the turn before."""
    earlier = turn_after(DAY[0], after_s=-1.0)

    with pytest.raises(ChainBroken, match="lies before that of the turn before"):
        walked([DAY[0], earlier])


def test_two_turns_may_share_an_instant():
    """A clock that stands still for a turn is in order."""
    same = turn_after(DAY[0], after_s=0.0)

    assert walked([DAY[0], same]) == same


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"turn": 9}, "says another turn or time"),
        ({"at": DAY[1].at}, "says another turn or time"),
        ({"seq": 7}, "is out of order"),
    ],
)
def test_entries_belong_to_their_turn(change, says):
    """An entry under another turn's number, instant or place is a break."""
    first, second = DAY[0].entries
    turn = make_turn(
        turn=1,
        at=DAY[0].at,
        writer="writer-a",
        previous=DAY[0].previous,
        entries=(first, msgspec.structs.replace(second, **change)),
    )

    with pytest.raises(ChainBroken, match=says):
        walked([turn])


def test_an_empty_turn_is_refused():
    """A turn without entries says nothing and is not kept."""
    turn = make_turn(
        turn=1, at=DAY[0].at, writer="a", previous=DAY[0].previous, entries=()
    )

    with pytest.raises(ChainBroken, match="it has no entries"):
        walked([turn])


def test_a_refused_turn_does_not_move_the_chain():
    """After a break the end stays at the last turn that verified."""
    chain = Chain(DAY[2])
    with pytest.raises(ChainBroken):
        chain.accept(DAY[5])

    assert chain.last == DAY[2]
    chain.accept(DAY[3])


def test_checking_ahead_moves_nothing_and_blames_the_maker():
    """Turns that do not follow are the caller's mistake, not bad input."""
    chain = Chain(DAY[2])

    chain.would_accept(DAY[3:6])
    with pytest.raises(RuntimeError, match="journal turn 5: it is missing"):
        chain.would_accept((DAY[3], DAY[5]))
    assert chain.last == DAY[2]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 7), st.data())
def test_a_walk_names_the_turn_in_which_a_byte_was_changed(which, data):
    """Any changed byte of a stored frame is found, and the first bad turn is named."""
    frames = framed(DAY)
    damaged = bytearray(frames[which])
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place] ^= data.draw(st.integers(1, 255))
    frames[which] = bytes(damaged)
    walk = Walk()
    for frame in frames[:which]:
        walk.feed(frame)

    with pytest.raises(ChainBroken) as broken:
        walk.feed(frames[which])

    assert broken.value.turn == which + 1


def test_a_walk_may_begin_in_the_middle():
    """From a trusted turn on, only what follows needs reading."""
    walk = Walk(after=DAY[3])

    for frame in framed(DAY[4:]):
        walk.feed(frame)

    assert walk.chain.last == DAY[-1]


def test_a_walk_may_begin_before_a_turn_that_it_must_reach():
    """What comes first is taken for the beginning, but never a turn too late."""
    for begin in range(5):
        walk = Walk(reaching=5)
        for frame in framed(DAY[begin:]):
            walk.feed(frame)
        assert walk.chain.last == DAY[-1]
    with pytest.raises(ChainBroken, match="journal turn 5: it is missing: turn 6"):
        Walk(reaching=5).feed(framed(DAY[5:])[0])


def test_the_very_first_turn_has_nothing_before_it():
    """Wherever one begins: turn 1 is chained to nothing but the beginning."""
    first = turn_after(None)
    forged = make_turn(
        turn=1, at=first.at, writer="a", previous="1" * 64, entries=first.entries
    )
    for reaching in (1, 5):
        with pytest.raises(ChainBroken, match="does not follow"):
            Chain(reaching=reaching).accept(forged)


@pytest.mark.parametrize("number", [-1, 0])
def test_turns_are_counted_from_one(number):
    """There is no turn before the first."""
    turn = make_turn(
        turn=number,
        at=DAY[0].at,
        writer="a",
        previous=DAY[0].previous,
        entries=tuple(
            msgspec.structs.replace(entry, turn=number) for entry in DAY[0].entries
        ),
    )
    with pytest.raises(ChainBroken, match="journal turn 1: it is missing"):
        walked([turn])


def test_a_broken_chain_is_bad_input():
    """Whoever reads a damaged journal gets a sentence, and an exit code."""
    assert issubclass(ChainBroken, BadInput)
    assert str(ChainBroken(4, "it is missing")) == "journal turn 4: it is missing"
