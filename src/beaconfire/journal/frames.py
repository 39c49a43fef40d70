"""Frames: turns as the messages they are stored in, and back.

A frame is one stored message: a head (one JSON line) and a body. The head's digest is
SHA-256 over what else it says and the body, so that no byte of either can change.

* Whole turns: ``part`` 1 ``of`` 1, and the body is turns ``first`` to ``last``, one
  JSON line each.
* A part of a turn that is too large for one frame: ``part`` i ``of`` n, and the body
  is a slice of the turn's JSON. The turn counts only when its last part is stored.

A writer that dies between two parts leaves a run that never ends. The next writer
stores that turn anew, beginning with its part 1 or whole: the unfinished run before
it is passed over. Nothing else may follow it; ``chain`` sees to that, because the
next turn would then have the wrong number.

Pure: limits are arguments, nothing is stored here.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct

from beaconfire.errors import BadInput
from beaconfire.journal.entry import Turn, decode_turn, encode_turn
from beaconfire.seals import codec
from beaconfire.vocabulary.link import Digest

# Room for the head line beside the body. The longest head has a writer of 128
# characters (see `pack`) and takes fewer than 400 bytes.
HEAD_BYTES_MAX = 512
WRITER_LENGTH_MAX = 128

_Count = Annotated[int, Meta(ge=1)]


class FrameHead(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line of a frame: who wrote which turns, and the frame's digest."""

    v: Literal[1] = 1
    writer: str
    first: _Count
    last: _Count
    part: _Count
    of: _Count
    digest: Digest


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes to store; ``completes`` is the last turn that is whole once they are."""

    data: bytes
    completes: Turn | None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A turn of which the first ``parts`` of ``of`` parts are stored, and no more."""

    turn: int
    parts: int
    of: int


def pack(
    turns: tuple[Turn, ...], *, frame_bytes_max: int, turn_bytes_max: int
) -> tuple[Frame, ...]:
    """Put ``turns`` into frames, as many whole turns into one as fit.

    Raises:
        BadInput: a turn larger than ``turn_bytes_max``; nothing was packed.
    """
    body_bytes_max = frame_bytes_max - HEAD_BYTES_MAX
    frames: list[Frame] = []
    waiting: list[tuple[Turn, bytes]] = []
    waiting_bytes = 0
    for turn in turns:
        if not 1 <= len(turn.writer) <= WRITER_LENGTH_MAX or not turn.writer.isascii():
            message = f"the writer `{turn.writer}` is not a short plain name"
            raise RuntimeError(message)
        line = encode_turn(turn) + b"\n"
        if len(line) > turn_bytes_max:
            message = (
                f"journal turn {turn.turn}: {len(line)} bytes are too many for one "
                f"turn, the limit is {turn_bytes_max}"
            )
            raise BadInput(message)
        full = waiting_bytes + len(line) > body_bytes_max
        other_writer = waiting and waiting[-1][0].writer != turn.writer
        if waiting and (full or other_writer):
            frames.append(_whole(waiting))
            waiting, waiting_bytes = [], 0
        if len(line) > body_bytes_max:
            frames.extend(_parts(turn, line, body_bytes_max))
        else:
            waiting.append((turn, line))
            waiting_bytes += len(line)
    if waiting:
        frames.append(_whole(waiting))
    return tuple(frames)


def read_head(data: bytes) -> FrameHead:
    """Read a frame's head alone; the body is not checked.

    Raises:
        BadInput: not a frame.
    """
    line, separator, _ = data.partition(b"\n")
    if not separator:
        message = "journal frame: it has no head line"
        raise BadInput(message)
    head = codec.decode_repeating(line, FrameHead, what="journal frame")
    if (
        head.part > head.of
        or head.last < head.first
        or (head.of > 1 and head.first != head.last)
    ):
        message = "journal frame: its head contradicts itself"
        raise BadInput(message)
    return head


def open_frame(data: bytes) -> tuple[FrameHead, bytes]:
    """Return a frame's head and body, checked against the digest.

    Raises:
        BadInput: not a frame, or damaged.
    """
    head = read_head(data)
    body = data[data.index(b"\n") + 1 :]
    digest = _digest(
        body,
        writer=head.writer,
        first=head.first,
        last=head.last,
        part=head.part,
        of=head.of,
    )
    if digest != head.digest:
        message = "journal frame: its digest does not match its content"
        raise BadInput(message)
    return head, body


class Assembler:
    """Frames in the order they are stored, whole turns out. The chain is not checked.

    What it holds is bounded: parts are dropped when their run is not continued, and
    no writer stores a run larger than its limit for one turn.
    """

    def __init__(self) -> None:
        self._run: list[FrameHead] = []
        self._slices: list[bytes] = []

    @property
    def unfinished(self) -> Unfinished | None:
        """Return the run of parts that has not ended, if one stands at the end."""
        if not self._run:
            return None
        return Unfinished(self._run[0].first, len(self._run), self._run[0].of)

    def feed(self, data: bytes) -> tuple[Turn, ...]:
        """Return the turns that are whole now that this frame is there.

        Raises:
            BadInput: not a frame, damaged, or a part without those before it.
        """
        head, body = open_frame(data)
        if head.of > 1:
            return self._feed_part(head, body)
        self._drop_run()
        turns = tuple(_read_lines(body))
        _check_named(head, turns)
        return turns

    def _feed_part(self, head: FrameHead, body: bytes) -> tuple[Turn, ...]:
        if head.part == 1:
            self._drop_run()
        elif not self._run or not _continues(self._run[-1], head):
            message = (
                f"journal frame: part {head.part} of {head.of} of turn {head.first} "
                "stands without the parts before it"
            )
            raise BadInput(message)
        self._run.append(head)
        self._slices.append(body)
        if head.part < head.of:
            return ()
        whole = b"".join(self._slices)
        self._drop_run()
        turns = (decode_turn(whole),)
        _check_named(head, turns)
        return turns

    def _drop_run(self) -> None:
        self._run = []
        self._slices = []


def _continues(before: FrameHead, head: FrameHead) -> bool:
    return (head.part, head.of, head.first, head.writer) == (
        before.part + 1,
        before.of,
        before.first,
        before.writer,
    )


def _check_named(head: FrameHead, turns: tuple[Turn, ...]) -> None:
    right = len(turns) == head.last - head.first + 1 and all(
        turn.turn == head.first + place and turn.writer == head.writer
        for place, turn in enumerate(turns)
    )
    if not right:
        message = "journal frame: it does not hold the turns its head names"
        raise BadInput(message)


def _read_lines(body: bytes) -> Iterator[Turn]:
    # JSON has no raw line end inside, and every line is closed by one.
    for line in body.split(b"\n")[:-1]:
        yield decode_turn(line)


def _whole(turns: list[tuple[Turn, bytes]]) -> Frame:
    last = turns[-1][0]
    data = _close(
        b"".join(line for _, line in turns),
        writer=last.writer,
        first=turns[0][0].turn,
        last=last.turn,
    )
    return Frame(data=data, completes=last)


def _parts(turn: Turn, line: bytes, body_bytes_max: int) -> Iterator[Frame]:
    slices = [
        line[begin : begin + body_bytes_max]
        for begin in range(0, len(line), body_bytes_max)
    ]
    for number, piece in enumerate(slices, start=1):
        data = _close(
            piece,
            writer=turn.writer,
            first=turn.turn,
            last=turn.turn,
            part=number,
            of=len(slices),
        )
        yield Frame(data=data, completes=turn if number == len(slices) else None)


def _close(
    body: bytes, *, writer: str, first: int, last: int, part: int = 1, of: int = 1
) -> bytes:
    head = FrameHead(
        writer=writer,
        first=first,
        last=last,
        part=part,
        of=of,
        digest=_digest(body, writer=writer, first=first, last=last, part=part, of=of),
    )
    return codec.encode(head) + b"\n" + body


def _digest(
    body: bytes, *, writer: str, first: int, last: int, part: int, of: int
) -> str:
    summary = hashlib.sha256(f"{writer}\n{first}\n{last}\n{part}\n{of}\n".encode())
    summary.update(body)
    return summary.hexdigest()
