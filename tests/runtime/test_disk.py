"""No room on the disk is told as that, with the place and what to do; exit code 1."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from beaconfire.cli.commands import run
from beaconfire.errors import BadInput, BeaconfireError, NotReachable
from beaconfire.runtime import disk, journal_server
from beaconfire.runtime.disk import DiskWatch, node_has_room
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.store_files import stream_dir

NO_ROOM = OSError(errno.ENOSPC, "No space left on device")
LISTED = shutil.Error([("a/b", "c/b", f"[Errno {errno.ENOSPC}] No space left: 'a/b'")])
SMALL = "32m"
WHILE_S_MAX = 120.0


@pytest.fixture
def free(monkeypatch):
    """Let the disk have so many bytes free as is asked for."""
    left = SimpleNamespace(free=10 * SETTINGS.disk_low_bytes)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: left)
    return left


@pytest.fixture
def stopped(tmp_path):
    """A directory with a stored journal, of which only the place matters here."""
    place = stream_dir(tmp_path / "JPN" / "journal")
    place.mkdir(parents=True)
    (place / "block").write_bytes(b"x" * 1_000)
    return tmp_path / "JPN"


def verified(node, capsys):
    """Verify a journal; return exit code and the one sentence of it."""
    code = run(["journal", "verify", str(node)])
    said = [
        line for line in capsys.readouterr().err.splitlines() if "copying" not in line
    ]
    assert len(said) == 1, said
    return code, said[0]


def test_a_journal_is_not_copied_to_where_it_does_not_fit(stopped, free, capsys):
    """Reading must not be what fills the disk; who can make room is told where."""
    free.free = SETTINGS.disk_full_bytes
    code, said = verified(stopped, capsys)
    assert code == 1
    assert f"the disk of `{stopped / 'run'}` is full" in said
    assert said.endswith("1.0 MB are free: make room")
    assert not list((stopped / "run").glob("reading-*"))


@pytest.mark.parametrize("error", [NO_ROOM, LISTED], ids=["one", "a list"])
def test_a_disk_that_fills_during_the_copy_is_told_in_a_sentence(
    stopped, capsys, monkeypatch, error
):
    """No list of names, no type of Python, no traceback."""

    def copy(*_):
        raise error

    monkeypatch.setattr(journal_server.shutil, "copytree", copy)
    code, said = verified(stopped, capsys)
    assert code == 1
    assert f"the disk of `{stopped / 'run'}` is full" in said
    assert "Errno" not in said


def test_files_that_cannot_be_copied_are_named_by_the_first(
    stopped, capsys, monkeypatch
):
    """What cannot be read is the owner's to mend: exit code 2, and how many more."""

    def copy(*_):
        why = f"[Errno {errno.EACCES}] Permission denied: 'a/b'"
        raise shutil.Error([("a/b", "c/b", why), ("a/d", "c/d", why)])

    monkeypatch.setattr(journal_server.shutil, "copytree", copy)
    code, said = verified(stopped, capsys)
    assert code == 2
    assert said.endswith("reading: `a/b`: permission denied, and 1 more files")


@pytest.mark.parametrize(
    ("error", "left"),
    [
        (NO_ROOM, 10 * SETTINGS.disk_low_bytes),
        (NotReachable("the journal server does not answer"), 0),
        (BeaconfireError("cannot store: insufficient storage resources"), 10**12),
    ],
    ids=["a write of ours", "a silent server", "a server's refusal"],
)
def test_a_node_that_ends_for_want_of_room_says_so(tmp_path, free, error, left):
    """However it shows itself: which disk, what to do, what may be relied on."""
    free.free = left
    with pytest.raises(BeaconfireError) as told, node_has_room(tmp_path):
        raise error
    said = str(told.value)
    assert told.value.exit_code == 1
    assert said.startswith(f"the disk of `{tmp_path}` is full: make room there and")
    assert "all that it acknowledged is stored" in said


@pytest.mark.parametrize(
    ("error", "left"),
    [
        (NotReachable("the journal server does not answer"), 10**12),
        (BadInput("node.toml is wrong"), 0),
        (OSError(errno.EACCES, "Permission denied"), 0),
    ],
    ids=["room enough", "bad input", "another refusal"],
)
def test_what_does_not_come_of_the_disk_is_not_laid_to_it(tmp_path, free, error, left):
    """A wrong reason sends people to the wrong place."""
    free.free = left
    with pytest.raises(type(error)) as told, node_has_room(tmp_path):
        raise error
    assert told.value is error


def test_little_room_is_said_once_until_there_was_enough(tmp_path, free):
    """A line a second would bury what else the node says."""
    said = []
    watch = DiskWatch(tmp_path, said.append)
    watch.look()
    assert said == []
    for left in (SETTINGS.disk_low_bytes - 1, 5, 0, SETTINGS.disk_low_bytes + 1, 7):
        free.free = left
        watch.look()
    assert len(said) == 1
    assert f"the disk of `{tmp_path}` is nearly full, 268 MB are left" in said[0]
    free.free = 2 * SETTINGS.disk_low_bytes
    watch.look()
    free.free = 0
    watch.look()
    assert f"the disk of `{tmp_path}` is full: make room there" in said[1]


def _own_mounts():
    command = ["unshare", "-m", "true"]
    able = os.geteuid() == 0 and shutil.which("unshare")
    return bool(able) and subprocess.run(command, check=False).returncode == 0


IN_A_SMALL_DISK = """
import pathlib, subprocess, sys
from beaconfire.errors import NotReachable
from tests.runtime.walk import RunningNode, ask, beaconfire, done, free_port
disk = pathlib.Path(sys.argv[1])
node = disk / "JPN"
ports = ("--border-port", free_port(), "--journal-port", free_port())
done("node", "init", "--party", "JPN", "--node", node, *ports)
with (node / "node.toml").open("a") as stream:
    stream.write('\\n[[sensor]]\\nid = "radar-1"\\nkind = "radar"\\n')
done("node", "card", "--node", node)
running = RunningNode(node)
log = node.parent.parent / "node.log"
(node / "run").mkdir(exist_ok=True)
(node / "run" / "node.log").symlink_to(log)
running.start()
scan = "\\n".join(f"{n}" + "x" * 200 for n in range(200))
answered = 0
try:
    (answer,) = ask(node, "sensors.radar-1.plots", scan)
    answered += 1
    fill = (disk / "fill").open("wb", buffering=0)
    try:
        while True:
            fill.write(bytes(65536))
    except OSError:
        fill.close()
    try:
        for _ in range(100):
            ask(node, "sensors.radar-1.plots", scan)
            answered += 1
    except NotReachable:
        pass
    assert running.process.wait(timeout=60) == 1, log.read_text()
finally:
    running.kill()
assert log.read_text().count("make room there and start the node again") == 1
full = beaconfire("journal", "verify", node)
assert (full.returncode, full.stderr.count("\\n")) == (1, 1), full
assert "is full" in full.stderr
(disk / "fill").unlink()
done("journal", "verify", node)
stored = done("journal", "export", node).count('"kind":"sensor-lines"')
assert stored >= answered > 0, (stored, answered)
"""


@pytest.mark.servers
@pytest.mark.skipif(not _own_mounts(), reason="needs root and mounts of its own")
def test_a_node_on_a_full_disk_ends_in_a_sentence_and_has_kept_its_word(tmp_path):
    """What a sensor was answered is stored; the disk is a small one of its own."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = f'mount -t tmpfs -o size={SMALL} tmpfs {small} && exec "$@"'
    inside = [sys.executable, "-c", IN_A_SMALL_DISK, str(small)]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mounted, "sh", *inside],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=WHILE_S_MAX,
    )
    assert done.returncode == 0, done.stderr
