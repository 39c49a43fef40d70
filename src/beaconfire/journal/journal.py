"""Journal: the one protocol behind which turns are kept.

Every form of journal promises:

* ``append`` returns only when the turn will survive the process (and, on disk, the
  machine) dying, or raises; a turn is stored whole or not at all.
* Turns are numbered from 1 without gaps and chained by digest; a turn that does not
  continue the chain is refused.
* Nothing stored changes or expires by itself.

Forms: ``memory`` (tests, simulated exercises) and ``jetstream`` (a node).
"""

from collections.abc import AsyncIterator
from typing import Protocol

from beaconfire.journal.entry import Turn


class Journal(Protocol):
    """Append turns, read them from a number on."""

    async def append(self, turns: tuple[Turn, ...]) -> None:
        """Store whole turns in order, all of them or (seen from outside) none.

        Raises:
            NoLongerWriter: another writer has appended; this process must stop.
            NotReachable: the server does not answer; nothing is known to be stored.
        """
        ...

    def read(self, from_turn: int = 1) -> AsyncIterator[Turn]:
        """Yield the stored turns from number ``from_turn`` on, checking the chain.

        Raises:
            BadInput: damaged; names the first turn that does not verify.
        """
        ...

    async def last(self) -> Turn | None:
        """Return the newest stored turn, or ``None`` in an empty journal."""
        ...
