"""The other node: an implementation that shares no code with ours can be a partner.

`examples/other_node` stands for Korea, a node of ours for Japan. Everything goes over
real borders, in both directions.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path

import pytest

from beaconfire.vocabulary.times import Instant
from other_node.identity import make, read_card
from other_node.reading import Reader
from other_node.sealed import NotSealed
from tests.runtime.walk import (
    RunningNode,
    ask,
    done,
    entries,
    free_port,
    sky_scans,
    wait_for,
)

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
GSOMIA = "gsomia-jpn-kor-2016"
TEXT = resources.files("beaconfire.agreements") / "library" / f"{GSOMIA}.toml"
PATIENCE_S = 30.0

pytestmark = pytest.mark.servers


def other_node(*arguments):
    """Return a process of the other node."""
    return subprocess.Popen(
        [sys.executable, "-m", "other_node", *map(str, arguments)],
        cwd=EXAMPLES,
        stdout=subprocess.PIPE,
        text=True,
    )


def other_says(*arguments):
    """Run one of its commands to its end; return what it printed."""
    process = other_node(*arguments)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return said.strip()


class Other:
    """The other node, running; ended by its own id."""

    def __init__(self, place, card, fingerprint, *items):
        says = [word for item in items for word in ("--say", item)]
        self.process = other_node(
            "run", place, "--partner", card, "--confirm", fingerprint, *says
        )
        assert self.process.stdout.readline() == "ready\n"

    def stop(self):
        """Interrupt it."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Japan's node directory beside Korea's; each trusts the other, both signed."""
    root = tmp_path_factory.mktemp("other")
    jpn, kor = root / "JPN", root / "KOR"
    ports = ("--border-port", free_port(), "--journal-port", free_port())
    done("node", "init", "--party", "JPN", "--node", jpn, "--status", "TEST", *ports)
    with (jpn / "node.toml").open("a") as stream:
        stream.write('\n[[sensor]]\nid = "radar-1"\nkind = "radar"\n')
    done("node", "card", "--node", jpn)
    fingerprint = other_says("make", kor, "--party", "KOR", "--port", free_port())
    done("partner", "add", kor / "KOR.card", "--confirm", fingerprint, "--node", jpn)
    text = jpn / "agreements" / TEXT.name
    text.write_bytes(TEXT.read_bytes())
    done("agreement", "sign", text, "--node", jpn)
    shutil.copy(text, kor)
    signature = other_says("sign", kor, kor / TEXT.name)
    shutil.copy(signature, jpn / "agreements")
    return root


@pytest.fixture(scope="module")
def jpn(place):
    """Japan's node, running, and what Korea needs to reach it."""
    node = RunningNode(place / "JPN")
    printed = json.loads(done("node", "card", "--node", place / "JPN", "--json"))
    try:
        node.start()
        yield (place / "JPN" / "JPN.card", printed["fingerprint"])
    finally:
        node.kill()


def heard(place):
    """Return what the other node has stored."""
    path = place / "KOR" / "heard.jsonl"
    return [json.loads(line) for line in path.open()] if path.exists() else []


def heard_at_least(place, count):
    """Return it once there are so many."""
    began = time.monotonic()
    while len(found := heard(place)) < count:
        assert time.monotonic() - began < PATIENCE_S, found
        time.sleep(0.1)
    return found


def bodies(found):
    """Return the kinds of report in what was heard."""
    return [line["said"]["body"]["type"] for line in found if line["kind"] == "item"]


def notice_file(place):
    """Return a file with an item of Korea's own, made now."""
    item = json.loads((EXAMPLES / "items" / "LaunchNotice.json").read_text("utf-8"))
    now = Instant(time.time_ns())
    item |= {"id": f"korea-{now.ns}", "status": "TEST", "exercise": None}
    item |= {"created": str(now), "valid_until": str(now.plus_s(600.0))}
    item["body"] |= {"first_seen": str(now), "point": None, "time": None}
    path = place / f"{item['id']}.json"
    path.write_text(json.dumps(item), "utf-8")
    return path


def test_it_hears_signs_for_and_keeps_all_that_our_node_releases(place, jpn):
    """Plots go to it under the agreement that both signed, each once, with receipt."""
    other = Other(place / "KOR", *jpn)
    try:
        ask(place / "JPN", "sensors.radar-1.plots", *sky_scans(8))
        found = heard_at_least(place, 9)
        assert bodies(found).count("Plots") == 8
        assert bodies(found).count("LaunchNotice") == 1
        assert all(line["articles"] == [f"{GSOMIA}:9"] for line in found)
        items = {line["said"]["id"] for line in found}

        def all_signed_for(_entry):
            told = [e for e in entries(place / "JPN") if e["kind"] == "receipt"]
            return items <= {i for e in told for i in e["body"]["items"]}

        wait_for(place / "JPN", all_signed_for)
    finally:
        other.stop()


def test_what_is_released_while_it_is_down_comes_when_it_is_back(place, jpn):
    """It goes on by number from what it stored: nothing is lost, nothing twice."""
    before = len(heard(place))
    ask(place / "JPN", "sensors.radar-1.plots", *sky_scans(5))
    other = Other(place / "KOR", *jpn)
    try:
        found = heard_at_least(place, before + 5)
        ids = [line["said"]["id"] for line in found]
        assert len(set(ids)) == len(ids)
    finally:
        other.stop()


def test_our_node_takes_what_it_says_and_signs_for_it(place, jpn):
    """Its border serves our node: the item is in our journal, the receipt with it."""
    path = notice_file(place)
    other = Other(place / "KOR", *jpn, path)
    try:
        found = wait_for(
            place / "JPN",
            lambda e: (
                e["kind"] == "item" and e["body"]["sealed"]["item"]["id"] == path.stem
            ),
        )
        (taken,) = [
            e
            for e in found
            if e["kind"] == "item" and e["body"]["sealed"]["item"]["id"] == path.stem
        ]
        assert taken["body"]["carriage"]["articles"] == [f"{GSOMIA}:9"]
        receipts, began = place / "KOR" / "receipts.jsonl", time.monotonic()
        while not receipts.exists():
            assert time.monotonic() - began < PATIENCE_S
            time.sleep(0.1)
        note = json.loads(receipts.read_text("utf-8").splitlines()[-1])
        assert (note["recipient"], note["head"]["number"]) == ("JPN", 1)
    finally:
        other.stop()


def test_it_takes_no_message_that_its_partner_did_not_sign(tmp_path):
    """The example verifies: a message under another nation's key is refused."""
    kor = make(
        tmp_path / "kor", party="KOR", status="TEST", host="127.0.0.1", port=free_port()
    )
    make(tmp_path / "x", party="JPN", status="TEST", host="127.0.0.1", port=free_port())
    partner = read_card(tmp_path / "x" / "JPN.card")
    reader = Reader(kor, partner, {})
    envelope = json.loads((tmp_path / "kor" / "KOR.card").read_bytes())["card"]
    message = {"v": 1, "header": envelope, "inner": []}
    with pytest.raises(NotSealed):
        reader.take("plots", json.dumps(message).encode())
    with pytest.raises(NotSealed, match="another root"):
        read_card(tmp_path / "x" / "JPN.card", confirm="0" * 64)
