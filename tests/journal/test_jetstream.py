"""JetStream: the promises kept on a real server that is cut off, killed and damaged."""

import asyncio
import hashlib
import json
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import nats
import nats.errors
import pytest

from beaconfire.errors import BadInput, NoLongerWriter, NotReachable
from beaconfire.journal import streams
from beaconfire.journal.chain import ChainBroken
from beaconfire.journal.entry import Turn
from beaconfire.journal.frames import pack
from beaconfire.journal.jetstream import open_reader, open_writer
from beaconfire.journal.stream_journal import JetStreamJournal
from beaconfire.journal.streams import Endpoint
from beaconfire.runtime.journal_server import (
    JournalServer,
    access_to,
    start_journal_server,
)
from beaconfire.runtime.servers import free_port
from beaconfire.runtime.settings import journal_limits

from .turns_made import turn_after, turns_from

pytestmark = pytest.mark.servers

QUICK = replace(journal_limits(), ack_s_max=0.3, connect_pause_s_max=0.2)


def on_a_server(
    folder: Path, claim: Callable[[JournalServer], Awaitable[None]]
) -> None:
    """Run ``claim`` with a journal server that is stopped afterwards."""

    async def run() -> None:
        running = await start_journal_server(folder)
        try:
            await claim(running)
        finally:
            await running.stop()

    asyncio.run(run())


async def everything(folder: Path) -> list[Turn]:
    """Return all turns, read by somebody new."""
    reader = await open_reader(access_to(folder, "reader"), journal_limits())
    turns = [turn async for turn in reader.read()]
    await reader.close()
    return turns


async def ask(endpoint: Endpoint, subject: str, data: bytes) -> dict[str, object]:
    """Ask the server something with a bare client."""
    client = await nats.connect(
        f"nats://{endpoint.address}", user=endpoint.user, password=endpoint.secret
    )
    answer = await client.request(subject, data, timeout=2)
    await client.close()
    read: dict[str, object] = json.loads(answer.data)
    return read


class Proxy:
    """A wire to the server that can be cut right after a message went through."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._wires: list[asyncio.StreamWriter] = []
        self._listener: asyncio.Server | None = None
        self.cut_after_message = False
        self.swallow_answers = False
        self.cuts = 0

    async def start(self) -> int:
        """Listen; return the port."""
        self._listener = await asyncio.start_server(self._wire, "127.0.0.1", 0)
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Stop listening, and cut every wire."""
        assert self._listener is not None
        self._listener.close()
        for wire in self._wires:
            wire.close()
        await asyncio.sleep(0.05)

    async def _wire(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        self._wires += [writer, up_writer]
        up = asyncio.create_task(self._up(reader, up_writer, writer))
        down = asyncio.create_task(self._down(up_reader, writer))
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0.02)  # what went up is read there before the wire goes
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)
        writer.close()
        up_writer.close()

    async def _up(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        while data := await reader.read(1 << 20):
            is_message = b"HPUB journal.frames" in data
            if is_message and self.cut_after_message:
                self.cut_after_message = False
                self.swallow_answers = True
                self.cuts += 1
                writer.write(data)
                await writer.drain()
                await asyncio.sleep(0.05)
                self.swallow_answers = False
                return
            writer.write(data)
            await writer.drain()

    async def _down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(1 << 20):
            if not self.swallow_answers:
                writer.write(data)
                await writer.drain()


def test_an_answer_cut_off_on_the_wire_stores_the_turn_once(tmp_path):
    """The connection breaks behind the message: the writer finds its own turn.

    It learns of the break from the connection: it would wait an hour for the answer.
    """
    patient = replace(journal_limits(), ack_s_max=3_600.0)

    async def claim(running: JournalServer) -> None:
        proxy = Proxy(int(running.writer.address.rpartition(":")[2]))
        address = f"127.0.0.1:{await proxy.start()}"
        journal = await open_writer(replace(running.writer, address=address), patient)
        turns = turns_from(None, 6)
        for turn in turns:
            proxy.cut_after_message = turn.turn % 2 == 0
            async with asyncio.timeout(30):
                await journal.append((turn,))
        assert proxy.cuts == 3
        assert await everything(tmp_path) == list(turns)
        state = await ask(running.writer, streams.info_subject("JOURNAL"), b"")
        assert state["state"]["messages"] == 6
        await journal.close()
        await proxy.stop()

    on_a_server(tmp_path, claim)


def test_a_silent_wire_is_given_up_and_the_turn_stored_once(tmp_path):
    """No answer and no break: after its time the answer counts as lost."""

    async def claim(running: JournalServer) -> None:
        proxy = Proxy(int(running.writer.address.rpartition(":")[2]))
        address = f"127.0.0.1:{await proxy.start()}"
        journal = await open_writer(replace(running.writer, address=address), QUICK)
        (turn,) = turns_from(None, 1)
        proxy.swallow_answers = True
        append = asyncio.create_task(journal.append((turn,)))
        await asyncio.sleep(0.4)
        proxy.swallow_answers = False
        await append
        assert await everything(tmp_path) == [turn]
        await journal.close()
        await proxy.stop()

    on_a_server(tmp_path, claim)


def test_nothing_acknowledged_is_missing_when_the_server_is_killed(tmp_path):
    """Killed again and again under a writer that goes on: each turn once, in order."""

    async def claim(running: JournalServer) -> None:
        journal = await open_writer(running.writer, journal_limits())
        acknowledged: list[Turn] = []

        async def write() -> None:
            while len(acknowledged) < 300:
                turn = turn_after(acknowledged[-1] if acknowledged else None)
                await journal.append((turn,))
                acknowledged.append(turn)

        writing = asyncio.create_task(write())
        for enough in (50, 120, 200):
            while len(acknowledged) < enough and not writing.done():
                await asyncio.sleep(0.001)
            os.kill(running.server.pid, signal.SIGKILL)
            assert await running.server.exited() == -signal.SIGKILL
            await running.server.restart()
        await writing
        assert await everything(tmp_path) == acknowledged
        await journal.close()

    on_a_server(tmp_path, claim)


def test_a_writer_whose_node_died_is_fenced_out_by_the_next(tmp_path):
    """A process that comes back from a long sleep cannot write over its successor."""

    async def claim(running: JournalServer) -> None:
        old = await open_writer(running.writer, journal_limits())
        first = turn_after(None, writer="writer-a")
        await old.append((first,))
        new = await open_writer(running.writer, journal_limits())
        assert await new.last() == first
        second = turn_after(first, writer="writer-b")
        await new.append((second,))
        with pytest.raises(NoLongerWriter, match="`writer-b`"):
            await old.append((turn_after(first, writer="writer-a"),))
        assert await everything(tmp_path) == [first, second]
        await old.close()
        await new.close()

    on_a_server(tmp_path, claim)


def test_the_stream_forgets_nothing_by_itself(tmp_path):
    """No age, no count, no size lets anything go, and nothing is stored unsynced."""

    async def claim(running: JournalServer) -> None:
        journal = await open_writer(running.writer, journal_limits())
        answer = await ask(running.writer, streams.info_subject("JOURNAL"), b"")
        config = answer["config"]
        assert config["max_age"] == 0
        assert {config["max_msgs"], config["max_bytes"]} == {-1}
        assert config["max_msgs_per_subject"] == -1
        assert config["discard"] == "new"
        assert config["storage"] == "file"
        assert config["deny_delete"] is True
        assert config["allow_rollup_hdrs"] is False
        assert config.get("persist_mode", "default") == "default"
        await journal.close()

    on_a_server(tmp_path, claim)


@pytest.mark.parametrize(
    "change", [{"max_age": 10**12}, {"persist_mode": "async"}, {"max_msgs": 10}]
)
def test_a_stream_that_was_made_otherwise_is_refused(tmp_path, change):
    """A journal that could forget, or that is not fsynced, is not taken up."""

    async def claim(running: JournalServer) -> None:
        subject, request = streams.create_request(streams.JOURNAL_STREAM)
        settings = json.loads(request) | change
        made = await ask(running.writer, subject, json.dumps(settings).encode())
        assert "error" not in made
        with pytest.raises(BadInput, match="refuses: stream name already in use"):
            await open_writer(running.writer, journal_limits())

    on_a_server(tmp_path, claim)


def test_a_server_that_is_not_there_is_said_in_bounded_time():
    """Nobody listens: a sentence with the address, after a bounded number of tries."""
    nowhere = Endpoint(address=f"127.0.0.1:{free_port()}", user="writer", secret="x")
    few = replace(QUICK, connect_tries=3, connect_pause_s_max=0.01)

    with pytest.raises(NotReachable) as said:
        asyncio.run(open_writer(nowhere, few))

    assert str(said.value) == (
        f"the journal server at {nowhere.address} does not answer"
    )


async def stored_as(running: JournalServer, frames: list[bytes]) -> None:
    """Store ``frames`` as they are, past every check, as one with the secret could."""
    journal = await open_writer(running.writer, journal_limits())
    await journal.close()
    client = await nats.connect(
        f"nats://{running.writer.address}",
        user=running.writer.user,
        password=running.writer.secret,
    )
    for frame in frames:
        await client.request(streams.JOURNAL_SUBJECT, frame, timeout=2)
    await client.close()


def framed(*turns: Turn) -> list[bytes]:
    """Return one frame a turn."""
    limits = {"frame_bytes_max": 262_144, "turn_bytes_max": 1_000_000}
    return [frame.data for turn in turns for frame in pack((turn,), **limits)]


DAY = turns_from(None, 5)
FORGED = turn_after(DAY[1], text="forged")


@pytest.mark.parametrize(
    ("frames", "turn", "what"),
    [
        (framed(*DAY[:2], *DAY[3:]), 3, "turn 4 stands in its place"),
        (framed(*DAY[:2], DAY[1], *DAY[2:]), 3, "turn 2 stands in its place"),
        (framed(*DAY[:2], FORGED, *DAY[3:]), 4, "does not follow from the turn before"),
        (framed(DAY[1], DAY[0]), 1, "turn 2 stands in its place"),
        ([*framed(*DAY[:2]), b"{}"], 3, "has no head line"),
        ([framed(DAY[0])[0].replace(b"plot", b"plut", 1)], 1, "digest does not match"),
    ],
)
def test_the_first_break_in_what_is_stored_is_named(tmp_path, frames, turn, what):
    """Left out, repeated, spliced in, swapped, foreign or changed: turn and reason."""

    async def claim(running: JournalServer) -> None:
        await stored_as(running, frames)
        with pytest.raises(ChainBroken) as broken:
            await everything(tmp_path)
        assert broken.value.turn == turn
        assert what in broken.value.what

    on_a_server(tmp_path, claim)


def test_a_message_missing_from_the_stream_is_named(tmp_path):
    """A hole in the stream is a break even where no whole turn is missing."""

    async def claim(running: JournalServer) -> None:
        subject, request = streams.create_request(streams.JOURNAL_STREAM)
        settings = json.loads(request) | {"deny_delete": False}
        await ask(running.writer, subject, json.dumps(settings).encode())
        client = await nats.connect(
            f"nats://{running.writer.address}",
            user=running.writer.user,
            password=running.writer.secret,
        )
        large = turn_after(DAY[0], text="x" * 300_000, entries=1)
        parts = framed(DAY[0], large, DAY[1])
        for frame in (parts[0], parts[1], parts[-1]):
            await client.request(streams.JOURNAL_SUBJECT, frame, timeout=2)
        await client.request(
            "$JS.API.STREAM.MSG.DELETE.JOURNAL", b'{"seq":2}', timeout=2
        )
        await client.close()
        with pytest.raises(ChainBroken, match="turn 2: stored message 2 is missing"):
            await everything(tmp_path)

    on_a_server(tmp_path, claim)


@pytest.mark.parametrize(
    ("piece", "part", "of"), [(b"statu", 1, 1), (b"state", 1, 2), (b"state", 2, 2)]
)
def test_a_damaged_or_partial_checkpoint_is_not_there(tmp_path, piece, part, of):
    """Bytes that are not those of the digest are never given out as the state."""

    async def claim(running: JournalServer) -> None:
        journal = await open_writer(running.writer, journal_limits())
        digest = hashlib.sha256(b"state").hexdigest()
        head = {"v": 1, "digest": digest, "upto": 1, "part": part, "of": of}
        client = await nats.connect(
            f"nats://{running.writer.address}",
            user=running.writer.user,
            password=running.writer.secret,
        )
        line = json.dumps(head | {"earlier": []}).encode()
        stored = await client.request(
            f"checkpoints.{digest}", line + b"\n" + piece, timeout=2
        )
        assert b"error" not in stored.data
        await client.close()
        assert await journal.load_checkpoint(digest) is None
        await journal.close()

    on_a_server(tmp_path, claim)


def test_reading_goes_on_when_its_connection_breaks(tmp_path):
    """A reader beside a server that is started again gets all of it."""

    async def claim(running: JournalServer) -> None:
        few = replace(journal_limits(), read_frames_max=3)
        journal = await open_writer(running.writer, few)
        turns = turns_from(None, 20)
        for turn in turns:
            await journal.append((turn,))
        seen: list[Turn] = []
        async for turn in journal.read():
            seen.append(turn)
            if turn.turn == 7:
                os.kill(running.server.pid, signal.SIGKILL)
                await running.server.exited()
                await running.server.restart()
        assert tuple(seen) == turns
        await journal.close()

    on_a_server(tmp_path, claim)


@pytest.mark.parametrize("from_turn", [1, 2, 3, 4])
def test_damage_is_named_wherever_reading_begins(tmp_path, from_turn):
    """Beginning in the middle finds the damage behind it, under its own number."""

    async def claim(running: JournalServer) -> None:
        frames = framed(*DAY)
        frames[3] = frames[3].replace(b"plot", b"plut", 1)
        await stored_as(running, frames)
        reader = await open_reader(access_to(tmp_path, "reader"), journal_limits())
        with pytest.raises(ChainBroken) as broken:
            async for _ in reader.read(from_turn):
                pass
        assert broken.value.turn == 4
        await reader.close()

    on_a_server(tmp_path, claim)


def test_a_closed_journal_does_nothing_more(tmp_path):
    """After close, an append or a read is the caller's mistake."""

    async def claim(running: JournalServer) -> None:
        journal: JetStreamJournal = await open_writer(running.writer, journal_limits())
        await journal.close()
        with pytest.raises(RuntimeError):
            await journal.append(turns_from(None, 1))
        with pytest.raises(RuntimeError, match="this journal is closed"):
            await journal.last()

    on_a_server(tmp_path, claim)
