"""Two nodes by the book: made, admitted, signed, run, fed, suspended and stopped.

Everything goes through the command line and the doors that users have. One pair of
nodes serves the whole module; the tests run in the order in which they stand.
"""

import json
import shutil
import time
from importlib import resources

import pytest

from beaconfire.vocabulary.times import Instant
from tests.runtime.walk import (
    RunningNode,
    ask,
    beaconfire,
    done,
    entries,
    free_port,
    sky_scans,
    wait_for,
)

pytestmark = pytest.mark.servers

GSOMIA = "gsomia-jpn-kor-2016"
LIBRARY = resources.files("beaconfire.agreements") / "library"
PARTIES = ("JPN", "KOR")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two node directories that trust each other and have signed GSOMIA."""
    root = tmp_path_factory.mktemp("nodes")
    for party in PARTIES:
        node = root / party
        ports = ("--border-port", free_port(), "--journal-port", free_port())
        done(
            "node", "init", "--party", party, "--node", node, "--status", "TEST", *ports
        )
        with (node / "node.toml").open("a") as stream:
            stream.write('\n[[sensor]]\nid = "radar-1"\nkind = "radar"\n')
        done("node", "card", "--node", node)
    for own, other in (PARTIES, PARTIES[::-1]):
        card = root / other / f"{other}.card"
        print_ = json.loads(done("node", "card", "--node", root / other, "--json"))
        fingerprint = print_["fingerprint"]
        done("partner", "add", card, "--confirm", fingerprint, "--node", root / own)
    for party in PARTIES:
        text = root / party / "agreements" / f"{GSOMIA}.toml"
        text.write_bytes((LIBRARY / f"{GSOMIA}.toml").read_bytes())
        done("agreement", "sign", text, "--node", root / party)
    for own, other in (PARTIES, PARTIES[::-1]):
        signature = f"{GSOMIA}.toml.{other}.sig"
        shutil.copy(root / other / "agreements" / signature, root / own / "agreements")
    unsigned = root / "JPN" / "agreements" / "tisa-2014.toml"
    unsigned.write_bytes((LIBRARY / "tisa-2014.toml").read_bytes())
    return root


@pytest.fixture(scope="module")
def nodes(place):
    """Both nodes, running."""
    running = {party: RunningNode(place / party) for party in PARTIES}
    try:
        for node in running.values():
            node.start()
        yield running
    finally:
        for node in running.values():
            node.kill()


def test_a_wrong_fingerprint_admits_nobody(place):
    """The fingerprint is obtained another way; without the right one, exit 3."""
    card = place / "KOR" / "KOR.card"
    result = beaconfire(
        "partner", "add", card, "--confirm", "0000-0000", "--node", place / "JPN"
    )
    assert result.returncode in (2, 3)
    assert "fingerprint" in result.stderr


def test_an_order_to_a_stopped_node_says_so_and_changes_nothing(place):
    """If the node is stopped the command says so: exit 4."""
    result = beaconfire("agreement", "suspend", GSOMIA, "--node", place / "JPN")
    assert result.returncode == 4
    assert "no node runs" in result.stderr or "not running" in result.stderr


def test_a_text_that_not_all_have_signed_is_left_out_with_a_sentence(nodes):
    """A running node needs every party's signature; it says whose is missing."""
    assert "tisa-2014.toml is not in force here" in nodes["JPN"].log()


def test_plots_at_one_nations_sensor_reach_the_others_journal(place, nodes):
    """Sensor, ingest, fuse, release, link, mTLS, partner's ingest: with articles."""
    answers = ask(place / "JPN", "sensors.radar-1.plots", *sky_scans(25))
    assert all(a["accepted"] == 1 and not a["rejected"] for a in answers)

    found = wait_for(
        place / "KOR",
        lambda e: (
            e["kind"] == "item"
            and e["body"]["sealed"]["item"]["body"]["type"] == "LaunchNotice"
        ),
    )
    held = [e for e in found if e["kind"] == "item"]
    plots = [e for e in held if e["body"]["sealed"]["item"]["body"]["type"] == "Plots"]
    assert len(plots) == 25
    assert plots[0]["body"]["carriage"]["articles"] == [f"{GSOMIA}:9"]
    sent = wait_for(place / "JPN", lambda e: e["kind"] == "receipt")
    assert {e["body"]["to"] for e in sent if e["kind"] == "receipt"} == {"KOR"}


def test_bad_plots_are_refused_with_a_sentence_and_journalled(place, nodes):
    """Malformed, non-finite, unknown sensor: the good line beside them is not lost."""
    good = sky_scans(1)[0]
    bad = [
        "not json",
        good.replace('"range_m": ', '"range_m": 1e999, "x": '),
        good.replace('"radar-1"', '"radar-9"'),
    ]
    (answer,) = ask(place / "JPN", "sensors.radar-1.plots", "\n".join([*bad, good]))
    assert answer["accepted"] == 1
    assert len(answer["rejected"]) == 3
    (stranger,) = ask(place / "JPN", "sensors.radar-9.plots", good)
    assert stranger["accepted"] == 0
    kinds = [
        e["body"]["reason"] for e in entries(place / "JPN") if e["kind"] == "rejection"
    ]
    assert len(kinds) >= 4


def listed(node):
    """Return a node's consultations as the command line lists them."""
    return json.loads(done("consult", "list", "--node", node, "--json"))[
        "consultations"
    ]


def test_a_release_waits_for_the_partners_consent_and_goes_when_it_comes(place, nodes):
    """Asked, deferred, answered by the partner's people, released and delivered."""
    deadline = str(Instant(time.time_ns()).plus_s(600.0))
    about = ("--act", "release", "--class", "Plots", "--to", "KOR")
    asking = ("--agreement", GSOMIA, "--party", "KOR", "--reason", "an exercise")
    at = ("--deadline", deadline, "--node", place / "JPN")
    done("consult", "ask", *about, *asking, *at)
    wait_for(place / "KOR", lambda e: e["kind"] == "consultation-heard")
    ask(place / "JPN", "sensors.radar-1.plots", *sky_scans(1))
    (deferred,) = [e for e in entries(place / "JPN") if e["kind"] == "deferral"]
    (row,) = listed(place / "KOR")
    assert deferred["body"]["consultations"] == [row["id"]]
    assert row["waits"]
    wrong = beaconfire("consult", "proceed", row["id"], "--node", place / "JPN")
    assert wrong.returncode == 3
    assert "the act waits for consent" in wrong.stderr
    done("consult", "answer", row["id"][:8], "consent", "--node", place / "KOR")
    item = deferred["body"]["item"]
    sent = wait_for(
        place / "JPN",
        lambda e: e["kind"] == "receipt" and item in e["body"]["items"],
    )
    (release,) = [
        e for e in sent if e["kind"] == "release" and e["body"]["item"] == item
    ]
    assert release["body"]["consents"] == [row["id"]]
    shown = done("consult", "show", row["id"][:8], "--node", place / "JPN")
    assert "KOR consented at" in shown


def test_a_suspension_by_the_command_line_stops_both_directions(place, nodes):
    """After the act nothing leaves under the agreement; the partner learns of it."""
    said = done("agreement", "suspend", GSOMIA, "--node", place / "KOR")
    assert "suspend" in said.lower()
    wait_for(place / "JPN", lambda e: e["kind"] == "act")
    before = len(entries(place / "JPN"))
    ask(place / "JPN", "sensors.radar-1.plots", *sky_scans(3))
    after = entries(place / "JPN")[before:]
    refusals = [e for e in after if e["kind"] == "refusal"]
    assert refusals
    assert all(e["body"]["articles"] == [f"{GSOMIA}:21(3)"] for e in refusals)
    assert not [e for e in after if e["kind"] == "hand-over" and e["body"]["items"]]


def test_only_who_suspended_can_restore(place, nodes):
    """Each party's own view counts; another's restoration is refused: exit 3."""
    other = beaconfire("agreement", "restore", GSOMIA, "--node", place / "JPN")
    assert other.returncode == 3
    assert "JPN has not suspended" in other.stderr
    done("agreement", "restore", GSOMIA, "--node", place / "KOR")
    wait_for(
        place / "JPN",
        lambda e: e["kind"] == "act" and e["body"]["act"] == "restore",
    )
    before = len(entries(place / "KOR"))
    ask(place / "JPN", "sensors.radar-1.plots", *sky_scans(2))
    wait_for(place / "KOR", lambda e: e["kind"] == "item" and e["seq"] > before)


def test_both_terminals_have_told_what_happened(place, nodes):
    """Who watches saw the line come up, the launch, and who suspended what."""
    for party, other in (PARTIES, PARTIES[::-1]):
        told = nodes[party].log()
        assert f" s  link from {other} up: connected" in told
        assert " s  alert drafted, of a test, launch " in told
        assert f" s  {GSOMIA} SUSPENDED by KOR" in told
        assert f" s  {GSOMIA} RESTORED by KOR" in told
    assert " s  launch notice drafted, of a test, launch " in nodes["JPN"].log()
    assert " s  launch notice from JPN, of a test, launch " in nodes["KOR"].log()


def test_what_was_withheld_is_given_back_and_listed(place, nodes):
    """Refused while it was suspended; now each is released again and delivered."""
    withheld = {
        e["body"]["item"]
        for e in entries(place / "JPN")
        if e["kind"] == "refusal" and e["body"]["withheld"] == [GSOMIA]
    }
    assert withheld
    for item in withheld:
        wait_for(
            place / "JPN",
            lambda e, item=item: e["kind"] == "receipt" and item in e["body"]["items"],
        )
    told = done("journal", "withheld", place / "JPN", "--agreement", GSOMIA, "--json")
    (closure,) = json.loads(told)["withheld"]
    (kept,) = closure["kept"]
    assert set(kept["released_again"]) == withheld
    assert kept["kept"] == []


def test_an_operator_takes_an_item_back_and_the_partner_hears_of_it(place, nodes):
    """By id, with the reason, once; what is not ours is refused in a sentence."""
    notice = next(
        e["body"]["sealed"]["item"]["id"]
        for e in entries(place / "JPN")
        if e["kind"] == "item"
        and e["body"]["sealed"]["item"]["body"]["type"] == "LaunchNotice"
    )
    order = ("retract", notice, "--reason", "clutter", "--node", place / "JPN")
    assert done(*order).startswith("JPN: taking-back: entry ")
    wait_for(
        place / "KOR",
        lambda e: (
            e["kind"] == "item"
            and e["body"]["sealed"]["item"]["body"].get("retracts") == notice
        ),
    )
    again = beaconfire(*order)
    assert again.returncode == 3
    assert "was taken back already" in again.stderr
    theirs = beaconfire("retract", notice, "--reason", "x", "--node", place / "KOR")
    assert theirs.returncode == 3
    assert "its originator alone takes it back" in theirs.stderr


def test_a_second_node_in_the_same_place_is_refused(place, nodes):
    """One writer a journal: the second start says why and changes nothing."""
    result = beaconfire("node", "run", "--node", place / "JPN")
    assert result.returncode in (1, 2)
    assert "Traceback" not in result.stderr
    assert entries(place / "JPN"), "the running node is still reachable"


def test_a_killed_node_starts_again_from_its_journal(place, nodes):
    """kill -9 and start: nothing accepted is lost, and the exchange goes on."""
    before = entries(place / "JPN")
    nodes["JPN"].kill()
    nodes["JPN"].start()
    after = entries(place / "JPN")
    assert after[: len(before)] == before
    ask(place / "JPN", "sensors.radar-1.plots", *sky_scans(2))
    last = max(e["seq"] for e in entries(place / "KOR") if e["kind"] == "item")
    wait_for(
        place / "KOR", lambda e: e["kind"] == "item" and e["seq"] >= last, seconds=30
    )


def test_a_stopped_node_leaves_a_journal_that_verifies(place, nodes):
    """SIGTERM ends it with exit 0; the chain is whole."""
    for party in PARTIES:
        assert nodes[party].stop() == 0
        result = beaconfire("journal", "verify", place / party)
        assert result.returncode == 0, result.stderr
