"""Intake: what one partner's line brings, on its way to the node.

* Each lane is put in order, and offered to the writer in that order.
* A message is acknowledged when its turn is stored, so what was not stored comes again;
  so does what a closed link refused, once another card has opened it.
* What is too large to be looked at is refused with its size; the journal keeps that,
  not the bytes.
* Nothing is kept here of what is not verified but the window that each lane's reader
  holds to put it in order, and how to answer for as many messages, by their digests.
  Whatever else is let go comes again from an honest border. Nothing here is shared by
  two partners: what one does costs no other anything.

Left to others: what a message says, whether it is new, in order and rightly signed.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Protocol

from beaconfire.errors import BeaconfireError
from beaconfire.journal.entry import Turn
from beaconfire.runtime.effects import Effect
from beaconfire.runtime.pull import Pulled
from beaconfire.runtime.resequence import HELD_MESSAGES_MAX, Resequencer
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.writer import Writer
from beaconfire.vocabulary.entries.arrivals import LinkArrival
from beaconfire.vocabulary.entries.sightings import Rejection
from beaconfire.vocabulary.link import LANES, Lane
from beaconfire.vocabulary.party import Party

Ack = Callable[[], Awaitable[None]]


class Line(Protocol):
    """Whatever brings a partner's messages."""

    def messages(self) -> AsyncIterator[Pulled]:
        """Yield them for as long as there are any."""


class WaysBack:
    """How to answer for what one lane holds back, if it is offered later.

    At most as many as a lane holds; the oldest is forgotten for another. What is
    stored then without an answer comes again, and is known.
    """

    def __init__(self) -> None:
        """Know of nothing."""
        self._acks: dict[bytes, Ack] = {}

    def __len__(self) -> int:
        """Return of how many messages it knows."""
        return len(self._acks)

    def keep(self, message: str, ack: Ack) -> None:
        """Remember ``ack``: the newest, since an older one's line may be gone."""
        key = _key(message)
        self._acks.pop(key, None)
        self._acks[key] = ack
        if len(self._acks) > HELD_MESSAGES_MAX:
            del self._acks[next(iter(self._acks))]

    def take(self, message: str) -> Ack | None:
        """Return how to answer for ``message``, and forget it."""
        return self._acks.pop(_key(message), None)


class Intake:
    """One partner's messages, from its line to the writer."""

    def __init__(
        self, party: Party, writer: Writer, order: Mapping[Lane, Resequencer]
    ) -> None:
        """``order`` holds each lane's reader, which begins where the journal ends."""
        self._party = party
        self._writer = writer
        self._order = order
        self._ways_back = {lane: WaysBack() for lane in LANES}
        self._acking: set[asyncio.Task[None]] = set()
        self._closed = False

    def close(self) -> None:
        """Answer for nothing more: the partner's card is revoked.

        Refused for that and taken from its border now, a message would be a hole in
        the lane on the day another card opens the link.
        """
        self._closed = True

    async def take_all(self, line: Line) -> None:
        """Offer the node what ``line`` brings, for as long as it brings any."""
        async for lane, data, ack in line.messages():
            if len(data) > SETTINGS.link_payload_bytes_max:
                await self._offer(_too_large(self._party, data), ack)
            else:
                await self._take(lane, data.decode("utf-8", "replace"), ack)

    async def _take(self, lane: Lane, text: str, ack: Ack) -> None:
        ready = self._order[lane].offer(text)
        ways_back = self._ways_back[lane]
        acks = [ack if one is text else ways_back.take(one) for one in ready]
        if not any(one is text for one in ready):
            ways_back.keep(text, ack)
        for message, back in zip(ready, acks, strict=True):
            body = LinkArrival(partner=self._party, lane=lane, message=message)
            await self._offer(body, back)

    async def _offer(self, body: LinkArrival | Rejection, ack: Ack | None) -> None:
        def stored(turn: Turn, effects: tuple[Effect, ...]) -> None:
            if ack is None or self._closed:
                return
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


def _key(message: str) -> bytes:
    return hashlib.sha256(message.encode("utf-8", "replace")).digest()


def _too_large(party: Party, data: bytes) -> Rejection:
    size, most = len(data), SETTINGS.link_payload_bytes_max
    reason = f"{size} bytes; at most {most} are looked at"
    return Rejection(source=party, what="link message", reason=reason)


async def _quietly(ack: Ack) -> None:
    try:
        await ack()
    except BeaconfireError:
        return  # not acknowledged: it comes again and is known as a repeat
