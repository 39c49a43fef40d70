"""Journal server: the server that keeps a node's journal, and how one gets at it.

Secrets are made anew at every start. The writer's is known to the node process and
the server alone; a reader's and that of people and sensors stand in ``run/``, each in
a file that its owner alone can read, and go when the server stops.

A node that is stopped can be read all the same: its stored files are copied, and a
server with nobody who could write is started on the copy. Reading changes no byte of
what is stored, also not of what is damaged.
"""

import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec import Struct

from beaconfire.errors import BadInput, BeaconfireError, NotReachable
from beaconfire.journal.jetstream import open_reader
from beaconfire.journal.stream_journal import JetStreamJournal
from beaconfire.journal.streams import Endpoint
from beaconfire.runtime import processes
from beaconfire.runtime.disk import (
    free_bytes,
    is_no_room,
    no_room_to_read,
    require_room_to_read,
)
from beaconfire.runtime.named_files import system_said
from beaconfire.runtime.node_dir import PRIVATE_DIR, replace_private
from beaconfire.runtime.server_config import (
    INSPECTOR,
    ORDERS,
    READER,
    WRITER,
    JournalSecrets,
    journal_config,
)
from beaconfire.runtime.servers import (
    NatsServer,
    find_nats_server,
    free_port,
    sole_holder,
)
from beaconfire.runtime.settings import journal_limits
from beaconfire.runtime.store_files import (
    TailWatch,
    bytes_lost,
    newest_block,
    stream_dir,
)
from beaconfire.seals import codec

SERVER_NAME = "journal"
SECRET_BYTES = 32


class _Access(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in ``run/<user>.access``."""

    v: Literal[1] = 1
    address: str
    user: str
    secret: str


@dataclass(frozen=True, slots=True)
class JournalServer:
    """The running server of one node's journal."""

    server: NatsServer
    writer: Endpoint
    run_dir: Path

    async def stop(self) -> None:
        """Take back the secrets, then end the server."""
        for user in (READER, ORDERS):
            _access_path(self.run_dir, user).unlink(missing_ok=True)
        await self.server.stop()


async def start_journal_server(
    node_dir: Path, *, port: int | None = None, binary: Path | None = None
) -> JournalServer:
    """Start the server of the journal in ``node_dir``, on a free port if none is given.

    Raises:
        BadInput: the port is busy.
        NotReachable: nats-server is not installed.
        BeaconfireError: another process runs this node, the server does not start, or
            stored turns cannot be read any more.
    """
    run_dir, store_dir = node_dir / "run", node_dir / "journal"
    store_dir.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    chosen = free_port() if port is None else port
    made = {user: _secret() for user in (WRITER, READER, ORDERS)}
    server = NatsServer(
        find_nats_server(binary),
        journal_config(
            port=chosen, store_dir=store_dir.resolve(), secrets=JournalSecrets(**made)
        ),
        run_dir,
        SERVER_NAME,
    )
    address = f"127.0.0.1:{chosen}"
    writer = Endpoint(address=address, user=WRITER, secret=made[WRITER])
    running = JournalServer(server=server, writer=writer, run_dir=run_dir)
    tail = TailWatch(store_dir, run_dir)
    async with AsyncExitStack() as unless_started:
        await server.start(before=tail.before_start)
        # Not sooner: a start that is refused because a node runs here must not take
        # that node's secrets away.
        unless_started.push_async_callback(running.stop)
        tail.after_start()
        for user in (READER, ORDERS):
            access = _Access(address=address, user=user, secret=made[user])
            replace_private(_access_path(run_dir, user), codec.encode(access))
        unless_started.pop_all()
    return running


def access_to(node_dir: Path, user: str) -> Endpoint:
    """Return how ``reader`` or ``orders`` gets at the running node in ``node_dir``.

    Raises:
        NotReachable: no node runs there.
    """
    run_dir = node_dir / "run"
    try:
        data = _access_path(run_dir, user).read_bytes()
        access = codec.decode(data, _Access, what="access")
    except (OSError, BadInput):
        access = None
    if access is None or not _server_runs(run_dir):
        message = (
            f"no node runs in `{node_dir}`; start it with "
            f"`beaconfire node run --node {node_dir}`"
        )
        raise NotReachable(message)
    return Endpoint(address=access.address, user=access.user, secret=access.secret)


@dataclass(frozen=True, slots=True)
class StoredJournal:
    """A journal open for reading; ``lost_end`` says what of its end is gone."""

    journal: JetStreamJournal
    lost_end: str | None


@asynccontextmanager
async def stored_journal(
    node_dir: Path, *, binary: Path | None = None, progress: Callable[[str], None]
) -> AsyncIterator[StoredJournal]:
    """Open the journal in ``node_dir`` for reading, whether its node runs or not.

    Raises:
        BadInput: no turns are stored there.
        NotReachable: nats-server is not installed, or the running one is silent.
        BeaconfireError: the copy cannot be made or read.
    """
    run_dir = node_dir / "run"
    if _server_runs(run_dir):
        journal = await open_reader(access_to(node_dir, READER), journal_limits())
        try:
            yield StoredJournal(journal=journal, lost_end=None)
        finally:
            await journal.close()
        return
    stored = node_dir / "journal"
    if not stream_dir(stored).is_dir():
        message = f"`{node_dir}` holds no journal: no turns are stored in `{stored}`"
        raise BadInput(message)
    run_dir.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="reading-", dir=run_dir) as folder:
        copy = Path(folder)
        with sole_holder(run_dir, SERVER_NAME):
            _copy(stored, copy / "journal", progress)
        async with _read_only(copy, binary) as journal:
            lost_end = await journal.lost_end()
            if (before := newest_block(stored)) is not None:
                after = stream_dir(copy / "journal") / "msgs" / before.name
                if lost := bytes_lost(before, after):
                    lost_end = f"{lost} bytes are stored, but damaged"
            yield StoredJournal(journal=journal, lost_end=lost_end)


@asynccontextmanager
async def _read_only(
    folder: Path, binary: Path | None
) -> AsyncIterator[JetStreamJournal]:
    """Serve the copy in ``folder`` to one inspector, with nobody who could write."""
    port, secret = free_port(), _secret()
    made = JournalSecrets(inspector=secret)
    store_dir = (folder / "journal").resolve()
    server = NatsServer(
        find_nats_server(binary),
        journal_config(port=port, store_dir=store_dir, secrets=made),
        folder / "run",
        SERVER_NAME,
    )
    await server.start()
    try:
        address = f"127.0.0.1:{port}"
        endpoint = Endpoint(address=address, user=INSPECTOR, secret=secret)
        journal = await open_reader(endpoint, journal_limits())
        try:
            yield journal
        finally:
            await journal.close()
    finally:
        await server.stop()


def _copy(stored: Path, copy: Path, progress: Callable[[str], None]) -> None:
    size = sum(path.stat().st_size for path in stored.rglob("*") if path.is_file())
    place = copy.parent.parent
    require_room_to_read(place, size)
    progress(f"copying {size / 1e6:.1f} MB of stored turns, to read without touching")
    try:
        shutil.copytree(stored, copy)
    except OSError as error:
        if is_no_room(error):
            left = free_bytes(place)
            raise BeaconfireError(no_room_to_read(place, size, left)) from None
        message = f"`{stored}` cannot be copied for reading: {_first_of(error)}"
        raise BadInput(message) from None


def _first_of(error: OSError) -> str:
    """Say what was wrong with the first file of a copy, and with how many more."""
    if not isinstance(error, shutil.Error):
        return f"`{error.filename}`: {system_said(error)}"
    failed = error.args[0]
    name, _, why = failed[0]
    said = re.sub(r"^\[Errno \d+\] |: '.*$", "", str(why)).lower()
    more = f", and {len(failed) - 1} more files" if len(failed) > 1 else ""
    return f"`{name}`: {said}{more}"


def _server_runs(run_dir: Path) -> bool:
    record = processes.read_record(run_dir / f"{SERVER_NAME}.pid")
    return record is not None and processes.is_alive(record)


def _access_path(run_dir: Path, user: str) -> Path:
    return run_dir / f"{user}.access"


def _secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)
