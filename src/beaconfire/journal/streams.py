"""Streams: how the journal lies in JetStream, and what is said to the server.

* ``JOURNAL`` holds the frames, one message a frame, all under one subject. Nothing in
  it expires, is rolled up or deleted; when there is no room a store fails.
* ``CHECKPOINTS`` holds the bytes of states, in parts, under their digest. They can be
  folded again from the turns, so the oldest are let go.

What makes a stored message survive the machine is the server's own setting
``sync_interval: always`` (see ``runtime/server_config.py``) and that neither stream
is kept asynchronously.

Everything is read by direct gets: a reader needs leave for one subject a stream, and
never to make a consumer, whose deliveries could be aimed at somebody else.

Requests and answers as values and bytes; the connection is a ``Line``, and the one
that speaks to a server is in ``jetstream``.
"""

from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct

from beaconfire.errors import BadInput, NotReachable
from beaconfire.seals import codec

JOURNAL_STREAM = "JOURNAL"
JOURNAL_SUBJECT = "journal.frames"
CHECKPOINT_STREAM = "CHECKPOINTS"
CHECKPOINT_SUBJECTS = "checkpoints.*"

WRONG_LAST_SEQUENCE = 10071


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the journal's server listens and with what secret one is let in."""

    address: str
    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLimits:
    """What bounds a journal; the values and their reasons are the runtime's settings.

    ``ack_s_max`` is how long an answer is awaited before it counts as lost;
    ``settle_tries`` how often a lost one is settled; ``connect_tries`` how often a
    connection is tried, with a pause that doubles up to ``connect_pause_s_max``.
    """

    frame_bytes_max: int
    turn_bytes_max: int
    ack_s_max: float
    settle_tries: int
    connect_tries: int
    connect_pause_s_max: float
    read_frames_max: int
    read_bytes_max: int
    checkpoint_bytes_max: int
    checkpoints_kept: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One message from the server: its status, its place in the stream, its bytes."""

    status: int
    sequence: int
    data: bytes


class Unanswered(Exception):
    """No answer came: too late, or the connection broke. Whether the request was
    carried out is not known. Never leaves this package."""


class Line(Protocol):
    """A connection to the server that is made again when it breaks."""

    async def ask(
        self,
        subject: str,
        data: bytes,
        headers: dict[str, str] | None = None,
        *,
        many: bool = False,
    ) -> list[Answer]:
        """Return the answer, or with ``many`` all up to the server's end mark.

        Nothing there is an empty list.

        Raises:
            Unanswered: whether it was carried out is not known.
            NotReachable: no connection could be made.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection; it is not made again."""
        ...


async def read_until_answered(
    line: Line, subject: str, request: bytes, *, many: bool, tries: int
) -> list[Answer]:
    """Ask again while no answer comes: reading twice does no harm.

    Raises:
        NotReachable: ``tries`` requests stayed without an answer.
    """
    for _ in range(tries):
        try:
            return await line.ask(subject, request, many=many)
        except Unanswered:
            continue
    message = "the journal server does not answer; nothing was read"
    raise NotReachable(message)


class _ServerError(Struct, frozen=True):
    code: int = 0
    err_code: int = 0
    description: str = ""


class PubAck(Struct, frozen=True):
    """The server's word on a message: its place in the stream, or why not."""

    seq: int = 0
    error: _ServerError | None = None

    @property
    def fenced(self) -> bool:
        """Return whether the stream had moved on from where the writer thought."""
        return self.error is not None and self.error.err_code == WRONG_LAST_SEQUENCE


class StreamState(Struct, frozen=True):
    """How many messages a stream holds, and the places of the first and last."""

    messages: int = 0
    first_seq: int = 0
    last_seq: int = 0


class StreamAnswer(Struct, frozen=True):
    """The server's word on a stream."""

    state: StreamState = StreamState()
    error: _ServerError | None = None


def read_ack(data: bytes) -> PubAck:
    """Read the answer to a stored, or refused, message."""
    return codec.decode(data, PubAck, what="the journal server's acknowledgement")


def read_stream_answer(data: bytes) -> StreamAnswer:
    """Read the answer about a stream.

    Raises:
        BadInput: the server refuses, and says why.
    """
    answer = codec.decode(data, StreamAnswer, what="the journal server's answer")
    if answer.error is not None:
        message = f"the journal server refuses: {answer.error.description}"
        raise BadInput(message)
    return answer


def create_request(stream: str) -> tuple[str, bytes]:
    """Return subject and bytes that make ``stream``, or find it as it must be.

    The server refuses if a stream of that name exists with other settings.
    """
    journal = stream == JOURNAL_STREAM
    settings = {
        "name": stream,
        "subjects": [JOURNAL_SUBJECT if journal else CHECKPOINT_SUBJECTS],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "max_consumers": -1,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_age": 0,
        "max_msgs_per_subject": -1,
        "max_msg_size": -1,
        "num_replicas": 1,
        "allow_direct": True,
        "allow_rollup_hdrs": False,
        "deny_delete": journal,
    }
    return f"$JS.API.STREAM.CREATE.{stream}", codec.encode(settings)


def info_subject(stream: str) -> str:
    """Return the subject that asks for a stream's state."""
    return f"$JS.API.STREAM.INFO.{stream}"


def purge_request(stream: str, *, before_seq: int) -> tuple[str, bytes]:
    """Return subject and bytes that let go what lies before a place in ``stream``."""
    return f"$JS.API.STREAM.PURGE.{stream}", codec.encode({"seq": before_seq})


def get_subject(stream: str) -> str:
    """Return the one subject by which ``stream`` is read."""
    return f"$JS.API.DIRECT.GET.{stream}"


def get_at(seq: int) -> bytes:
    """Return the request for the message at exactly this place."""
    return codec.encode({"seq": seq})


def get_newest(subject: str) -> bytes:
    """Return the request for the newest message under ``subject``."""
    return codec.encode({"last_by_subj": subject})


def get_from(
    seq: int, *, count_max: int, bytes_max: int, subject: str | None = None
) -> bytes:
    """Return the request for the messages from a place on, within these limits."""
    request: dict[str, object] = {
        "seq": seq,
        "batch": count_max,
        "max_bytes": bytes_max,
    }
    if subject is not None:
        request["next_by_subj"] = subject
    return codec.encode(request)
