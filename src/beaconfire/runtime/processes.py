"""Processes: one process, known by its number and by when it began.

A number alone is no name: the system gives it to another process later. A record of
both, left in a file, lets the next start end exactly what an earlier one left behind,
and nothing else. Where the system can, a child is ended with whoever started it.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Literal

from msgspec import Struct

from beaconfire.errors import BadInput, BeaconfireError
from beaconfire.runtime.node_dir import replace_private
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import codec

_PROC = Path("/proc")
_STATE, _BEGAN = 0, 19  # "state" and "starttime", counted behind the name


class ProcessRecord(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A process that was started: its number, and when it began as the system says."""

    v: Literal[1] = 1
    pid: int
    began: str


def record_of(pid: int) -> ProcessRecord | None:
    """Return what names the process ``pid`` for good, or ``None`` if it has ended."""
    began = _began_linux(pid) if _PROC.joinpath("self").exists() else _began_ps(pid)
    return None if began is None else ProcessRecord(pid=pid, began=began)


def is_alive(record: ProcessRecord) -> bool:
    """Return whether this very process still runs."""
    return record_of(record.pid) == record


def write_record(path: Path, pid: int) -> None:
    """Leave a record of ``pid`` for whoever comes later."""
    record = record_of(pid)
    if record is not None:
        replace_private(path, codec.encode(record))


def read_record(path: Path) -> ProcessRecord | None:
    """Return the record left in ``path``; ``None`` if there is none to be read."""
    try:
        return codec.decode(path.read_bytes(), ProcessRecord, what=f"`{path}`")
    except (OSError, BadInput):
        # Half a record names no process; whatever it was, it is not ended on a guess.
        return None


async def end(record: ProcessRecord) -> None:
    """End this very process: asked first, killed if it does not heed.

    Raises:
        BeaconfireError: it is somebody else's, or does not end.
    """
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if not is_alive(record):
            return
        try:
            os.kill(record.pid, sign)
        except ProcessLookupError:
            return
        except PermissionError:
            break
        try:
            async with asyncio.timeout(SETTINGS.server_stop_s_max):
                while is_alive(record):
                    await asyncio.sleep(SETTINGS.server_poll_s)
        except TimeoutError:
            continue
        return
    message = f"process {record.pid}, left from an earlier run, cannot be ended"
    raise BeaconfireError(message)


def dying_with_parent() -> tuple[str, ...]:
    """Return what to write before a command so that it is killed with its parent.

    Nothing where the system cannot (macOS, a Linux without ``setpriv``). On Linux the
    kernel kills the child when the thread that started it ends, however it ends.
    """
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()


def _began_linux(pid: int) -> str | None:
    try:
        text = _PROC.joinpath(str(pid), "stat").read_text("ascii", "replace")
        boot = _PROC.joinpath("sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    # One that has ended but was not yet fetched by its parent holds nothing any more.
    return None if fields[_STATE] in "ZX" else f"{boot}:{fields[_BEGAN]}"


def _began_ps(pid: int) -> str | None:
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None
