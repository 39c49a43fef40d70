"""Border witness: what is laid at a node's border for a partner, and when it is purged.

It hears the border's server itself, not the node: what is published for one partner,
and the server's own audit of what its store was asked to do, with the server's instant.
The border lets it in as the node, with the node's own certificate, which the bench may
use because it made the node. It lays nothing there and asks for nothing.
"""

import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Protocol

from beaconfire.exercise.staging import Staged
from beaconfire.runtime import border_config as layout
from beaconfire.runtime import keys
from beaconfire.runtime.keys import require_leaf
from beaconfire.runtime.pinned import (
    Identity,
    close_pinned,
    connect_pinned,
    pinned_context,
)
from beaconfire.seals import codec, dsse
from beaconfire.vocabulary.link import LANES, LINK_TYPE, Lane, LinkHeader, LinkMessage
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

_AUDIT = "$JS.EVENT.ADVISORY.API"
_PURGE = "$JS.API.STREAM.PURGE."


class _Message(Protocol):
    data: bytes
    subject: str


class _Subscription(Protocol):
    async def unsubscribe(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """The border removed all that stood in a lane; ``at`` is its server's instant."""

    at: Instant
    lane: Lane
    messages: int


@dataclass(slots=True)
class Seen:
    """What one watch saw, in the order in which the border told it."""

    purged: list[Purged] = field(default_factory=list)
    laid: list[tuple[LinkHeader, frozenset[Lane]]] = field(default_factory=list)

    def first_purge(self, lane: Lane) -> Purged | None:
        """Return the first purge of a lane, if there was one."""
        return next((one for one in self.purged if one.lane == lane), None)


class BorderWitness:
    """Stands at one node's border; watches one partner's lanes at a time."""

    def __init__(self, nation: Staged) -> None:
        """Nothing is heard before ``open``."""
        self._nation = nation
        self._stack = AsyncExitStack()
        self._watching: list[_Subscription] = []
        self._laid: list[tuple[bytes, frozenset[Lane]]] = []
        self._seen = Seen()
        self._of: dict[str, Lane] = {}

    async def open(self) -> None:
        """Connect.

        Raises:
            NotReachable: no node runs there.
        """
        folder = self._nation.directory / "keys"
        identity = Identity(
            leaf=folder / keys.LEAF_NAME, key=folder / keys.LEAF_KEY_NAME
        )
        own = require_leaf(identity.leaf.read_text("ascii"), self._nation.party)
        place = self._nation.config.border
        self._client = await connect_pinned(
            host=place.listen,
            port=place.port,
            context=pinned_context(identity, own),
            name="witness",
        )
        self._stack.push_async_callback(close_pinned, self._client)

    async def watch(self, partner: Party) -> None:
        """Begin to hear of what stands at the border for ``partner``."""
        self._laid, self._seen = [], Seen()
        self._of = {layout.stream_name(partner, lane): lane for lane in LANES}
        await self._hear(_AUDIT, self._audited)
        for lane in LANES:
            await self._hear(layout.stream_subject(partner, lane), self._take)
        await self._client.flush()

    async def seen(self) -> Seen:
        """Stop hearing, and return what was seen since ``watch``."""
        await self._client.flush()
        for one in self._watching:
            await one.unsubscribe()
        self._watching = []
        self._seen.laid = [(_header(data), gone) for data, gone in self._laid]
        return self._seen

    async def close(self) -> None:
        """Leave."""
        await self._stack.aclose()

    async def _hear(self, subject: str, take: Callable[[_Message], object]) -> None:
        heard = await self._client.subscribe(subject, cb=take)
        self._watching.append(heard)

    async def _take(self, message: _Message) -> None:
        # Read later: the node's processor is not to wait for ours now.
        gone = frozenset(one.lane for one in self._seen.purged)
        self._laid.append((message.data, gone))

    async def _audited(self, message: _Message) -> None:
        told = json.loads(message.data)
        subject = str(told.get("subject", ""))
        lane = self._of.get(subject.removeprefix(_PURGE))
        if lane is None or not subject.startswith(_PURGE):
            return
        answer = json.loads(told["response"])
        if answer.get("success"):
            at = Instant.parse(told["timestamp"])
            self._seen.purged.append(
                Purged(at=at, lane=lane, messages=int(answer.get("purged", 0)))
            )


def _header(data: bytes) -> LinkHeader:
    message = codec.decode(data, LinkMessage, what="what was laid at the border")
    payload = dsse.unverified_payload(message.header, payload_type=LINK_TYPE)
    return codec.decode(payload, LinkHeader, what="header")
