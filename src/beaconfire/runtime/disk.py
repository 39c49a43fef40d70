"""Disk: what is said when there is no room, whoever found out first.

A full disk shows itself in several ways: a write of ours fails, the journal's server
refuses or falls silent, a copy ends half-way. Each is told as what it is: which disk,
and what to do. A node that cannot store ends; it has acknowledged nothing that is not
stored.
"""

import errno
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from beaconfire.errors import BadInput, BeaconfireError, NoLongerWriter, Refused
from beaconfire.runtime.settings import SETTINGS

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# The server's own limit is three quarters of what was free when it started.
_SERVER_SAYS = "insufficient storage"
_MB = 1e6


def free_bytes(place: Path) -> int:
    """Return how many bytes can still be written where ``place`` lies."""
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return sys.maxsize  # what cannot be asked is not blamed


def is_no_room(error: OSError) -> bool:
    """Say whether the system refused for want of room, in any of many copies."""
    if isinstance(error, shutil.Error):
        # The whole list is text by then, as is each of its reasons.
        return any(f"[Errno {number}]" in str(error) for number in _NO_ROOM)
    return error.errno in _NO_ROOM


@contextmanager
def node_has_room(directory: Path) -> Iterator[None]:
    """Say of a node that ends for want of room that this is why.

    Raises:
        BeaconfireError: the disk of its directory is full.
    """
    try:
        yield
    except (BadInput, Refused, NoLongerWriter):
        raise  # none of these comes of a disk
    except BeaconfireError as error:
        full = free_bytes(directory) <= SETTINGS.disk_full_bytes
        if not full and _SERVER_SAYS not in str(error):
            raise
        raise BeaconfireError(_stopped(directory, str(error))) from None
    except OSError as error:
        if not is_no_room(error):
            raise
        raise BeaconfireError(_stopped(directory, "")) from None


def _stopped(directory: Path, why: str) -> str:
    said = f" ({why})" if why else ""
    return (
        f"the disk of `{directory}` is full: make room there and start the node again; "
        f"all that it acknowledged is stored{said}"
    )


class DiskWatch:
    """Says once when little room is left, and again only after there was enough."""

    def __init__(self, directory: Path, say: Callable[[str], None]) -> None:
        self._directory = directory
        self._say = say
        self._low = False

    def look(self) -> None:
        """Look at what is left."""
        free = free_bytes(self._directory)
        if free >= 2 * SETTINGS.disk_low_bytes:
            self._low = False
        if self._low or free >= SETTINGS.disk_low_bytes:
            return
        self._low = True
        if free <= SETTINGS.disk_full_bytes:
            left = "is full"
        else:
            left = f"is nearly full, {free / _MB:.0f} MB are left"
        self._say(
            f"the disk of `{self._directory}` {left}: make room there, or the node "
            "stops when it cannot store"
        )


def require_room_to_read(place: Path, size: int) -> None:
    """Refuse to copy ``size`` bytes to where ``place`` lies if they do not fit there.

    Raises:
        BeaconfireError: they do not.
    """
    free = free_bytes(place)
    if size + SETTINGS.disk_full_bytes > free:
        raise BeaconfireError(no_room_to_read(place, size, free))


def no_room_to_read(place: Path, size: int, free: int) -> str:
    """Say that a copy for reading does not fit."""
    needed = size + SETTINGS.disk_full_bytes
    return (
        f"the disk of `{place}` is full: to read a stopped node takes a copy of its "
        f"journal there, {needed / _MB:.1f} MB, and {free / _MB:.1f} MB are free: make "
        "room"
    )
