"""Partners: everything that runs for each partner, and nothing that is shared by two.

For each partner: a pull of its three lanes, put in order and offered to the writer;
the outbox of messages and receipts; whether its border answers, as an entry. A
message is acknowledged when its turn is stored, so what was not stored comes again;
so does what a closed link refused, once another card has opened it.

A partner whose card is revoked is let go of in the turn that says so: nothing more is
asked of it, given to it, or laid for it, and our border ends its lines.

A card added or replaced while the node runs is noticed and announced; it takes effect
when the node starts again, since the profile of a running node does not change.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial

from beaconfire.errors import BeaconfireError, NotReachable
from beaconfire.journal.entry import Turn
from beaconfire.runtime.border import Border
from beaconfire.runtime.effects import CloseLink, Effect, GiveReceipt, Publish, Purge
from beaconfire.runtime.outbox import Outbox, note_failure
from beaconfire.runtime.pinned import Identity
from beaconfire.runtime.pull import PartnerPull
from beaconfire.runtime.resequence import Resequencer
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.turns import Node
from beaconfire.runtime.writer import Writer
from beaconfire.stages import ingest
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.entries.arrivals import (
    LinkArrival,
    LinkState,
    ReceiptArrival,
)
from beaconfire.vocabulary.entries.sightings import Rejection
from beaconfire.vocabulary.link import LANES, Lane
from beaconfire.vocabulary.party import Party

Ack = Callable[[], Awaitable[None]]


class Partners:
    """All partners of one running node."""

    def __init__(
        self,
        cards: tuple[Card, ...],
        identity: Identity,
        border: Border,
        writer: Writer,
        node: Node,
    ) -> None:
        """Nothing moves before ``start``."""
        self._writer = writer
        self._node = node
        self._border = border
        self._tasks: dict[Party, list[asyncio.Task[None]]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._closed: set[Party] = set()
        self._failed: asyncio.Future[None] = asyncio.Future()
        self._cards = {card.party: card for card in cards}
        self._acking: set[asyncio.Task[None]] = set()
        self._pulls: dict[Party, PartnerPull] = {}
        self._outboxes: dict[Party, Outbox] = {}
        self._order: dict[tuple[Party, Lane], Resequencer] = {}
        self._acks: dict[tuple[Party, str], list[Ack]] = {}
        for party, card in self._cards.items():
            pull = PartnerPull(card, identity, on_state=partial(self._state, party))
            self._pulls[party] = pull
            self._outboxes[party] = Outbox(party, border, pull)
            for lane in LANES:
                head = ingest.head(node.stages.ingest, party, lane)
                self._order[party, lane] = (
                    Resequencer(epoch=head.epoch, number=head.number)
                    if head
                    else Resequencer()
                )

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
            work = (pull.run(), self.take_all(party, pull), failed)
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
        self._closed.add(party)
        if self._cards.pop(party, None) is None:
            return
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

    async def take_all(self, party: Party, pull: PartnerPull) -> None:
        """Offer the node what a line brings, in order, for as long as it brings any.

        What is too large to be looked at is refused with its size; the journal keeps
        that, not the bytes.
        """
        async for lane, data, ack in pull.messages():
            if len(data) > SETTINGS.link_payload_bytes_max:
                await self._offer(party, _too_large(party, data), [ack])
                continue
            try:
                text = data.decode()
            except UnicodeDecodeError:
                text = data.decode("utf-8", "replace")
            if len(self._acks) > SETTINGS.pull_buffer_messages_max * len(self._order):
                # What was held and then purged at the other end is never offered; if
                # it stands there after all it comes again, with a new way to answer.
                self._acks.clear()
            self._acks.setdefault((party, text), []).append(ack)
            for message in self._order[party, lane].offer(text):
                body = LinkArrival(partner=party, lane=lane, message=message)
                await self._offer(party, body, self._acks.pop((party, message), []))

    async def _offer(
        self, party: Party, body: LinkArrival | Rejection, acks: list[Ack]
    ) -> None:
        def stored(turn: Turn, effects: tuple[Effect, ...]) -> None:
            if party in self._closed:
                # Refused, for its card is revoked: taken from its border now, it would
                # be a hole in the lane on the day another card opens the link.
                return
            for ack in acks:
                going = asyncio.ensure_future(_quietly(ack))
                self._acking.add(going)
                going.add_done_callback(self._acking.discard)

        # A full queue is no reason to lose a message: it was not acknowledged, so
        # waiting here only stops us from pulling more of this partner's.
        while True:
            try:
                self._writer.offer(body, by="runtime", stored=stored)
            except BeaconfireError:
                await asyncio.sleep(SETTINGS.due_check_s)
            else:
                return

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

        self._writer.offer(body, by="runtime", stored=stored)
        await done

    def _state(self, party: Party, up: bool, reason: str) -> None:
        self._writer.offer(LinkState(partner=party, up=up, reason=reason), by="runtime")
        if up and party in self._outboxes:
            for receipt in self._node.receipts(party):
                self._outboxes[party].put(receipt)


def _too_large(party: Party, data: bytes) -> Rejection:
    most = SETTINGS.link_payload_bytes_max
    reason = f"{len(data)} bytes; at most {most} are looked at"
    return Rejection(source=party, what="link message", reason=reason)


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _quietly(ack: Ack) -> None:
    try:
        await ack()
    except BeaconfireError:
        return  # not acknowledged: it comes again and is known as a repeat
