"""Checkpointing: when a running node saves its memory, and how it starts from it.

A checkpoint is of the memory between two frames, made by a copy of the process, kept
beside the journal in the background, and counts once the entry that names its digest
is stored. Starting, the newest one that
verifies is taken and the turns after it are folded; if none serves, all are.
"""

import asyncio
from collections.abc import Callable

from beaconfire.errors import BadInput, BeaconfireError
from beaconfire.journal.entry import Turn
from beaconfire.journal.journal import Journal
from beaconfire.runtime.checkpoint import SCHEMA, pack, restore, save, unpack
from beaconfire.runtime.forked import Copy
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.turns import Node
from beaconfire.vocabulary.entries.arrivals import Checkpoint

Say = Callable[[str], None]
Offer = Callable[[Checkpoint], None]


class Checkpointing:
    """Decides when to save, and saves."""

    def __init__(self, node: Node, journal: Journal, offer: Offer, say: Say) -> None:
        """The node stands where the journal ends."""
        self._node = node
        self._journal = journal
        self._offer = offer
        self._say = say
        self._saved_turn = node.turns
        self._saved_s = asyncio.get_running_loop().time()
        self._saving: asyncio.Task[None] | None = None

    def between_frames(self) -> None:
        """Begin a checkpoint if one is due; called while no turn is under way."""
        if self._saving is not None and not self._saving.done():
            return
        now_s = asyncio.get_running_loop().time()
        turns = self._node.turns - self._saved_turn
        long_ago = now_s - self._saved_s >= SETTINGS.checkpoint_s_max
        # The entry of the last checkpoint is itself a turn: alone it asks for none.
        if turns >= SETTINGS.checkpoint_turns_max or (long_ago and turns > 1):
            self._saved_turn, self._saved_s = self._node.turns, now_s
            try:
                # Now and not in the task: the next turn may begin before it does.
                copy = Copy(lambda: pack(save(self._node)))
            except BeaconfireError as error:
                self._say(f"no checkpoint after turn {self._node.turns}: {error}")
                return
            self._saving = asyncio.create_task(self._keep(self._node.turns, copy))

    async def stop(self) -> None:
        """Wait for a checkpoint that is being kept; give it up if it takes too long."""
        if self._saving is not None:
            await asyncio.wait({self._saving}, timeout=SETTINGS.stop_s_max)
            self._saving.cancel()
            await asyncio.gather(self._saving, return_exceptions=True)

    async def _keep(self, upto: int, copy: Copy) -> None:
        try:
            packed = await copy.bytes_made()
            digest = await self._journal.save_checkpoint(upto, packed)
            self._offer(Checkpoint(upto=upto, state_digest=digest, schema=SCHEMA))
        except BeaconfireError as error:
            # Nothing is lost: the next start folds more turns.
            self._say(f"no checkpoint after turn {upto}: {error}")


async def replay(fresh: Callable[[], Node], journal: Journal, say: Say) -> Node:
    """Return a node that stands where the journal ends.

    Raises:
        BeaconfireError: the journal is damaged, or was written by other rules.
    """
    last = await journal.last()
    if last is None:
        return fresh()
    node = await _from_checkpoint(fresh, journal, last, say) or fresh()
    begins = node.turns
    loop = asyncio.get_running_loop()
    told_s = loop.time()
    async for turn in journal.read(begins + 1):
        node.fold(turn)
        if loop.time() - told_s > SETTINGS.progress_s:
            told_s = loop.time()
            say(f"replaying the journal: turn {turn.turn} of {last.turn}")
    if node.digest != last.digest:
        message = "the journal's last turn is not where its chain ends"
        raise BeaconfireError(message)
    since = f" after the checkpoint at {begins}" if begins else ""
    say(f"replayed {last.turn - begins} turns{since}, up to {last.at}")
    return node


async def _from_checkpoint(
    fresh: Callable[[], Node], journal: Journal, last: Turn, say: Say
) -> Node | None:
    """Return a node as the newest checkpoint that serves has it, if one does."""
    reach = SETTINGS.checkpoint_turns_max + SETTINGS.late_turns_max
    tried: set[str] = set()
    # Where all went well the first few turns back hold one. Only where one was not
    # made or is damaged are those looked for that are kept from before it.
    for begins in (last.turn - reach, last.turn - reach * SETTINGS.checkpoints_kept):
        for found in reversed(await _named(journal, max(1, begins))):
            if found.state_digest in tried:
                continue
            tried.add(found.state_digest)
            node = await _restored(fresh, journal, found, say)
            if node is not None:
                return node
        if begins <= 1:
            break
    if tried:
        say("no checkpoint serves: folding all turns")
    return None


async def _named(journal: Journal, begins: int) -> list[Checkpoint]:
    return [
        entry.body
        async for turn in journal.read(begins)
        for entry in turn.entries
        if isinstance(entry.body, Checkpoint)
    ]


async def _restored(
    fresh: Callable[[], Node], journal: Journal, found: Checkpoint, say: Say
) -> Node | None:
    packed = await journal.load_checkpoint(found.state_digest)
    if packed is None:
        say(f"the checkpoint after turn {found.upto} is not whole")
        return None
    node = fresh()
    try:
        state = unpack(packed, bytes_max=SETTINGS.checkpoint_bytes_max)
        restore(node, state)
    except BadInput as error:
        say(f"the checkpoint after turn {found.upto} does not serve: {error}")
        return None
    return node
