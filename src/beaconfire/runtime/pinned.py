"""Pinned: a NATS connection over TLS 1.3 to a server that shows one certificate.

* Exactly one certificate is trusted, by being itself: no authority, no host name.
* What the far side may make us keep in memory is bounded; beyond it the line ends.
* The client never connects again by itself: it would follow addresses that the far
  side names. Whoever wants the line back asks for a new one.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import nats.errors
from nats.aio.client import Client
from nats.protocol.parser import Parser

from beaconfire.errors import NotReachable
from beaconfire.runtime.settings import SETTINGS

# A message, its headers and what one read adds behind it.
_BUFFER_BYTES_MAX = 2 * SETTINGS.link_payload_bytes_max
# What the client raises when the far side's first line is not what it should be.
_MISREAD = (ValueError, TypeError, KeyError, AttributeError)

OnEnd = Callable[[], Awaitable[None]]
OnTrouble = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Where our own certificate and its key lie."""

    leaf: Path
    key: Path


class BoundedParser(Parser):  # type: ignore[misc]
    """Reads the protocol, but gathers no message larger than any that is allowed."""

    def __init__(self, client: Client, on_trouble: OnTrouble | None) -> None:
        """``on_trouble`` is told of it: the client itself forgets what it was."""
        super().__init__(client)
        self._on_trouble = on_trouble

    async def parse(self, data: bytes = b"") -> None:
        """Parse ``data``, unless it makes an unfinished message too large."""
        if len(self.buf) + len(data) > _BUFFER_BYTES_MAX:
            self.reset()
            if self._on_trouble is not None:
                self._on_trouble(f"it sent more than {_BUFFER_BYTES_MAX} bytes at once")
            raise nats.errors.ProtocolError("nats: message larger than is allowed")
        await super().parse(data)


def pinned_context(identity: Identity, trusted_pem: str) -> ssl.SSLContext:
    """Return a context that shows our leaf and takes one certificate for an answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The host is not compared: the one trusted certificate is the party itself, and
    # may answer from wherever its card says.
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=trusted_pem)
    context.load_cert_chain(identity.leaf, identity.key)
    return context


async def connect_pinned(
    *,
    host: str,
    port: int,
    context: ssl.SSLContext,
    name: str,
    on_end: OnEnd | None = None,
    on_trouble: OnTrouble | None = None,
) -> Client:
    """Connect once; ``on_end`` is called when the line ends, whoever ended it.

    ``on_trouble`` is told what goes wrong meanwhile, as when the server objects.

    Raises:
        NotReachable: no answer, or one that is not to be trusted; says which.
    """
    client = Client()
    client._ps = BoundedParser(client, on_trouble)

    first: list[Exception] = []

    async def note(error: Exception) -> None:
        if not first:
            first.append(error)
        if on_trouble is not None and client.is_connected:
            on_trouble(why(error))

    place = f"[{host}]" if ":" in host else host
    async with AsyncExitStack() as unless_connected:
        unless_connected.push_async_callback(close_pinned, client)
        try:
            async with asyncio.timeout(SETTINGS.link_connect_s_max):
                await client.connect(
                    f"tls://{place}:{port}",
                    name=name,
                    tls=context,
                    tls_hostname=host,
                    tls_handshake_first=True,
                    allow_reconnect=False,
                    # The client tries a first time and once more, at once.
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=SETTINGS.link_connect_s_max,
                    ping_interval=SETTINGS.link_ping_s,
                    max_outstanding_pings=2,
                    error_cb=note,
                    closed_cb=on_end,
                )
        except (OSError, EOFError, *_MISREAD, nats.errors.Error) as error:
            # What it raises in the end may only say that no server is left.
            cause = why(first[0] if first else error)
            message = f"{name}: no line to {host}:{port}: {cause}"
            raise_if_cancelled()
            raise NotReachable(message) from None
        raise_if_cancelled()
        unless_connected.pop_all()
    return client


async def close_pinned(client: Client) -> None:
    """Close a line, whatever state it is in; never waits for the far side."""
    try:
        async with asyncio.timeout(SETTINGS.link_close_s_max):
            await client.close()
    except (OSError, TimeoutError, nats.errors.Error):
        transport = client._transport
        if transport is not None:
            transport.close()


def raise_if_cancelled() -> None:
    """Raise what the client may have swallowed: that this task was told to end.

    Waiting with a bound, as the client does, returns a result that arrives together
    with a cancellation (Python 3.11) and forgets the latter; some of its own ways out
    turn one into another error.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def why(error: Exception) -> str:
    """Say in a few words why a line could not be had."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "it shows another certificate than its card"
    if isinstance(error, ssl.SSLError):
        return "it refuses our certificate, or the handshake failed"
    if isinstance(error, TimeoutError | nats.errors.TimeoutError):
        return f"no answer within {SETTINGS.link_connect_s_max:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, nats.errors.UnexpectedEOF):
        return "the far side closed it"
    if isinstance(error, nats.errors.AuthorizationError):
        return "it does not know us"
    if isinstance(error, nats.errors.SlowConsumerError):
        # What we asked to hear, not the subject of what came: the far side wrote that.
        asked = error.sub.subject
        return f"more came on `{asked}` than is kept; the rest was dropped"
    return str(error) or "the line broke"
