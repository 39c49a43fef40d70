"""Pull: our end of the line to one partner's border.

* ``messages`` yields what the partner laid there for us, notices first, then tracks,
  then plots. It is acknowledged by whoever stored it, and comes again if it is not.
* Two requests a lane overlap, so that the partner always knows where to send next.
* ``send_receipt`` returns when the partner has stored the receipt.
* The line is made again for ever, with pauses that double up to a bound; whether it is
  up, and if not why, is told as it changes. Nothing here waits for another partner.
* The far side is not trusted: how much of a lane waits here is bounded (what exceeds
  it is dropped unacknowledged, and comes again), and so is each message.

An acknowledgement goes back by the very line that brought the message: on another
line the partner's numbers may mean other messages.

Left to others: what a message says, whether it is new, in order and rightly signed.
"""

import asyncio
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from beaconfire.errors import NotReachable
from beaconfire.runtime.acks import Acks
from beaconfire.runtime.border_config import RECEIPT, next_subject
from beaconfire.runtime.keys import require_leaf
from beaconfire.runtime.pinned import (
    Identity,
    close_pinned,
    connect_pinned,
    pinned_context,
    raise_if_cancelled,
    why,
)
from beaconfire.runtime.settings import SETTINGS
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.link import LANES, Lane
from beaconfire.vocabulary.times import NS_PER_S

OnState = Callable[[bool, str], None]

SLOTS = 2
_LOST = (OSError, TimeoutError, nats.errors.Error)
_ACK = b"+ACK"
_STATUS = "Status"
_HEARTBEAT = "100"
_NO_RESPONDERS = "503"

# A border that reads this asks for no message; it says what is wrong with it, and
# thereby that it was reached. A request for one message at once would stay there and
# swallow a redelivered one if the window was full just then.
_NO_REQUEST = b"{"

# A window of the largest: of one lane an honest border has no more on the way.
_LANE_BYTES_MAX = SETTINGS.window_messages_max * SETTINGS.link_payload_bytes_max


class Pulled(NamedTuple):
    """A message from the partner's border; ``await ack()`` once it is stored."""

    lane: Lane
    data: bytes
    ack: Callable[[], Awaitable[None]]


class PartnerPull:
    """The line to one partner: ``run`` keeps it up, ``messages`` yields from it."""

    def __init__(self, card: Card, identity: Identity, *, on_state: OnState) -> None:
        """``on_state`` is told whether the line is up, and why, at each change.

        Raises:
            BadInput, Refused: the card's certificate is not one that can be pinned.
        """
        self._card = card
        self._context = pinned_context(
            identity, require_leaf(card.certificate_pem, card.party)
        )
        self._on_state = on_state
        self._waiting: dict[Lane, deque[Pulled]] = {lane: deque() for lane in LANES}
        self._waiting_bytes = dict.fromkeys(LANES, 0)
        self._something = asyncio.Event()
        self._line: _Line | None = None
        self._up = asyncio.Event()
        self._told: tuple[bool, str] | None = None

    @property
    def up(self) -> bool:
        """Return whether the partner's border answers."""
        return self._up.is_set()

    async def run(self) -> None:
        """Keep the line up until cancelled. It ends by cancellation alone."""
        loop = asyncio.get_running_loop()
        pause_s = SETTINGS.link_pause_s_min
        while True:
            line = _Line(self._take)
            begun_s = loop.time()
            try:
                await line.open(self._card, self._context)
                raise_if_cancelled()
                self._line = line
                self._up.set()
                self._tell(True, "connected")
                await line.serve()
            except NotReachable as error:
                self._tell(False, str(error))
            finally:
                self._up.clear()
                self._line = None
                await line.close()
            raise_if_cancelled()
            # A line that held begins anew; one that is cut again and again does not.
            if loop.time() - begun_s > SETTINGS.link_pause_s_max:
                pause_s = SETTINGS.link_pause_s_min
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, SETTINGS.link_pause_s_max)

    async def messages(self) -> AsyncIterator[Pulled]:
        """Yield messages for ever, the more urgent lane first."""
        while True:
            await self._something.wait()
            for lane in LANES:
                if self._waiting[lane]:
                    pulled = self._waiting[lane].popleft()
                    self._waiting_bytes[lane] -= len(pulled.data)
                    yield pulled
                    break
            else:
                self._something.clear()

    async def send_receipt(self, data: bytes) -> None:
        """Lay a receipt at the partner's border; returns when it is stored there.

        Raises:
            NotReachable: it was not answered in time, each time it was tried.
        """
        failure = "the line is down"
        for _ in range(SETTINGS.receipt_tries):
            try:
                async with asyncio.timeout(SETTINGS.receipt_answer_s_max):
                    await self._up.wait()
                    if self._line is not None:
                        await self._line.ask(RECEIPT, data)
                        return
            except _LOST as error:
                failure = why(error)
            await asyncio.sleep(SETTINGS.link_pause_s_min)
        message = f"receipt to {self._card.party}: not taken: {failure}"
        raise NotReachable(message)

    def _take(self, pulled: Pulled) -> None:
        waiting = self._waiting[pulled.lane]
        size_bytes = self._waiting_bytes[pulled.lane] + len(pulled.data)
        if (
            len(waiting) < SETTINGS.pull_buffer_messages_max
            and size_bytes <= _LANE_BYTES_MAX
        ):
            waiting.append(pulled)
            self._waiting_bytes[pulled.lane] = size_bytes
            self._something.set()

    def _tell(self, up: bool, reason: str) -> None:
        if self._told != (up, reason):
            self._told = (up, reason)
            self._on_state(up, reason)


class _Line:
    """One connection to a partner's border, and the requests that stand open on it."""

    def __init__(self, take: Callable[[Pulled], None]) -> None:
        self._take = take
        self._client: Client | None = None
        self._ended = asyncio.Event()
        self._acks = Acks()
        self._name = ""
        self._trouble = "the partner closed it"

    async def open(self, card: Card, context: ssl.SSLContext) -> None:
        """Connect, and see that every lane answers.

        Raises:
            NotReachable: it does not; says why.
        """
        self._name = f"border of {card.party}"
        self._client = await connect_pinned(
            host=card.border_host,
            port=card.border_port,
            context=context,
            name=self._name,
            on_end=self._end,
            on_trouble=self._note,
        )
        try:
            for lane in LANES:
                await self._look(lane)
        except _LOST as error:
            cause = self._trouble if self._ended.is_set() else why(error)
            message = f"{self._name}: connected, but it does not answer: {cause}"
            raise NotReachable(message) from None

    async def serve(self) -> None:
        """Keep requests open in every lane until the line ends.

        Raises:
            NotReachable: it ended; says why.
        """
        work = [
            asyncio.ensure_future(self._slot(lane, slot))
            for lane in LANES
            for slot in range(SLOTS)
        ]
        work.append(asyncio.ensure_future(self._acks.give_all(self._give_ack)))
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait([*work, ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*work, ended):
                task.cancel()
            said = await asyncio.gather(*work, ended, return_exceptions=True)
        for outcome in said:
            if isinstance(outcome, NotReachable):
                raise outcome
            if isinstance(outcome, Exception) and not isinstance(outcome, _LOST):
                raise outcome
        message = f"{self._name}: the line ended: {self._trouble}"
        raise NotReachable(message)

    async def ask(self, subject: str, data: bytes) -> bytes:
        """Ask and return the answer; raises what the client raises."""
        answer = await self._answer(subject, data, SETTINGS.receipt_answer_s_max)
        said: bytes = answer.data
        return said

    async def close(self) -> None:
        """Close the connection; what was not acknowledged comes again."""
        if self._client is not None:
            await close_pinned(self._client)
            self._client = None

    async def _answer(self, subject: str, data: bytes, timeout_s: float) -> Msg:
        """Ask, and wait for the answer only as long as the line lasts."""
        if self._client is None:
            raise nats.errors.ConnectionClosedError
        asking = asyncio.ensure_future(
            self._client.request(subject, data, timeout=timeout_s)
        )
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait([asking, ended], return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise nats.errors.ConnectionClosedError
            return asking.result()
        finally:
            asking.cancel()
            ended.cancel()

    async def _look(self, lane: Lane) -> None:
        """See that ``lane`` is there: a border without our account says nothing."""
        answer = await self._answer(
            next_subject(lane), _NO_REQUEST, SETTINGS.link_connect_s_max
        )
        if _status(answer) == _NO_RESPONDERS:
            raise NotReachable(self._no_place(lane))

    async def _slot(self, lane: Lane, slot: int) -> None:
        """Keep one request open in ``lane``: when it is used up or lost, the next.

        The slots begin out of step, so that they never expire together: while one
        request ends, another stands. A request ends with its line, but for one that the
        border is just taking in: that may stand there until it expires.
        """
        assert self._client is not None
        client = self._client
        inbox = client.new_inbox()
        heard = await client.subscribe(
            inbox,
            pending_msgs_limit=SETTINGS.pull_buffer_messages_max,
            pending_bytes_limit=_LANE_BYTES_MAX // SLOTS,
        )
        loop = asyncio.get_running_loop()
        expires_s = SETTINGS.pull_expires_s * (slot + 1) / SLOTS
        while True:
            begun_s = loop.time()
            await client.publish(next_subject(lane), _ask(expires_s), reply=inbox)
            used_up = await self._hear(heard, lane)
            if not used_up and loop.time() - begun_s < expires_s / 2:
                # Refused, and would be again: the other slot's request stands.
                await asyncio.sleep(SETTINGS.link_pause_s_min)
            expires_s = SETTINGS.pull_expires_s

    async def _hear(self, heard: Subscription, lane: Lane) -> bool:
        """Take what one request brings; say whether that was all it asked for."""
        left = SETTINGS.pull_batch
        while left:
            try:
                message = await heard.next_msg(2 * SETTINGS.pull_heartbeat_s + 1)
            except nats.errors.TimeoutError:
                return False  # silent for two heartbeats: the request was lost
            raise_if_cancelled()
            status = _status(message)
            if status == _NO_RESPONDERS:
                raise NotReachable(self._no_place(lane))
            if status and status != _HEARTBEAT:
                return False
            if not status:
                left -= 1
                self._take(Pulled(lane, message.data, self._acknowledger(message)))
        return True

    def _no_place(self, lane: Lane) -> str:
        return f"{self._name}: it has no place for us in {lane}"

    def _acknowledger(self, message: Msg) -> Callable[[], Awaitable[None]]:
        return partial(self._acknowledge, message.reply)

    async def _acknowledge(self, reply: str) -> None:
        if self._client is not None:  # else it comes again by the next line
            self._acks.put(reply)

    async def _give_ack(self, reply: str) -> None:
        assert self._client is not None
        with suppress(*_LOST):  # it comes again; a line that is gone ends by itself
            await self._client.publish(reply, _ACK)
        raise_if_cancelled()

    async def _end(self) -> None:
        self._ended.set()

    def _note(self, trouble: str) -> None:
        self._trouble = trouble


def _ask(expires_s: float) -> bytes:
    """Return a request that the far side keeps for so long, and is heard from."""
    # A heartbeat is refused if it is not well below the expiry.
    heartbeat_s = min(SETTINGS.pull_heartbeat_s, expires_s / 3)
    return json.dumps(
        {
            "batch": SETTINGS.pull_batch,
            "expires": round(expires_s * NS_PER_S),
            "idle_heartbeat": round(heartbeat_s * NS_PER_S),
        }
    ).encode()


def _status(message: Msg) -> str:
    """Return the status of a message that is about a request, else nothing."""
    headers = message.headers
    if not headers or message.data:
        return ""
    return str(headers.get(_STATUS, ""))
