"""Node process: one real node as a child, with its log and its journal read.

Started as an operator would start it (``beaconfire node run``), ended by its own
process id. Its diagnostics go to ``run/node.log``; the last of them are in the error
if it ends by itself. Where the system can, it does not outlive this process either.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from beaconfire.errors import BeaconfireError, NotReachable
from beaconfire.journal.entry import Turn
from beaconfire.journal.jetstream import open_reader
from beaconfire.journal.stream_journal import JetStreamJournal
from beaconfire.runtime.journal_server import access_to
from beaconfire.runtime.processes import dying_with_parent
from beaconfire.runtime.readiness import READY_FILE, Ready
from beaconfire.runtime.server_config import READER
from beaconfire.runtime.settings import journal_limits
from beaconfire.seals import codec

READY_S_MAX = 120.0  # wall; three nodes at once on a busy machine take their time
READY_POLL_S = 0.05
STOP_S_MAX = 20.0  # wall; servers and solver are stopped in order
LOG_NAME = "node.log"
LOG_BYTES_SHOWN = 1500


class NodeProcess:
    """One node's process and a reader of its journal."""

    def __init__(self, directory: Path) -> None:
        """Nothing runs before ``start``."""
        self._directory = directory
        self._process: asyncio.subprocess.Process | None = None
        self._journal: JetStreamJournal | None = None
        self._next_turn = 1

    @property
    def pid(self) -> int:
        """The process id of the running node."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start the node and return when it is ready.

        Raises:
            BeaconfireError: it ended, or is not ready in time.
        """
        self._ready_path().unlink(missing_ok=True)
        with (self._directory / "run" / LOG_NAME).open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *dying_with_parent(),
                sys.executable,
                "-m",
                "beaconfire",
                "node",
                "run",
                "--node",
                str(self._directory),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        waited_s = 0.0
        while not self._ready_path().exists():
            self.check()
            if waited_s > READY_S_MAX:
                await self.stop()
                message = f"the node in `{self._directory}` is not ready: {self._log()}"
                raise BeaconfireError(message)
            await asyncio.sleep(READY_POLL_S)
            waited_s += READY_POLL_S

    def ready(self) -> Ready:
        """Return what the node says of itself."""
        data = self._ready_path().read_bytes()
        return codec.decode(data, Ready, what="readiness")

    def check(self) -> None:
        """Raise if the node has ended by itself.

        Raises:
            BeaconfireError: it has; its last words are in the message.
        """
        if self._process is not None and self._process.returncode is not None:
            message = f"the node in `{self._directory}` ended: {self._log()}"
            raise BeaconfireError(message)

    async def new_turns(self) -> AsyncIterator[Turn]:
        """Yield the turns that were stored since the last call."""
        try:
            if self._journal is None:
                endpoint = access_to(self._directory, READER)
                self._journal = await open_reader(endpoint, journal_limits())
        except NotReachable:
            return  # not up again yet: what is stored is read later
        journal = self._journal
        try:
            async for turn in journal.read(self._next_turn):
                self._next_turn = turn.turn + 1
                yield turn
        except NotReachable:
            await self._let_go()
        except RuntimeError:
            # Killed while this read: its journal was closed under it.
            if self._journal is journal:
                raise

    async def kill(self) -> None:
        """Kill the node with no warning."""
        await self._let_go()
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    def pause(self) -> None:
        """Let the node stand still as it is; its servers go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a node that stands still go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Stop the node and wait until it has gone; killed if it does not go."""
        await self._let_go()
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)  # one that stands still would not hear it
        try:
            async with asyncio.timeout(STOP_S_MAX):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _let_go(self) -> None:
        journal, self._journal = self._journal, None
        if journal is not None:
            await journal.close()

    def _ready_path(self) -> Path:
        return self._directory / "run" / READY_FILE

    def _log(self) -> str:
        path = self._directory / "run" / LOG_NAME
        text = path.read_bytes()[-LOG_BYTES_SHOWN:].decode("utf-8", "replace")
        return " | ".join(text.splitlines()[-6:])
