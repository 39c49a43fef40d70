"""JetStream: the connection to the journal's server, made again when it breaks.

``open_writer`` and ``open_reader`` give a ``JetStreamJournal``; what is sent and what
its answers mean is decided there. Here is only the wire:

* The client never connects again by itself: what it had not sent yet would follow
  later, and the writer would not know. A broken connection ends every request that
  waits, at once; the next request connects anew, a bounded number of times.
* All answers come to one subscription under a name that is new with each connection,
  so that an answer to an earlier connection's request reaches nobody.
"""

import asyncio
import itertools
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from beaconfire.errors import NotReachable
from beaconfire.journal.stream_journal import JetStreamJournal
from beaconfire.journal.streams import Answer, Endpoint, JournalLimits, Unanswered

OK = 200
ENDS = (204, 404)  # the end of a batch; nothing there
NO_RESPONDERS = 503


async def open_writer(endpoint: Endpoint, limits: JournalLimits) -> JetStreamJournal:
    """Take up the journal as its writer; whoever wrote before is fenced out.

    Fenced out with the first turn that is appended: until then both could.

    Raises:
        NotReachable: nobody answers there, or the secret is refused.
        BadInput: what is stored there is not a journal, or was kept otherwise.
    """
    line = NatsLine(endpoint, limits)
    journal = JetStreamJournal(line, limits)
    async with AsyncExitStack() as unless_taken_up:
        unless_taken_up.push_async_callback(line.close)
        await journal.take_up()
        unless_taken_up.pop_all()
    return journal


async def open_reader(endpoint: Endpoint, limits: JournalLimits) -> JetStreamJournal:
    """Open the journal for reading alone.

    Raises:
        NotReachable: nobody answers there, or the secret is refused.
    """
    line = NatsLine(endpoint, limits)
    await line.connect()
    return JetStreamJournal(line, limits)


@dataclass(slots=True)
class _Waiting:
    """A request that waits: the answers so far, and whether one is all."""

    many: bool
    done: asyncio.Future[None]
    answers: list[Answer] = field(default_factory=list)

    def take(self, answer: Answer) -> None:
        if self.done.done():
            return
        if answer.status == NO_RESPONDERS:
            self.fail("the server is there, the stream is not")
        elif answer.status in (OK, *ENDS):
            if answer.status == OK:
                self.answers.append(answer)
            if answer.status in ENDS or not self.many:
                self.done.set_result(None)
        else:
            message = f"the journal server answers with status {answer.status}"
            self.done.set_exception(RuntimeError(message))

    def fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(Unanswered(why))


class _Connection:
    """One connection, from its beginning to its end, and what waits on it."""

    def __init__(self, client: Client, user: str) -> None:
        self.client = client
        self.open = True
        self._inbox = f"_INBOX_{user}.{client.new_inbox().rpartition('.')[2]}"
        self._numbers = itertools.count(1)
        self._waiting: dict[str, _Waiting] = {}

    async def listen(self) -> None:
        await self.client.subscribe(f"{self._inbox}.*", cb=self._take)

    async def _take(self, message: Msg) -> None:
        waiting = self._waiting.get(message.subject)
        if waiting is not None:
            headers = message.headers or {}
            status = int(headers.get("Status", 200))
            sequence = int(headers.get("Nats-Sequence", 0))
            waiting.take(Answer(status, sequence, message.data))

    def end(self, why: str) -> None:
        self.open = False
        self.refuse(why)

    def refuse(self, why: str) -> None:
        for waiting in self._waiting.values():
            waiting.fail(why)

    async def ask(
        self,
        subject: str,
        data: bytes,
        headers: dict[str, str] | None,
        *,
        many: bool,
        wait_s_max: float,
    ) -> list[Answer]:
        done = asyncio.get_running_loop().create_future()
        reply = f"{self._inbox}.{next(self._numbers)}"
        waiting = self._waiting[reply] = _Waiting(many=many, done=done)
        try:
            async with asyncio.timeout(wait_s_max):
                await self.client.publish(subject, data, reply=reply, headers=headers)
                await done
        except (TimeoutError, nats.errors.Error) as error:
            raise Unanswered(str(error)) from None
        finally:
            del self._waiting[reply]
        return waiting.answers


class NatsLine:
    """A ``Line`` through nats-py."""

    def __init__(self, endpoint: Endpoint, limits: JournalLimits) -> None:
        """Connects with the first request."""
        self._endpoint = endpoint
        self._limits = limits
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()
        self._closed = False
        self._pause_s = limits.connect_pause_s_max / 32

    async def ask(
        self,
        subject: str,
        data: bytes,
        headers: dict[str, str] | None = None,
        *,
        many: bool = False,
    ) -> list[Answer]:
        """Return what is answered (see ``Line``)."""
        connection = await self.connect()
        try:
            return await connection.ask(
                subject, data, headers, many=many, wait_s_max=self._limits.ack_s_max
            )
        except Unanswered:
            # An answer that is late is never waited for: the connection is given
            # up, so that what is asked next is answered on a new one.
            await self._give_up(connection)
            await asyncio.sleep(self._pause_s)
            raise

    async def connect(self) -> _Connection:
        """Return the connection, made anew if it broke.

        Raises:
            NotReachable: nobody answers there, or the secret is refused.
        """
        async with self._connecting:
            if self._closed:
                message = "this journal is closed"
                raise RuntimeError(message)
            if self._connection is None or not self._connection.open:
                self._connection = await self._dial()
            return self._connection

    async def _dial(self) -> _Connection:
        pause_s = self._pause_s
        for _ in range(self._limits.connect_tries):
            try:
                return await self._dial_once()
            except (nats.errors.Error, OSError, TimeoutError) as error:
                if "authorization" in str(error).lower():
                    message = (
                        f"the journal server at {self._endpoint.address} refuses "
                        f"the user `{self._endpoint.user}`"
                    )
                    raise NotReachable(message) from None
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self._limits.connect_pause_s_max)
        message = f"the journal server at {self._endpoint.address} does not answer"
        raise NotReachable(message)

    async def _dial_once(self) -> _Connection:
        made: list[_Connection] = []

        async def broken() -> None:
            for connection in made:
                connection.end("the connection broke")

        async def complain(error: Exception) -> None:
            # A request that the server forbids is answered by this alone.
            if "permissions violation" in str(error).lower():
                for connection in made:
                    connection.refuse(str(error))

        client = Client()
        async with AsyncExitStack() as unless_connected:
            unless_connected.push_async_callback(client.close)
            await client.connect(
                servers=[f"nats://{self._endpoint.address}"],
                user=self._endpoint.user,
                password=self._endpoint.secret,
                allow_reconnect=False,
                # Without these two a first connection is tried for two minutes.
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=self._limits.ack_s_max,
                error_cb=complain,
                closed_cb=broken,
            )
            made.append(_Connection(client, self._endpoint.user))
            await made[0].listen()
            unless_connected.pop_all()
        return made[0]

    async def _give_up(self, connection: _Connection) -> None:
        connection.end("the connection is given up")
        try:
            await connection.client.close()
        except (nats.errors.Error, OSError):
            return

    async def close(self) -> None:
        """Let go of the connection; it is not made again."""
        self._closed = True
        if self._connection is not None:
            await self._give_up(self._connection)
