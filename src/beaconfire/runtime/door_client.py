"""Door client: the other side of a node's doors, for sensors and the command line.

It reads where the running node listens from the node's directory and asks by
request/reply; an answer means stored and fsynced. If the node is stopped it says so,
and nothing was changed.
"""

import asyncio
from contextlib import suppress
from pathlib import Path

import nats
import nats.errors
from nats.aio.client import Client

from beaconfire.errors import NotReachable
from beaconfire.runtime.journal_server import access_to
from beaconfire.runtime.server_config import ORDERS
from beaconfire.runtime.settings import SETTINGS


class DoorClient:
    """A connection to one node's doors, made at the first question."""

    def __init__(self, node_dir: Path) -> None:
        """``node_dir`` is the node's directory; its node need not run yet."""
        self._node_dir = node_dir
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, subject: str, data: bytes) -> bytes:
        """Return the node's answer.

        Raises:
            NotReachable: the node is stopped or does not answer. Whether it took what
                was sent is not known if it was stopped just now; sending the same
                again does no harm.
        """
        client = await self._connect()
        try:
            reply = await client.request(
                subject, data, timeout=SETTINGS.door_answer_s_max
            )
        except (nats.errors.Error, OSError, TimeoutError):
            await self.close()
            message = f"the node in `{self._node_dir}` does not answer"
            raise NotReachable(message) from None
        answer: bytes = reply.data
        return answer

    async def close(self) -> None:
        """Let go of the connection."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(nats.errors.Error, OSError):
                await client.close()

    async def _connect(self) -> Client:
        async with self._connecting:
            if self._client is None or self._client.is_closed:
                endpoint = access_to(self._node_dir, ORDERS)
                try:
                    self._client = await nats.connect(
                        servers=[f"nats://{endpoint.address}"],
                        user=endpoint.user,
                        password=endpoint.secret,
                        inbox_prefix=f"_INBOX_{ORDERS}",
                        allow_reconnect=False,
                        connect_timeout=SETTINGS.door_answer_s_max,
                        error_cb=_ignore,
                    )
                except (nats.errors.Error, OSError, TimeoutError):
                    message = f"the node in `{self._node_dir}` does not answer"
                    raise NotReachable(message) from None
            return self._client


async def _ignore(error: Exception) -> None:
    """A broken connection is told to whoever asks next."""
