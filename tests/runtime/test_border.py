"""What stands at the border, who gets it, and what a receipt is."""

import asyncio
import os
import signal
from dataclasses import replace

import pytest

from beaconfire.errors import BeaconfireError, NotReachable, Refused
from beaconfire.runtime import pull as ours
from beaconfire.runtime.servers import NatsServer
from beaconfire.runtime.settings import SETTINGS

from .border_pair import WAIT_S, sky, take, until

pytestmark = pytest.mark.servers

WINDOW = SETTINGS.window_messages_max


async def lay(world, party, lane, count, begin=0):
    """Lay numbered messages at Japan's border."""
    for number in range(begin, begin + count):
        data = f"{party} {lane} {number}".encode()
        await world.border.publish(party, lane, data, msg_id=f"{lane}.{number}")


def test_each_partner_gets_what_was_laid_there_for_it(tmp_path):
    """Every lane of every partner arrives whole and in order, at that partner alone."""

    async def scene():
        async with sky(tmp_path, "KOR", "USA") as world:
            for party in ("KOR", "USA"):
                for lane in ("plots", "tracks", "notices"):
                    await lay(world, party, lane, 5)
            async with world.pulling("KOR") as korea, world.pulling("USA") as usa:
                for party, pull in (("KOR", korea), ("USA", usa)):
                    got = await take(pull, 15)
                    for lane in ("plots", "tracks", "notices"):
                        texts = [data.decode() for name, data in got if name == lane]
                        assert texts == [f"{party} {lane} {n}" for n in range(5)]
                await until_empty(world, "KOR")

    asyncio.run(scene())


async def until_empty(world, party):
    """Wait until nothing stands at the border for ``party``."""
    async with asyncio.timeout(WAIT_S):
        for lane in ("plots", "tracks", "notices"):
            while await world.border.standing(party, lane):
                await asyncio.sleep(0.005)


def test_notices_are_taken_before_plots(tmp_path):
    """What waits in several lanes is taken by urgency, not by order of arrival."""

    async def scene():
        async with sky(tmp_path, "KOR") as world, world.pulling("KOR") as korea:
            await lay(world, "KOR", "plots", 8)
            await lay(world, "KOR", "tracks", 8)
            await lay(world, "KOR", "notices", 8)
            await until(lambda: waiting(korea) == 24, what="24 messages")
            lanes = [lane for lane, _ in await take(korea, 24)]
            assert lanes == ["notices"] * 8 + ["tracks"] * 8 + ["plots"] * 8

    asyncio.run(scene())


def waiting(pull):
    """Return how many messages wait at a partner's end."""
    return sum(len(lane) for lane in pull._waiting.values())


def test_one_message_id_stands_there_once(tmp_path):
    """A hand-over that is repeated after a lost answer is not sent twice."""

    async def scene():
        async with sky(tmp_path, "KOR") as world:
            await lay(world, "KOR", "notices", 1)
            await lay(world, "KOR", "notices", 1)
            assert await world.border.standing("KOR", "notices") == 1

    asyncio.run(scene())


def test_what_is_not_acknowledged_comes_again(tmp_path):
    """A partner that dies before it has stored a message is sent it once more."""

    async def scene():
        async with sky(tmp_path, "KOR") as world:
            await lay(world, "KOR", "notices", 1)
            async with world.pulling("KOR") as korea:
                first = await take(korea, 1, ack=False)
            async with world.pulling("KOR") as korea:
                assert await take(korea, 1) == first
                await until_empty(world, "KOR")

    asyncio.run(scene())


def test_an_acknowledgement_does_not_outlive_its_line(tmp_path):
    """After the line broke, an old acknowledgement settles nothing on the new one."""

    async def scene():
        async with sky(tmp_path, "KOR") as world:
            await lay(world, "KOR", "notices", 1)
            async with world.pulling("KOR") as korea:
                old = await anext(korea.messages())
            async with world.pulling("KOR") as korea:
                await until(lambda: korea.up, what="the new line")
                await old.ack()
                await take(korea, 1, ack=False)
                assert await world.border.standing("KOR", "notices") == 1

    asyncio.run(scene())


def test_a_receipt_is_answered_when_it_is_stored(tmp_path):
    """Until the node has stored it, the partner has no answer."""

    async def scene():
        async with sky(tmp_path, "KOR") as world, world.pulling("KOR") as korea:
            storing = asyncio.Event()
            stored = asyncio.Event()

            async def store():
                storing.set()
                await stored.wait()

            world.before_answer = store
            sending = asyncio.create_task(korea.send_receipt(b"receipt 1"))
            await asyncio.wait_for(storing.wait(), WAIT_S)
            assert not sending.done()
            assert world.receipts == []
            stored.set()
            await asyncio.wait_for(sending, WAIT_S)
            assert world.receipts == [("KOR", b"receipt 1")]

    asyncio.run(scene())


def test_a_receipt_that_could_not_be_stored_is_not_answered(tmp_path, monkeypatch):
    """The partner tries again, a bounded number of times, and then says so."""
    impatient = replace(SETTINGS, receipt_answer_s_max=0.2)
    monkeypatch.setattr(ours, "SETTINGS", impatient)

    async def scene():
        async with sky(tmp_path, "KOR") as world, world.pulling("KOR") as korea:
            tries = []

            async def fail():
                tries.append(1)
                raise NotReachable("the journal does not answer")

            world.before_answer = fail
            with pytest.raises(NotReachable, match="receipt to JPN: not taken"):
                await korea.send_receipt(b"receipt 1")
            assert len(tries) == SETTINGS.receipt_tries
            assert "a receipt of KOR waits: the journal" in world.troubles[0]

            world.before_answer = None
            await korea.send_receipt(b"receipt 2")
            assert world.receipts == [("KOR", b"receipt 2")]

    asyncio.run(scene())


def test_a_window_is_bounded(tmp_path):
    """More than two windows never stand at the border: the journal keeps the rest."""

    async def scene():
        async with sky(tmp_path, "KOR", "USA") as world:
            await lay(world, "KOR", "tracks", 2 * WINDOW)
            with pytest.raises(BeaconfireError, match="`L_KOR_tracks` takes no"):
                await lay(world, "KOR", "tracks", 1, begin=2 * WINDOW)
            too_large = bytes(SETTINGS.link_payload_bytes_max + 1)
            with pytest.raises(BeaconfireError, match="takes no message of 524289"):
                await world.border.publish("KOR", "plots", too_large, msg_id="x")
            await lay(world, "USA", "tracks", 1)

    asyncio.run(scene())


def test_a_request_stands_at_every_moment(tmp_path, monkeypatch):
    """While one request of a lane expires, another stands: nothing waits for a gap."""
    brisk = replace(SETTINGS, pull_expires_s=0.4, link_pause_s_min=0.3)
    monkeypatch.setattr(ours, "SETTINGS", brisk)

    async def scene():
        async with sky(tmp_path, "KOR") as world, world.pulling("KOR"):
            jetstream = world.border._jetstream()

            async def standing():
                info = await jetstream.consumer_info("L_KOR_tracks", "pull")
                return info.num_waiting

            async with asyncio.timeout(WAIT_S):
                while await standing() < 2:
                    await asyncio.sleep(0.005)
            seen = {await standing() for _ in range(1500)}
            assert seen <= {1, 2}

    asyncio.run(scene())


def test_a_partner_that_never_reads_slows_nobody(tmp_path):
    """Korea holds its window and says nothing; the United States get everything."""

    async def scene():
        async with (
            sky(tmp_path, "KOR", "USA") as world,
            world.pulling("KOR") as korea,
            world.pulling("USA") as usa,
        ):
            await until(lambda: korea.up and usa.up, what="both lines")
            await lay(world, "KOR", "tracks", 2 * WINDOW)
            for begin in range(0, 200, 20):
                await lay(world, "USA", "tracks", 20, begin)
                assert len(await take(usa, 20)) == 20
            assert waiting(korea) <= SETTINGS.pull_buffer_messages_max
            assert world.states == {
                "KOR": [(True, "connected")],
                "USA": [(True, "connected")],
            }

    asyncio.run(scene())


def test_a_purge_calls_back_all_but_the_window(tmp_path):
    """A pull that is open may still deliver what it holds: never more than a window."""

    async def scene():
        async with sky(tmp_path, "KOR") as world, world.pulling("KOR") as korea:
            await until(lambda: korea.up, what="the line")
            await lay(world, "KOR", "tracks", 2 * WINDOW)
            await world.border.purge("KOR", "tracks")
            assert await world.border.standing("KOR", "tracks") == 0
            await lay(world, "KOR", "tracks", 1, begin=1000)

            got = []
            async with asyncio.timeout(WAIT_S):
                async for message in korea.messages():
                    await message.ack()
                    got.append(message.data)
                    if message.data == b"KOR tracks 1000":
                        break
            assert 1 <= len(got) <= WINDOW + 1
            assert got[:-1] == [f"KOR tracks {n}".encode() for n in range(len(got) - 1)]

    asyncio.run(scene())


def test_a_new_partner_is_let_in_while_others_notice_nothing(tmp_path):
    """After the probe the new account works; Korea's open pull lives on."""

    async def scene():
        async with sky(tmp_path, "KOR") as world, world.pulling("KOR") as korea:
            await until(lambda: korea.up, what="the line")
            await world.border.set_partners(world.cards("KOR", "USA"))
            async with world.pulling("USA") as usa:
                await lay(world, "USA", "notices", 1)
                await lay(world, "KOR", "notices", 1)
                assert await take(usa, 1) == [("notices", b"USA notices 0")]
                assert await take(korea, 1) == [("notices", b"KOR notices 0")]
                await usa.send_receipt(b"first")
            assert world.receipts == [("USA", b"first")]
            assert world.states["KOR"] == [(True, "connected")]
            assert world.states["USA"] == [(True, "connected")]

    asyncio.run(scene())


def test_a_dead_account_is_found_and_mended(tmp_path, monkeypatch):
    """Read once, a server leaves a new account's imports dead: the probe sees it."""

    def write_alone(server, text):
        (tmp_path / "run" / f"{server.name}.conf").write_text(text)

    async def scene():
        async with sky(tmp_path, "KOR") as world:
            monkeypatch.setattr(NatsServer, "reload", write_alone)
            found = []
            answers = world.border._answers

            async def probed(party):
                found.append((party, await answers(party)))
                return found[-1][1]

            monkeypatch.setattr(world.border, "_answers", probed)
            await world.border.set_partners(world.cards("KOR", "USA"))
            assert found[-1] == ("USA", True)
            assert 1 <= len(found) <= SETTINGS.border_reloads_max + 1
            async with world.pulling("USA") as usa:
                await lay(world, "USA", "plots", 1)
                assert await take(usa, 1) == [("plots", b"USA plots 0")]

            async def never(party):
                return False

            monkeypatch.setattr(world.border, "_answers", never)
            with pytest.raises(BeaconfireError, match="accounts of AUS do not answer"):
                await world.border.set_partners(world.cards("KOR", "USA", "AUS"))
            monkeypatch.setattr(world.border, "_answers", answers)
            await world.border.set_partners(world.cards("KOR", "USA", "AUS"))
            async with world.pulling("AUS") as australia:
                await australia.send_receipt(b"here")
            assert world.receipts == [("AUS", b"here")]

    asyncio.run(scene())


def test_a_partner_that_is_left_out_is_cut_and_may_return(tmp_path):
    """Its line ends, its streams are gone, the others' stand; let in again it works."""

    async def scene():
        async with (
            sky(tmp_path, "KOR", "USA") as world,
            world.pulling("KOR") as korea,
            world.pulling("USA") as usa,
        ):
            await until(lambda: korea.up and usa.up, what="both lines")
            await lay(world, "KOR", "notices", 3)
            await world.border.set_partners(world.cards("USA"))
            await until(lambda: not korea.up, what="Korea's line being cut")
            with pytest.raises(NotReachable):
                await lay(world, "KOR", "notices", 1)
            assert world.states["USA"] == [(True, "connected")]

            await world.border.set_partners(world.cards("KOR", "USA"))
            await until(lambda: korea.up, what="Korea's line")
            assert await world.border.standing("KOR", "notices") == 0
            await lay(world, "KOR", "plots", 1)
            assert ("plots", b"KOR plots 0") in await take_until(korea, "plots")

    asyncio.run(scene())


async def take_until(pull, lane):
    """Take messages until one of ``lane`` has come."""
    taken = []
    async with asyncio.timeout(WAIT_S):
        async for message in pull.messages():
            await message.ack()
            taken.append((message.lane, message.data))
            if message.lane == lane:
                return taken
    return taken


def test_a_replaced_certificate_ends_the_lines_of_the_old_one(tmp_path):
    """What stands there stays, for whoever shows the new leaf; the old one is out."""

    async def scene():
        async with sky(tmp_path, "KOR") as world, world.pulling("KOR") as old:
            await until(lambda: old.up, what="the line")
            await world.border.set_partners([world.card("KOR", version=2)])
            await until(lambda: not old.up, what="the old line being cut")
            await lay(world, "KOR", "notices", 1)
            async with world.pulling("KOR", version=2) as new:
                assert await take(new, 1) == [("notices", b"KOR notices 0")]
                assert not old.up
            await until(
                lambda: "refuses our certificate" in world.states["KOR"][-1][1],
                what="the refusal of the old certificate",
            )

    asyncio.run(scene())


def test_a_card_that_does_not_fit_changes_nothing(tmp_path):
    """A wrong certificate, or our own party, is refused before anything is written."""

    async def scene():
        async with sky(tmp_path, "KOR") as world, world.pulling("KOR") as korea:
            await until(lambda: korea.up, what="the line")
            wrong = world.card("USA")
            for card in (
                type(wrong)(**{**fields(wrong), "party": "AUS"}),
                world.card("JPN"),
            ):
                with pytest.raises((Refused, BeaconfireError)):
                    await world.border.set_partners([world.card("KOR"), card])
            await lay(world, "KOR", "notices", 1)
            assert len(await take(korea, 1)) == 1
            assert world.states["KOR"] == [(True, "connected")]

    asyncio.run(scene())


def fields(card):
    """Return a card's fields by name."""
    return {name: getattr(card, name) for name in card.__struct_fields__}


def test_a_border_that_was_killed_begins_again_empty(tmp_path):
    """Its end is told, its partner sees why, and after a restart the line is back."""

    async def scene():
        async with sky(tmp_path, "KOR") as world, world.pulling("KOR") as korea:
            await until(lambda: korea.up, what="the line")
            await lay(world, "KOR", "plots", 3)
            await take(korea, 3, ack=False)
            os.kill(world.border.pid, signal.SIGKILL)
            await asyncio.wait_for(world.border.ended(), WAIT_S)
            with pytest.raises(NotReachable, match="its server does not answer"):
                await lay(world, "KOR", "plots", 1)

            await world.border.restart(world.cards("KOR"))
            assert await world.border.standing("KOR", "plots") == 0
            await lay(world, "KOR", "plots", 1, begin=7)
            assert await take(korea, 1) == [("plots", b"KOR plots 7")]
            assert [up for up, _ in world.states["KOR"]].count(True) == 2

    asyncio.run(scene())
