"""Journal: the one protocol behind which turns are kept.

Every form of journal promises:

* ``append`` returns only when the turns will survive the process (and, on disk, the
  machine) dying, or raises; a turn is stored whole or not at all.
* Turns are numbered from 1 without gaps and chained by digest; a turn that does not
  continue the chain is not stored.
* One writer: whoever appends at the end it has read wins, and the one that did not
  see it is told so and must stop.
* Nothing stored changes or expires by itself.

Forms: ``memory`` (tests, simulated exercises) and ``jetstream`` (a node).
"""

from collections.abc import AsyncIterator
from typing import Protocol

from beaconfire.journal.entry import Turn


class Journal(Protocol):
    """Append turns, read them from a number on, keep the bytes of checkpoints."""

    async def append(self, turns: tuple[Turn, ...]) -> None:
        """Store whole turns in order; when it returns, all of them are stored.

        If it raises, the first few of them may be stored, each whole: the next
        writer finds them when it reads. This journal then appends nothing more; it
        is opened again first.

        Raises:
            NoLongerWriter: another writer has appended; this process must stop.
            NotReachable: the server does not answer; nothing is known to be stored.
            BeaconfireError: the server cannot store it, and says why.
            RuntimeError: the turns do not continue the chain: the caller's mistake.
        """
        ...

    def read(self, from_turn: int = 1) -> AsyncIterator[Turn]:
        """Yield the turns from number ``from_turn`` to the end, checking the chain.

        Raises:
            ChainBroken: damaged (a ``BadInput``); names the first turn that does not
                verify.
        """
        ...

    async def last(self) -> Turn | None:
        """Return the newest stored turn, or ``None`` in an empty journal."""
        ...

    async def save_checkpoint(self, upto_turn: int, state: bytes) -> str:
        """Keep the bytes of the state after ``upto_turn``; return their digest.

        The digest belongs in a ``checkpoint`` entry: without it nobody looks for the
        bytes. The newest few are kept; older ones can be folded again from the turns.
        """
        ...

    async def load_checkpoint(self, digest: str) -> bytes | None:
        """Return the state bytes with this digest, or ``None`` if not here, whole."""
        ...

    async def close(self) -> None:
        """Let go of what the journal holds open; what is stored stays."""
        ...
