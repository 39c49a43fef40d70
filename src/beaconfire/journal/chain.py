"""Chain: does every turn follow from the one before it?

A turn is accepted when

1. its number is the one after the last,
2. it names the last turn's digest as the one before it,
3. its instant is not before the last turn's,
4. it has entries, each of which carries this turn's number and instant, with ``seq``
   counting up by one,
5. its own digest is that of its content (``entry.decode_turn`` checks that on bytes).

The chain finds whatever was changed, left out, put in or put in another order. It
cannot find that the newest turns are gone, nor that all of it was written anew: that
takes a digest kept elsewhere (a partner's receipt, a signed checkpoint).

Pure: bytes and turns in, turns or ``ChainBroken`` out.
"""

from collections.abc import Iterable

from beaconfire.errors import BadInput
from beaconfire.journal.entry import GENESIS, Turn
from beaconfire.journal.frames import Assembler, Unfinished


class ChainBroken(BadInput):
    """The journal does not verify; ``turn`` is the first that does not, and why."""

    def __init__(self, turn: int, what: str) -> None:
        self.turn = turn
        self.what = what
        super().__init__(f"journal turn {turn}: {what}")


class Chain:
    """The end of a verified chain, moved on by one turn at a time."""

    def __init__(self, after: Turn | None = None, *, reaching: int = 1) -> None:
        """Begin behind ``after``, which is trusted, or at the very beginning.

        With ``reaching`` the first turn that comes is taken for the beginning, if it
        is turn ``reaching`` or one before: it is whole, but that it stands where it
        should is then not verified.
        """
        self.last = after
        self._reaching = reaching

    @property
    def next_turn(self) -> int:
        """Return the number that the next turn must have."""
        return self._reaching if self.last is None else self.last.turn + 1

    def accept(self, turn: Turn) -> None:
        """Move on to ``turn``.

        Raises:
            ChainBroken: it does not follow; the chain stays where it was.
        """
        begins = self.last is None and 1 <= turn.turn <= self._reaching
        expected = self.next_turn
        if turn.turn != expected and not begins:
            message = f"it is missing: turn {turn.turn} stands in its place"
            raise ChainBroken(expected, message)
        before = GENESIS if self.last is None else self.last.digest
        if turn.previous != before and not (begins and turn.turn > 1):
            message = "it does not follow from the turn before: the digests differ"
            raise ChainBroken(expected, message)
        if self.last is not None and turn.at < self.last.at:
            message = f"its time {turn.at} lies before that of the turn before"
            raise ChainBroken(expected, message)
        _check_entries(turn)
        self.last = turn

    def would_accept(self, turns: Iterable[Turn]) -> None:
        """Check that ``turns`` follow, one after the other; the chain does not move.

        Raises:
            RuntimeError: they do not, which is the mistake of whoever made them.
        """
        ahead = Chain(self.last)
        try:
            for turn in turns:
                ahead.accept(turn)
        except ChainBroken as error:
            raise RuntimeError(str(error)) from error


class Walk:
    """Stored frames in, verified turns out; the end of the chain is ``chain.last``."""

    def __init__(self, after: Turn | None = None, *, reaching: int = 1) -> None:
        """Begin as a ``Chain`` does."""
        self.chain = Chain(after, reaching=reaching)
        self._assembler = Assembler()

    @property
    def unfinished(self) -> Unfinished | None:
        """Return the turn whose last part has not come, if one stands at the end."""
        return self._assembler.unfinished

    def feed(self, frame: bytes) -> tuple[Turn, ...]:
        """Return the turns that ``frame`` completes, each of them verified.

        Raises:
            ChainBroken: names the first turn that does not verify.
        """
        try:
            turns = self._assembler.feed(frame)
        except BadInput as error:
            raise ChainBroken(self.chain.next_turn, str(error)) from None
        for turn in turns:
            self.chain.accept(turn)
        return turns


def _check_entries(turn: Turn) -> None:
    if not turn.entries:
        raise ChainBroken(turn.turn, "it has no entries")
    first_seq = turn.entries[0].seq
    for place, entry in enumerate(turn.entries):
        if entry.turn != turn.turn or entry.at != turn.at:
            message = f"its entry `{entry.id[:64]}` says another turn or time"
            raise ChainBroken(turn.turn, message)
        if entry.seq != first_seq + place:
            message = f"its entry `{entry.id[:64]}` is out of order"
            raise ChainBroken(turn.turn, message)
