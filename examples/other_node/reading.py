"""Reading: what a partner has laid at its border for us.

1. Connect by TLS 1.3, showing our leaf and trusting the one in the partner's card.
2. In each lane ask ``next.<lane>`` for messages; they come to the inbox of the request.
3. Verify: the header is signed by the partner's link key, for us, in this lane, and
   continues the chain; every inner envelope is the one that its part names by digest;
   an item is signed by its originator.
4. Store, fsynced. Then acknowledge, and lay down a signed receipt for the lane's head.
   In this order: whoever has our receipt will never send it again.
"""

import asyncio
import json
import ssl
from typing import Any

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from other_node import memory
from other_node.identity import Identity
from other_node.sealed import NotSealed, digest, seal, to_json, unseal

LANES = ("notices", "tracks", "plots")
BATCH = 32  # messages a request asks for
EXPIRES_S = 20  # how long a request stands
NS = 1_000_000_000
ZEROS = "0" * 64


def tls(identity: Identity, trusted_pem: str) -> ssl.SSLContext:
    """Return a context that shows our leaf and takes one certificate for an answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the certificate is the party, wherever it stands
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=trusted_pem)
    context.load_cert_chain(
        identity.place / "border.pem", identity.place / "border.key"
    )
    return context


async def connect(identity: Identity, card: dict[str, Any]) -> Client:
    """Return a connection to the border that ``card`` names, the partner's or ours."""
    return await nats.connect(
        f"tls://{card['border_host']}:{card['border_port']}",
        tls=tls(identity, card["certificate_pem"]),
        tls_hostname=card["border_host"],
        tls_handshake_first=True,
        max_reconnect_attempts=-1,
        error_cb=quiet,
    )


async def quiet(_error: Exception) -> None:
    """A line that breaks is made again; there is nothing to say about it."""


class Reader:
    """Everything that one partner tells us."""

    def __init__(
        self, identity: Identity, partner: dict[str, Any], others: dict[str, Any]
    ) -> None:
        """``others`` are the cards of originators whose items the partner may relay."""
        self._identity = identity
        self._partner = partner
        self._cards = {**others, partner["party"]: partner}
        self._file = identity.place / f"read-{partner['party']}.json"
        self._lanes = memory.recall(
            self._file, {lane: {"head": None, "closed": []} for lane in LANES}
        )

    async def run(self) -> None:
        """Read until cancelled."""
        client = await connect(self._identity, self._partner)
        try:
            await asyncio.gather(*(self._lane(client, lane) for lane in LANES))
        finally:
            await client.close()

    async def _lane(self, client: Client, lane: str) -> None:
        inbox = client.new_inbox()
        heard = await client.subscribe(inbox)
        request = to_json(
            {"batch": BATCH, "expires": EXPIRES_S * NS, "idle_heartbeat": 5 * NS}
        )
        while True:
            await client.publish(f"next.{lane}", request, reply=inbox)
            left = BATCH
            while left:
                try:
                    message = await heard.next_msg(EXPIRES_S)
                except nats.errors.TimeoutError:
                    break
                status = (message.headers or {}).get("Status")
                if status and status != "100":  # 100 is a heartbeat
                    await asyncio.sleep(0.2)
                    break
                if status is None:
                    left -= 1
                    await self._take(client, lane, message)

    async def _take(self, client: Client, lane: str, message: Msg) -> None:
        if not self.take(lane, message.data):
            return  # it comes again, behind what must come first
        await client.publish(message.reply, b"+ACK")
        key = self._identity.key("link")
        receipt = to_json(seal("receipt", to_json(self.note(lane)), key))
        await client.request("receipt", receipt, timeout=10)

    def note(self, lane: str) -> dict[str, Any]:
        """Return what we sign for: all up to the head is stored."""
        place = self._lanes[lane]
        return {
            "v": 1,
            "sender": self._partner["party"],  # the link's two ends, not the note's
            "recipient": self._identity.party,
            "lane": lane,
            "head": place["head"],
            "closed": place["closed"],
        }

    def take(self, lane: str, data: bytes) -> bool:
        """Verify one message and store what it says; ``False`` if others come first.

        Raises:
            NotSealed: it is not what a partner may send.
        """
        message = json.loads(data)
        payload = unseal("link", message["header"], self._partner)
        header = json.loads(payload)
        ends = (header["sender"], header["recipient"], header["lane"])
        if ends != (self._partner["party"], self._identity.party, lane):
            raise NotSealed(f"a message for another: {ends}")
        name = digest("link", payload)
        place = self._lanes[lane]
        new = self._new(place["head"], header, name)
        if not new:
            return new is not None
        for part, inner in zip(header["parts"], message["inner"], strict=True):
            self._part(header, part, inner)
        if place["head"] is not None and header["epoch"] != place["head"]["epoch"]:
            place["closed"] = [*place["closed"], place["head"]][-8:]
        place["head"] = {
            "epoch": header["epoch"],
            "number": header["number"],
            "hash": name,
        }
        memory.keep(self._file, self._lanes)
        return True

    def _new(
        self, head: dict[str, Any] | None, header: dict[str, Any], name: str
    ) -> bool | None:
        """Say whether it continues the lane; ``None``: not yet; ``False``: a repeat."""
        epoch, number = header["epoch"], header["number"]
        if head is None or epoch > head["epoch"]:
            return True if number == 1 and header["previous"] == ZEROS else None
        if epoch < head["epoch"] or number <= head["number"]:
            same = (epoch, number) == (head["epoch"], head["number"])
            if same and name != head["hash"]:
                raise NotSealed("one number, two texts")
            return False
        if number > head["number"] + 1:
            return None
        if header["previous"] != head["hash"]:
            raise NotSealed(f"number {number} does not continue the chain")
        return True

    def _part(
        self, header: dict[str, Any], part: dict[str, Any], inner: dict[str, Any]
    ) -> None:
        originator = header["originator"]
        if part["kind"] not in ("item", "act"):
            memory.add(self._identity.place / "unread.jsonl", inner)
            return
        payload = unseal(part["kind"], inner, self._cards[originator])
        if digest(part["kind"], payload) != part["digest"]:
            raise NotSealed(f"`{part['id']}` is not what the header names")
        said = {
            "lane": header["lane"],
            "from": header["sender"],
            "kind": part["kind"],
            "articles": part["articles"],
            "marking": part["marking"],
            "said": json.loads(payload),
        }
        memory.add(self._identity.place / "heard.jsonl", said)
