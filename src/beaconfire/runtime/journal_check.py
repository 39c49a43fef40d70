"""Journal check: walk a journal from its beginning to its end and say what it holds.

The first break ends the walk: behind it nothing is known to follow from anything.
What this finds and cannot find is said in ``journal/chain.py``.
"""

from collections.abc import Callable

from msgspec import Struct

from beaconfire.errors import BadInput
from beaconfire.journal.chain import ChainBroken
from beaconfire.journal.entry import Turn
from beaconfire.runtime.journal_server import StoredJournal
from beaconfire.runtime.settings import SETTINGS
from beaconfire.vocabulary.times import Instant

Progress = Callable[[str], None]


class UnfinishedTurn(Struct, frozen=True, kw_only=True):
    """A turn whose writer died between its parts; it does not count."""

    turn: int
    parts: int
    of: int


class Break(Struct, frozen=True, kw_only=True):
    """The first turn that does not verify, and why."""

    turn: int
    what: str


class JournalCheck(Struct, frozen=True, kw_only=True):
    """What was walked: all of it, or up to the first break."""

    v: int = 1
    turns: int
    entries: int
    first: Instant | None
    last: Instant | None
    head: str | None
    unfinished: UnfinishedTurn | None
    broken: Break | None


async def check_journal(stored: StoredJournal, progress: Progress) -> JournalCheck:
    """Walk what is stored; ``progress`` hears from time to time how far it is."""
    journal = stored.journal
    turns = entries = 0
    first: Turn | None = None
    last: Turn | None = None
    broken: Break | None = None
    try:
        async for turn in journal.read():
            first = first or turn
            last = turn
            turns += 1
            entries += len(turn.entries)
            if turns % SETTINGS.progress_turns == 0:
                progress(f"{turns} turns verified, up to {turn.at}")
    except ChainBroken as error:
        broken = Break(turn=error.turn, what=error.what)
    except BadInput as error:
        broken = Break(turn=turns + 1, what=str(error))
    if broken is None and stored.lost_end is not None:
        broken = Break(turn=turns + 1, what=stored.lost_end)
    unfinished = journal.unfinished if broken is None else None
    return JournalCheck(
        turns=turns,
        entries=entries,
        first=None if first is None else first.at,
        last=None if last is None else last.at,
        head=None if last is None else last.digest,
        unfinished=None
        if unfinished is None
        else UnfinishedTurn(
            turn=unfinished.turn, parts=unfinished.parts, of=unfinished.of
        ),
        broken=broken,
    )
