"""Forked: bytes made from this process's memory as it stands, while it goes on.

The process is forked: the copy sees the memory at that very moment, makes the bytes,
sends them through a pipe and ends. Pages are shared until one side writes, so a node
pays a few milliseconds where encoding its whole memory would stop it for a hundred.

The copy touches nothing but memory and its pipe: no event loop, no connection, no
file. It ends without running anything that the process had planned for its own end.
"""

import asyncio
import gc
import os
import signal
from collections.abc import Callable

from beaconfire.errors import BeaconfireError
from beaconfire.runtime.settings import SETTINGS

# Stands behind the bytes: without it the copy died on its way.
_WHOLE = b"\nwhole"
_NICE = 10  # the copy may wait; what it is a copy of may not
_READ_BYTES = 1 << 20


class Copy:
    """A copy of this process that makes bytes; the copy is of the moment it began."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        """Fork, and let the copy call ``make``.

        Raises:
            BeaconfireError: there is no room for a copy.
        """
        try:
            self._reading, writing = os.pipe()
        except OSError as error:
            message = f"no pipe for a copy of the process: {error.strerror}"
            raise BeaconfireError(message) from None
        try:
            self._pid = os.fork()
        except OSError as error:
            os.close(self._reading)
            os.close(writing)
            message = f"no room for a copy of the process: {error.strerror}"
            raise BeaconfireError(message) from None
        if self._pid == 0:
            _be_the_copy(make, writing)
        os.close(writing)

    async def bytes_made(self) -> bytes:
        """Return the bytes once they are made; the copy is gone then. Call it once.

        Raises:
            BeaconfireError: the copy died, or took too long.
        """
        try:
            data = await asyncio.wait_for(_read(self._reading), SETTINGS.copy_s_max)
        except TimeoutError:
            message = (
                f"a copy of the process took longer than {SETTINGS.copy_s_max:g} s"
            )
            raise BeaconfireError(message) from None
        except OSError as error:
            message = f"a copy of the process: {error.strerror}"
            raise BeaconfireError(message) from None
        finally:
            os.close(self._reading)
            _end(self._pid)
        if not data.endswith(_WHOLE):
            message = "a copy of the process died before it was done"
            raise BeaconfireError(message)
        return data[: -len(_WHOLE)]


def _be_the_copy(make: Callable[[], bytes], writing: int) -> None:
    """Make the bytes, send them and end; never returns."""
    try:
        # A signal for the group must not be told to the loop that is not ours.
        signal.set_wakeup_fd(-1)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_DFL)
        gc.disable()  # a collection would write to every page
        _let_go_but(writing)
        os.nice(_NICE)
        data = memoryview(make() + _WHOLE)
        while data:
            data = data[os.write(writing, data) :]
    finally:
        # Whatever went wrong, the copy must not run on as the node.
        os._exit(0)


def _let_go_but(kept: int) -> None:
    """Close all descriptors but the three standard ones and ``kept``.

    A killed node's locks and lines would else last as long as its copy.
    """
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))


def _end(pid: int) -> None:
    """See that a child is gone: it has ended, or may not go on."""
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == 0:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    except ChildProcessError:
        return  # where SIGCHLD is ignored the system waits for it


async def _read(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    os.set_blocking(descriptor, False)
    parts: list[bytes] = []
    ended: asyncio.Future[None] = loop.create_future()

    def take() -> None:
        part = os.read(descriptor, _READ_BYTES)
        if part:
            parts.append(part)
        elif not ended.done():
            ended.set_result(None)

    loop.add_reader(descriptor, take)
    try:
        await ended
    finally:
        loop.remove_reader(descriptor)
    return b"".join(parts)
