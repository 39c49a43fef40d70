"""Readiness: ``run/ready.json``, which stands there while the node runs.

It says that the node is ready, and which processes it is made of *now*: whoever reads
a number in it must not find a process that has ended, or a stranger that has its number
since. So it is written anew, in one step, whenever a part is started again.
"""

from pathlib import Path

from msgspec import Struct

from beaconfire.runtime.node_dir import replace_private
from beaconfire.seals import codec
from beaconfire.vocabulary.party import Party

READY_FILE = "ready.json"


class ProcessNote(Struct, frozen=True, kw_only=True):
    """One process of the node, as its readiness file lists it."""

    party: Party
    kind: str
    pid: int
    port: int | None


class Ready(Struct, frozen=True, kw_only=True):
    """What stands in ``run/ready.json`` while the node runs."""

    v: int = 1
    party: Party
    processes: tuple[ProcessNote, ...]


class Readiness:
    """The readiness file of one node, and what is to stand in it."""

    def __init__(self, run_dir: Path, party: Party) -> None:
        self._path = run_dir / READY_FILE
        self._party = party
        self._notes: dict[str, ProcessNote] = {}
        self._stands = False

    @property
    def ready(self) -> Ready:
        """What the node is made of now."""
        return Ready(party=self._party, processes=tuple(self._notes.values()))

    def runs(self, kind: str, pid: int, port: int | None = None) -> None:
        """Note that a part runs as ``pid``; a later note of its kind replaces it."""
        self._notes[kind] = ProcessNote(
            party=self._party, kind=kind, pid=pid, port=port
        )
        if self._stands:
            self._write()

    def tell(self) -> None:
        """Say that the node is ready; from now on the file follows what runs."""
        self._stands = True
        self._write()

    def take_back(self) -> None:
        """Say it no more."""
        self._stands = False
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        replace_private(self._path, codec.encode(self.ready))
