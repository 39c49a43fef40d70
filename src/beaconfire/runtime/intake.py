"""Intake: what one partner's line brings, on its way to the node.

* Each lane is put in order, and offered to the writer in that order.
* A message is acknowledged when its turn is stored, so what was not stored comes again;
  so does what a closed link refused, once another card has opened it.
* What is too large to be looked at is refused with its size; the journal keeps that,
  not the bytes. Of a large text that is no link message at all it keeps the beginning,
  the size and the digest: no decision rests on it, so a replay judges nothing again.
* No more is taken from the line than the loop has room for (``handed``).
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

from beaconfire.errors import BadInput, BeaconfireError
from beaconfire.journal.entry import Turn
from beaconfire.runtime.effects import Effect
from beaconfire.runtime.handed import Handed
from beaconfire.runtime.pull import Pulled
from beaconfire.runtime.resequence import HELD_MESSAGES_MAX, Resequencer
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.writer import Writer
from beaconfire.seals import codec
from beaconfire.vocabulary.entries.arrivals import LinkArrival
from beaconfire.vocabulary.entries.sightings import Rejection
from beaconfire.vocabulary.link import LANES, Lane, LinkMessage
from beaconfire.vocabulary.party import Party

Ack = Callable[[], Awaitable[None]]
Say = Callable[[str], None]

_LINK_MESSAGE = "link message"
_EXCERPT_MAX = 512  # characters; what a rejection has room for


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
        self,
        party: Party,
        writer: Writer,
        order: Mapping[Lane, Resequencer],
        *,
        say: Say,
    ) -> None:
        """``order`` holds each lane's reader, which begins where the journal ends.

        ``say`` tells whoever runs the node what no partner can be told.
        """
        self._party = party
        self._say = say
        self._handed = Handed(slowed=self._tell_slowed)
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
            wrong = _too_large(data)
            if wrong is None:
                text = data.decode("utf-8", "replace")
                wrong = _not_a_message(data, text)
            if wrong is None:
                await self._take(lane, text, ack)
            else:
                await self._offer(_refusal(self._party, data, wrong), ack)

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
        size_bytes = len(body.message) if isinstance(body, LinkArrival) else 0
        await self._handed.take(size_bytes)

        def stored(turn: Turn, effects: tuple[Effect, ...]) -> None:
            self._handed.give_back(size_bytes, refused=_is_refused(turn))
            if ack is None or self._closed:
                return
            going = asyncio.ensure_future(_quietly(ack))
            self._acking.add(going)
            going.add_done_callback(self._acking.discard)

        # A full queue is no reason to lose a message: it was not acknowledged, so
        # waiting here only stops us from pulling more of this partner's.
        while True:
            try:
                self._writer.offer(
                    body, by="runtime", stored=stored, partner=self._party
                )
            except BeaconfireError:
                await asyncio.sleep(SETTINGS.due_check_s)
            else:
                return

    def _tell_slowed(self) -> None:
        self._say(
            f"link of {self._party}: much of what it sends is refused; it is taken "
            f"from its border at {SETTINGS.refused_bytes_a_s_max // 1024} KiB/s"
        )


def _key(message: str) -> bytes:
    return hashlib.sha256(message.encode("utf-8", "replace")).digest()


def _too_large(data: bytes) -> str | None:
    size, most = len(data), SETTINGS.link_payload_bytes_max
    if size > most:
        return f"{size} bytes; at most {most} are looked at"
    return None


def _not_a_message(data: bytes, text: str) -> str | None:
    """Say what is wrong with a large text that is no link message at all.

    A small one is journalled whole and refused by the node, like any other.
    """
    if len(data) <= SETTINGS.refused_text_bytes_max:
        return None
    try:
        codec.decode(text, LinkMessage, what=_LINK_MESSAGE)
    except BadInput as error:
        digest = hashlib.sha256(data).hexdigest()
        return f"{error}; {len(data)} bytes, sha256:{digest}"
    return None


def _refusal(party: Party, data: bytes, reason: str) -> Rejection:
    # Four bytes a character at most, of which the last one may be cut.
    excerpt = data[: 4 * _EXCERPT_MAX].decode("utf-8", "replace")[:_EXCERPT_MAX]
    return Rejection(source=party, what=_LINK_MESSAGE, reason=reason, excerpt=excerpt)


def _is_refused(turn: Turn) -> bool:
    """Say whether the whole message was refused, not a part of it."""
    return any(
        isinstance(entry.body, Rejection) and entry.body.what == _LINK_MESSAGE
        for entry in turn.entries
    )


async def _quietly(ack: Ack) -> None:
    try:
        await ack()
    except BeaconfireError:
        return  # not acknowledged: it comes again and is known as a repeat
