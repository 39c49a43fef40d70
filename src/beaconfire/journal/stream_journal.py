"""Stream journal: turns in a JetStream stream, appended once, whatever gets lost.

One stream, one subject, one message a frame (see ``frames``), each stored only if the
stream still ends where this writer believes (``Nats-Expected-Last-Sequence``).

The lost acknowledgement. A fence that refuses, an answer that does not come and a
connection that breaks all leave open whether the frame is stored: the server refuses
a resend of what is stored exactly as it refuses a rival's. So the writer

1. stops; its line connects again if it must;
2. reads what stands behind its last known place;
3. its own bytes (writer, digest and all): committed, go on;
4. nothing: sends the same bytes again under the same fence;
5. another's: it is no longer the writer, and says so.

A frame that was under way on the old connection can still arrive after step 2. The
fence lets only one of the two be stored, and step 3 then finds it. Message ids are
never relied on: the server forgets them.

After anything but success this journal ends: what is stored is known again once it
is opened anew. The clock and the network are the line's.
"""

from collections.abc import AsyncIterator

from beaconfire.errors import BadInput, BeaconfireError, NoLongerWriter, NotReachable
from beaconfire.journal import streams
from beaconfire.journal.chain import Chain, ChainBroken, Walk
from beaconfire.journal.checkpoints import Checkpoints
from beaconfire.journal.entry import Turn
from beaconfire.journal.frames import Assembler, Unfinished, pack, read_head
from beaconfire.journal.streams import Answer, JournalLimits, Line, PubAck, Unanswered


class JetStreamJournal:
    """A ``Journal`` on a JetStream server; made by ``jetstream.open_writer``."""

    def __init__(self, line: Line, limits: JournalLimits) -> None:
        """Read by ``line``; ``take_up`` makes it one that also appends."""
        self._line = line
        self._limits = limits
        self._checkpoints = Checkpoints(line, limits)
        self._chain = Chain()
        self._end_seq = 0
        self._may_append = False
        self._read_to: tuple[Turn, int] | None = None
        self.unfinished: Unfinished | None = None
        """After reading to the end: a turn of which only the first parts are there."""

    async def take_up(self) -> None:
        """Become the writer: make the streams if need be and find where they end.

        Raises:
            NotReachable: no answer.
            BadInput: what is stored there is not a journal, or was kept otherwise.
            BeaconfireError: what was stored last is gone.
        """
        for stream in (streams.CHECKPOINT_STREAM, streams.JOURNAL_STREAM):
            subject, request = streams.create_request(stream)
            answers = await self._ask(subject, request, many=False)
            streams.read_stream_answer(answers[0].data)
        lost = await self.lost_end()
        if lost is not None:
            message = f"{lost}; look at it with `beaconfire journal verify`"
            raise BeaconfireError(message)
        newest = await self._newest()
        self._end_seq = 0 if newest is None else newest.sequence
        self._chain = Chain(await self.last())
        self._may_append = True

    async def lost_end(self) -> str | None:
        """Say what the server knows to have stored last and no longer has, if so.

        Needs leave to ask about the stream, which a plain reader does not have.
        """
        subject = streams.info_subject(streams.JOURNAL_STREAM)
        answers = await self._ask(subject, b"", many=False)
        last_seq = streams.read_stream_answer(answers[0].data).state.last_seq
        newest = await self._newest()
        if last_seq <= (0 if newest is None else newest.sequence):
            return None
        return f"the journal has lost its end: message {last_seq} was stored"

    async def append(self, turns: tuple[Turn, ...]) -> None:
        """Store whole turns in order (see ``Journal.append``)."""
        if not self._may_append:
            message = "this journal has ended or is appending; open it again"
            raise RuntimeError(message)
        self._chain.would_accept(turns)
        frames = pack(
            turns,
            frame_bytes_max=self._limits.frame_bytes_max,
            turn_bytes_max=self._limits.turn_bytes_max,
        )
        # Until all is stored nothing else may be: also a caller that was cancelled
        # half-way leaves a frame of which it does not know whether it is there.
        self._may_append = False
        for frame in frames:
            await self._commit(frame.data)
            if frame.completes is not None:
                self._chain = Chain(frame.completes)
        self._may_append = True

    async def _commit(self, frame: bytes) -> None:
        """Store ``frame`` behind the last known place; numbers as in the module."""
        fence = self._end_seq
        for _ in range(self._limits.settle_tries):
            ack = await self._publish(frame, fence)
            if ack is not None and ack.error is None:
                self._end_seq = ack.seq
                return
            found = await self._behind(fence)  # (2)
            if found == frame:  # (3)
                self._end_seq = fence + 1
                return
            if found is not None:  # (5)
                message = (
                    f"another writer (`{_writer(found)}`) has appended to this "
                    "journal; this process must stop"
                )
                raise NoLongerWriter(message)
            if ack is not None:
                raise _refused(ack, fence)
            # (4): round again, the same bytes under the same fence.
        message = (
            "the journal server does not answer; whether the last turns are stored "
            "is read when the node starts again"
        )
        raise NotReachable(message)

    async def _publish(self, frame: bytes, fence: int) -> PubAck | None:
        # One header and no more: it is stored, and read back with every message.
        headers = {"Nats-Expected-Last-Sequence": str(fence)}
        try:
            answers = await self._line.ask(streams.JOURNAL_SUBJECT, frame, headers)
        except Unanswered:
            return None
        return streams.read_ack(answers[0].data)

    async def _behind(self, seq: int) -> bytes | None:
        found = await self._get_from(seq + 1, count_max=1)
        return found[0].data if found else None

    async def read(self, from_turn: int = 1) -> AsyncIterator[Turn]:
        """Yield the stored turns from number ``from_turn`` on (see ``Journal.read``).

        Ends where the journal ended when reading began.
        """
        newest = await self._newest()
        first = max(from_turn, 1)
        if newest is not None and not _reaches(newest.data, first):
            return
        walk, seq = await self._begin(first, newest)
        end = None if newest is None else newest.sequence
        async for answer in self._stored(seq, end):
            if answer.sequence != seq:
                break
            seq += 1
            for turn in walk.feed(answer.data):
                if turn.turn >= first:
                    yield turn
        # Without a newest message nothing may be there at all: what is, stands before
        # one that is stored and cannot be read.
        if (seq > 1) if end is None else (seq <= end):
            message = f"stored message {seq} is missing"
            raise ChainBroken(walk.chain.next_turn, message)
        self.unfinished = walk.unfinished
        if walk.chain.last is not None and walk.unfinished is None:
            self._read_to = (walk.chain.last, seq)

    async def _begin(self, first: int, newest: Answer | None) -> tuple[Walk, int]:
        """Return a walk and the place to begin at, so that ``first`` is verified."""
        if first == 1 or newest is None:
            return Walk(), 1
        if self._read_to is not None and self._read_to[0].turn == first - 1:
            return Walk(after=self._read_to[0]), self._read_to[1]
        # Begin at the turn before, whose digest the first one must name. Its own
        # place in the chain is what a walk from the beginning verifies.
        seq = await self._place_of(first - 1, newest)
        return Walk(reaching=first - 1), seq

    async def _place_of(self, turn: int, newest: Answer) -> int:
        """Return the place of the first frame that reaches up to ``turn``."""
        low, high = 1, newest.sequence
        while low < high:
            middle = (low + high) // 2
            found = await self._get_from(middle, count_max=1)
            if found and not _reaches(found[0].data, turn):
                low = found[0].sequence + 1
            else:
                high = middle
        return low

    async def last(self) -> Turn | None:
        """Return the newest whole turn, or ``None`` in an empty journal."""
        newest = await self._newest()
        while newest is not None:
            head = read_head(newest.data)
            begin = newest.sequence - head.part + 1
            if head.part == head.of:
                return await self._whole_turn(begin, newest)
            # The end is an unfinished run; what counts stands before it.
            newest = await self._at(begin - 1) if begin > 1 else None
        return None

    async def _whole_turn(self, begin: int, end: Answer) -> Turn:
        assembler = Assembler()
        turns: tuple[Turn, ...] = ()
        for seq in range(begin, end.sequence):
            part = await self._at(seq)
            turns = assembler.feed(part.data)
        turns = assembler.feed(end.data)
        return turns[-1]

    async def save_checkpoint(self, upto_turn: int, state: bytes) -> str:
        """Keep the bytes (see ``Journal.save_checkpoint``)."""
        return await self._checkpoints.save(upto_turn, state)

    async def load_checkpoint(self, digest: str) -> bytes | None:
        """Return the bytes with this digest, or ``None`` (see ``Journal``)."""
        return await self._checkpoints.load(digest)

    async def close(self) -> None:
        """Let go of the connection; what is stored stays."""
        self._may_append = False
        await self._line.close()

    async def _newest(self) -> Answer | None:
        found = await self._get(streams.get_newest(streams.JOURNAL_SUBJECT), many=False)
        return found[0] if found else None

    async def _at(self, seq: int) -> Answer:
        found = await self._get(streams.get_at(seq), many=False)
        if not found:
            message = f"journal: stored message {seq} is missing"
            raise BadInput(message)
        return found[0]

    async def _stored(self, seq: int, end: int | None) -> AsyncIterator[Answer]:
        """Yield what is stored from ``seq`` to ``end``, passing over what is not."""
        while end is None or seq <= end:
            batch = await self._get_from(seq, count_max=self._limits.read_frames_max)
            if not batch:
                return
            for answer in batch:
                if end is None or answer.sequence <= end:
                    yield answer
            seq = batch[-1].sequence + 1

    async def _get_from(self, seq: int, *, count_max: int) -> list[Answer]:
        bytes_max = self._limits.read_bytes_max
        request = streams.get_from(seq, count_max=count_max, bytes_max=bytes_max)
        return await self._get(request, many=True)

    async def _get(self, request: bytes, *, many: bool) -> list[Answer]:
        subject = streams.get_subject(streams.JOURNAL_STREAM)
        return await self._ask(subject, request, many=many)

    async def _ask(self, subject: str, request: bytes, *, many: bool) -> list[Answer]:
        return await streams.read_until_answered(
            self._line, subject, request, many=many, tries=self._limits.settle_tries
        )


def _reaches(frame: bytes, turn: int) -> bool:
    try:
        return read_head(frame).last >= turn
    except BadInput:
        # Damaged: reading gets to it, and then names the turn that is lost.
        return True


def _writer(frame: bytes) -> str:
    try:
        return read_head(frame).writer[:64]
    except BadInput:
        return "of something that is not a turn"


def _refused(ack: PubAck, fence: int) -> BeaconfireError:
    assert ack.error is not None
    if ack.fenced:
        # The fence is wrong, and yet nobody's frame stands behind our last one.
        message = (
            f"the journal has lost what it had acknowledged: it no longer ends at "
            f"message {fence}; stop, and look at it with `beaconfire journal verify`"
        )
    else:
        message = f"the journal server cannot store: {ack.error.description}"
    return BeaconfireError(message)
