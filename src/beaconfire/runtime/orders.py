"""Orders: what a person asks of the running node, by request and reply.

The order goes to ``orders.<verb>`` on the node's loopback server, with the address and
token that the running node keeps in ``DIR/run/client.json`` (0600). The node's desk
judges it and answers with one JSON object:

    {"v":1,"outcome":"done"|"refused","entry":null|id,"reason":"..."}

``entry`` is the journal entry that resulted. If the node is stopped nothing is sent and
nothing changes.
"""

import asyncio
from pathlib import Path
from typing import Literal

import nats
import nats.errors
from msgspec import Struct

from beaconfire.errors import NotReachable
from beaconfire.runtime.keys import read_private
from beaconfire.seals import codec
from beaconfire.vocabulary.places import Token

CLIENT_NAME = "client.json"
CONNECT_S_MAX = 2.0
ANSWER_S_MAX = 10.0


class ClientAccess(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a person's command reaches the running node."""

    v: Literal[1] = 1
    url: Token
    user: Token
    password: Token


class OrderAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the node made of an order."""

    v: Literal[1] = 1
    outcome: Literal["done", "refused"]
    entry: Token | None = None
    reason: str = ""


def request(directory: Path, verb: str, text: str) -> str:
    """Send an order to the node at ``directory`` and return its answer as text.

    Raises:
        NotReachable: the node is not running, so nothing was changed; or it took the
            order and did not answer, and only its journal tells.
    """
    path = directory / "run" / CLIENT_NAME
    if not path.exists():
        raise NotReachable(_stopped(directory))
    access = codec.decode(read_private(path), ClientAccess, what=f"`{path}`")
    return asyncio.run(_request(directory, access, f"orders.{verb}", text.encode()))


async def _request(
    directory: Path, access: ClientAccess, subject: str, payload: bytes
) -> str:
    try:
        client = await nats.connect(
            access.url,
            user=access.user,
            password=access.password,
            connect_timeout=CONNECT_S_MAX,
            allow_reconnect=False,
            max_reconnect_attempts=0,
            error_cb=_quiet,
        )
    except (OSError, nats.errors.Error, TimeoutError):
        raise NotReachable(_stopped(directory)) from None
    try:
        answer = await client.request(subject, payload, timeout=ANSWER_S_MAX)
    except nats.errors.NoRespondersError:
        raise NotReachable(_stopped(directory)) from None
    except (nats.errors.Error, TimeoutError):
        message = (
            f"node at `{directory}` did not answer within {ANSWER_S_MAX:.0f} s: its "
            "journal tells whether the order was carried out"
        )
        raise NotReachable(message) from None
    finally:
        await client.close()
    return bytes(answer.data).decode("utf-8", "replace")


async def _quiet(error: Exception) -> None:
    """The error reaches the caller; the client's own report of it would repeat it."""


def _stopped(directory: Path) -> str:
    return f"node at `{directory}` is not running: nothing was changed"
