"""Checkpoints: the bytes of states, kept beside the journal under their digest.

A state is stored in parts, each a head line and a slice. Parts of one digest are the
same bytes whoever stores them, so a part that is stored twice (its acknowledgement
was lost) does no harm, and reading takes one of each.

What is returned has been verified against its digest; what is not there, not whole
or damaged is ``None``: the state is then folded from an older checkpoint.
"""

import hashlib
from typing import Annotated, Literal

from msgspec import Meta, Struct

from beaconfire.errors import BadInput, NotReachable
from beaconfire.journal import streams
from beaconfire.journal.frames import HEAD_BYTES_MAX
from beaconfire.journal.streams import Answer, JournalLimits, Line, Unanswered
from beaconfire.seals import codec
from beaconfire.vocabulary.link import Digest

_Count = Annotated[int, Meta(ge=1)]


class _PartHead(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``earlier`` names the states kept before this one, oldest first."""

    v: Literal[1] = 1
    digest: Digest
    upto: int
    part: _Count
    of: _Count
    earlier: tuple[Digest, ...]


class Checkpoints:
    """The states kept in the ``CHECKPOINTS`` stream."""

    def __init__(self, line: Line, limits: JournalLimits) -> None:
        self._line = line
        self._limits = limits

    async def save(self, upto_turn: int, state: bytes) -> str:
        """Keep ``state`` (see ``Journal.save_checkpoint``)."""
        digest = hashlib.sha256(state).hexdigest()
        if len(state) > self._limits.checkpoint_bytes_max:
            message = (
                f"the state after turn {upto_turn} has {len(state)} bytes, the limit "
                f"is {self._limits.checkpoint_bytes_max}"
            )
            raise BadInput(message)
        if await self.load(digest) is not None:
            return digest
        earlier = (await self._kept())[-self._limits.checkpoints_kept + 1 :]
        for part in self._parts(digest, upto_turn, state, earlier):
            await self._store(digest, part)
        await self._let_go_before(earlier[0] if earlier else digest)
        return digest

    async def load(self, digest: str) -> bytes | None:
        """Return the state with this digest, or ``None``."""
        parts: dict[int, bytes] = {}
        of = 0
        seq = 1
        while batch := await self._batch(seq, digest):
            for answer in batch:
                head_line, _, piece = answer.data.partition(b"\n")
                try:
                    head = codec.decode_repeating(
                        head_line, _PartHead, what="checkpoint"
                    )
                except BadInput:
                    return None
                parts[head.part], of = piece, head.of
            seq = batch[-1].sequence + 1
        if of == 0 or set(parts) != set(range(1, of + 1)):
            return None
        state = b"".join(parts[part] for part in range(1, of + 1))
        return state if hashlib.sha256(state).hexdigest() == digest else None

    def _parts(
        self, digest: str, upto: int, state: bytes, earlier: tuple[str, ...]
    ) -> list[bytes]:
        size = self._limits.frame_bytes_max - HEAD_BYTES_MAX
        slices = [state[at : at + size] for at in range(0, len(state), size)] or [b""]
        return [
            codec.encode(
                _PartHead(
                    digest=digest, upto=upto, part=part, of=len(slices), earlier=earlier
                )
            )
            + b"\n"
            + piece
            for part, piece in enumerate(slices, start=1)
        ]

    async def _store(self, digest: str, part: bytes) -> None:
        # Sent again when its answer is lost: a part stored twice does no harm.
        for _ in range(self._limits.settle_tries):
            try:
                answers = await self._line.ask(f"checkpoints.{digest}", part)
            except Unanswered:
                continue
            ack = streams.read_ack(answers[0].data)
            if ack.error is not None:
                message = f"the journal server refuses: {ack.error.description}"
                raise BadInput(message)
            return
        message = "the journal server does not answer; the checkpoint is not kept"
        raise NotReachable(message)

    async def _kept(self) -> tuple[str, ...]:
        """Return the digests kept now, oldest first."""
        request = streams.get_newest(streams.CHECKPOINT_SUBJECTS)
        newest = await self._get(request, many=False)
        if not newest:
            return ()
        head_line = newest[0].data.partition(b"\n")[0]
        head = codec.decode_repeating(head_line, _PartHead, what="checkpoint")
        return (*head.earlier, head.digest)

    async def _let_go_before(self, oldest: str) -> None:
        batch = await self._batch(1, oldest)
        if not batch:
            return
        subject, request = streams.purge_request(
            streams.CHECKPOINT_STREAM, before_seq=batch[0].sequence
        )
        # If this is lost, the next checkpoint's purge lets the same ones go.
        try:
            answers = await self._line.ask(subject, request)
        except Unanswered:
            return
        streams.read_stream_answer(answers[0].data)

    async def _batch(self, seq: int, digest: str) -> list[Answer]:
        request = streams.get_from(
            seq,
            count_max=self._limits.read_frames_max,
            bytes_max=self._limits.read_bytes_max,
            subject=f"checkpoints.{digest}",
        )
        return await self._get(request, many=True)

    async def _get(self, request: bytes, *, many: bool) -> list[Answer]:
        return await streams.read_until_answered(
            self._line,
            streams.get_subject(streams.CHECKPOINT_STREAM),
            request,
            many=many,
            tries=self._limits.settle_tries,
        )
