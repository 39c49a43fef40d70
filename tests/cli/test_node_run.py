"""``beaconfire node run``: its news, as lines and as JSON, and who does not read it."""

import json
import os
import subprocess
import sys
import threading
import time

import pytest

from beaconfire.cli import node_run
from beaconfire.cli.node_run import Teller
from beaconfire.errors import BeaconfireError
from beaconfire.runtime.readiness import ProcessNote, Ready
from beaconfire.runtime.run import Stopped
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import codec
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.arrivals import LinkState
from beaconfire.vocabulary.entries.sightings import AlertDraft
from tests.cli.said import said
from tests.cli.test_agreement import two_free_ports
from tests.runtime.walk import ask, entries, sky_scans
from tests.stages.sightings_made import area, at_s, entry

GSOMIA = "gsomia-jpn-kor-2016"
WAIT_S = 60.0
SLOW = """
import sys, time
from beaconfire.cli.node_run import Teller
from beaconfire.cli.printing import put

err = "err" in sys.argv
teller = Teller(
    lambda piece, at_s: put(f"{piece}", err=err), sys.stderr if err else sys.stdout
)
began = time.monotonic()
for _ in range(30_000):
    teller.tell("x" * 200)
took_s = time.monotonic() - began
teller.close()
with open(sys.argv[1], "w") as file:
    file.write(str(took_s))
"""


def draft(name="launch-0001", **changes):
    """Return an entry of a draft with an area."""
    told = {
        "launch_id": name, "version": 1, "certainty": "Likely", "area": area(),
        "overflight": (), "sources": ("JPN",), "why": "it follows an arc",
    }  # fmt: skip
    return entry(AlertDraft(**{**told, **changes}), 40.0, 3)


READY = Ready(
    party="JPN",
    processes=(ProcessNote(party="JPN", kind="node", pid=7, port=None),),
)
ACT = entry(Act(agreement=GSOMIA, act="suspend", party="KOR"), 41.0, 4)
UP = entry(LinkState(partner="KOR", up=True, reason="connected"), 36.0, 2)
NEWS = (
    "replayed 7 turns",
    READY,
    UP,
    draft(),
    ACT,
    Stopped(party="JPN", turns=9),
)


@pytest.fixture
def node(tmp_path):
    """Return the directory of a node that has a radar and its card."""
    place, ports = tmp_path / "node", two_free_ports()
    border, journal = ("--border-port", ports[0]), ("--journal-port", ports[1])
    words = ("node", "init", "--party", "JPN", "--node", place, "--status", "TEST")
    assert said(*words, *border, *journal)[0] == 0
    with (place / "node.toml").open("a") as stream:
        stream.write('\n[[sensor]]\nid = "radar-1"\nkind = "radar"\n')
    assert said("node", "card", "--node", place)[0] == 0
    return place


@pytest.fixture
def ran(node, monkeypatch):
    """Run the command on a node that comes to what is given, and then ends."""

    def run_it(*pieces, words=(), ends=None):
        async def come_to(directory, *, say, show):
            for piece in pieces:
                (say if isinstance(piece, str) else show)(piece)
            if ends is not None:
                raise ends

        monkeypatch.setattr(node_run, "run_node", come_to)
        return said("node", "run", "--node", node, *words)

    return run_it


def test_people_get_a_line_a_piece_of_news(node, ran):
    """On standard error, each with the seconds since the start before it."""
    code, out, err = ran(*NEWS)
    assert (code, out) == (0, "")
    lines = err.splitlines()
    assert all(float(line[:7]) < WAIT_S and line[7:11] == " s  " for line in lines)
    told = [line[11:] for line in lines]
    assert told[0] == "replayed 7 turns"
    assert told[1] == f"ready: node of JPN in {node}"
    assert told[2] == "link from KOR up: connected"
    assert told[3].startswith("alert drafted, of a test, launch launch-0: Likely, down")
    assert told[4] == f"{GSOMIA} SUSPENDED by KOR"
    assert told[5:] == ["stopped: node of JPN, 9 turns stored"]


def test_programs_get_a_json_value_a_line(ran):
    """On standard output, all of it; an entry's body as it stands in the journal."""
    code, out, err = ran(*NEWS, words=["--json"])
    assert (code, err) == (0, "")
    told = [json.loads(line) for line in out.splitlines()]
    assert {one["v"] for one in told} == {1}
    assert all(0.0 <= one["elapsed_s"] < WAIT_S for one in told)
    assert [one["kind"] for one in told] == [
        *("remark", "ready", "link-state", "alert-draft", "act", "stopped")
    ]
    remark, ready, link, alert, act, stopped = told
    assert remark["text"] == "replayed 7 turns"
    assert (ready["party"], ready["processes"][0]["pid"]) == ("JPN", 7)
    assert (link["body"]["partner"], link["body"]["up"]) == ("KOR", True)
    assert (alert["at"], alert["entry"], alert["status"]) == (
        str(at_s(40.0)),
        "e3",
        "TEST",
    )
    assert alert["body"] == json.loads(codec.encode(draft().body))
    assert (act["entry"], act["body"]["act"]) == ("e4", "suspend")
    assert (stopped["party"], stopped["turns"]) == ("JPN", 9)


def test_a_salvo_is_counted_for_people_and_told_whole_to_programs(ran):
    """A program does not scroll; people are told how many lines they did not see."""
    many = [draft(f"launch-{n}") for n in range(SETTINGS.news_lines_max + 5)]
    lines = ran(*many)[2].splitlines()
    assert len(lines) == SETTINGS.news_lines_max + 1
    assert "5 more not shown of: alerts (in " in lines[-1]
    out = ran(*many, words=["--json"])[1]
    assert len(out.splitlines()) == len(many)


@pytest.mark.parametrize("words", [[], ["--json"]], ids=["people", "programs"])
def test_what_the_node_came_to_is_told_before_why_it_failed(ran, words):
    """The error stays an exit code and a sentence, and stands last."""
    failed = BeaconfireError("the border ended 5 times")
    code, out, err = ran("the border ended", words=words, ends=failed)
    assert code == 1
    assert "the border ended" in (out if words else err.splitlines()[0])
    assert err.splitlines()[-1] == "beaconfire: the border ended 5 times"


@pytest.mark.parametrize("stream", ["out", "err"])
def test_a_reader_that_stands_still_holds_up_nobody(tmp_path, stream):
    """A stopped terminal, a program that hangs: the node goes on and can end."""
    file = tmp_path / "took"
    command = [sys.executable, "-c", SLOW, str(file), stream]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        try:
            assert process.wait(WAIT_S) == 0
        finally:
            process.kill()
    assert float(file.read_text()) < 5.0


def test_a_reader_that_has_gone_ends_nothing():
    """What nobody reads is let go of; whoever tells is none the wiser."""
    theirs, ours = os.pipe()
    os.close(theirs)
    written = []

    def write(piece, at_s):
        os.write(stream.fileno(), b"x")
        written.append(piece)

    with os.fdopen(ours, "wb", buffering=0) as stream:
        teller = Teller(write, stream)
        for piece in ("a", "b", "c"):
            teller.tell(piece)
        teller.close()
    assert written[-3:] == ["b", "c", None]


def test_what_too_many_wait_for_is_counted_to_the_last_piece(monkeypatch):
    """Whoever reads again learns how much it has missed."""
    monkeypatch.setattr(node_run, "SETTINGS", SmallSettings)
    may_go, written = threading.Event(), []

    def write(piece, at_s):
        may_go.wait(WAIT_S)
        written.append(piece)

    teller = Teller(write, None)
    teller.tell("first")
    until = time.monotonic() + WAIT_S
    while teller._pieces.qsize() and time.monotonic() < until:
        time.sleep(0.01)
    for n in range(SmallSettings.news_waiting_max + 7):
        teller.tell(f"piece {n}")
    may_go.set()
    while teller._pieces.qsize() and time.monotonic() < until:
        time.sleep(0.01)
    teller.close()
    told = [piece for piece in written if piece]
    assert told[0] == "first"
    assert [p for p in told if p.startswith("piece")] == [
        f"piece {n}" for n in range(SmallSettings.news_waiting_max)
    ]
    assert "7 pieces of news not told: whoever reads is slow" in told


class SmallSettings:
    """Room for three pieces."""

    news_waiting_max = 3


@pytest.mark.servers
def test_a_running_node_tells_a_program_what_it_comes_to(node, tmp_path):
    """Ready, a launch that its radar sees, an order of its people, and its stop."""
    command = [sys.executable, "-m", "beaconfire", "node", "run", "--node", str(node)]
    file, lines = tmp_path / "news.jsonl", []

    def heard(*kinds):
        lines[:] = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        return set(kinds) <= {line["kind"] for line in lines}

    def hear(*kinds):
        until = time.monotonic() + WAIT_S * 3
        while not heard(*kinds):
            assert process.poll() is None, lines
            assert time.monotonic() < until, lines
            time.sleep(0.1)

    with file.open("wb") as out:
        process = subprocess.Popen([*command, "--json"], stdout=out)
    try:
        hear("ready")
        ask(node, "sensors.radar-1.plots", *sky_scans(10))
        hear("item", "alert-draft")
    finally:
        process.terminate()
        assert process.wait(WAIT_S) == 0
    assert heard("stopped")
    by_kind = {line["kind"]: line for line in lines}
    assert lines[-1] == by_kind["stopped"]
    assert by_kind["ready"]["processes"][0]["pid"] == process.pid
    assert by_kind["item"]["body"]["sealed"]["item"]["body"]["type"] == "LaunchNotice"
    stored = {one["id"]: one for one in entries(node)}
    told = [line for line in lines if "entry" in line]
    assert [stored[line["entry"]]["body"] for line in told] == [
        line["body"] for line in told
    ]
    assert len([e for e in stored.values() if e["kind"] == "alert-draft"]) == len(
        [line for line in told if line["kind"] == "alert-draft"]
    )
