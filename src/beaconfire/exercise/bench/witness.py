"""Witness: when was a message stored, and when could another process read it?

It stands beside a node and hears the journal server's acknowledgements to the node's
writer: a server that fsyncs before it answers (``sync_interval: always``) says so only
when the message is stored. On each it fetches the stored bytes, as any reader would,
and stamps when they were in its hands. So a stamp never comes before the storing, and
includes the reader's own question and answer.

Nothing polls: between acknowledgements the witness is idle and costs the node nothing.
To hear them it takes the writer's secret from the node's own private files, which it
may because the bench made the node. It writes nothing.
"""

import asyncio
import re
import time
from pathlib import Path
from typing import Protocol

from beaconfire.errors import NotReachable
from beaconfire.journal.jetstream import NatsLine
from beaconfire.journal.streams import (
    JOURNAL_STREAM,
    Endpoint,
    Unanswered,
    get_at,
    get_from,
    get_subject,
    read_ack,
)
from beaconfire.runtime.journal_server import access_to
from beaconfire.runtime.server_config import READER, WRITER
from beaconfire.runtime.settings import SETTINGS, journal_limits

_SECRET = re.compile(r'user: "writer", password: "([^"]+)"')
_STORED = b'{"stream":"JOURNAL"'


class _Message(Protocol):
    data: bytes


class Witness:
    """Stamps of one journal, by the place of each stored message."""

    def __init__(self, directory: Path, *, reads: bool) -> None:
        """``reads``: fetch what was stored, too; else only hear that it was."""
        self.stored_ns: dict[int, int] = {}
        self.seen_ns: dict[int, int] = {}
        self._directory = directory
        self.reads = reads
        self._fetching: set[asyncio.Task[None]] = set()
        self._acks: NatsLine | None = None
        self._reader: NatsLine | None = None

    async def open(self) -> None:
        """Begin to hear.

        Raises:
            NotReachable: no node runs there, or its files are not ours to read.
        """
        reader = access_to(self._directory, READER)
        self._reader = NatsLine(reader, journal_limits())
        text = (self._directory / "run" / "journal.conf").read_text("utf-8")
        secret = _SECRET.search(text)
        if secret is None:
            message = f"no writer is named in the configuration of `{self._directory}`"
            raise NotReachable(message)
        writer = Endpoint(address=reader.address, user=WRITER, secret=secret.group(1))
        self._acks = NatsLine(writer, journal_limits())
        connection = await self._acks.connect()
        await connection.client.subscribe(f"_INBOX_{WRITER}.>", cb=self._hear)
        await connection.client.flush()

    async def _hear(self, message: _Message) -> None:
        now_ns = time.monotonic_ns()
        if not message.data.startswith(_STORED):
            return
        place = read_ack(message.data).seq
        self.stored_ns[place] = now_ns
        if self.reads:
            task = asyncio.create_task(self._fetch(place))
            self._fetching.add(task)
            task.add_done_callback(self._fetching.discard)

    async def _fetch(self, place: int) -> None:
        assert self._reader is not None
        try:
            found = await self._reader.ask(get_subject(JOURNAL_STREAM), get_at(place))
        except Unanswered:
            return  # without a stamp it counts as never seen
        if found and found[0].sequence == place:
            self.seen_ns[place] = time.monotonic_ns()

    async def settle(self) -> None:
        """Return when everything heard of so far is fetched."""
        while self._fetching:
            await asyncio.wait(self._fetching)

    async def stored(self, first: int) -> list[tuple[int, bytes]]:
        """Return the places and bytes of what is stored from ``first`` on."""
        assert self._reader is not None
        out: list[tuple[int, bytes]] = []
        while True:
            request = get_from(
                out[-1][0] + 1 if out else first,
                count_max=SETTINGS.read_frames_max,
                bytes_max=SETTINGS.read_bytes_max,
            )
            subject = get_subject(JOURNAL_STREAM)
            found = await self._reader.ask(subject, request, many=True)
            if not found:
                return out
            out.extend((answer.sequence, answer.data) for answer in found)

    async def close(self) -> None:
        """Let go of both connections."""
        await self.settle()
        for line in (self._acks, self._reader):
            if line is not None:
                await line.close()
