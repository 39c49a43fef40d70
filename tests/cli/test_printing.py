"""What strangers wrote reaches a terminal in a form that it does not obey."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from beaconfire.cli import estimate, node_run
from beaconfire.cli.commands import run
from beaconfire.cli.printing import put_document
from beaconfire.vocabulary.entries.sightings import Bell
from tests.stages.sightings_made import entry

ROOT = Path(__file__).parents[2]
HOSTILE = "\\u001b]0;owned\\u0007\\u001b[2J\\u202e"
COMMANDS = sorted((ROOT / "src" / "beaconfire" / "cli").glob("*.py"))


def on_a_terminal(*words: object) -> str:
    """Run a command on a terminal of its own; return all that it wrote there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "beaconfire", *map(str, words)]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        told = b""
        try:
            while piece := os.read(ours, 65_536):
                told += piece
        except OSError:
            pass  # the other end is closed
        process.wait(30)
    os.close(ours)
    return told.decode()


def test_decide_escapes_the_keys_of_a_file_on_a_terminal(tmp_path):
    """An unknown key is quoted, and a key is whatever its author likes."""
    item = tmp_path / "item.json"
    item.write_text(f'{{"v":1,"{HOSTILE}":1}}')
    told = on_a_terminal(
        "decide", "--agreements", "library", "--item", item, "--to", "JPN",
        "--at", "2022-10-03T22:26:00Z",
    )  # fmt: skip
    assert "unknown key" in told
    assert "\\u001b[2J\\u202e" in told
    assert "\x1b" not in told
    assert "\u202e" not in told


def test_a_node_rings_one_line(monkeypatch, capsys, tmp_path):
    """A line break in a bell would look like another line of the node."""
    text = "\x1b[2J\n   0.00 s  all clear"

    async def ringing(directory, *, say, show):
        say(text)
        show(entry(Bell(role="watch officer", text=text), 0.0))

    assert run(["node", "init", "--party", "JPN", "--node", str(tmp_path / "n")]) == 0
    capsys.readouterr()
    monkeypatch.setattr(node_run, "run_node", ringing)
    node_run.run(tmp_path / "n")
    said, rung = capsys.readouterr().err.splitlines()
    escaped = "\\u001b[2J\\u000a   0.00 s  all clear"
    assert said.endswith(f" s  {escaped}")
    assert rung.endswith(f" s  bell for the watch officer: {escaped}")


def test_estimate_obeys_no_mark_of_a_file(capsys):
    """Square brackets are rich's marks, and stay text where a file has them."""
    console = Console(highlight=False, force_terminal=True)
    estimate._print(console, "line 1 left out: `[red]x[/red]\x1b[2J`")
    assert capsys.readouterr().out.strip() == (
        "line 1 left out: `[red]x[/red]\\u001b[2J`"
    )


def test_a_document_keeps_its_bytes_in_a_file(capfdbinary):
    """A signature is of the bytes, so `agreement show --text` writes just them."""
    put_document(b'title = "\xe2\x80\xae"\r\n')
    assert capfdbinary.readouterr().out == b'title = "\xe2\x80\xae"\r\n'


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.stem)
def test_commands_print_through_one_place(path):
    """A command that printed by itself would have to remember to escape."""
    if path.stem != "printing":
        assert not re.search(r"\btyper\.(echo|secho)\b", path.read_text("utf-8"))
