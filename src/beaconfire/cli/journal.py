"""``beaconfire journal``: verify, export, list what was withheld or is in doubt.

All read whether the node runs or not, and change nothing that is stored.
"""

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from beaconfire.cli.printing import JsonOption, put, put_json
from beaconfire.errors import BadInput, BeaconfireError
from beaconfire.journal.chain import ChainBroken
from beaconfire.journal.entry import Entry
from beaconfire.runtime import event_loop
from beaconfire.runtime.flagged import flagged as find_flagged
from beaconfire.runtime.flagged import read as read_flagged
from beaconfire.runtime.journal_check import JournalCheck, check_journal
from beaconfire.runtime.journal_server import stored_journal
from beaconfire.runtime.withheld import read as read_withheld
from beaconfire.runtime.withheld import withheld as find_withheld
from beaconfire.vocabulary.party import require_party

app = typer.Typer(help="Verify or export what a node recorded.", no_args_is_help=True)

NodeDir = Annotated[Path, typer.Argument(metavar="DIR", help="The node's directory.")]


@app.command()
def verify(
    node_dir: NodeDir,
    *,
    as_json: JsonOption = False,
) -> None:
    """Walk the journal's chain and name the first break; if there is one, exit 1."""
    check = event_loop.run(_verified(node_dir))
    if as_json:
        put_json(check)
    else:
        for line in _lines(check, node_dir):
            put(line)
    if check.broken is not None:
        raise typer.Exit(1)


@app.command()
def export(
    node_dir: NodeDir,
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: standard output.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --out: print one JSON value.")
    ] = False,
) -> None:
    """Write the journal as JSON lines, one entry a line, every turn verified first."""
    if as_json and out is None:
        message = (
            "the journal is JSON lines already, and takes standard output: give `--out "
            "FILE` for the one value of `--json` to have its place there"
        )
        raise BadInput(message)
    if out is None:
        event_loop.run(_export(node_dir, sys.stdout.buffer))
        return
    try:
        with out.open("xb") as file:
            turns, entries = event_loop.run(_export(node_dir, file))
    except FileExistsError:
        message = f"`{out}` exists; it is never written over"
        raise BadInput(message) from None
    except OSError as error:
        message = f"`{out}` cannot be written: {error.strerror}"
        raise BadInput(message) from None
    if as_json:
        put_json({"v": 1, "file": str(out), "turns": turns, "entries": entries})
    else:
        _progress(f"{turns} turns written to {out}")


@app.command()
def withheld(
    node_dir: NodeDir,
    *,
    agreement: Annotated[
        str, typer.Option("--agreement", metavar="ID", help="Which agreement.")
    ],
    as_json: JsonOption = False,
) -> None:
    """List what an agreement has kept from its recipient while it was closed."""
    found = find_withheld(event_loop.run(_entries(node_dir)), agreement)
    if as_json:
        put_json({"v": 1, "agreement": agreement, "withheld": found})
    else:
        put(read_withheld(found, agreement))


@app.command()
def flagged(
    node_dir: NodeDir,
    *,
    party: Annotated[
        str, typer.Option("--party", metavar="PARTY", help="Whose card was revoked.")
    ],
    as_json: JsonOption = False,
) -> None:
    """List what was taken from a partner since its revoked card was in doubt."""
    whose = require_party(party)
    found = find_flagged(event_loop.run(_entries(node_dir)), whose)
    if as_json:
        put_json({"v": 1, "party": whose, "revocations": found})
    else:
        put(read_flagged(found, whose))


async def _entries(node_dir: Path) -> list[Entry]:
    async with stored_journal(node_dir, progress=_progress) as stored:
        return [entry async for turn in stored.journal.read() for entry in turn.entries]


async def _verified(node_dir: Path) -> JournalCheck:
    async with stored_journal(node_dir, progress=_progress) as stored:
        return await check_journal(stored, _progress)


async def _export(node_dir: Path, file: BinaryIO) -> tuple[int, int]:
    turns = entries = 0
    broken = ""
    async with stored_journal(node_dir, progress=_progress) as stored:
        try:
            async for turn in stored.journal.read():
                file.writelines(line + b"\n" for line in turn.lines)
                turns += 1
                entries += len(turn.lines)
        except ChainBroken as error:
            broken = str(error)
        if not broken and stored.lost_end is not None:
            broken = f"journal turn {turns + 1}: {stored.lost_end}"
    if broken:
        # What stands before the break is true and may be all there is: it stays.
        message = f"{broken}; the {turns} turns before it are written"
        raise BeaconfireError(message)
    return turns, entries


def _lines(check: JournalCheck, node_dir: Path) -> list[str]:
    walked = f"{check.turns} turns, {check.entries} entries"
    lines = [f"journal of {node_dir}: {walked}"]
    if check.first is not None:
        lines.append(f"from {check.first} to {check.last}")
    if check.unfinished is not None:
        rest = check.unfinished
        lines.append(
            f"turn {rest.turn} stands unfinished at the end ({rest.parts} of {rest.of} "
            "parts) and does not count: its writer died"
        )
    if check.broken is None:
        lines.append(f"the chain holds, up to {check.head}" if check.head else "empty")
    else:
        lines.append(f"broken at turn {check.broken.turn}: {check.broken.what}")
    return lines


def _progress(line: str) -> None:
    put(line, err=True)
