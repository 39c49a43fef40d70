"""What a hostile partner, or a stranger, tries at the border, and gets nothing by."""

import asyncio
import json
import ssl
from dataclasses import replace

import nats
import nats.errors
import pytest
from cryptography.hazmat.primitives import serialization

from beaconfire.runtime import pull
from beaconfire.runtime.border_config import probe_urn
from beaconfire.runtime.keys import make_leaf
from beaconfire.runtime.settings import SETTINGS

from . import leaves
from .border_pair import WAIT_S, refused, sky, take, until

pytestmark = pytest.mark.servers

LANES = ("notices", "tracks", "plots")
ASK = json.dumps({"batch": 10, "expires": 5_000_000_000}).encode()


def identity_of(world, name, leaf):
    """Write a certificate made by a test; return where it lies."""
    return world.kept(name, leaf.key_pem, leaf.pem.encode())


def as_signer(world, party):
    """Return a partner's own certificate and key, to sign others with."""
    held = world.identity(party)
    key = serialization.load_pem_private_key(held.key.read_bytes(), None)
    certificate = leaves.x509.load_pem_x509_certificate(held.leaf.read_bytes())
    return leaves.Leaf(key, certificate)


async def everything(world):
    """Return how much stands in every stream, and what receipts came."""
    standing = {
        (party, lane): await world.border.standing(party, lane)
        for party in ("KOR", "USA")
        for lane in LANES
    }
    return standing, list(world.receipts)


def test_a_certificate_that_a_partner_signed_vouches_for_nobody(tmp_path):
    """Korea signs one that says it is the United States, or Korea again: refused."""

    async def scene():
        async with sky(tmp_path, "KOR", "USA") as world:
            korea = as_signer(world, "KOR")
            for number, party in enumerate(("USA", "KOR", "JPN")):
                for ca in (True, False):
                    leaf = leaves.make(leaves.urn_name(party), signer=korea, ca=ca)
                    false = identity_of(world, f"false{number}{ca}", leaf)
                    assert await refused(world.raw(false))
            assert not await refused(world.raw(world.identity("KOR")))

    asyncio.run(scene())


def test_a_leaf_that_is_not_pinned_is_refused(tmp_path):
    """A new self-signed leaf in a partner's name, the node's or the server's own."""

    async def scene():
        async with sky(tmp_path, "KOR") as world:
            urns = [f"urn:beaconfire:{who}" for who in ("KOR", "JPN", "USA", "system")]
            for number, urn in enumerate([*urns, probe_urn("KOR")]):
                stranger = world.kept(f"stranger{number}", *make_leaf(urn))
                assert await refused(world.raw(stranger))

    asyncio.run(scene())


def test_without_tls_or_a_certificate_nobody_is_heard(tmp_path):
    """Plain text, no certificate, and TLS 1.2 with the right one are all refused."""

    async def scene():
        async with sky(tmp_path, "KOR") as world:
            plain = nats.connect(
                f"nats://127.0.0.1:{world.port}",
                allow_reconnect=False,
                connect_timeout=3,
                error_cb=silent,
            )
            assert await refused(plain)
            assert await refused(world.raw(None))

            held = world.identity("KOR")
            old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            old.check_hostname = False
            old.maximum_version = ssl.TLSVersion.TLSv1_2
            old.load_verify_locations(world.identity("JPN").leaf)
            old.load_cert_chain(held.leaf, held.key)
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.open_connection("127.0.0.1", world.port, ssl=old)

    asyncio.run(scene())


async def silent(_):
    """Hear an error and say nothing."""


def test_an_answer_cannot_be_sent_into_anothers_stream(tmp_path):
    """Requests that name another's subject for the answer store nothing anywhere.

    Inside one account they would: the server delivers an answer wherever it is asked
    to. That the same request with an inbox of its own is answered shows that the
    attempt itself was heard.
    """

    async def scene():
        async with sky(tmp_path, "KOR", "USA") as world:
            for number in range(6):
                data = b"from Japan"
                await world.border.publish("KOR", "tracks", data, msg_id=f"{number}")
            before = await everything(world)
            korea = await world.raw(world.identity("KOR"))
            targets = [
                *(f"l.{party}.{lane}" for party in ("USA", "KOR") for lane in LANES),
                *("receipt.USA", "receipt.KOR", "$JS.API.STREAM.PURGE.L_USA_tracks"),
                *("$JS.API.STREAM.DELETE.L_USA_tracks", "$SYS.REQ.SERVER.PING"),
            ]
            for target in targets:
                await korea.publish("next.tracks", ASK, reply=target)
                await korea.publish("receipt", b"a receipt", reply=target)
            await korea.flush()
            await until(lambda: len(world.receipts) == len(targets), what="receipts")

            inbox = await korea.subscribe("_INBOX.own")
            await korea.publish("next.tracks", ASK, reply="_INBOX.own")
            got = await inbox.next_msg(WAIT_S)
            assert got.data == b"from Japan"
            # An acknowledgement that asks for the next message, into another's lane.
            await korea.publish(got.reply, b"+NXT", reply="l.USA.notices")
            await korea.flush()
            await korea.close()

            standing, receipts = await everything(world)
            assert {party for party, _ in receipts} == {"KOR"}
            assert {data for _, data in receipts} == {b"a receipt"}
            expected = {**before[0], ("KOR", "tracks"): standing["KOR", "tracks"]}
            assert standing == expected
            assert standing["KOR", "tracks"] in (5, 6)

    asyncio.run(scene())


FORBIDDEN = (
    "l.USA.tracks",
    "l.KOR.tracks",
    "receipt.USA",
    "receipt.KOR",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.NAMES",
    "$JS.API.INFO",
    "$JS.API.STREAM.INFO.L_USA_tracks",
    "$JS.API.STREAM.INFO.L_KOR_tracks",
    "$JS.API.STREAM.PURGE.L_USA_tracks",
    "$JS.API.STREAM.PURGE.L_KOR_tracks",
    "$JS.API.STREAM.DELETE.L_USA_tracks",
    "$JS.API.STREAM.MSG.GET.L_USA_tracks",
    "$JS.API.DIRECT.GET.L_USA_tracks",
    "$JS.API.STREAM.CREATE.X",
    "$JS.API.CONSUMER.CREATE.L_USA_tracks",
    "$JS.API.CONSUMER.DELETE.L_KOR_tracks.pull",
    "$JS.API.CONSUMER.MSG.NEXT.L_USA_tracks.pull",
    "$JS.API.CONSUMER.MSG.NEXT.L_KOR_tracks.pull",
    "$JS.ACK.L_USA_tracks.pull.1.1.1.1.0",
    "$SYS.REQ.SERVER.PING",
    "$SYS.REQ.ACCOUNT.NODE.CONNZ",
    "$SYS.REQ.USER.INFO",
    "_R_.anything",
)


def test_a_partner_asks_for_its_own_and_nothing_else(tmp_path):
    """Every other subject is refused, by name, and nothing changes."""

    async def scene():
        async with sky(tmp_path, "KOR", "USA") as world:
            await world.border.publish("USA", "tracks", b"for the USA", msg_id="1")
            before = await everything(world)
            said = []
            korea = await world.raw(world.identity("KOR"), errors=said)
            for subject in FORBIDDEN:
                await korea.publish(subject, b"{}", reply="_INBOX.x")
            await korea.flush()
            await until(lambda: len(said) >= len(FORBIDDEN), what="every refusal")
            for subject in FORBIDDEN:
                refusal = f'permissions violation for publish to "{subject.lower()}"'
                assert any(refusal in text for text in said), subject
            await korea.close()
            assert await everything(world) == before

    asyncio.run(scene())


@pytest.mark.parametrize(
    "subject", [">", "*.>", "$SYS.>", "l.>", "receipt.>", "next.>", "$JS.>", "_R_.>"]
)
def test_a_partner_hears_nothing_but_its_answers(tmp_path, subject):
    """No subscription but to its own inboxes is admitted, and none hears others."""

    async def scene():
        async with sky(tmp_path, "KOR", "USA") as world:
            said = []
            korea = await world.raw(world.identity("KOR"), errors=said)
            heard = await korea.subscribe(subject)
            inboxes = await korea.subscribe("_INBOX.>")
            await korea.flush()
            async with world.pulling("USA") as usa:
                await world.border.publish("USA", "notices", b"secret", msg_id="1")
                assert await take(usa, 1) == [("notices", b"secret")]
                await usa.send_receipt(b"receipt")
            await korea.flush()
            assert any(
                "permissions violation for subscription" in text for text in said
            )
            assert heard.pending_msgs == 0
            assert inboxes.pending_msgs == 0
            await korea.close()

    asyncio.run(scene())


def test_a_partner_has_few_lines_and_short_messages(tmp_path):
    """Connections beyond the limit and receipts too large are refused by the server."""

    async def scene():
        async with sky(tmp_path, "KOR", "USA") as world:
            korea = world.identity("KOR")
            lines = [
                await world.raw(korea) for _ in range(SETTINGS.partner_connections_max)
            ]
            assert await refused(world.raw(korea))
            assert not await refused(world.raw(world.identity("USA")))
            for line in lines[1:]:
                await line.close()

            line = lines[0]
            line._max_payload = 2**30  # our own client would not even send it
            await line.publish("receipt", bytes(SETTINGS.receipt_bytes_max + 1))
            await until(lambda: line.is_closed, what="the line being cut")
            assert world.receipts == []

    asyncio.run(scene())


def test_a_line_that_breaks_leaves_no_request_behind(tmp_path, monkeypatch):
    """After twenty reconnections the first message comes at its first delivery.

    Each line breaks when its requests stand. None of them ends by itself here: what a
    line left behind would stand to the end. The border notices that a line has ended
    when its machine comes to it, so what stands is waited for, and nothing is published
    before.
    """
    patient = replace(SETTINGS, pull_expires_s=10 * WAIT_S)
    monkeypatch.setattr(pull, "SETTINGS", patient)

    async def scene():
        async with sky(tmp_path, "KOR") as world:
            for _ in range(20):
                async with world.pulling("KOR"):
                    await standing_requests(world, pull.SLOTS)
                await standing_requests(world, 0)
            async with world.pulling("KOR") as korea:
                await standing_requests(world, pull.SLOTS)
                await world.border.publish("KOR", "tracks", b"x", msg_id="1")
                async with asyncio.timeout(WAIT_S):
                    message = await anext(korea.messages())
                reply = message.ack.args[0]
                delivered = int(reply.split(".")[4])
                assert delivered == 1

    asyncio.run(scene())


async def standing_requests(world, each):
    """Wait until so many of Korea's requests stand in each of its lanes."""
    found = {}
    try:
        async with asyncio.timeout(WAIT_S):
            while set(found.values()) != {each}:
                for lane in LANES:
                    found[lane] = await world.requests("KOR", lane)
    except TimeoutError:
        message = f"never {each} requests in each lane, but {found}"
        raise AssertionError(message) from None


def test_nobody_but_the_node_holds_a_key_to_the_system(tmp_path):
    """Keys of the probe and the system are the running node's, private and renewed."""

    async def scene():
        async with sky(tmp_path, "KOR") as world:
            folder = tmp_path / "run" / "border"
            made = {path.name: path.read_bytes() for path in folder.glob("*.key")}
            assert set(made) == {"system.key", "probe.KOR.key"}
            for path in folder.glob("*.*"):
                assert path.stat().st_mode & 0o077 == 0
            await world.border.restart(world.cards("KOR"))
            for name, former in made.items():
                assert (folder / name).read_bytes() != former

    asyncio.run(scene())
