"""Raw process: the same hops on JetStream alone, with none of our work.

One end of the peer that ``link`` measures beside the nodes; both ends use the nodes'
own servers, configurations, certificates and client. What a message is, who may have
it and whether it is genuine is asked by nobody:

* sender: what a sensor sends is stored in the journal's stream (fsynced), then laid in
  the border's memory stream over TLS, then answered;
* receiver: pulled over TLS by overlapping requests, stored in the journal's stream
  (fsynced), then acknowledged.

Every message is stored by itself, as many at a time as come. The border's window is
widened, since nothing here signs a receipt that would free a place.
"""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal, Protocol

from beaconfire.errors import BeaconfireError
from beaconfire.journal.jetstream import NatsLine
from beaconfire.journal.streams import (
    JOURNAL_STREAM,
    JOURNAL_SUBJECT,
    create_request,
    read_ack,
)
from beaconfire.runtime import border_config, cards, event_loop, keys
from beaconfire.runtime.border import Border, BorderSite
from beaconfire.runtime.journal_server import start_journal_server
from beaconfire.runtime.keys import require_leaf
from beaconfire.runtime.node_dir import NodeConfig, load_node, replace_private
from beaconfire.runtime.pinned import (
    Identity,
    close_pinned,
    connect_pinned,
    pinned_context,
)
from beaconfire.runtime.readiness import READY_FILE
from beaconfire.runtime.servers import find_nats_server
from beaconfire.runtime.settings import journal_limits
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.link import Lane

Role = Literal["sender", "receiver"]

LANE: Lane = "plots"
STANDING_MAX = 100_000  # messages at the border; a bench sends fewer
PENDING_MAX = 4_096  # unacknowledged; JetStream itself has no reason for fewer
REQUEST_MESSAGES = 500
REQUESTS = 2  # overlapping, so that the server always knows where to send next
_ASK = b'{"batch":%d}' % REQUEST_MESSAGES


class _Message(Protocol):
    data: bytes
    reply: str


class _Heard(Protocol):
    async def next_msg(self, timeout: float | None) -> _Message: ...


class _Client(Protocol):
    def new_inbox(self) -> str: ...

    async def subscribe(self, subject: str) -> _Heard: ...

    async def publish(self, subject: str, payload: bytes, reply: str = "") -> None: ...


class _End:
    """One end: its journal's server and stream, and work that goes on beside."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config: NodeConfig = load_node(directory)
        self.partner: Card = cards.load_cards(directory, self.config).partners[0]
        self.identity = Identity(
            leaf=directory / "keys" / keys.LEAF_NAME,
            key=directory / "keys" / keys.LEAF_KEY_NAME,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._line: NatsLine | None = None

    async def open(self, stack: AsyncExitStack) -> NatsLine:
        server = await start_journal_server(
            self.directory, port=self.config.journal.port
        )
        stack.push_async_callback(server.stop)
        self._line = NatsLine(server.writer, journal_limits())
        stack.push_async_callback(self._line.close)
        await self._line.ask(*create_request(JOURNAL_STREAM))
        return self._line

    async def store(self, data: bytes) -> None:
        assert self._line is not None
        answers = await self._line.ask(JOURNAL_SUBJECT, data)
        if read_ack(answers[0].data).error is not None:
            message = "the server does not store"
            raise BeaconfireError(message)

    def beside(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def run(role: Role, directory: Path) -> None:
    """Run one end until it is told to stop."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with AsyncExitStack() as stack:
        end = _End(directory)
        line = await end.open(stack)
        await (_send(end, line, stack) if role == "sender" else _receive(end, stack))
        ready = directory / "run" / READY_FILE
        replace_private(ready, b"{}")
        stack.callback(ready.unlink, missing_ok=True)
        await stop.wait()


async def _send(end: _End, line: NatsLine, stack: AsyncExitStack) -> None:
    border = Border(
        BorderSite(
            own=end.config.party,
            place=end.config.border,
            identity=end.identity,
            run_dir=end.directory / "run",
            binary=find_nats_server(),
        ),
        on_receipt=_no_receipts,
        on_trouble=_say,
    )
    stack.push_async_callback(border.stop)
    await border.start([end.partner])
    await _widen(end)
    client = (await line.connect()).client
    numbers = iter(range(1, sys.maxsize))

    async def carry(message: _Message, number: int) -> None:
        await end.store(message.data)
        await border.publish(
            end.partner.party, LANE, message.data, msg_id=f"1.{number}"
        )
        await client.publish(message.reply, b"{}")

    async def hear(message: _Message) -> None:
        end.beside(carry(message, next(numbers)))

    await client.subscribe("sensors.>", cb=hear)
    await client.flush()


async def _widen(end: _End) -> None:
    """Let more stand at the border than a node would: nothing frees a place here."""
    own = require_leaf(end.identity.leaf.read_text("ascii"), end.config.party)
    client = await connect_pinned(
        host=end.config.border.listen,
        port=end.config.border.port,
        context=pinned_context(end.identity, own),
        name="raw sender",
    )
    stream = border_config.stream_name(end.partner.party, LANE)
    jetstream = client.jetstream()
    held = (await jetstream.stream_info(stream)).config
    await jetstream.update_stream(held.evolve(max_msgs=STANDING_MAX))
    pull = (await jetstream.consumer_info(stream, border_config.CONSUMER)).config
    await jetstream.add_consumer(stream, pull.evolve(max_ack_pending=PENDING_MAX))
    await close_pinned(client)


async def _receive(end: _End, stack: AsyncExitStack) -> None:
    card = end.partner
    leaf = require_leaf(card.certificate_pem, card.party)
    client = await connect_pinned(
        host=card.border_host,
        port=card.border_port,
        context=pinned_context(end.identity, leaf),
        name="raw receiver",
    )
    stack.push_async_callback(close_pinned, client)
    for _ in range(REQUESTS):
        end.beside(_pull(end, client))


async def _pull(end: _End, client: _Client) -> None:
    """Keep one request open for ever; each message is stored beside the next."""
    inbox = client.new_inbox()
    heard = await client.subscribe(inbox)

    async def keep(message: _Message) -> None:
        await end.store(message.data)
        await client.publish(message.reply, b"+ACK")

    while True:
        await client.publish(border_config.next_subject(LANE), _ASK, reply=inbox)
        left = REQUEST_MESSAGES
        while left:
            message = await heard.next_msg(timeout=None)
            if message.data:
                left -= 1
                end.beside(keep(message))


async def _no_receipts(party: str, data: bytes) -> None:
    """Nothing signs here, so nothing is received."""


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main(arguments: list[str]) -> None:
    """Run the end that the arguments name: its role and its directory."""
    role: Role = "sender" if arguments[0] == "sender" else "receiver"
    event_loop.run(run(role, Path(arguments[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
