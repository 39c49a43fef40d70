"""What a person names is read within a bound, by every command, and nothing waits.

Of each odd file a command says one sentence, with the file in it, and exits with 2.
"""

import os
import socket
import subprocess
import sys
from importlib import resources

import pytest

from beaconfire.cli.commands import run
from beaconfire.estimation.lines import FILE_BYTES_MAX, LINES_MAX
from beaconfire.runtime import act_files, named_files
from beaconfire.runtime.settings import Settings
from tests.cli.test_estimate import plot_line

GSOMIA = "gsomia-jpn-kor-2016"
ITEM = resources.files("tests").joinpath("..", "examples/items/LaunchNotice.json")
SENT = ("--to", "KOR", "--at", "2022-10-03T22:22:00Z")
WHILE_S_MAX = 60.0  # of one command, most of it the interpreter's own start

# Every command that reads a file which a person names; `FILE` is that file.
COMMANDS = {
    "estimate": ("estimate", "FILE"),
    "exercise run": ("exercise", "run", "FILE", "--out", "out"),
    "decide --item": ("decide", "--agreements", "library", "--item", "FILE", *SENT),
    "decide --acts": (
        *("decide", "--agreements", "library", "--item", str(ITEM), *SENT),
        *("--acts", "FILE"),
    ),
    "check": ("agreement", "check", "FILE"),
    "check --acts": ("agreement", "check", "library", "--acts", "FILE"),
    "diff": ("agreement", "diff", "FILE", "FILE"),
    "sign": ("agreement", "sign", "FILE", "--node", "NODE"),
    "amend": ("agreement", "declare", GSOMIA, "FILE", "--node", "NODE"),
    "explain": ("agreement", "explain", "FILE", "--item", "a"),
    "matrix --acts": (
        *("agreement", "matrix", "--for", "JPN", "--agreements", "library"),
        *("--acts", "FILE"),
    ),
    "duties --acts": (
        *("agreement", "duties", GSOMIA, "--agreements", "library"),
        *("--acts", "FILE"),
    ),
    "inspect": (
        *("agreement", "inspect", GSOMIA, "FILE", "--holder", "JPN"),
        *("--for", "KOR", "--agreements", "library"),
    ),
    "access --item": (
        *("agreement", "access", GSOMIA, "--item", "FILE", "--register", str(ITEM)),
        *("--person", "a", "--purpose", "warning", "--holder", "JPN"),
        *("--at", "2022-10-03T22:22:00Z"),
        *("--agreements", "library"),
    ),
    "access --register": (
        *("agreement", "access", GSOMIA, "--item", str(ITEM), "--register", "FILE"),
        *("--person", "a", "--purpose", "warning", "--holder", "JPN"),
        *("--at", "2022-10-03T22:22:00Z"),
        *("--agreements", "library"),
    ),
    "partner add": ("partner", "add", "FILE", "--confirm", "a", "--node", "NODE"),
    "card --root": ("node", "card", "--renew", "--root", "FILE", "--node", "NODE"),
}
# A key is no text that somebody writes: its form says what is wrong with it.
TEXTS = {name: words for name, words in COMMANDS.items() if name != "card --root"}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """A node's directory with its own card and one text."""
    place = tmp_path_factory.mktemp("named") / "JPN"
    assert run(["node", "init", "--party", "JPN", "--node", str(place)]) == 0
    assert run(["node", "card", "--node", str(place)]) == 0
    text = resources.files("beaconfire.agreements") / "library" / f"{GSOMIA}.toml"
    (place / "agreements" / text.name).write_bytes(text.read_bytes())
    return place


@pytest.fixture
def refused(node, capsys, tmp_path, monkeypatch):
    """Run a command on a file; return what it says of it."""
    monkeypatch.chdir(tmp_path)

    def ask(words, path):
        put = {"FILE": str(path), "NODE": str(node)}
        capsys.readouterr()
        assert run([put.get(word, word) for word in words]) == 2
        said = capsys.readouterr().err
        lines = [line for line in said.splitlines() if "not signed by" not in line]
        assert len(lines) == 1, said
        assert str(path) in lines[0]
        return lines[0]

    return ask


def folder(path):
    """Make a directory."""
    path.mkdir()
    (path / "a.txt").touch()


def listening(path):
    """Make a socket, and leave it."""
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


ODD = {
    "a pipe that nobody writes": (os.mkfifo, "is empty"),
    "a socket": (listening, "is no file"),
    "a folder": (folder, "is a directory"),
    "not there": (lambda path: None, ""),
    "a ring of links": (lambda path: path.symlink_to(path), ""),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is no file but a device"),
    "nothing in it": (lambda path: path.touch(), "is empty"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_file_with_something_in_it_is_refused(
    refused, tmp_path, command, odd
):
    """Devices without end, pipes without a writer, folders: one sentence, at once."""
    path = tmp_path / "named"
    make, said = ODD[odd]
    make(path)
    if path.exists() and not path.is_symlink():
        path.chmod(0o700 if path.is_dir() else 0o600)  # as a key must be
    if (command, odd) == ("check", "a folder"):
        said = "holds no agreement"  # a folder of texts is what it may be given
    assert said in refused(COMMANDS[command], path)


@pytest.mark.parametrize("command", TEXTS)
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'\xef\xbb\xbf{"v": 1}\n', "begins with a byte order mark: save without"),
        ('{"name": "caf\u00e9"}\n'.encode("latin-1"), "not UTF-8"),
        ('name = "a"\n'.encode("utf-16"), "not UTF-8"),
    ],
    ids=["a mark", "another encoding", "two bytes a character"],
)
def test_what_is_no_plain_utf_8_is_refused(refused, tmp_path, command, data, said):
    """Whoever saved it is told how to save it, not which byte a parser fell over."""
    path = tmp_path / "named"
    path.write_bytes(data)
    assert said in refused(TEXTS[command], path)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_larger_than_such_a_file_can_be_is_refused(refused, tmp_path, command):
    """By the whole, or by the line where a journal is read line by line."""
    path = tmp_path / "named"
    with path.open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    path.chmod(0o600)
    said = refused(COMMANDS[command], path)
    assert "longer than " in said or "larger than " in said


@pytest.mark.parametrize("command", COMMANDS)
def test_what_may_not_be_read_is_refused(refused, tmp_path, command, monkeypatch):
    """The system's own reason, in lower case."""

    def denied(*_):
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "named"
    path.write_text("a", "utf-8")
    opening = os.open

    def guarded(name, *more, **others):
        return denied() if str(name) == str(path) else opening(name, *more, **others)

    monkeypatch.setattr(named_files.os, "open", guarded)
    assert "cannot be read: permission denied" in refused(COMMANDS[command], path)


def test_more_lines_than_one_flight_has_are_refused_as_a_whole(refused, tmp_path):
    """Else each of millions of lines would be listed with its reason, in memory."""
    path = tmp_path / "named"
    path.write_bytes(b"x\n" * (LINES_MAX + 1))
    assert f"more than {LINES_MAX} lines" in refused(COMMANDS["estimate"], path)


def test_one_bad_byte_harms_no_other_line(tmp_path, capsys):
    """A line of plots that is no text is left out by itself."""
    path = tmp_path / "plots"
    lines = [plot_line(second).encode() for second in range(20)]
    path.write_bytes(b"\n".join([*lines, b'{"launch": "\xff"}']))
    assert run(["estimate", str(path)]) == 0
    assert "line 21 left out: not UTF-8" in capsys.readouterr().out


def test_an_export_of_any_length_is_not_held_in_memory(refused, tmp_path, monkeypatch):
    """Its whole has a limit, and what is kept of it another."""
    path = tmp_path / "named"
    line = b'{"v":1,"id":"a","at":"2022-10-03T22:22:00Z","kind":"release","body":{}}\n'
    path.write_bytes(line * 20)
    few = Settings(journal_kept_max=10)
    monkeypatch.setattr(act_files, "SETTINGS", few)
    assert "named:11: more than 10 entries" in refused(COMMANDS["explain"], path)
    path.write_bytes(b"\n" * 3 * 1024 * 1024)
    small = Settings(journal_file_bytes_max=2 * 1024 * 1024)
    monkeypatch.setattr(named_files, "SETTINGS", small)
    assert "more than 2 MiB in all" in refused(COMMANDS["explain"], path)


@pytest.mark.parametrize(
    ("words", "fed"),
    [
        (("estimate",), "\n".join(plot_line(second) for second in range(20))),
        (
            ("agreement", "check"),
            (
                resources.files("beaconfire.agreements") / "library" / f"{GSOMIA}.toml"
            ).read_text("utf-8"),
        ),
    ],
    ids=["estimate", "check"],
)
def test_a_pipe_is_read_like_a_file(words, fed):
    """Through `/dev/stdin`, or what a shell makes of `<(...)`; it is read once."""
    done = subprocess.run(
        [sys.executable, "-m", "beaconfire", *words, "/dev/stdin"],
        input=fed,
        capture_output=True,
        text=True,
        check=False,
        timeout=WHILE_S_MAX,
    )
    assert done.returncode == 0, done.stderr
