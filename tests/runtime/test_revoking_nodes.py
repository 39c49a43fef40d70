"""A card revoked on running nodes: the open line ends, and a third notices nothing.

Japan shares with Korea and with the United States, and revokes Korea's card. Everything
goes through the command line and the doors that users have; one set of nodes serves the
whole module, and the tests run in the order in which they stand.
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

TEXT = resources.files("beaconfire.agreements") / "library" / "gsomia-jpn-kor-2016.toml"
PARTNERS = ("KOR", "USA")


def admit(root, own, other):
    """Let one node take the other's newest card."""
    told = done("node", "card", "--node", root / other, "--json")
    words = ("--confirm", json.loads(told)["fingerprint"], "--node", root / own)
    return beaconfire("partner", "add", root / other / f"{other}.card", *words)


def sign(root, party, other):
    """Let one party sign the text of the two, and give the other its signature."""
    name = f"made-jpn-{(party if other == 'JPN' else other).lower()}.toml"
    done(
        "agreement", "sign", root / party / "agreements" / name, "--node", root / party
    )
    signature = root / party / "agreements" / f"{name}.{party}.sig"
    shutil.copy(signature, root / other / "agreements")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Three node directories; Japan shares with each of the others."""
    root = tmp_path_factory.mktemp("nodes")
    for party in ("JPN", *PARTNERS):
        node = root / party
        ports = ("--border-port", free_port(), "--journal-port", free_port())
        words = ("--party", party, "--node", node, "--status", "TEST")
        done("node", "init", *words, *ports)
        with (node / "node.toml").open("a") as stream:
            stream.write('\n[[sensor]]\nid = "radar-1"\nkind = "radar"\n')
        done("node", "card", "--node", node)
    for partner in PARTNERS:
        text = TEXT.read_text("utf-8").replace("KOR", partner)
        text = text.replace("gsomia-jpn-kor-2016", f"made-jpn-{partner.lower()}")
        for own, other in (("JPN", partner), (partner, "JPN")):
            assert admit(root, own, other).returncode == 0
            name = f"made-jpn-{partner.lower()}.toml"
            (root / own / "agreements" / name).write_text(text, "utf-8")
        for own, other in (("JPN", partner), (partner, "JPN")):
            sign(root, own, other)
    return root


@pytest.fixture(scope="module")
def nodes(place):
    """All nodes, running."""
    running = {party: RunningNode(place / party) for party in ("JPN", *PARTNERS)}
    try:
        for node in running.values():
            node.start()
        yield running
    finally:
        for node in running.values():
            node.kill()


def feed(place, count):
    """Let Japan's radar see something; return how much all journals held before."""
    before = {party: len(entries(place / party)) for party in PARTNERS}
    ask(place / "JPN", "sensors.radar-1.plots", *sky_scans(count))
    return before


def gets(place, party, before):
    """Wait until a partner holds an item that came after ``before``."""
    return wait_for(
        place / party, lambda e: e["kind"] == "item" and e["seq"] > before[party]
    )


def revoke(place, party, *more):
    """Order it at Japan's node."""
    words = ("--reason", "its keys were stolen", "--node", place / "JPN")
    return beaconfire("partner", "revoke", party, *words, *more)


def test_a_stopped_node_takes_no_order(place):
    """If the node is stopped the command says so, and changes nothing: exit 4."""
    result = revoke(place, "KOR")
    assert result.returncode == 4
    assert "not running: nothing was changed" in result.stderr


@pytest.mark.parametrize(
    ("party", "more", "code", "why"),
    [
        ("AUS", (), 3, "`AUS` is not a partner of this node"),
        ("JPN", (), 3, "`JPN` is this node's own party"),
        ("Korea", (), 2, "Korea"),
        ("KOR", ("--since", "yesterday"), 2, "yesterday"),
        (
            "KOR",
            ("--since", "2199-01-01T00:00:00Z"),
            3,
            "from an instant that has come",
        ),
    ],
)
def test_an_order_that_cannot_be_right_says_why(place, nodes, party, more, code, why):
    """A stranger, ourselves, no party, no time, a time to come: one sentence each."""
    result = revoke(place, party, *more)
    assert result.returncode == code
    assert why in result.stderr
    assert "Traceback" not in result.stderr


def test_the_open_line_ends_at_once_and_the_other_partner_notices_nothing(place, nodes):
    """Korea's pull is cut and its certificate refused; the United States go on."""
    before = feed(place, 20)
    for party in PARTNERS:
        gets(place, party, before)
    since = str(Instant(time.time_ns() - 3_600 * 10**9))
    result = revoke(place, "KOR", "--since", since)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("JPN: KOR, card 1 revoked: entry ")
    down = wait_for(
        place / "KOR",
        lambda e: e["kind"] == "link-state" and "certificate" in e["body"]["reason"],
    )
    assert not [e for e in down if e["kind"] == "link-state"][-1]["body"]["up"]

    held = [e for e in entries(place / "KOR") if e["kind"] == "item"]
    before = feed(place, 5)
    gets(place, "USA", before)
    assert held == [e for e in entries(place / "KOR") if e["kind"] == "item"]
    states = [e for e in entries(place / "USA") if e["kind"] == "link-state"]
    assert [e["body"]["up"] for e in states] == [True]


def test_the_journal_says_what_was_ended_and_what_is_in_doubt(place, nodes):
    """Nothing to Korea after the entry; every item of later is refused by name."""
    journal = entries(place / "JPN")
    seq = next(e["seq"] for e in journal if e["kind"] == "card-revocation")
    later = [e for e in journal if e["seq"] > seq]
    assert not [
        e for e in later if e["kind"] == "hand-over" and e["body"]["to"] == "KOR"
    ]
    refused = [e for e in later if e["kind"] == "refusal"]
    assert {e["body"]["to"] for e in refused} == {"KOR"}
    assert all("card 1 of KOR is revoked" in e["body"]["reason"] for e in refused)
    assert not revoke(place, "KOR").stdout
    assert "bell for the watch officer: card 1 of KOR is revoked" in nodes["JPN"].log()
    told = done("journal", "flagged", place / "JPN", "--party", "KOR", "--json")
    (card,) = json.loads(told)["revocations"]
    assert card["number"] == 1
    assert "card 1 of KOR is revoked" in done(
        "journal", "flagged", place / "JPN", "--party", "KOR"
    )


def test_a_start_leaves_the_link_closed_and_the_card_is_not_admitted(place, nodes):
    """kill -9 and start: the border lets Korea in no more, whoever asks."""
    nodes["JPN"].kill()
    nodes["JPN"].start()
    assert "the link stays closed until a higher-numbered card" in nodes["JPN"].log()
    again = admit(place, "JPN", "KOR")
    assert again.returncode == 3
    assert "ask the partner for a card of a higher number than 1" in again.stderr
    held = [e for e in entries(place / "KOR") if e["kind"] == "item"]
    gets(place, "USA", feed(place, 3))
    assert held == [e for e in entries(place / "KOR") if e["kind"] == "item"]


def test_the_next_card_of_the_same_root_opens_the_link_again(place, nodes):
    """New keys, a new number, the fingerprint of before; both start, and it flows.

    Both ways: what Korea laid at its border while it was closed, signed with the keys
    that are gone, stops nothing that comes behind it.
    """
    ask(place / "KOR", "sensors.radar-1.plots", *sky_scans(5))
    wait_for(place / "KOR", lambda e: e["kind"] == "hand-over")
    assert nodes["KOR"].stop() == 0
    done("node", "card", "--renew", "--new-keys", "--node", place / "KOR")
    sign(place, "KOR", "JPN")
    nodes["KOR"].start()
    assert admit(place, "JPN", "KOR").returncode == 0
    assert nodes["JPN"].stop() == 0
    before = len(entries(place / "JPN"))
    nodes["JPN"].start()
    gets(place, "KOR", feed(place, 5))
    ask(place / "KOR", "sensors.radar-1.plots", *sky_scans(3))
    wait_for(
        place / "JPN",
        lambda e: (
            e["seq"] > before
            and e["kind"] == "item"
            and e["body"]["sealed"]["item"]["originator"] == "KOR"
        ),
    )


def test_a_card_that_is_gone_at_a_start_ends_no_node(place, nodes):
    """What waits for its party stays accounted for; with the card back it flows."""
    assert nodes["USA"].stop() == 0
    feed(place, 40)  # more than a window: the rest waits in the node
    assert nodes["JPN"].stop() == 0
    card = place / "JPN" / "partners" / "USA.card"
    data = card.read_bytes()
    card.unlink()
    nodes["JPN"].start()
    before = feed(place, 3)
    gets(place, "KOR", before)
    assert nodes["JPN"].stop() == 0
    card.write_bytes(data)
    card.chmod(0o600)
    nodes["JPN"].start()
    nodes["USA"].start()
    gets(place, "USA", feed(place, 3))
    for party in ("JPN", *PARTNERS):
        assert nodes[party].stop() == 0
        done("journal", "verify", place / party)
