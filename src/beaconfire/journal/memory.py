"""Memory: a journal for tests and simulated exercises.

The same promises as on disk, except that of outliving the process: the ``MemoryStore``
is the disk, a ``MemoryJournal`` is one writer's hold on it, and a node that "dies" is
started again on the same store with a new journal. Two journals on one store fence
each other as two processes would.

Nothing here is left to chance: a crash happens where it was planned, before or after
the turn is stored.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum

from beaconfire.errors import NoLongerWriter
from beaconfire.journal.chain import Chain
from beaconfire.journal.entry import Turn


class CrashPoint(Enum):
    """On which side of the store a planned crash happens."""

    BEFORE_STORE = "before-store"
    AFTER_STORE = "after-store"


class PlannedCrash(Exception):
    """The process dies here, by plan. Not a ``BeaconfireError``: nobody handles it."""


@dataclass(slots=True)
class MemoryStore:
    """What survives a crash: the turns, and the bytes of checkpoints by digest."""

    turns: list[Turn] = field(default_factory=list)
    checkpoints: dict[str, bytes] = field(default_factory=dict)


class MemoryJournal:
    """A ``Journal`` on a ``MemoryStore``."""

    def __init__(
        self, store: MemoryStore | None = None, *, checkpoints_kept: int = 3
    ) -> None:
        """Take up ``store`` as it is now; a new one if none is given."""
        self.store = MemoryStore() if store is None else store
        self._checkpoints_kept = checkpoints_kept
        self._chain = Chain(self.store.turns[-1] if self.store.turns else None)
        self._crashes: dict[int, CrashPoint] = {}
        self._ended = False

    def plan_crash(self, turn: int, when: CrashPoint) -> None:
        """Die when ``turn`` is appended, before or after it is stored."""
        self._crashes[turn] = when

    async def append(self, turns: tuple[Turn, ...]) -> None:
        """Store whole turns in order (see ``Journal.append``)."""
        self._require_open()
        self._chain.would_accept(turns)
        for turn in turns:
            self._append(turn)

    @property
    def next_turn(self) -> int:
        """Return the number of the turn that is stored next."""
        return self._chain.next_turn

    def store_turn(self, turn: Turn) -> None:
        """Store one turn at once: for a world without a loop, where nothing waits."""
        self._require_open()
        self._append(turn)

    def _require_open(self) -> None:
        if self._ended:
            message = "this journal has ended; open it again"
            raise RuntimeError(message)

    def _append(self, turn: Turn) -> None:
        stored = self.store.turns
        if len(stored) != self._chain.next_turn - 1:
            self._ended = True
            message = (
                f"another writer (`{stored[-1].writer}`) has appended turn "
                f"{stored[-1].turn} to this journal; this process must stop"
            )
            raise NoLongerWriter(message)
        crash = self._crashes.get(turn.turn)
        if crash is CrashPoint.BEFORE_STORE:
            self._die(turn)
        self._chain.accept(turn)
        stored.append(turn)
        if crash is CrashPoint.AFTER_STORE:
            self._die(turn)

    def _die(self, turn: Turn) -> None:
        self._ended = True
        message = f"planned crash at turn {turn.turn}"
        raise PlannedCrash(message)

    async def read(self, from_turn: int = 1) -> AsyncIterator[Turn]:
        """Yield the stored turns from number ``from_turn`` on (see ``Journal.read``).

        Ends where the journal ended when reading began.
        """
        stored = tuple(self.store.turns)
        first = max(from_turn, 1)
        before = stored[first - 2] if 1 < first <= len(stored) else None
        chain = Chain(before)
        for turn in stored[first - 1 :]:
            chain.accept(turn)
            yield turn

    async def last(self) -> Turn | None:
        """Return the newest stored turn, or ``None`` in an empty journal."""
        return self.store.turns[-1] if self.store.turns else None

    async def save_checkpoint(self, upto_turn: int, state: bytes) -> str:
        """Keep the bytes (see ``Journal.save_checkpoint``)."""
        digest = hashlib.sha256(state).hexdigest()
        kept = self.store.checkpoints
        kept.pop(digest, None)
        kept[digest] = state
        for oldest in list(kept)[: -self._checkpoints_kept]:
            del kept[oldest]
        return digest

    async def load_checkpoint(self, digest: str) -> bytes | None:
        """Return the bytes with this digest, or ``None`` (see ``Journal``)."""
        state = self.store.checkpoints.get(digest)
        if state is None or hashlib.sha256(state).hexdigest() != digest:
            return None
        return state

    async def close(self) -> None:
        """Nothing is held open."""
