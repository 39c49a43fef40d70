"""The lost acknowledgement, at every point where something can get lost.

A line without a network stores as the server does, under the same fence, and loses
what it is told to. Whatever is lost, each turn is stored once and in order, or the
writer is told that it may not go on.
"""

import asyncio
import json
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beaconfire.errors import BeaconfireError, NoLongerWriter, NotReachable
from beaconfire.journal import streams
from beaconfire.journal.frames import pack
from beaconfire.journal.stream_journal import JetStreamJournal
from beaconfire.journal.streams import Answer, Unanswered
from beaconfire.runtime.settings import journal_limits

from .turns_made import turn_after, turns_from

LIMITS = replace(journal_limits(), frame_bytes_max=2_000, settle_tries=4)

# What can befall a message on its way in: stored and answered; lost on the way in;
# stored but its answer lost; late, so that it arrives when another was answered.
FATES = ("answered", "never-came", "answer-lost", "late")


@dataclass
class LossyLine:
    """A server and the way to it: ``fates`` befall one stored message after another."""

    fates: list[str] = field(default_factory=list)
    stored: list[bytes] = field(default_factory=list)
    under_way: list[tuple[bytes, int]] = field(default_factory=list)
    deaf_reads: int = 0
    refusal: str | None = None

    async def ask(
        self,
        subject: str,
        data: bytes,
        headers: dict[str, str] | None = None,
        *,
        many: bool = False,
    ) -> list[Answer]:
        """Answer as the server would."""
        if subject == streams.JOURNAL_SUBJECT:
            assert headers is not None
            return self._publish(data, int(headers["Nats-Expected-Last-Sequence"]))
        if subject.startswith("$JS.API.STREAM."):
            state = {"messages": len(self.stored), "last_seq": len(self.stored)}
            return [Answer(200, 0, json.dumps({"state": state}).encode())]
        if self.deaf_reads:
            self.deaf_reads -= 1
            raise Unanswered
        request = json.loads(data)
        seq = request.get("seq", len(self.stored))
        count = request.get("batch", 1)
        return [
            Answer(200, place, self.stored[place - 1])
            for place in range(max(seq, 1), min(seq + count, len(self.stored) + 1))
        ]

    def _publish(self, data: bytes, fence: int) -> list[Answer]:
        fate = self.fates.pop(0) if self.fates else "answered"
        if fate == "late":
            self.under_way.append((data, fence))
            raise Unanswered
        if fate == "never-came":
            self._arrive_late()
            raise Unanswered
        ack = self._store(data, fence)
        self._arrive_late()
        if fate == "answer-lost":
            raise Unanswered
        return [ack]

    def _arrive_late(self) -> None:
        for data, fence in self.under_way:
            self._store(data, fence)
        self.under_way.clear()

    def _store(self, data: bytes, fence: int) -> Answer:
        if self.refusal is not None:
            error = {"code": 503, "err_code": 10077, "description": self.refusal}
            return Answer(200, 0, json.dumps({"error": error, "seq": 0}).encode())
        if fence != len(self.stored):
            error = {"code": 400, "err_code": 10071, "description": "wrong last"}
            return Answer(200, 0, json.dumps({"error": error, "seq": 0}).encode())
        self.stored.append(data)
        return Answer(200, 0, json.dumps({"seq": len(self.stored)}).encode())

    async def close(self) -> None:
        """Nothing is held open."""


async def taken_up(line: LossyLine) -> JetStreamJournal:
    """Return a journal that may append."""
    journal = JetStreamJournal(line, LIMITS)
    await journal.take_up()
    return journal


async def numbers(line: LossyLine) -> list[int]:
    """Return the turns that can be read back, verified, by somebody new."""
    reader = JetStreamJournal(LossyLine(stored=line.stored), LIMITS)
    return [turn.turn async for turn in reader.read()]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(FATES), max_size=12),
    st.lists(st.sampled_from([10, 4_000]), min_size=1, max_size=5),
)
def test_each_turn_is_stored_once_whatever_is_lost(fates, sizes):
    """Success means stored; failure means at most a prefix, each turn whole."""

    async def claim() -> None:
        line = LossyLine(fates=list(fates))
        journal = await taken_up(line)
        turn, done = None, 0
        try:
            for size in sizes:
                turn = turn_after(turn, text="x" * size, entries=1)
                await journal.append((turn,))
                done = turn.turn
        except NotReachable:
            # Four tries in a row without an answer: the node stops, and says so.
            assert fates.count("never-came") + fates.count("late") >= 4
        found = await numbers(line)
        assert found[:done] == list(range(1, done + 1))
        assert len(found) <= done + 1

    asyncio.run(claim())


@pytest.mark.parametrize("fate", ["never-came", "answer-lost", "late"])
def test_a_lost_answer_does_not_stop_the_writer(fate):
    """One loss of any kind is settled, and the next turn follows."""

    async def claim() -> None:
        line = LossyLine(fates=[fate])
        journal = await taken_up(line)
        turns = turns_from(None, 2)
        await journal.append(turns[:1])
        await journal.append(turns[1:])
        assert await numbers(line) == [1, 2]

    asyncio.run(claim())


def test_a_message_that_arrives_late_is_not_stored_beside_its_resend():
    """The fence lets one of the two in, and the writer finds that it is its own."""

    async def claim() -> None:
        line = LossyLine(fates=["late", "answer-lost"])
        journal = await taken_up(line)
        await journal.append(turns_from(None, 1))
        assert len(line.stored) == 1

    asyncio.run(claim())


def test_another_writers_turn_is_never_taken_for_our_own():
    """The same turn number from another writer means that this one is done."""

    async def claim() -> None:
        line = LossyLine()
        journal = await taken_up(line)
        rival = turn_after(None, writer="writer-b", entries=1)
        (frame,) = pack((rival,), frame_bytes_max=2_000, turn_bytes_max=9_000)
        line.stored.append(frame.data)
        ours = turn_after(None, writer="writer-a", entries=1)
        with pytest.raises(NoLongerWriter) as told:
            await journal.append((ours,))
        assert str(told.value) == (
            "another writer (`writer-b`) has appended to this journal; this process "
            "must stop"
        )
        assert line.stored == [frame.data]

    asyncio.run(claim())


def test_foreign_bytes_behind_ours_also_end_the_writer():
    """What is not even a turn still means that somebody else writes here."""

    async def claim() -> None:
        line = LossyLine()
        journal = await taken_up(line)
        line.stored.append(b"not a turn")
        with pytest.raises(NoLongerWriter, match="something that is not a turn"):
            await journal.append(turns_from(None, 1))

    asyncio.run(claim())


def test_reading_the_fate_is_tried_again():
    """The read that settles a loss may itself get lost."""

    async def claim() -> None:
        line = LossyLine(fates=["answer-lost"])
        journal = await taken_up(line)
        line.deaf_reads = LIMITS.settle_tries - 1
        await journal.append(turns_from(None, 1))
        assert await numbers(line) == [1]

    asyncio.run(claim())


def test_a_server_that_never_answers_stops_the_writer_in_bounded_tries():
    """Nothing is appended behind a turn whose fate is not known."""

    async def claim() -> None:
        line = LossyLine(fates=["never-came"] * 50)
        journal = await taken_up(line)
        turns = turns_from(None, 2)
        with pytest.raises(NotReachable, match="whether the last turns are stored"):
            await journal.append(turns[:1])
        assert len(line.fates) == 50 - LIMITS.settle_tries
        with pytest.raises(RuntimeError, match="open it again"):
            await journal.append(turns[:1])

    asyncio.run(claim())


def test_a_server_that_cannot_store_says_why():
    """A full disk is passed on as what it is, and not tried for ever."""

    async def claim() -> None:
        line = LossyLine(refusal="insufficient storage resources available")
        journal = await taken_up(line)
        with pytest.raises(BeaconfireError, match="cannot store: insufficient storage"):
            await journal.append(turns_from(None, 1))

    asyncio.run(claim())


def test_a_journal_that_lost_what_it_acknowledged_is_not_written_on():
    """A stream made anew under the writer is damage, not a place to go on."""

    async def claim() -> None:
        line = LossyLine()
        journal = await taken_up(line)
        turns = turns_from(None, 3)
        await journal.append(turns[:2])
        line.stored.clear()
        with pytest.raises(BeaconfireError, match="lost what it had acknowledged"):
            await journal.append(turns[2:])
        assert line.stored == []

    asyncio.run(claim())


def test_an_append_that_was_cancelled_ends_the_journal():
    """Whoever gives up waiting does not know the fate, and must read it first."""

    class StuckLine(LossyLine):
        async def ask(self, subject, data, headers=None, *, many=False):
            if subject == streams.JOURNAL_SUBJECT:
                await super().ask(subject, data, headers, many=many)
                await asyncio.Event().wait()
            return await super().ask(subject, data, headers, many=many)

    async def claim() -> None:
        line = StuckLine()
        journal = await taken_up(line)
        turns = turns_from(None, 2)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(journal.append(turns[:1]), 0.01)
        with pytest.raises(RuntimeError, match="open it again"):
            await journal.append(turns[:1])
        again = await taken_up(LossyLine(stored=line.stored))
        assert await again.last() == turns[0]

    asyncio.run(claim())


@pytest.mark.parametrize("stored_parts", [1, 2])
def test_a_turn_cut_short_by_a_crash_does_not_count_and_is_stored_anew(stored_parts):
    """The next writer takes up before the unfinished parts, and goes on behind them."""

    async def claim() -> None:
        first = turn_after(None, entries=1)
        large = turn_after(first, entries=1, text="x" * 4_000)
        frames = [
            frame.data
            for turn in (first, large)
            for frame in pack((turn,), frame_bytes_max=2_000, turn_bytes_max=9_000)
        ]
        line = LossyLine(stored=frames[: 1 + stored_parts])
        reader = JetStreamJournal(line, LIMITS)
        assert [turn.turn async for turn in reader.read()] == [1]
        assert reader.unfinished is not None
        assert reader.unfinished.turn == 2
        assert reader.unfinished.parts == stored_parts

        journal = await taken_up(line)
        assert await journal.last() == first
        anew = turn_after(first, writer="writer-b", entries=1, text="y" * 5_000)
        after = turn_after(anew, writer="writer-b", entries=1)
        await journal.append((anew, after))
        assert [turn async for turn in journal.read()] == [first, anew, after]
        assert [turn async for turn in journal.read(3)] == [after]
        assert await journal.last() == after
        assert journal.unfinished is None

    asyncio.run(claim())


def test_an_unfinished_turn_at_the_very_beginning_leaves_an_empty_journal():
    """A first turn that was cut short has never been."""

    async def claim() -> None:
        large = turn_after(None, entries=1, text="x" * 4_000)
        parts = pack((large,), frame_bytes_max=2_000, turn_bytes_max=9_000)
        line = LossyLine(stored=[parts[0].data])
        journal = await taken_up(line)
        assert await journal.last() is None
        assert [turn async for turn in journal.read()] == []
        await journal.append((large,))
        assert [turn async for turn in journal.read()] == [large]

    asyncio.run(claim())


def test_turns_are_found_by_number_among_thousands():
    """Beginning anywhere asks for few messages, and finds exactly the turn."""

    async def claim() -> None:
        line = LossyLine()
        journal = await taken_up(line)
        turns = turns_from(None, 400)
        for begin in range(0, 400, 3):
            await journal.append(turns[begin : begin + 3])
        for wanted in (2, 3, 4, 200, 398, 399, 400):
            reader = JetStreamJournal(line, LIMITS)
            found = [turn.turn async for turn in reader.read(wanted)]
            assert found == list(range(wanted, 401))

    asyncio.run(claim())
