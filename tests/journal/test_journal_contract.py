"""The contract: what every form of journal promises, tried on each of them."""

from collections.abc import Awaitable, Callable

import pytest

from beaconfire.errors import NoLongerWriter
from beaconfire.journal.entry import Turn
from beaconfire.journal.journal import Journal

from .forms_made import FORMS, Opener, run_on
from .turns_made import turn_after, turns_from

Claim = Callable[[Opener], Awaitable[None]]


@pytest.fixture(params=FORMS)
def on_journals(request, tmp_path):
    """Run a claim with something that opens this form of journal, anew each time."""

    def run(claim: Claim) -> None:
        run_on(request.param, tmp_path, claim)

    return run


async def everything(journal: Journal, from_turn: int = 1) -> tuple[Turn, ...]:
    """Return all that the journal yields."""
    return tuple([turn async for turn in journal.read(from_turn)])


def test_an_empty_journal_has_no_last_turn_and_yields_nothing(on_journals):
    """Nothing stored is said as nothing, not as an error."""

    async def claim(opened: Opener) -> None:
        journal = await opened()
        assert await journal.last() is None
        assert await everything(journal) == ()

    on_journals(claim)


def test_what_is_appended_is_read_back_in_order(on_journals):
    """One by one or several at once, the turns come back the same."""

    async def claim(opened: Opener) -> None:
        turns = turns_from(None, 20)
        journal = await opened()
        for turn in turns[:5]:
            await journal.append((turn,))
        await journal.append(turns[5:])
        assert await everything(journal) == turns
        assert await journal.last() == turns[-1]

    on_journals(claim)


def test_no_turns_store_nothing(on_journals):
    """An append of nothing is done at once and changes nothing."""

    async def claim(opened: Opener) -> None:
        journal = await opened()
        await journal.append(())
        assert await journal.last() is None

    on_journals(claim)


@pytest.mark.parametrize("from_turn", [-1, 0, 1, 2, 7, 15, 30, 31, 99])
def test_reading_begins_at_any_turn(on_journals, from_turn):
    """From the beginning, from within a shared frame, from the end and beyond it."""

    async def claim(opened: Opener) -> None:
        turns = turns_from(None, 30)
        journal = await opened()
        for begin in range(0, 30, 4):
            await journal.append(turns[begin : begin + 4])
        expected = turns[max(from_turn, 1) - 1 :]
        assert await everything(journal, from_turn) == expected

    on_journals(claim)


def test_reading_goes_on_where_it_ended(on_journals):
    """A reader that asks again gets only what is new."""

    async def claim(opened: Opener) -> None:
        turns = turns_from(None, 9)
        journal = await opened()
        await journal.append(turns[:4])
        assert await everything(journal) == turns[:4]
        assert await everything(journal, 5) == ()
        await journal.append(turns[4:])
        assert await everything(journal, 5) == turns[4:]
        assert await everything(journal, 6) == turns[5:]

    on_journals(claim)


def test_a_journal_taken_up_again_goes_on_at_its_end(on_journals):
    """A new process finds the last turn and appends behind it."""

    async def claim(opened: Opener) -> None:
        turns = turns_from(None, 4)
        first = await opened()
        await first.append(turns[:3])
        await first.close()
        second = await opened()
        assert await second.last() == turns[2]
        await second.append(turns[3:])
        assert await everything(second) == turns

    on_journals(claim)


def test_the_second_writer_wins_and_the_first_is_told(on_journals):
    """Two writers never both append: who did not see the other's turn must stop."""

    async def claim(opened: Opener) -> None:
        first, second = await opened(), await opened()
        (theirs,) = turns_from(None, 1, writer="writer-b")
        await second.append((theirs,))
        with pytest.raises(NoLongerWriter, match="another writer"):
            await first.append(turns_from(None, 1, writer="writer-a"))
        assert await everything(second) == (theirs,)
        with pytest.raises(RuntimeError, match="this journal has ended"):
            await first.append(turns_from(theirs, 1, writer="writer-a"))

    on_journals(claim)


def test_turns_that_do_not_continue_the_chain_are_not_stored(on_journals):
    """A gap in what is appended is the caller's mistake; nothing of it is stored."""

    async def claim(opened: Opener) -> None:
        turns = turns_from(None, 5)
        journal = await opened()
        await journal.append(turns[:2])
        with pytest.raises(RuntimeError, match="journal turn 4: it is missing"):
            await journal.append((turns[2], turns[4]))
        assert await everything(journal) == turns[:2]
        await journal.append(turns[2:])
        assert await everything(journal) == turns

    on_journals(claim)


def test_a_turn_of_any_size_is_kept_whole(on_journals):
    """A turn far beyond one frame is stored like any other, between small ones."""

    async def claim(opened: Opener) -> None:
        small = turn_after(None)
        large = turn_after(small, entries=40, text="plot " * 4_000)
        after = turn_after(large)
        journal = await opened()
        await journal.append((small, large, after))
        assert await everything(journal) == (small, large, after)
        assert await everything(journal, 2) == (large, after)
        assert await everything(journal, 3) == (after,)

    on_journals(claim)


def test_the_last_turn_is_found_when_it_is_large(on_journals):
    """The newest turn is read back whole from all of its parts."""

    async def claim(opened: Opener) -> None:
        large = turn_after(None, entries=40, text="plot " * 4_000)
        journal = await opened()
        await journal.append((large,))
        again = await opened()
        assert await again.last() == large

    on_journals(claim)


def test_reading_ends_where_the_journal_ended_when_it_began(on_journals):
    """A reader beside a busy writer comes to an end."""

    async def claim(opened: Opener) -> None:
        turns = turns_from(None, 3)
        journal = await opened()
        await journal.append(turns[:2])
        seen = []
        async for turn in journal.read():
            seen.append(turn)
            if turn.turn == 1:
                await journal.append(turns[2:])
        assert tuple(seen) == turns[:2]

    on_journals(claim)


def test_a_checkpoint_comes_back_by_its_digest(on_journals):
    """State bytes of any size are returned whole, also to the next process."""

    async def claim(opened: Opener) -> None:
        journal = await opened()
        small = await journal.save_checkpoint(1, b"state")
        large_state = bytes(range(256)) * 4_000
        large = await journal.save_checkpoint(2, large_state)
        empty = await journal.save_checkpoint(3, b"")
        again = await opened()
        assert await again.load_checkpoint(small) == b"state"
        assert await again.load_checkpoint(large) == large_state
        assert await again.load_checkpoint(empty) == b""

    on_journals(claim)


def test_a_checkpoint_that_was_never_kept_is_none(on_journals):
    """What is not there is said to be not there, also before the first one."""

    async def claim(opened: Opener) -> None:
        journal = await opened()
        assert await journal.load_checkpoint("0" * 64) is None
        await journal.save_checkpoint(1, b"state")
        assert await journal.load_checkpoint("0" * 64) is None

    on_journals(claim)


def test_the_newest_checkpoints_are_kept_and_older_ones_let_go(on_journals):
    """Bytes that can be folded again do not pile up; a repeat does not push others."""

    async def claim(opened: Opener) -> None:
        journal = await opened()
        digests = [
            await journal.save_checkpoint(upto, b"state %d" % upto) for upto in range(6)
        ]
        await journal.save_checkpoint(6, b"state 5")
        found = [await journal.load_checkpoint(digest) for digest in digests]
        assert found == [None, None, None, b"state 3", b"state 4", b"state 5"]

    on_journals(claim)
