"""Border: the server that partners can reach, and what stands there for them.

* One memory-backed stream for each partner and lane, with one durable consumer that
  the node owns. Nothing lies here that the journal does not hold: after a restart the
  streams are empty, and the link hands over again what has no receipt.
* ``publish`` returns when the message stands at the border; ``purge`` when none does.
  A pull that was open may still deliver what the window holds, and no more.
* A receipt is a partner's because of the account it came through, whatever it says.
  The partner is answered when the callback is done: what is answered for is stored.
* ``set_partners`` returns when each partner's account answers. A server's new account
  has dead imports until it reads its configuration again (seen on 2.15.1), so each is
  probed, and the configuration read again a bounded number of times.
* A partner that is left out is cut; one whose certificate changed is cut once, so that
  a line opened with the old one does not outlive it. The others notice nothing.

Left to others: what a message holds, how many may stand there (the link stage).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.client import JetStreamContext

from beaconfire.errors import BeaconfireError, NotReachable
from beaconfire.runtime import border_config as layout
from beaconfire.runtime.keys import make_leaf, require_leaf
from beaconfire.runtime.node_dir import PRIVATE_DIR, BorderPlace, replace_private
from beaconfire.runtime.pinned import (
    Identity,
    close_pinned,
    connect_pinned,
    pinned_context,
)
from beaconfire.runtime.servers import NatsServer
from beaconfire.runtime.settings import SETTINGS
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.link import LANES, Lane
from beaconfire.vocabulary.party import Party

OnReceipt = Callable[[Party, bytes], Awaitable[None]]
OnTrouble = Callable[[str], None]

TAKEN = b"+"
# A server that reads this asks for no message; it says what is wrong with it, and
# thereby that it was reached.
_NO_REQUEST = b"{"
_LOST = (OSError, TimeoutError, nats.errors.Error)


@dataclass(frozen=True, slots=True, kw_only=True)
class BorderSite:
    """Whose border it is, where it listens, and where its files lie."""

    own: Party
    place: BorderPlace
    identity: Identity
    run_dir: Path
    binary: Path


class Border:
    """The border server and the node's side of it."""

    def __init__(
        self, site: BorderSite, *, on_receipt: OnReceipt, on_trouble: OnTrouble
    ) -> None:
        """``on_trouble`` is told, a sentence each, what no caller waits for."""
        self._site = site
        self._on_receipt = on_receipt
        self._on_trouble = on_trouble
        self._leaves: dict[Party, str] = {}
        self._probes: dict[Party, str] = {}
        self._receipts: dict[Party, Subscription] = {}
        self._answering: set[Party] = set()
        self._changing = asyncio.Lock()
        self._ended = asyncio.Event()
        self._open = AsyncExitStack()
        self._server: NatsServer | None = None
        self._node: Client | None = None
        self._system: Client | None = None
        self._server_id = ""

    @property
    def port(self) -> int:
        """Return the port that the border listens on."""
        return self._running().port

    @property
    def pid(self) -> int:
        """Return the server's process number."""
        return self._running().pid

    async def start(self, partners: Iterable[Card]) -> None:
        """Start the server, connect to it, and open it to ``partners``.

        Raises:
            BadInput: the port is busy, or a partner's certificate is not right.
            BeaconfireError: the server does not start, or an account stays dead.
        """
        self._ended.clear()
        async with AsyncExitStack() as opened:
            self._folder().mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
            system = self._ephemeral(layout.SYSTEM_URN, "system")
            self._server = NatsServer(
                self._site.binary, self._write({}), self._site.run_dir, "border"
            )
            await self._server.start()
            opened.push_async_callback(self._server.stop)
            self._node = await self._connect(self._site.identity, opened)
            self._system = await self._connect(system, opened)
            answer = await self._ask_system("$SYS.REQ.SERVER.PING")
            self._server_id = answer["server"]["id"]
            self._leaves, self._probes, self._receipts = {}, {}, {}
            self._answering = set()
            await self.set_partners(partners)
            self._open = opened.pop_all()

    async def stop(self) -> None:
        """End the server; what stood there is gone. Stopping twice is harmless."""
        opened, self._open = self._open, AsyncExitStack()
        await opened.aclose()
        self._server = self._node = self._system = None
        self._ended.set()

    async def ended(self) -> None:
        """Return when the server or our line to it has ended: time to restart."""
        await self._ended.wait()

    async def restart(self, partners: Iterable[Card]) -> None:
        """Start anew after ``ended``; every stream is empty then.

        Raises:
            BeaconfireError: as ``start``.
        """
        await self.stop()
        await self.start(partners)

    async def set_partners(self, partners: Iterable[Card]) -> None:
        """Let exactly these partners in, by the certificates of their cards.

        Raises:
            BadInput, Refused: a certificate is not right; nothing was changed.
            NotReachable: the server has ended, or starts anew.
            BeaconfireError: the server refuses, or an account stays dead.
        """
        wanted = {
            card.party: require_leaf(card.certificate_pem, card.party)
            for card in partners
        }
        if self._site.own in wanted:
            message = f"border: `{self._site.own}` cannot be its own partner"
            raise BeaconfireError(message)
        async with self._changing:
            if self._system is None:
                raise _unreachable(nats.errors.ConnectionClosedError())
            held = self._leaves
            kept = {p: leaf for p, leaf in wanted.items() if held.get(p) == leaf}
            fresh = sorted(wanted.keys() - (kept.keys() & self._answering))
            self._answering &= kept.keys()
            if held != kept:
                await self._apply(kept)
            for party in sorted(held.keys() - wanted.keys()):
                await self._remove_streams(party)
            for party in fresh:
                await self._add_streams(party)
            if fresh:
                await self._apply(wanted)
                await self._make_answer(fresh)
                self._answering.update(fresh)

    async def publish(
        self, party: Party, lane: Lane, data: bytes, *, msg_id: str
    ) -> None:
        """Lay ``data`` at the border; one with the same ``msg_id`` only once.

        Raises:
            NotReachable: the server does not answer; it may or may not stand there.
            BeaconfireError: the server refuses it, as when the window is full.
        """
        stream = layout.stream_name(party, lane)
        if len(data) > SETTINGS.link_payload_bytes_max:
            message = f"border: `{stream}` takes no message of {len(data)} bytes"
            raise BeaconfireError(message)
        try:
            await self._jetstream().publish(
                layout.stream_subject(party, lane),
                data,
                timeout=SETTINGS.border_answer_s_max,
                stream=stream,
                headers={"Nats-Msg-Id": msg_id},
            )
        except nats.js.errors.APIError as error:
            message = f"border: `{stream}` takes no message: {error.description}"
            raise BeaconfireError(message) from None
        except _LOST as error:
            raise _unreachable(error) from None

    async def purge(self, party: Party, lane: Lane) -> None:
        """Remove all that stands at the border in this lane.

        Raises:
            NotReachable: the server does not answer.
        """
        try:
            await self._jetstream().purge_stream(layout.stream_name(party, lane))
        except _LOST as error:
            raise _unreachable(error) from None

    async def standing(self, party: Party, lane: Lane) -> int:
        """Return how many messages stand at the border in this lane.

        Raises:
            NotReachable: the server does not answer.
        """
        try:
            name = layout.stream_name(party, lane)
            info = await self._jetstream().stream_info(name)
        except _LOST as error:
            raise _unreachable(error) from None
        count: int = info.state.messages
        return count

    async def _apply(self, leaves: dict[Party, str]) -> None:
        """Give the server its new configuration, and wait until it has read it."""
        text = self._write(leaves)
        try:
            self._running().reload(text)
        except ProcessLookupError:
            message = "border: the server has ended"
            raise NotReachable(message) from None
        # The signal alone is answered by nobody; asked as well, the server answers
        # when it has read it, and says what it does not like.
        await self._reload()
        self._leaves = leaves

    async def _reload(self) -> None:
        answer = await self._ask_system(f"$SYS.REQ.SERVER.{self._server_id}.RELOAD")
        if "error" in answer:
            message = f"border: the server refuses its configuration: {answer['error']}"
            raise BeaconfireError(message)

    def _write(self, leaves: dict[Party, str]) -> str:
        """Write the list of trusted leaves; return the configuration beside it."""
        for party in leaves:
            if party not in self._probes:
                probe = self._ephemeral(layout.probe_urn(party), f"probe.{party}")
                self._probes[party] = probe.leaf.read_text("ascii")
        own = require_leaf(self._site.identity.leaf.read_text("ascii"), self._site.own)
        system = (self._folder() / "system.pem").read_text("ascii")
        probes = [self._probes[party] for party in leaves]
        trusted = "".join([own, system, *leaves.values(), *probes])
        files = layout.BorderFiles(
            leaf=self._site.identity.leaf,
            key=self._site.identity.key,
            trusted=self._folder() / "trusted.pem",
            store=self._folder() / "jetstream",
        )
        replace_private(files.trusted, trusted.encode("ascii"))
        return layout.border_config(
            own=self._site.own,
            partners=leaves,
            listen=self._site.place.listen,
            port=self._site.place.port,
            files=files,
        )

    async def _make_answer(self, parties: list[Party]) -> None:
        """Probe these accounts; have the configuration read again if one is dead."""
        for left in range(SETTINGS.border_reloads_max, -1, -1):
            dead = [party for party in parties if not await self._answers(party)]
            if not dead:
                return
            if left:
                await self._reload()
        message = (
            f"border: the accounts of {', '.join(dead)} do not answer, though the "
            f"configuration was read {SETTINGS.border_reloads_max} times more"
        )
        raise BeaconfireError(message)

    async def _answers(self, party: Party) -> bool:
        """Say whether everything a partner may ask is heard, asked in its account."""
        folder = self._folder()
        name = f"probe.{party}"
        identity = Identity(leaf=folder / f"{name}.pem", key=folder / f"{name}.key")
        try:
            async with AsyncExitStack() as opened:
                probe = await self._connect(identity, opened, watched=False)
                for lane in LANES:
                    await probe.request(
                        layout.next_subject(lane),
                        _NO_REQUEST,
                        timeout=SETTINGS.border_answer_s_max,
                    )
                await probe.request(
                    layout.RECEIPT, b"", timeout=SETTINGS.border_answer_s_max
                )
        except (NotReachable, *_LOST):
            return False
        return True

    async def _add_streams(self, party: Party) -> None:
        jetstream = self._jetstream()
        try:
            for lane in LANES:
                name = layout.stream_name(party, lane)
                await jetstream.add_stream(_stream(party, lane))
                await jetstream.add_consumer(name, _CONSUMER)
            if party not in self._receipts:
                self._receipts[party] = await self._client().subscribe(
                    layout.receipt_subject(party),
                    cb=self._receipt_taker(party),
                    pending_msgs_limit=SETTINGS.receipts_waiting_max,
                )
        except _LOST as error:
            raise _unreachable(error) from None

    async def _remove_streams(self, party: Party) -> None:
        try:
            taker = self._receipts.pop(party, None)
            if taker is not None:
                await taker.unsubscribe()
            for lane in LANES:
                name = layout.stream_name(party, lane)
                await self._jetstream().delete_stream(name)
        except _LOST as error:
            raise _unreachable(error) from None

    def _receipt_taker(self, party: Party) -> Callable[[Msg], Awaitable[None]]:
        async def take(message: Msg) -> None:
            if message.data:  # the probe's are empty, and are only answered
                try:
                    await self._on_receipt(party, message.data)
                except BeaconfireError as error:
                    # Unanswered, the partner lays it down again.
                    self._on_trouble(f"border: a receipt of {party} waits: {error}")
                    return
            if message.reply:
                await message.respond(TAKEN)

        return take

    async def _connect(
        self, identity: Identity, opened: AsyncExitStack, *, watched: bool = True
    ) -> Client:
        async def end() -> None:
            self._ended.set()

        leaf = self._site.identity.leaf.read_text("ascii")
        client = await connect_pinned(
            host=self._site.place.listen,
            port=self._running().port,
            context=pinned_context(identity, leaf),
            name="border",
            on_end=end if watched else None,
            on_trouble=self._note if watched else None,
        )
        opened.push_async_callback(close_pinned, client)
        return client

    def _note(self, trouble: str) -> None:
        self._on_trouble(f"border: {trouble}")

    async def _ask_system(self, subject: str) -> dict[str, dict[str, str]]:
        if self._system is None:
            raise _unreachable(nats.errors.ConnectionClosedError())
        try:
            answer = await self._system.request(
                subject, b"", timeout=SETTINGS.border_answer_s_max
            )
            said: dict[str, dict[str, str]] = json.loads(answer.data)
        except _LOST as error:
            raise _unreachable(error) from None
        return said

    def _ephemeral(self, urn: str, name: str) -> Identity:
        """Make a certificate that lives as long as this run of the node."""
        key, leaf = make_leaf(urn)
        identity = Identity(
            leaf=self._folder() / f"{name}.pem", key=self._folder() / f"{name}.key"
        )
        replace_private(identity.key, key)
        replace_private(identity.leaf, leaf)
        return identity

    def _folder(self) -> Path:
        return self._site.run_dir / "border"

    def _running(self) -> NatsServer:
        if self._server is None:
            message = "the border was not started"
            raise RuntimeError(message)
        return self._server

    def _client(self) -> Client:
        if self._node is None:
            raise _unreachable(nats.errors.ConnectionClosedError())
        return self._node

    def _jetstream(self) -> JetStreamContext:
        return self._client().jetstream(timeout=SETTINGS.border_answer_s_max)


_CONSUMER = ConsumerConfig(
    durable_name=layout.CONSUMER,
    ack_policy=AckPolicy.EXPLICIT,
    ack_wait=SETTINGS.redelivery_s,
    max_ack_pending=SETTINGS.window_messages_max,
    max_waiting=128,
    mem_storage=True,
)


def _stream(party: Party, lane: Lane) -> StreamConfig:
    return StreamConfig(
        name=layout.stream_name(party, lane),
        subjects=[layout.stream_subject(party, lane)],
        storage=StorageType.MEMORY,
        # What is acknowledged is gone: the journal keeps it, the border need not.
        retention=RetentionPolicy.WORK_QUEUE,
        discard=DiscardPolicy.NEW,
        # An acknowledgement may be on its way while its receipt has freed a place.
        max_msgs=2 * SETTINGS.window_messages_max,
        max_msg_size=SETTINGS.link_payload_bytes_max,
    )


def _unreachable(error: Exception) -> NotReachable:
    said = str(error) or type(error).__name__
    return NotReachable(f"border: its server does not answer: {said}")
