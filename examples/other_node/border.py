"""Border: the one server of ours that a partner can reach, and what we lay there.

It is a plain nats-server: TLS 1.3 first, only the partner's own certificate and ours,
one account for us and one for the partner, whose seven services stand for ours. The
window is ours to keep: at most 32 messages of a lane without a signed receipt.
"""

import asyncio
import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from other_node import memory
from other_node.identity import Identity, instant
from other_node.reading import LANES, ZEROS, connect
from other_node.sealed import NotSealed, digest, seal, to_json, unseal

WINDOW = 32


class WindowFull(Exception):
    """The partner has not signed for what stands there already."""


class Border:
    """Our border, as one partner sees it."""

    def __init__(self, identity: Identity, partner: dict[str, Any]) -> None:
        self._identity = identity
        self._partner = partner
        self._file = identity.place / f"sent-{partner['party']}.json"
        self._lanes = memory.recall(
            self._file,
            {lane: {"number": 0, "hash": ZEROS, "standing": {}} for lane in LANES},
        )
        self._client: Client | None = None

    async def open(self) -> asyncio.subprocess.Process:
        """Start the server, lay again what has no receipt, and hear receipts."""
        config = self._identity.place / "border.conf"
        config.write_text(self.configuration(), "utf-8")
        process = await asyncio.create_subprocess_exec(
            server(), "-c", str(config), stderr=asyncio.subprocess.DEVNULL
        )
        while self._client is None:
            try:
                self._client = await connect(self._identity, self._identity.card)
            except OSError:
                await asyncio.sleep(0.05)
        party, jetstream = self._partner["party"], self._client.jetstream()
        for lane in LANES:
            await jetstream.add_stream(
                StreamConfig(
                    name=f"L_{party}_{lane}",
                    subjects=[f"l.{party}.{lane}"],
                    storage=StorageType.MEMORY,
                    retention=RetentionPolicy.WORK_QUEUE,
                    max_msgs=2 * WINDOW,
                )
            )
            await jetstream.add_consumer(
                f"L_{party}_{lane}",
                ConsumerConfig(
                    durable_name="pull",
                    ack_policy=AckPolicy.EXPLICIT,
                    max_ack_pending=WINDOW,
                ),
            )
            for message in self._lanes[lane]["standing"].values():
                await jetstream.publish(f"l.{party}.{lane}", message.encode())
        await self._client.subscribe(f"receipt.{party}", cb=self._hear)
        await self._client.flush()
        return process

    async def say(
        self, lane: str, item: dict[str, Any], *, articles: list[str]
    ) -> None:
        """Sign an item of ours, number it, keep it, and lay it in a lane.

        Raises:
            WindowFull: 32 messages of the lane have no receipt; wait for one.
        """
        assert self._client is not None
        place = self._lanes[lane]
        if len(place["standing"]) >= WINDOW:
            raise WindowFull(lane)
        payload = to_json(item)
        part = {
            "kind": "item",
            "id": item["id"],
            "digest": digest("item", payload),
            "agreements": [article.partition(":")[0] for article in articles],
            "articles": articles,
        }
        header = {
            "v": 1,
            "sender": self._identity.party,
            "recipient": self._partner["party"],
            "originator": self._identity.party,
            "lane": lane,
            "epoch": 1,
            "number": place["number"] + 1,
            "previous": place["hash"],
            "sent": instant(datetime.now(UTC)),
            "parts": [part],
        }
        text = to_json(header)
        message = {
            "v": 1,
            "header": seal("link", text, self._identity.key("link")),
            "inner": [seal("item", payload, self._identity.key("items"))],
        }
        place["number"] += 1
        place["hash"] = digest("link", text)
        place["standing"][str(place["number"])] = json.dumps(message)
        memory.keep(self._file, self._lanes)
        subject = f"l.{self._partner['party']}.{lane}"
        await self._client.jetstream().publish(subject, to_json(message))

    async def _hear(self, message: Msg) -> None:
        try:
            self.settle(json.loads(message.data))
        except NotSealed as error:
            sys.stderr.write(f"a receipt was refused: {error}\n")
            return
        await message.respond(b"+")

    def settle(self, envelope: dict[str, Any]) -> None:
        """Take a receipt: what it covers need not stand any more.

        Raises:
            NotSealed: not signed by the partner, or not about what we sent.
        """
        note = json.loads(unseal("receipt", envelope, self._partner))
        place, head = self._lanes[note["lane"]], note["head"]
        ends = (self._identity.party, self._partner["party"])
        ours = (note["sender"], note["recipient"]) == ends
        if not ours or head["number"] > place["number"]:
            raise NotSealed("it signs for what we never sent")
        for number in [n for n in place["standing"] if int(n) <= head["number"]]:
            del place["standing"][number]
        memory.keep(self._file, self._lanes)
        memory.add(self._identity.place / "receipts.jsonl", note)

    def configuration(self) -> str:
        """Return what the server is told."""
        place, party = self._identity.place.resolve(), self._partner["party"]
        trusted = place / "trusted.pem"
        trusted.write_text(
            self._identity.card["certificate_pem"] + self._partner["certificate_pem"],
            "utf-8",
        )
        services = [
            (f"next.{lane}", f"$JS.API.CONSUMER.MSG.NEXT.L_{party}_{lane}.pull", True)
            for lane in LANES
        ]
        services += [
            (f"$JS.ACK.L_{party}_{lane}.pull.>",) * 2 + (False,) for lane in LANES
        ]
        services.append(("receipt", f"receipt.{party}", False))
        exports = ",".join(
            f'{{service: "{here}", accounts: [P]'
            + (', response_type: "stream"}' if many else "}")
            for _, here, many in services
        )
        imports = ",".join(
            f'{{service: {{account: NODE, subject: "{here}"}}, to: "{there}"}}'
            for there, here, _ in services
        )
        rights = ",".join(f'"{there}"' for there, _, _ in services)
        card = self._identity.card
        return f"""
listen: "{card["border_host"]}:{card["border_port"]}"
max_payload: 524288
jetstream: {{ store_dir: "{place / "border"}", max_memory_store: 67108864 }}
tls: {{
  cert_file: "{place / "border.pem"}", key_file: "{place / "border.key"}",
  ca_file: "{trusted}", verify_and_map: true, handshake_first: true, min_version: "1.3"
}}
accounts: {{
  NODE: {{
    jetstream: enabled, users: [{{user: "urn:beaconfire:{self._identity.party}"}}],
    exports: [{exports}]
  }},
  P: {{
    users: [{{
      user: "urn:beaconfire:{party}",
      permissions: {{
        publish: {{allow: [{rights}]}}, subscribe: {{allow: ["_INBOX.>"]}}
      }}
    }}],
    imports: [{imports}]
  }}
}}
"""


def server() -> str:
    """Return where nats-server lies: beside this Python, or on the path."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise FileNotFoundError("nats-server: not beside Python and not on the path")
    return found
