"""Walls around the journal: who may do what, tried as one who means harm."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import nats
import nats.errors
import pytest
from nats.aio.msg import Msg

from beaconfire.journal import streams
from beaconfire.journal.entry import Entry, make_turn
from beaconfire.journal.jetstream import open_reader, open_writer
from beaconfire.journal.journal import Journal
from beaconfire.journal.streams import Endpoint
from beaconfire.runtime.journal_server import access_to, start_journal_server
from beaconfire.runtime.settings import journal_limits
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.link import ZERO_DIGEST
from beaconfire.vocabulary.times import Instant

pytestmark = pytest.mark.servers

AT = Instant.parse("2022-10-03T22:22:00Z")
TURN = make_turn(
    turn=1,
    at=AT,
    writer="writer-a",
    previous=ZERO_DIGEST,
    entries=(
        Entry(
            turn=1, seq=1, id="e-1", at=AT, by="runtime", kind="tick", cause=(),
            body=Tick(),
        ),
    ),
)  # fmt: skip


class Guest:
    """A bare client of one user, and what the server said it may not do."""

    def __init__(self) -> None:
        self.client = nats.NATS()
        self.denied: list[str] = []

    async def connect(self, access: Endpoint) -> None:
        async def complain(error: Exception) -> None:
            self.denied.append(str(error).lower())

        await self.client.connect(
            f"nats://{access.address}",
            user=access.user,
            password=access.secret,
            allow_reconnect=False,
            error_cb=complain,
            inbox_prefix=f"_INBOX_{access.user}".encode(),
        )

    async def say(self, subject: str, data: bytes = b"", reply: str = "") -> bool:
        """Publish; return whether the server let it through."""
        before = len(self.denied)
        await self.client.publish(subject, data, reply=reply)
        return await self._allowed(before)

    async def hear(self, subject: str) -> bool:
        """Subscribe; return whether the server let it."""
        before = len(self.denied)
        await self.client.subscribe(subject)
        return await self._allowed(before)

    async def _allowed(self, denied_before: int) -> bool:
        # A denial comes before the flush's answer, but is called back a moment later.
        await self.client.flush()
        for _ in range(20):
            if len(self.denied) > denied_before:
                return False
            await asyncio.sleep(0.01)
        return True


def on_a_journal(
    folder: Path,
    user: str,
    claim: Callable[[Guest, Journal, Endpoint], Awaitable[None]],
) -> None:
    """Run ``claim`` as ``user`` beside a journal of one turn, which must not change."""

    async def run() -> None:
        running = await start_journal_server(folder)
        journal = await open_writer(running.writer, journal_limits())
        guest = Guest()
        try:
            await journal.append((TURN,))
            await guest.connect(access_to(folder, user))
            await claim(guest, journal, running.writer)
            assert await stored_messages(running.writer) == 1
            assert await journal.last() == TURN
        finally:
            await guest.client.close()
            await journal.close()
            await running.stop()

    asyncio.run(run())


async def stored_messages(writer: Endpoint) -> int:
    """Return where the journal's stream ends, as the server says."""
    client = await nats.connect(
        f"nats://{writer.address}", user=writer.user, password=writer.secret
    )
    subject = streams.info_subject(streams.JOURNAL_STREAM)
    answer = await client.request(subject, b"", timeout=2)
    await client.close()
    return int(json.loads(answer.data)["state"]["last_seq"])


def test_a_reader_reads(tmp_path):
    """The walls leave the one door open: a reader gets every turn, verified."""

    async def claim(guest: Guest, journal: Journal, writer: Endpoint) -> None:
        digest = await journal.save_checkpoint(1, b"state")
        reader = await open_reader(access_to(tmp_path, "reader"), journal_limits())
        assert [turn async for turn in reader.read()] == [TURN]
        assert await reader.last() == TURN
        assert await reader.load_checkpoint(digest) == b"state"
        with pytest.raises(RuntimeError, match="open it again"):
            await reader.append((TURN,))
        await reader.close()

    on_a_journal(tmp_path, "reader", claim)


@pytest.mark.parametrize("user", ["reader", "orders"])
@pytest.mark.parametrize(
    "subject",
    [
        "journal.frames",
        "checkpoints.x",
        "$JS.API.STREAM.PURGE.JOURNAL",
        "$JS.API.STREAM.DELETE.JOURNAL",
        "$JS.API.STREAM.UPDATE.JOURNAL",
        "$JS.API.STREAM.MSG.DELETE.JOURNAL",
        "$JS.API.STREAM.CREATE.OTHER",
        "$JS.API.CONSUMER.CREATE.JOURNAL",
        "$SYS.REQ.SERVER.PING",
        "_INBOX_writer.x",
    ],
)
def test_a_guest_may_not_change_anything(tmp_path, user, subject):
    """Publishing, purging, deleting, making consumers: denied, and nothing happens."""

    async def claim(guest: Guest, journal: Journal, writer: Endpoint) -> None:
        assert not await guest.say(subject, b"{}")

    on_a_journal(tmp_path, user, claim)


@pytest.mark.parametrize("user", ["reader", "orders"])
@pytest.mark.parametrize("subject", [">", "journal.frames", "_INBOX.>", "$JS.>"])
def test_a_guest_may_not_listen_in(tmp_path, user, subject):
    """Answers to others and what is being stored are nobody else's business."""

    async def claim(guest: Guest, journal: Journal, writer: Endpoint) -> None:
        assert not await guest.hear(subject)

    on_a_journal(tmp_path, user, claim)


def test_an_answer_cannot_be_aimed_at_the_journal(tmp_path):
    """A read that names the journal as the place for its answer stores nothing."""

    async def claim(guest: Guest, journal: Journal, writer: Endpoint) -> None:
        for request in (
            streams.get_at(1),
            streams.get_newest(streams.JOURNAL_SUBJECT),
            streams.get_from(1, count_max=9, bytes_max=9_999),
        ):
            subject = streams.get_subject(streams.JOURNAL_STREAM)
            await guest.say(subject, request, reply="journal.frames")
        await asyncio.sleep(0.1)

    on_a_journal(tmp_path, "reader", claim)


def test_inside_one_account_such_an_answer_is_stored(tmp_path):
    """Why there are accounts: what one inside asks about the stream is stored in it."""

    async def run() -> None:
        running = await start_journal_server(tmp_path)
        journal = await open_writer(running.writer, journal_limits())
        await journal.append((TURN,))
        insider = Guest()
        await insider.connect(running.writer)
        subject = streams.info_subject(streams.JOURNAL_STREAM)
        await insider.say(subject, reply="journal.frames")
        assert await stored_messages(running.writer) == 2
        await insider.client.close()
        await journal.close()
        await running.stop()

    asyncio.run(run())


def test_an_order_cannot_make_the_node_write_for_somebody(tmp_path):
    """The node answers an order where it was asked to; across accounts that reaches
    the asker alone, and never the journal.
    """

    async def claim(guest: Guest, journal: Journal, writer: Endpoint) -> None:
        node = await nats.connect(
            f"nats://{writer.address}", user=writer.user, password=writer.secret
        )

        async def obey(message: Msg) -> None:
            await message.respond(b"done")

        await node.subscribe("orders.>", cb=obey)
        await node.flush()
        answer = await guest.client.request("orders.suspend", b"{}", timeout=2)
        assert answer.data == b"done"
        await guest.say("orders.suspend", b"{}", reply="journal.frames")
        await asyncio.sleep(0.1)
        await node.close()

    on_a_journal(tmp_path, "orders", claim)


def test_a_sensor_feeds_with_and_without_waiting_for_an_answer(tmp_path):
    """Plots reach the node, and a sensor that asks learns that they are stored."""

    async def claim(guest: Guest, journal: Journal, writer: Endpoint) -> None:
        heard: list[bytes] = []
        node = await nats.connect(
            f"nats://{writer.address}", user=writer.user, password=writer.secret
        )

        async def take(message: Msg) -> None:
            heard.append(message.data)
            if message.reply:
                await message.respond(b"stored")

        await node.subscribe("sensors.*.plots", cb=take)
        await node.flush()
        assert await guest.say("sensors.jpn-radar-1.plots", b"one")
        answer = await guest.client.request(
            "sensors.jpn-radar-1.plots", b"two", timeout=2
        )
        assert answer.data == b"stored"
        assert heard == [b"one", b"two"]
        await node.close()

    on_a_journal(tmp_path, "orders", claim)


def test_a_reader_cannot_give_orders(tmp_path):
    """Seeing and ordering are two secrets."""

    async def claim(guest: Guest, journal: Journal, writer: Endpoint) -> None:
        assert not await guest.say("orders.suspend", b"{}")
        assert not await guest.say("sensors.jpn-radar-1.plots", b"{}")

    on_a_journal(tmp_path, "reader", claim)


def test_one_who_orders_cannot_read_the_journal(tmp_path):
    """A sensor's secret does not open what was decided about others."""

    async def claim(guest: Guest, journal: Journal, writer: Endpoint) -> None:
        subject = streams.get_subject(streams.JOURNAL_STREAM)
        assert not await guest.say(subject, streams.get_at(1), reply="_INBOX_orders.x")

    on_a_journal(tmp_path, "orders", claim)


def test_not_even_the_writer_deletes_a_stored_turn(tmp_path):
    """What is stored changes by nobody's request."""

    async def claim(guest: Guest, journal: Journal, writer: Endpoint) -> None:
        client = await nats.connect(
            f"nats://{writer.address}", user=writer.user, password=writer.secret
        )
        answer = await client.request(
            "$JS.API.STREAM.MSG.DELETE.JOURNAL", b'{"seq":1}', timeout=2
        )
        assert b"message delete not permitted" in answer.data
        await client.close()

    on_a_journal(tmp_path, "reader", claim)
