"""Store files: did the server, when it started, cut off what it could not read?

A nats-server that finds a damaged record in the newest block of a stream cuts the
block there and goes on, without a word: every record behind the damage is gone, also
those it had acknowledged (seen with 2.15.1). The chain of digests cannot tell,
because what is left still holds. So the newest block is compared with what it was
before the server started.

A write that never ended (the machine died in the middle of it) is cut as well, and
rightly: nobody was ever told that it is stored. It is one record, shorter than it
says, or nothing but zeros. A disk that answers before it has stored leaves the same
behind; that cannot be told from here.

Damage in an older block leaves a gap that reading finds by itself.
"""

import shutil
import struct
from pathlib import Path

from beaconfire.errors import BadInput, BeaconfireError
from beaconfire.journal.frames import open_frame
from beaconfire.journal.streams import JOURNAL_STREAM
from beaconfire.runtime.server_config import JOURNAL_ACCOUNT

_STREAM = Path("jetstream", JOURNAL_ACCOUNT, "streams", JOURNAL_STREAM)

# A record as it lies in a block: length, place, time, subject, headers; then a frame,
# which begins like this; then a checksum.
_FRAME = b'{"v":1,"writer":"'
_LENGTH = struct.Struct("<I")
_HAS_HEADERS = 1 << 31  # a flag in the length's highest bit
_CHECKSUM_BYTES = 8


def stream_dir(store_dir: Path) -> Path:
    """Return where the server keeps the journal's stream under ``store_dir``."""
    return store_dir / _STREAM


def newest_block(store_dir: Path) -> Path | None:
    """Return the block that the server appends to; ``None`` if nothing is stored."""
    blocks = [
        path
        for path in (stream_dir(store_dir) / "msgs").glob("*.blk")
        if path.stem.isdigit() and path.stat().st_size > 0
    ]
    return max(blocks, key=lambda path: int(path.stem), default=None)


def bytes_lost(before: Path, after: Path) -> int:
    """Return how many bytes of stored records ``after`` lacks; 0 if none.

    ``before`` is the block as it was, ``after`` what the server made of it.
    """
    kept = after.stat().st_size if after.exists() else 0
    with before.open("rb") as file:
        file.seek(kept)
        cut = file.read()
    return 0 if _never_ended(cut) else len(cut)


def _never_ended(cut: bytes) -> bool:
    """Return whether ``cut`` is no more than one write that the machine died in."""
    if not cut.strip(b"\0") or len(cut) < _LENGTH.size:
        return True
    (length,) = _LENGTH.unpack_from(cut)
    if (length & ~_HAS_HEADERS) <= len(cut) or cut.count(_FRAME) > 1:
        return False
    return not _is_whole(cut[cut.find(_FRAME) : -_CHECKSUM_BYTES])


def _is_whole(frame: bytes) -> bool:
    # Where only the length is damaged, the frame's own digest still tells.
    try:
        open_frame(frame)
    except BadInput:
        return False
    return True


class TailWatch:
    """Keeps the newest block aside while a server starts on it, and compares.

    If the start itself is cut short, what was kept is compared at the next one.
    """

    def __init__(self, store_dir: Path, run_dir: Path) -> None:
        self._store_dir = store_dir
        self._kept_dir = run_dir / "journal-tail"
        self._damaged_dir = run_dir / "journal-tail-damaged"

    def before_start(self) -> None:
        """Keep the newest block aside.

        Raises:
            BeaconfireError: an earlier start found damage, and nobody has looked.
        """
        if self._damaged_dir.exists():
            raise self._damaged()
        block = newest_block(self._store_dir)
        if block is None or self._kept() is not None:
            return
        self._kept_dir.mkdir(exist_ok=True)
        # In one step, so that half a copy is never taken for the block.
        partial = self._kept_dir / "partial"
        shutil.copyfile(block, partial)
        partial.rename(self._kept_dir / block.name)

    def after_start(self) -> None:
        """Compare, and let go of what was kept if nothing is missing.

        Raises:
            BeaconfireError: stored turns were cut off; the block is kept as it was.
        """
        kept = self._kept()
        if kept is None:
            return
        block = stream_dir(self._store_dir) / "msgs" / kept.name
        if bytes_lost(kept, block):
            self._kept_dir.rename(self._damaged_dir)
            raise self._damaged()
        shutil.rmtree(self._kept_dir)

    def _kept(self) -> Path | None:
        return next(self._kept_dir.glob("*.blk"), None)

    def _damaged(self) -> BeaconfireError:
        message = (
            f"the journal in `{self._store_dir}` is damaged: turns that were stored "
            "can no longer be read, and the server has cut them off; its last block "
            f"as it was is kept in `{self._damaged_dir}`: restore the journal, or "
            "move that folder away to go on without those turns"
        )
        return BeaconfireError(message)
