"""Named files: what a person names on a command line, read within a bound.

* Never more than may be. Whoever needs a whole text gives its longest length; an
  exported journal is read line by line, with a bound on the line and on the whole.
* A file or a pipe, nothing else: a device has no end, and a pipe to which nobody writes
  is not waited for.
* A file is text in UTF-8 without a byte order mark. One that is empty says nothing, and
  is refused: to take it for "none" would hide an export that failed.

What stands in it is the caller's to judge.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from beaconfire.errors import BadInput
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals.toml_text import is_utf8, refuse_mark, text_of

_MIB = 1024 * 1024


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file or a pipe for reading, without waiting for anybody.

    Raises:
        OSError: the system does not open it.
        BadInput: it is something else.
    """
    # Looked at first: to open a device may already do something.
    _require_file(path, path.stat().st_mode)
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(handle, "rb") as file:
        _require_file(path, os.fstat(handle).st_mode)
        os.set_blocking(handle, True)
        yield file


def read_named(path: Path, *, bytes_max: int, empty: str = "") -> bytes:
    """Return the bytes of a text of at most ``bytes_max`` bytes.

    ``empty`` is what to do about a file without content.

    Raises:
        BadInput: it cannot be read, is too long, empty, or not in UTF-8.
    """
    data = read_bounded(path, bytes_max=bytes_max)
    if not data or data.isspace():
        raise BadInput(f"`{path}` is empty{empty}")
    text_of(data, file=str(path))
    return data


def read_bounded(path: Path, *, bytes_max: int) -> bytes:
    """Return the bytes of a file, whatever they are.

    Raises:
        BadInput: it cannot be read, or has more than ``bytes_max``.
    """
    with _told(path), opened(path) as file:
        # Never more than may be: a huge file is refused, not read.
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        message = f"`{path}`: longer than {bytes_max} bytes, the most that is read"
        raise BadInput(message)
    return data


def named_lines(path: Path) -> Iterator[tuple[bytes, str]]:
    """Yield the lines of an exported journal that are not blank, and where each stands.

    Raises:
        BadInput: it cannot be read, is too long, empty, or not in UTF-8.
    """
    line_max = SETTINGS.journal_line_bytes_max
    read_bytes, some = 0, False
    with _told(path), opened(path) as file:
        # Never more of a line than may be: a huge one is refused, not read.
        lines = iter(lambda: file.readline(line_max + 1), b"")
        for number, line in enumerate(lines, start=1):
            where = f"{path}:{number}"
            if len(line) > line_max:
                raise BadInput(f"{where}: longer than {line_max} bytes")
            read_bytes += len(line)
            if read_bytes > SETTINGS.journal_file_bytes_max:
                most = SETTINGS.journal_file_bytes_max // _MIB
                message = f"{where}: more than {most} MiB in all: give a part of it"
                raise BadInput(message)
            if not line.strip():
                continue
            some = True
            if number == 1:
                refuse_mark(line, file=str(path))
            if not is_utf8(line):
                raise BadInput(f"{where}: not UTF-8")
            yield line, where
    if not some:
        message = (
            f"`{path}` is empty: `beaconfire journal export` writes a line an entry"
        )
        raise BadInput(message)


def system_said(error: OSError) -> str:
    """Return why the system would not, in lower case."""
    return (error.strerror or "the system gave no reason").lower()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadInput(f"`{path}` cannot be read: {system_said(error)}") from None


def _require_file(path: Path, mode: int) -> None:
    if stat.S_ISREG(mode) or stat.S_ISFIFO(mode):
        return
    if stat.S_ISDIR(mode):
        raise BadInput(f"`{path}` cannot be read: is a directory: name a file in it")
    raise BadInput(f"`{path}` cannot be read: is no file but a device: name a file")
