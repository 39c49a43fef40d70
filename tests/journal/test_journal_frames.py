"""Frames: any turns go in and the same turns come out, at every size."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beaconfire.errors import BadInput
from beaconfire.journal.entry import Turn
from beaconfire.journal.frames import (
    HEAD_BYTES_MAX,
    Assembler,
    Frame,
    Unfinished,
    pack,
    read_head,
)

from .turns_made import turn_after, turns_from

FRAME_BYTES_MAX = 2_000


def packed(*turns: Turn, turn_bytes_max: int = 100_000) -> tuple[Frame, ...]:
    """Return ``turns`` in frames of at most 2,000 bytes."""
    return pack(turns, frame_bytes_max=FRAME_BYTES_MAX, turn_bytes_max=turn_bytes_max)


def reassembled(frames: list[bytes]) -> tuple[Turn, ...]:
    """Return the turns that ``frames`` hold, read in order."""
    assembler = Assembler()
    return tuple(turn for frame in frames for turn in assembler.feed(frame))


@st.composite
def days(draw: st.DrawFn) -> tuple[Turn, ...]:
    """A chain of turns of any sizes: some share a frame, some need several."""
    sizes = st.sampled_from([0, 10, 300, 900, 1_400, 1_600, 5_000, 12_000])
    turns: list[Turn] = []
    for size in draw(st.lists(sizes, min_size=1, max_size=12)):
        text = draw(st.text(max_size=8)) + "ü" * size
        turns.append(turn_after(turns[-1] if turns else None, entries=1, text=text))
    return tuple(turns)


@settings(max_examples=60, deadline=None)
@given(days())
def test_turns_come_back_as_they_went_in(turns):
    """Packing loses nothing, whatever the sizes, and no frame exceeds the limit."""
    frames = packed(*turns)

    assert all(len(frame.data) <= FRAME_BYTES_MAX for frame in frames)
    assert reassembled([frame.data for frame in frames]) == turns


@settings(max_examples=60, deadline=None)
@given(days())
def test_what_a_frame_completes_is_what_is_whole_when_it_is_stored(turns):
    """After frame k exactly the turns up to its ``completes`` can be read back."""
    frames = packed(*turns)
    done = 0
    for stored, frame in enumerate(frames, start=1):
        if frame.completes is not None:
            done = frame.completes.turn
        whole = reassembled([one.data for one in frames[:stored]])
        assert len(whole) == done


@pytest.mark.parametrize("size", [10, 1_600])
def test_a_flipped_bit_is_always_found(size):
    """Every bit of a frame, head and body, of a whole turn and of a part."""
    frame = packed(turn_after(None, text="x" * size, entries=1))[0].data
    for place in range(len(frame) * 8):
        damaged = bytearray(frame)
        damaged[place // 8] ^= 1 << place % 8
        with pytest.raises(BadInput):
            Assembler().feed(bytes(damaged))


def test_several_small_turns_share_one_frame():
    """A busy node's turns are stored by one fsync, not by one each."""
    turns = turns_from(None, 3)

    (frame,) = pack(turns, frame_bytes_max=262_144, turn_bytes_max=1_000_000)

    head = read_head(frame.data)
    assert (head.first, head.last, head.part, head.of) == (1, 3, 1, 1)
    assert frame.completes == turns[-1]


def test_a_large_turn_counts_only_with_its_last_part():
    """Parts before the last give nothing; the unfinished run says where it stands."""
    turn = turn_after(None, text="x" * 4_000, entries=1)
    frames = packed(turn)
    assembler = Assembler()

    assert len(frames) == 3
    assert assembler.feed(frames[0].data) == ()
    assert assembler.feed(frames[1].data) == ()
    assert assembler.unfinished == Unfinished(turn=1, parts=2, of=3)
    assert assembler.feed(frames[2].data) == (turn,)
    assert assembler.unfinished is None


@pytest.mark.parametrize("stored_parts", [1, 2])
@pytest.mark.parametrize("size", [10, 4_000])
def test_an_unfinished_run_is_passed_over(stored_parts, size):
    """A writer died between parts: the next stores the same turn anew, any size."""
    abandoned = packed(turn_after(None, text="x" * 4_000, entries=1))
    anew = turn_after(None, writer="writer-b", text="y" * size, entries=1)
    frames = [*abandoned[:stored_parts], *packed(anew)]

    assert reassembled([frame.data for frame in frames]) == (anew,)


def test_a_part_without_those_before_it_is_refused():
    """A missing part is named, not papered over."""
    frames = packed(turn_after(None, text="x" * 4_000, entries=1))

    with pytest.raises(BadInput, match="part 3 of 3 of turn 1 stands without"):
        reassembled([frames[0].data, frames[2].data])


def test_parts_of_two_writers_are_never_joined():
    """A run is one writer's: another's parts of the same turn do not continue it."""
    ours = packed(turn_after(None, text="x" * 4_000, entries=1))
    theirs = packed(turn_after(None, writer="writer-b", text="x" * 4_000, entries=1))

    with pytest.raises(BadInput, match="stands without the parts before it"):
        reassembled([ours[0].data, theirs[1].data])


def test_a_turn_beyond_the_limit_is_refused_before_anything_is_packed():
    """The limit for one turn is said with the turn's size."""
    turn = turn_after(None, text="x" * 5_000, entries=1)

    with pytest.raises(BadInput, match=r"turn 1: \d+ bytes are too many .* is 4000"):
        packed(turn, turn_bytes_max=4_000)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "has no head line"),
        (b"{}", "has no head line"),
        (b"plots\n", "not JSON"),
        (b'{"v":2}\n', "journal frame"),
        (
            b'{"v":1,"writer":"a","first":2,"last":1,"part":1,"of":1,"digest":"%s"}\n'
            % (b"0" * 64),
            "contradicts itself",
        ),
        (
            b'{"v":1,"writer":"a","first":1,"last":1,"part":3,"of":2,"digest":"%s"}\n'
            % (b"0" * 64),
            "contradicts itself",
        ),
    ],
)
def test_what_is_not_a_frame_is_refused(data, says):
    """Foreign bytes in the stream are named as such, never skipped."""
    with pytest.raises(BadInput, match=says):
        Assembler().feed(data)


@pytest.mark.parametrize(
    ("said", "forged_to"),
    [
        (b'"first":1,"last":1', b'"first":2,"last":2'),
        (b'"first":1,"last":1', b'"first":1,"last":10000000000000'),
        (b'"writer":"writer-a"', b'"writer":"writer-b"'),
    ],
)
def test_the_turns_must_be_those_the_head_names(said, forged_to):
    """A head that promises another writer's or other turns is refused."""
    (frame,) = packed(turn_after(None, entries=1))
    head_line, _, body = frame.data.replace(said, forged_to, 1).partition(b"\n")
    said_now = json.loads(head_line)
    said_now["digest"] = hashlib.sha256(
        "{writer}\n{first}\n{last}\n{part}\n{of}\n".format(**said_now).encode() + body
    ).hexdigest()
    forged = json.dumps(said_now).encode() + b"\n" + body

    with pytest.raises(BadInput, match="does not hold the turns its head names"):
        Assembler().feed(forged)


def test_the_longest_head_fits_in_the_room_kept_for_it():
    """The frame limit holds also for the longest writer name and largest numbers."""
    frames = packed(turn_after(None, writer="w" * 128, text="x" * 4_000, entries=1))
    longest = max(frame.data.index(b"\n") for frame in frames)

    # 4 counts of up to 19 digits each, of which these heads use one digit each.
    assert longest + 1 + 4 * 18 <= HEAD_BYTES_MAX
