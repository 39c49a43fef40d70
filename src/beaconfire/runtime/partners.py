"""Partners: everything that runs for each partner, and nothing that is shared by two.

For each partner: a pull of its three lanes and the intake that offers the node what it
brings; the outbox of messages and receipts; whether its border answers, as an entry.

A partner whose card is revoked is let go of in the turn that says so: nothing more is
asked of it, given to it, or laid for it, and our border ends its lines.

A card added or replaced while the node runs is noticed and announced; it takes effect
when the node starts again, since the profile of a running node does not change.
"""

import asyncio
from collections.abc import Coroutine
from functools import partial

from beaconfire.errors import NotReachable
from beaconfire.journal.entry import Turn
from beaconfire.runtime.border import Border
from beaconfire.runtime.effects import CloseLink, Effect, GiveReceipt, Publish, Purge
from beaconfire.runtime.intake import Intake, Say
from beaconfire.runtime.outbox import Outbox, note_failure
from beaconfire.runtime.pinned import Identity
from beaconfire.runtime.pull import PartnerPull
from beaconfire.runtime.resequence import Resequencer
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.turns import Node
from beaconfire.runtime.writer import Writer
from beaconfire.stages import ingest
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.entries.arrivals import LinkState, ReceiptArrival
from beaconfire.vocabulary.link import LANES, Lane
from beaconfire.vocabulary.party import Party


class Partners:
    """All partners of one running node."""

    def __init__(
        self,
        cards: tuple[Card, ...],
        identity: Identity,
        border: Border,
        writer: Writer,
        node: Node,
        *,
        say: Say,
    ) -> None:
        """Nothing moves before ``start``; ``say`` is told what no partner can be."""
        self._writer = writer
        self._node = node
        self._border = border
        self._tasks: dict[Party, list[asyncio.Task[None]]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] = asyncio.Future()
        self._cards = {card.party: card for card in cards}
        self._pulls: dict[Party, PartnerPull] = {}
        self._outboxes: dict[Party, Outbox] = {}
        self._intakes: dict[Party, Intake] = {}
        for party, card in self._cards.items():
            pull = PartnerPull(card, identity, on_state=partial(self._state, party))
            self._pulls[party] = pull
            self._outboxes[party] = Outbox(party, border, pull)
            order = {lane: _order(node, party, lane) for lane in LANES}
            self._intakes[party] = Intake(party, writer, order, say=say)

    async def start(self) -> None:
        """Fill the border again from the journal, then turn to the partners."""
        for outbox in self._outboxes.values():
            outbox.start()
        self.fill_border()
        for party, outbox in self._outboxes.items():
            for receipt in self._node.receipts(party):
                outbox.put(receipt)
        for party, pull in self._pulls.items():
            failed = self._outboxes[party].failed()
            work = (pull.run(), self._intakes[party].take_all(pull), failed)
            self._tasks[party] = [self._watched(one) for one in work]

    def fill_border(self) -> None:
        """Lay at the border all that has no receipt: it keeps its lanes in memory."""
        for party, outbox in self._outboxes.items():
            for message in self._node.standing(party):
                outbox.put(message)

    @property
    def cards(self) -> tuple[Card, ...]:
        """The cards of the partners whose links are open."""
        return tuple(self._cards.values())

    def put(self, effect: Publish | Purge | GiveReceipt | CloseLink) -> None:
        """Start an effect towards its partner.

        One whose card was taken away gets nothing more: its fate stays unknown.
        """
        if isinstance(effect, CloseLink):
            self._close(effect.to)
            return
        outbox = self._outboxes.get(effect.to)
        if outbox is not None:
            outbox.put(effect)

    @property
    def purging(self) -> bool:
        """Whether a lane at the border is still to be emptied, or a line to be cut."""
        return bool(self._closing) or any(
            outbox.purging for outbox in self._outboxes.values()
        )

    async def watch(self) -> None:
        """Raise what ends a task here; otherwise go on for ever."""
        await asyncio.shield(self._failed)

    async def hush(self) -> None:
        """Take nothing more from partners; what was taken is still being stored."""
        await _cancelled([task for some in self._tasks.values() for task in some])

    async def stop(self) -> None:
        """Let go of all partners."""
        await self.hush()
        await _cancelled(list(self._closing))
        for outbox in self._outboxes.values():
            await outbox.stop()
        self._failed.cancel()

    def _close(self, party: Party) -> None:
        """Let go of a partner at once; what our border answers is waited for apart."""
        if self._cards.pop(party, None) is None:
            return
        self._intakes.pop(party).close()
        for task in (pulling := self._tasks.pop(party, [])):
            task.cancel()
        closing = self._watched(self._cut(self._outboxes.pop(party), pulling))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _cut(self, outbox: Outbox, pulling: list[asyncio.Task[None]]) -> None:
        # The outbox first: what it laid in a lane that is gone would end the node.
        await outbox.stop()
        while True:
            try:
                await self._border.set_partners(self.cards)
                break
            except NotReachable:
                await asyncio.sleep(SETTINGS.link_pause_s_min)
        await _cancelled(pulling)

    def _watched(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(partial(note_failure, self._failed))
        return task

    async def take_receipt(self, party: Party, data: bytes) -> None:
        """Take a receipt; return when it is stored, so that its giver may rest.

        Raises:
            BeaconfireError: the node cannot take it now; it is laid down again.
        """
        done = asyncio.get_running_loop().create_future()
        body = ReceiptArrival(partner=party, message=data.decode("utf-8", "replace"))

        def stored(turn: Turn, effects: tuple[Effect, ...]) -> None:
            if not done.done():
                done.set_result(None)

        self._writer.offer(body, by="runtime", stored=stored, partner=party)
        await done

    def _state(self, party: Party, up: bool, reason: str) -> None:
        self._writer.offer(LinkState(partner=party, up=up, reason=reason), by="runtime")
        if up and party in self._outboxes:
            for receipt in self._node.receipts(party):
                self._outboxes[party].put(receipt)


def _order(node: Node, party: Party, lane: Lane) -> Resequencer:
    """Return the lane's reader, which goes on where the journal ends."""
    head = ingest.head(node.stages.ingest, party, lane)
    if head is None:
        return Resequencer()
    return Resequencer(epoch=head.epoch, number=head.number)


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
