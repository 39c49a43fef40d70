"""Doors: where sensors and people come in, on the node's own loopback server.

* ``sensors.<id>.plots`` and ``sensors.<id>.cues``: one message is one scan, as JSON
  lines. ``orders.<verb>``: one signed document.
* An answer is given when the turn is stored and fsynced, never before; to whoever
  asked for none, none is given. What was refused is in the answer and in the journal.
* What is too large to be looked at is refused with its size; the journal keeps that.
* Whoever holds the secret of the orders door may come in; who *signed* an order is for
  the desk to judge.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import nats
import nats.errors
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg

from beaconfire.errors import BeaconfireError, NotReachable
from beaconfire.journal.entry import By, Turn
from beaconfire.journal.streams import Endpoint
from beaconfire.runtime.effects import Answer, Effect
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.writer import Writer
from beaconfire.seals import codec
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import Order, SensorLines
from beaconfire.vocabulary.entries.sightings import CueHeard, PlotsHeard, Rejection

SENSOR_SUBJECT_PARTS = 3
ORDER_SUBJECT_PARTS = 2


class Heard(Struct, frozen=True, kw_only=True):
    """The answer to a scan: how many lines were taken, and why the others were not."""

    v: int = 1
    accepted: int
    rejected: tuple[str, ...] = ()


class Judged(Struct, frozen=True, kw_only=True):
    """The answer to an order; ``entry`` of the journal says what became of it."""

    v: int = 1
    accepted: bool
    reason: str
    entry: str | None = None


class Doors:
    """The node's subscriptions on its own server."""

    def __init__(self, endpoint: Endpoint, writer: Writer) -> None:
        """Nothing is heard before ``open``."""
        self._endpoint = endpoint
        self._writer = writer
        self._client: Client | None = None
        self._answers: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to hear.

        Raises:
            NotReachable: the server does not let the node in.
        """
        try:
            self._client = await nats.connect(
                servers=[f"nats://{self._endpoint.address}"],
                user=self._endpoint.user,
                password=self._endpoint.secret,
                max_reconnect_attempts=-1,
                reconnect_time_wait=SETTINGS.door_pause_s,
                drain_timeout=SETTINGS.stop_s_max,
                error_cb=_ignore,
            )
            await self._client.subscribe("sensors.>", cb=self._hear_sensor)
            await self._client.subscribe("orders.>", cb=self._hear_order)
        except (nats.errors.Error, OSError) as error:
            message = f"the node's own server refuses its doors: {error}"
            raise NotReachable(message) from None

    async def close(self) -> None:
        """Hear nothing more; answers under way are given."""
        if self._client is not None:
            with suppress(nats.errors.Error):
                await self._client.drain()
        if self._answers:
            await asyncio.wait(self._answers, timeout=SETTINGS.stop_s_max)

    async def _hear_sensor(self, message: Msg) -> None:
        parts = message.subject.split(".")
        if len(parts) != SENSOR_SUBJECT_PARTS or parts[2] not in ("plots", "cues"):
            what = f"sensors go to sensors.<id>.plots or .cues, not {message.subject}"
            return self._offer(message, _refusal(parts[1], "scan", what), _heard)
        wrong = _too_large(message.data)
        try:
            text = "" if wrong else message.data.decode()
        except UnicodeDecodeError:
            wrong = "not UTF-8 text"
        if wrong:
            return self._offer(message, _refusal(parts[1], "scan", wrong), _heard)
        lines = tuple(line for line in text.splitlines() if line.strip())
        stream: Literal["plots", "cues"] = "plots" if parts[2] == "plots" else "cues"
        scan = SensorLines(sensor=parts[1], stream=stream, lines=lines)
        return self._offer(message, scan, _heard)

    async def _hear_order(self, message: Msg) -> None:
        parts = message.subject.split(".")
        verb = parts[1] if len(parts) == ORDER_SUBJECT_PARTS else message.subject
        wrong = _too_large(message.data)
        try:
            text = "" if wrong else message.data.decode()
        except UnicodeDecodeError:
            wrong = "not UTF-8 text"
        if wrong:
            return self._offer(message, _refusal("desk", "order", wrong), _judged)
        return self._offer(message, Order(verb=verb[:128], text=text), _judged)

    def _offer(
        self,
        message: Msg,
        body: EntryBody,
        answer: Callable[[Turn, tuple[Effect, ...]], Struct],
    ) -> None:
        by: By = "person" if isinstance(body, Order) else "runtime"

        def stored(turn: Turn, effects: tuple[Effect, ...]) -> None:
            self._reply(message, answer(turn, effects))

        try:
            self._writer.offer(body, by=by, stored=stored)
        except BeaconfireError as error:
            self._reply(message, _not_taken(str(error), scan=answer is _heard))

    def _reply(self, message: Msg, answer: Struct) -> None:
        if not message.reply or self._client is None:
            return
        task = asyncio.create_task(self._send(message.reply, codec.encode(answer)))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _send(self, subject: str, data: bytes) -> None:
        # Who asked may be gone; what was stored stays stored.
        with suppress(nats.errors.Error, OSError):
            if self._client is not None:
                await self._client.publish(subject, data)


def _heard(turn: Turn, effects: tuple[Effect, ...]) -> Heard:
    accepted = 0
    rejected: list[str] = []
    for entry in turn.entries:
        if isinstance(entry.body, PlotsHeard):
            accepted += len(entry.body.plots)
        elif isinstance(entry.body, CueHeard):
            accepted += 1
        elif isinstance(entry.body, Rejection):
            rejected.append(entry.body.reason)
    return Heard(accepted=accepted, rejected=tuple(rejected))


def _judged(turn: Turn, effects: tuple[Effect, ...]) -> Judged:
    for effect in effects:
        if isinstance(effect, Answer):
            accepted, reason, own = effect
            return Judged(accepted=accepted, reason=reason, entry=own)
    for entry in turn.entries:
        if isinstance(entry.body, Rejection):
            return Judged(accepted=False, reason=entry.body.reason, entry=entry.id)
    return Judged(accepted=False, reason="the desk gave no answer")


def _not_taken(reason: str, *, scan: bool) -> Heard | Judged:
    """Answer in the form that this door always answers in."""
    if scan:
        return Heard(accepted=0, rejected=(reason,))
    return Judged(accepted=False, reason=reason)


def _refusal(source: str, what: str, reason: str) -> Rejection:
    return Rejection(source=source[:128] or "?", what=what, reason=reason)


def _too_large(data: bytes) -> str | None:
    if len(data) > SETTINGS.door_bytes_max:
        return f"{len(data)} bytes; at most {SETTINGS.door_bytes_max} are looked at"
    return None


async def _ignore(error: Exception) -> None:
    """A broken connection is made again by the client; the journal's own tells."""
