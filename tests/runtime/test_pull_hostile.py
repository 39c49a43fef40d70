"""A partner's border that is not what it should be, seen from our end of the line."""

import asyncio
import ssl
from contextlib import asynccontextmanager

import pytest

from beaconfire.errors import BadInput, NotReachable
from beaconfire.runtime.pull import PartnerPull
from beaconfire.runtime.settings import SETTINGS

from .border_pair import WAIT_S, Sky, sky, until

pytestmark = pytest.mark.servers

INFO = (
    b'INFO {"server_id":"x","version":"2.15.1","max_payload":524288,"headers":true}\r\n'
)


@asynccontextmanager
async def false_border(world, say, party="JPN"):
    """Listen where Japan's border should, with a party's leaf, and say what is given.

    ``say(reader, writer)`` speaks after the first lines of the protocol.
    """
    held = world.identity(party)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(held.leaf, held.key)

    async def serve(reader, writer):
        writer.write(INFO)
        await reader.readuntil(b"PING\r\n")
        writer.write(b"PONG\r\n")
        try:
            await say(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # our end has hung up, as it should
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", world.port, ssl=context)
    try:
        yield
    finally:
        server.close()


def reasons(world, party="KOR"):
    """Return why the line was down, each time."""
    return [reason for up, reason in world.states[party] if not up]


def test_a_border_with_another_certificate_is_not_spoken_to(tmp_path):
    """Only the leaf in the partner's card will do, whoever listens at its address."""

    async def scene():
        world = Sky(tmp_path)
        heard = []

        async def say(reader, writer):
            heard.append(await reader.read(100))

        async with false_border(world, say, party="USA"), world.pulling("KOR"):
            await until(lambda: reasons(world), what="a reason")
            assert "it shows another certificate than its card" in reasons(world)[0]
            assert heard == []

    asyncio.run(scene())


def test_a_message_without_end_is_not_gathered(tmp_path):
    """A border that announces two gigabytes and sends them is hung up on early."""

    async def scene():
        world = Sky(tmp_path)
        sent = []

        async def say(reader, writer):
            writer.write(b"MSG x 1 2000000000\r\n")
            while True:
                writer.write(bytes(65_536))
                sent.append(65_536)
                await writer.drain()

        async with false_border(world, say), world.pulling("KOR"):
            await until(lambda: reasons(world), what="a reason")
            # The rest of what was sent filled the system's buffers, not ours.
            assert sum(sent) < 100_000_000
            assert "it sent more than" in reasons(world)[0]

    asyncio.run(scene())


@pytest.mark.parametrize(
    "line",
    [b"nonsense\r\n", b"INFO {\r\n", b"-ERR 'go away'\r\n", b"", b"\xff" * 3000],
    ids=["nonsense", "half info", "error", "silence", "noise"],
)
def test_what_is_no_protocol_ends_the_line(tmp_path, line):
    """Whatever it says, the line is told to be down and is tried again."""

    async def scene():
        world = Sky(tmp_path)
        calls = []

        async def say(reader, writer):
            calls.append(1)
            writer.write(line)
            await writer.drain()

        async with false_border(world, say), world.pulling("KOR"):
            await until(lambda: len(calls) > 1, what="another try")
            assert reasons(world)
            assert all(
                reason.startswith("border of JPN: ") for reason in reasons(world)
            )

    asyncio.run(scene())


def test_a_flood_of_messages_is_bounded(tmp_path):
    """A border that sends more than any window fills no more than the buffer."""

    async def scene():
        world = Sky(tmp_path)

        async def say(reader, writer):
            subscribed = {}
            while True:
                words = (await reader.readline()).split()
                if not words:
                    return
                if words[0] == b"SUB":
                    subscribed[words[1]] = words[-1]
                if words[0] == b"PING":
                    writer.write(b"PONG\r\n")
                if words[0] == b"PUB":
                    request = await reader.readline()
                    sid = subscribed.get(words[2], b"1")
                    # Our end looks before it asks: an error is an answer to that.
                    count = 1 if request == b"{\r\n" else 1000
                    for _ in range(count):
                        writer.write(b"MSG %s %s ack.1 1\r\nx\r\n" % (words[2], sid))
                    await writer.drain()

        async with false_border(world, say), world.pulling("KOR") as korea:
            await until(lambda: korea.up, what="the line")
            full = SETTINGS.pull_buffer_messages_max
            await until(
                lambda: [len(lane) for lane in korea._waiting.values()] == [full] * 3,
                what="full buffers",
            )
            await asyncio.sleep(0.2)
            assert [len(lane) for lane in korea._waiting.values()] == [full] * 3

    asyncio.run(scene())


def test_a_border_that_knows_us_no_more_says_so(tmp_path):
    """Where nobody listens, or we are not let in, the reason is a sentence."""

    async def scene():
        world = Sky(tmp_path)
        async with world.pulling("KOR") as korea:
            await until(lambda: reasons(world), what="a reason")
            assert "nobody listens there" in reasons(world)[0]
            assert not korea.up
        async with sky(tmp_path / "other") as other, other.pulling("KOR"):
            await until(lambda: reasons(other), what="a reason")
            assert "refuses our certificate" in reasons(other)[0]

    asyncio.run(scene())


def test_a_receipt_is_not_promised_to_a_border_that_is_away(tmp_path, monkeypatch):
    """Without a line the caller is told within a bounded time."""
    monkeypatch.setattr(
        "beaconfire.runtime.pull.SETTINGS",
        type(SETTINGS)(receipt_answer_s_max=0.1),
    )

    async def scene():
        world = Sky(tmp_path)
        async with world.pulling("KOR") as korea:
            with pytest.raises(
                NotReachable, match="receipt to JPN: not taken: no answer"
            ):
                await korea.send_receipt(b"x")

    asyncio.run(scene())


def test_the_end_is_not_forgotten_while_connecting(tmp_path, monkeypatch):
    """Told to end, the line ends, though the client made another error of it."""
    connecting = asyncio.Event()

    async def forgetful(**_):
        connecting.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            message = "the client closed it"
            raise NotReachable(message) from None

    async def scene():
        monkeypatch.setattr("beaconfire.runtime.pull.connect_pinned", forgetful)
        world = Sky(tmp_path)
        pull = PartnerPull(
            world.card("JPN"), world.identity("KOR"), on_state=lambda *_: None
        )
        running = asyncio.create_task(pull.run())
        await connecting.wait()
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=WAIT_S)
        assert done == {running}
        assert running.cancelled()

    asyncio.run(scene())


def test_a_card_without_a_certificate_opens_no_line(tmp_path):
    """A partner whose card cannot be pinned is refused before anything is sent."""
    world = Sky(tmp_path)
    card = world.card("JPN")
    broken = type(card)(
        **{
            **{name: getattr(card, name) for name in card.__struct_fields__},
            "certificate_pem": "none",
        }
    )

    with pytest.raises(BadInput, match="is not one PEM certificate"):
        PartnerPull(broken, world.identity("KOR"), on_state=lambda *_: None)
