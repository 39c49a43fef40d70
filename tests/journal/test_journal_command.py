"""``journal verify`` and ``journal export``: on running, stopped and damaged nodes."""

import asyncio
import hashlib
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from beaconfire.cli.commands import run
from beaconfire.errors import BeaconfireError
from beaconfire.journal.entry import Turn, decode_entry
from beaconfire.journal.frames import pack
from beaconfire.journal.jetstream import open_writer
from beaconfire.runtime.journal_server import start_journal_server
from beaconfire.runtime.servers import sole_holder
from beaconfire.runtime.settings import journal_limits
from beaconfire.runtime.store_files import newest_block

from .turns_made import turn_after, turns_from

pytestmark = pytest.mark.servers

DAY = turns_from(None, 40, text="plot " * 40)


async def recorded(node: Path, turns: tuple[Turn, ...], *, killed: bool) -> None:
    """Let a node record ``turns``, then stop or kill its server."""
    running = await start_journal_server(node)
    try:
        journal = await open_writer(running.writer, journal_limits())
        for turn in turns:
            await journal.append((turn,))
        if killed:
            os.kill(running.server.pid, signal.SIGKILL)
            await running.server.exited()
        await journal.close()
    finally:
        await running.stop()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory) -> Path:
    """A node that recorded a day and was stopped; copied before it is damaged."""
    node = tmp_path_factory.mktemp("node") / "node"
    asyncio.run(recorded(node, DAY, killed=False))
    return node


@pytest.fixture
def node(stopped, tmp_path) -> Iterator[Path]:
    """A copy of the stopped node, to do with as a test likes."""
    copy = tmp_path / "node"
    shutil.copytree(stopped, copy)
    yield copy
    assert not list((copy / "run").glob("reading-*")), "a copy for reading was left"


def digest_of(folder: Path) -> str:
    """Return a digest over every file and its bytes."""
    summary = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        summary.update(str(path.relative_to(folder)).encode())
        if path.is_file():
            summary.update(path.read_bytes())
    return summary.hexdigest()


def block_of(node: Path) -> Path:
    """Return the newest block of the stored journal."""
    block = newest_block(node / "journal")
    assert block is not None
    return block


def damage(node: Path, turn: int) -> None:
    """Flip one bit on the disk in what was stored as this turn."""
    path = block_of(node)
    data = bytearray(path.read_bytes())
    data[data.index(b'"id":"e-%d-1"' % turn) + 7] ^= 1
    path.write_bytes(data)


def forget_index(node: Path) -> None:
    """Take away the server's index, as a node that was killed leaves it."""
    (block_of(node).parent / "index.db").unlink()


def test_a_stopped_node_is_verified(node, capsys):
    """How much, from when to when, and that it holds; progress goes to stderr."""
    assert run(["journal", "verify", str(node)]) == 0

    said = capsys.readouterr()
    assert said.out.splitlines() == [
        f"journal of {node}: 40 turns, 80 entries",
        f"from {DAY[0].at} to {DAY[-1].at}",
        f"the chain holds, up to {DAY[-1].digest}",
    ]
    assert "copying 0." in said.err


def test_the_json_form_is_one_value_and_nothing_else(node, capsys):
    """Stable keys on stdout for programs."""
    assert run(["journal", "verify", str(node), "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {
        "v": 1,
        "turns": 40,
        "entries": 80,
        "first": str(DAY[0].at),
        "last": str(DAY[-1].at),
        "head": DAY[-1].digest,
        "unfinished": None,
        "broken": None,
    }


def test_a_running_node_is_verified_beside_its_writer(tmp_path, capsys):
    """Verifying neither stops nor disturbs the node: it goes on appending."""

    async def claim() -> None:
        running = await start_journal_server(tmp_path)
        journal = await open_writer(running.writer, journal_limits())
        await journal.append(DAY[:5])
        code = await asyncio.to_thread(run, ["journal", "verify", str(tmp_path)])
        assert code == 0
        await journal.append(DAY[5:6])
        await journal.close()
        await running.stop()

    asyncio.run(claim())
    assert "5 turns, 10 entries" in capsys.readouterr().out


@pytest.mark.parametrize("index_kept", [True, False])
@pytest.mark.parametrize("turn", [1, 5, 20, 39, 40])
def test_a_flipped_bit_on_the_disk_is_named_and_nothing_is_touched(
    node, capsys, turn, index_kept
):
    """Wherever it lies, also where the server would silently cut the rest off."""
    damage(node, turn)
    if not index_kept:
        forget_index(node)
    before = digest_of(node / "journal")

    assert run(["journal", "verify", str(node), "--json"]) == 1

    found = json.loads(capsys.readouterr().out)
    assert found["broken"]["turn"] == turn
    assert found["turns"] == turn - 1
    assert digest_of(node / "journal") == before


@pytest.mark.parametrize("index_kept", [True, False])
def test_a_flipped_bit_in_what_the_server_writes_around_a_turn_is_found(
    stopped, tmp_path, capsys, index_kept
):
    """A record's length, place, time, subject, headers and checksum."""
    bytes_before_subject = 22
    last = [(40, place) for place in (0, 2, 3, 5, 13, 21, 25, 37, 40, 90, -1)]
    missed = []
    for turn, place in [*last, (20, 2), (20, 13)]:
        node = tmp_path / f"{turn}{place}"
        shutil.copytree(stopped, node)
        block = block_of(node)
        data = bytearray(block.read_bytes())
        stored = data.index(b'"first":%d,' % turn)
        begin = data.rindex(b"journal.frames", 0, stored) - bytes_before_subject
        data[begin + place if place >= 0 else place] ^= 1
        block.write_bytes(data)
        if not index_kept:
            forget_index(node)
        code = run(["journal", "verify", str(node)])
        if code != 1 or f"broken at turn {turn}: " not in capsys.readouterr().out:
            missed.append((turn, place))
    assert missed == []


def test_the_break_is_said_in_words(node, capsys):
    """The operator reads the turn and what is wrong with it."""
    damage(node, 20)

    assert run(["journal", "verify", str(node)]) == 1

    last_line = capsys.readouterr().out.splitlines()[-1]
    assert last_line == "broken at turn 20: stored message 20 is missing"


def test_a_lost_end_is_noticed(node, capsys):
    """The server knows that more was stored than is there."""
    block = block_of(node)
    block.write_bytes(block.read_bytes()[:-100])

    assert run(["journal", "verify", str(node)]) == 1

    said = capsys.readouterr().out
    assert "broken at turn 40: the journal has lost its end: message 40" in said


def test_a_turn_in_parts_that_never_ended_is_no_break(tmp_path, capsys):
    """A writer that died between parts left a turn that does not count: said so."""

    async def claim() -> None:
        running = await start_journal_server(tmp_path)
        journal = await open_writer(running.writer, journal_limits())
        await journal.append(DAY[:3])
        large = turn_after(DAY[2], entries=1, text="x" * 600_000)
        parts = pack((large,), frame_bytes_max=262_144, turn_bytes_max=10**6)
        await journal._commit(parts[0].data)
        await journal._commit(parts[1].data)
        await journal.close()
        await running.stop()

    asyncio.run(claim())

    assert run(["journal", "verify", str(tmp_path)]) == 0
    assert (
        "turn 4 stands unfinished at the end (2 of 3 parts) and does not count"
        in capsys.readouterr().out
    )


def test_a_killed_node_holds_all_that_was_acknowledged(tmp_path, capsys):
    """Without an orderly stop nothing is missing, and verifying says so."""
    asyncio.run(recorded(tmp_path, DAY, killed=True))

    assert run(["journal", "verify", str(tmp_path), "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["turns"] == 40


@pytest.mark.parametrize("command", ["verify", "export"])
def test_a_folder_without_a_journal_is_said_to_have_none(tmp_path, capsys, command):
    """Exit code 2, one sentence, and nothing is made there."""
    assert run(["journal", command, str(tmp_path)]) == 2

    assert "holds no journal: no turns are stored" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_somebody_holds_is_not_copied(node, capsys):
    """While another process begins to run on it, reading is refused."""
    with sole_holder(node / "run", "journal"):
        assert run(["journal", "verify", str(node)]) == 1

    assert "another process runs or reads the journal" in capsys.readouterr().err


def test_an_export_holds_every_entry_in_order(node, tmp_path, capsys):
    """One entry a line, as formats.md says, readable again by our own reader."""
    out = tmp_path / "journal.jsonl"

    assert run(["journal", "export", str(node), "--out", str(out)]) == 0

    lines = out.read_bytes().splitlines()
    assert [decode_entry(line) for line in lines] == [
        entry for turn in DAY for entry in turn.entries
    ]
    first = json.loads(lines[0])
    assert list(first) == [
        "v", "turn", "seq", "id", "at", "by", "kind", "cause", "body"
    ]  # fmt: skip
    assert "40 turns written" in capsys.readouterr().err


def test_an_export_to_standard_output_is_the_same(node, tmp_path, capfdbinary):
    """Without a file the lines go to stdout, and nothing else does."""
    out = tmp_path / "journal.jsonl"
    assert run(["journal", "export", str(node), "--out", str(out)]) == 0
    capfdbinary.readouterr()

    assert run(["journal", "export", str(node)]) == 0

    assert capfdbinary.readouterr().out == out.read_bytes()


def test_an_export_is_never_written_over(node, tmp_path, capsys):
    """What is there stays; exit code 2."""
    out = tmp_path / "journal.jsonl"
    out.write_text("mine")

    assert run(["journal", "export", str(node), "--out", str(out)]) == 2

    assert out.read_text() == "mine"
    assert "exists; it is never written over" in capsys.readouterr().err


def test_an_export_of_a_damaged_journal_ends_before_the_break(node, tmp_path, capsys):
    """What verifies is written, the break is named, and the exit code is not 0."""
    damage(node, 20)
    out = tmp_path / "journal.jsonl"

    assert run(["journal", "export", str(node), "--out", str(out)]) == 1

    turns = {decode_entry(line).turn for line in out.read_bytes().splitlines()}
    assert turns == set(range(1, max(turns) + 1))
    said = capsys.readouterr().err
    assert f"journal turn {max(turns) + 1}: " in said
    assert f"the {max(turns)} turns before it are written" in said


@pytest.mark.parametrize("turn", [1, 20, 40])
def test_a_node_does_not_start_on_a_journal_whose_end_was_cut(node, turn):
    """It says so, at every start, and keeps what the server has cut off."""
    damage(node, turn)
    forget_index(node)
    as_it_was = block_of(node).read_bytes()

    for _ in range(2):
        with pytest.raises(BeaconfireError, match="turns that were stored can no long"):
            asyncio.run(recorded(node, (), killed=False))

    kept = node / "run" / "journal-tail-damaged"
    assert (kept / "1.blk").read_bytes() == as_it_was


def test_a_node_does_not_start_when_its_last_turn_cannot_be_read(node):
    """Also where the server cuts nothing, but no longer has what it stored last."""
    damage(node, 40)

    for _ in range(2):
        with pytest.raises(BeaconfireError, match="message 40 was stored"):
            asyncio.run(recorded(node, (), killed=False))


def test_a_start_that_was_cut_short_still_finds_the_damage(node):
    """What was kept aside before the server cut is compared at the next start."""
    kept = node / "run" / "journal-tail"
    kept.mkdir()
    shutil.copyfile(block_of(node), kept / block_of(node).name)
    block = block_of(node)
    block.write_bytes(block.read_bytes()[: block.stat().st_size // 2])
    forget_index(node)

    with pytest.raises(BeaconfireError, match="can no longer be read"):
        asyncio.run(recorded(node, (), killed=False))


def test_a_write_that_never_ended_does_not_stop_the_node(node):
    """The machine died in the middle of a write that nobody was told of: it goes on."""
    block = block_of(node)
    block.write_bytes(block.read_bytes()[:-30])
    forget_index(node)
    (again,) = turns_from(DAY[38], 1, writer="writer-b")

    asyncio.run(recorded(node, (again,), killed=False))

    assert run(["journal", "verify", str(node)]) == 0
    assert not (node / "run" / "journal-tail").exists()
