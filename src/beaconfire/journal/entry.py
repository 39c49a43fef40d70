"""Entry and turn: one line of the journal, and the lines that were committed together.

A turn is an input and all its consequences, stored as one message or not at all. Its
digest chains it to the turn before:

    digest = SHA-256(previous digest, canonical bytes of {turn, at, writer, entries})

so that a change anywhere breaks every digest after it. Nothing here stores anything.
"""

import hashlib
from typing import Literal

import msgspec
from msgspec import Struct

from beaconfire.errors import BadInput
from beaconfire.seals import codec
from beaconfire.vocabulary.entries import BODIES, EntryBody
from beaconfire.vocabulary.link import ZERO_DIGEST
from beaconfire.vocabulary.times import Instant

By = Literal["ingest", "fuse", "release", "link", "warn", "desk", "person", "runtime"]

GENESIS = ZERO_DIGEST


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the journal.

    ``turn`` and ``seq`` count from 1; ``at`` is the turn's instant; ``cause`` names
    the entries this one follows from. Signatures that the runtime puts in stand in the
    body they belong to.
    """

    v: Literal[1] = 1
    turn: int
    seq: int
    id: str
    at: Instant
    by: By
    kind: str
    cause: tuple[str, ...]
    body: EntryBody


class Turn(Struct, frozen=True, kw_only=True):
    """What was committed at once. ``entries`` is never empty.

    ``lines`` are the entries' bytes, one for one, as they are stored and as the
    digest covers them: encoding is a tenth of what a turn costs, and is done once.
    """

    turn: int
    at: Instant
    writer: str
    previous: str
    entries: tuple[Entry, ...]
    lines: tuple[bytes, ...]
    digest: str


class _EntryForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    v: Literal[1] = 1
    turn: int
    seq: int
    id: str
    at: Instant
    by: By
    kind: str
    cause: tuple[str, ...]
    body: msgspec.Raw


class _TurnForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    v: Literal[1] = 1
    turn: int
    at: Instant
    writer: str
    previous: str
    digest: str
    entries: tuple[msgspec.Raw, ...]


def make_turn(
    *, turn: int, at: Instant, writer: str, previous: str, entries: tuple[Entry, ...]
) -> Turn:
    """Close ``entries`` into a turn with its chained digest."""
    lines = tuple(encode_entry(entry) for entry in entries)
    digest = turn_digest(
        turn=turn, at=at, writer=writer, previous=previous, entries=lines
    )
    return Turn(
        turn=turn,
        at=at,
        writer=writer,
        previous=previous,
        entries=entries,
        lines=lines,
        digest=digest,
    )


def turn_digest(
    *, turn: int, at: Instant, writer: str, previous: str, entries: tuple[bytes, ...]
) -> str:
    """Return the chained digest over the entries' bytes as they are stored."""
    summary = hashlib.sha256()
    summary.update(f"{previous}\n{turn}\n{at}\n{writer}\n{len(entries)}\n".encode())
    for entry in entries:
        summary.update(b"%d\n" % len(entry))
        summary.update(entry)
    return summary.hexdigest()


def encode_entry(entry: Entry) -> bytes:
    """Return the entry's JSON line, without the line end."""
    return codec.encode(entry)


def decode_entry(line: bytes | str) -> Entry:
    """Read a journal line.

    Raises:
        BadInput: not an entry, or of a kind nobody knows.
    """
    form = codec.decode_repeating(line, _EntryForm, what="journal entry")
    kind = BODIES.get(form.kind)
    if kind is None:
        message = f"journal entry: unknown kind `{form.kind[:64]}`"
        raise BadInput(message)
    body: EntryBody = codec.decode_repeating(
        bytes(form.body), kind, what=f"journal entry `{form.id}`"
    )
    return Entry(
        turn=form.turn,
        seq=form.seq,
        id=form.id,
        at=form.at,
        by=form.by,
        kind=form.kind,
        cause=form.cause,
        body=body,
    )


def encode_turn(turn: Turn) -> bytes:
    """Return the turn as the one message it is stored as."""
    return codec.encode(
        _TurnForm(
            turn=turn.turn,
            at=turn.at,
            writer=turn.writer,
            previous=turn.previous,
            digest=turn.digest,
            entries=tuple(map(msgspec.Raw, turn.lines)),
        )
    )


def decode_turn(data: bytes) -> Turn:
    """Read a stored turn and check its own digest.

    The chain (does ``previous`` match the turn before?) is the reader's to check.

    Raises:
        BadInput: damaged; says which turn.
    """
    form = codec.decode_repeating(data, _TurnForm, what="journal turn")
    raw = tuple(bytes(entry) for entry in form.entries)
    digest = turn_digest(
        turn=form.turn,
        at=form.at,
        writer=form.writer,
        previous=form.previous,
        entries=raw,
    )
    if digest != form.digest:
        message = f"journal turn {form.turn}: its digest does not match its entries"
        raise BadInput(message)
    return Turn(
        turn=form.turn,
        at=form.at,
        writer=form.writer,
        previous=form.previous,
        entries=tuple(decode_entry(entry) for entry in raw),
        lines=raw,
        digest=form.digest,
    )
