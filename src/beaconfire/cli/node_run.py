"""``beaconfire node run``: run the node of a directory until it is told to stop.

What the node comes to is told as it happens: on standard error in lines for who watches
(``runtime/news``), or with ``--json`` on standard output, each piece as a line of JSON.
Both are written by a thread of their own, so that no terminal, and no program that
reads too slowly or has gone, ever holds up the node.
"""

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from beaconfire.cli.printing import put, put_json
from beaconfire.journal.entry import Entry
from beaconfire.runtime import event_loop
from beaconfire.runtime.news import News
from beaconfire.runtime.node_dir import NodeConfig, load_node
from beaconfire.runtime.readiness import Ready
from beaconfire.runtime.run import Stopped, run_node
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import codec
from beaconfire.vocabulary.printable import printable

LOOKS_S = 1.0  # between two looks whether a window of news has ended
LAST_WORDS_S_MAX = 2.0  # for what is still to be written when the node has stopped

# A sentence of the runtime, or what the node has come to; None ends the writing.
_Piece = str | Ready | Stopped | Entry | None
# Writes what there is to say of a piece, or of time alone, at so many seconds.
Write = Callable[[_Piece, float], None]


def run(
    node: Annotated[
        Path, typer.Option("--node", metavar="DIR", help="The node's directory.")
    ] = Path("node"),
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON value a piece of news.")
    ] = False,
) -> None:
    """Run the node: journal, border, partners, doors. Stop it with an interrupt."""
    config = load_node(node)
    stream = sys.stdout if as_json else sys.stderr
    teller = Teller(_as_json(config) if as_json else _as_lines(config, node), stream)
    try:
        event_loop.run(run_node(node, say=teller.tell, show=teller.tell))
    finally:
        teller.close()


class Teller:
    """Takes what there is to tell, and has a thread write it."""

    def __init__(self, write: Write, stream: object) -> None:
        """``stream`` is where ``write`` writes; it is let go of when nobody reads."""
        self._write = write
        self._stream = stream
        self._began = time.monotonic()
        self._pieces: queue.Queue[tuple[float, _Piece]] = queue.Queue(
            SETTINGS.news_waiting_max
        )
        self._lost = 0
        # Not waited for at the end of the process: it may hang in its terminal.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def tell(self, piece: _Piece) -> None:
        """Take a piece, or count it if too many wait; never waits."""
        try:
            self._pieces.put_nowait((self._now_s(), piece))
        except queue.Full:
            self._lost += 1

    def close(self) -> None:
        """Write what is left, as far as it is read in time."""
        self.tell(None)
        self._thread.join(LAST_WORDS_S_MAX)

    def _now_s(self) -> float:
        return time.monotonic() - self._began

    def _run(self) -> None:
        for at_s, piece in self._taken():
            try:
                self._write(piece, at_s)
            except OSError:
                _let_go(self._stream)

    def _taken(self) -> Iterator[tuple[float, _Piece]]:
        told = 0
        while True:
            piece: _Piece = ""
            at_s = self._now_s()
            with suppress(queue.Empty):
                at_s, piece = self._pieces.get(timeout=LOOKS_S)
            if lost := self._lost - told:
                told += lost
                yield at_s, f"{lost} pieces of news not told: whoever reads is slow"
            yield at_s, piece
            if piece is None:
                return


def _as_lines(config: NodeConfig, directory: Path) -> Write:
    """Return what writes lines for people."""
    news = News(config.status)

    def lines(piece: _Piece, at_s: float) -> tuple[str, ...]:
        if isinstance(piece, Entry):
            return news.see(piece, at_s)
        if piece is None:
            return news.rest()
        told = piece if isinstance(piece, str) else ""
        if isinstance(piece, Ready):
            told = f"ready: node of {piece.party} in {directory}"
        elif isinstance(piece, Stopped):
            told = f"stopped: node of {piece.party}, {piece.turns} turns stored"
        return (*news.due(at_s), *([told] if told else []))

    def write(piece: _Piece, at_s: float) -> None:
        for line in lines(piece, at_s):
            put(f"{at_s:7.2f} s  {printable(line)}", err=True)

    return write


def _as_json(config: NodeConfig) -> Write:
    """Return what writes a line of JSON a piece."""

    def write(piece: _Piece, at_s: float) -> None:
        if not piece:
            return
        head = {"v": 1, "kind": "remark", "elapsed_s": round(at_s, 3)}
        if isinstance(piece, str):
            put_json({**head, "text": piece})
        elif isinstance(piece, Entry):
            told = {"at": piece.at, "entry": piece.id, "status": config.status}
            put_json({**head, "kind": piece.kind, **told, "body": piece.body})
        else:
            kind = "ready" if isinstance(piece, Ready) else "stopped"
            put_json({**head, **codec.to_builtins(piece), "kind": kind})

    return write


def _let_go(stream: object) -> None:
    """Write to nowhere from now on: who read this has gone, and the node goes on."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]
        os.close(nowhere)
