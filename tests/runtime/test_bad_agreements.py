"""Bad agreements and acts at a real node: refused by name, journalled, shown.

One node, started with a folder of texts of which one alone is right. What is wrong with
the others must stop neither the node nor anything that is done under the right one, and
must be found where people look: in the command's answer, in the node's words, and in
the journal.
"""

import json
import resource
import shutil
import subprocess
import sys
import time
from importlib import resources

import pytest
from msgspec.structs import replace

from beaconfire.runtime import keys
from beaconfire.seals import codec
from beaconfire.seals.acts import sign_act
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.times import Instant
from tests.runtime.walk import (
    RunningNode,
    ask,
    beaconfire,
    done,
    entries,
    free_port,
)

pytestmark = pytest.mark.servers

GSOMIA = "gsomia-jpn-kor-2016"
GOOD = (
    resources.files("beaconfire.agreements") / "library" / f"{GSOMIA}.toml"
).read_text("utf-8")
LATER = "2190-01-01T00:00:00Z"
HUGE_BYTES = 50_000_000
MEMORY_BYTES_MAX = 1 << 30  # of addresses; the interpreter and its libraries take most
WHILE_S_MAX = 30.0  # what reads fifty megabytes as an agreement takes minutes

# A text by its file name, and what is said of it.
LAST = 'rests_on = "Invented."\n'
TEXTS = {
    "condition": (
        GOOD.replace("authority_of_recipient", "authority_of_recipiant"),
        ":26: `article.when.authority_of_recipiant`: `authority_of_recipiant` is no "
        "condition: did you mean `authority_of_recipient`?",
    ),
    "contradictory": (
        GOOD + '\n[[article]]\nnumber = "99"\neffect = "permit"\n'
        'when = { classification_above = "SECRET" }\n' + LAST,
        "contradicts article 4(1): same conditions",
    ),
    "lookalike": (
        GOOD.replace('parties = ["JPN", "KOR"]', 'parties = ["JPN", "K\u041eR"]'),
        "it holds the character CYRILLIC CAPITAL LETTER O",
    ),
    "huge": ("", "longer than 262144 bytes"),
    "unsigned": (GOOD, "JPN has not signed it"),
    "half-signed": (GOOD, "KOR has not signed it"),
    "altered": (GOOD, "JPN's signature does not hold"),
}
WRONG = ("condition", "contradictory", "lookalike", "huge")  # unsigned or not


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of Japan's node, and the texts in it."""
    root = tmp_path_factory.mktemp("bad")
    for party in ("JPN", "KOR"):
        ports = ("--border-port", free_port(), "--journal-port", free_port())
        words = ("--party", party, "--node", root / party, "--status", "TEST", *ports)
        done("node", "init", *words)
        done("node", "card", "--node", root / party)
    told = json.loads(done("node", "card", "--node", root / "KOR", "--json"))
    words = ("--confirm", told["fingerprint"], "--node", root / "JPN")
    done("partner", "add", root / "KOR" / "KOR.card", *words)
    for name in (GSOMIA, *TEXTS):
        _lay(root, name)
    return root


def _lay(root, name):
    """Lay one text into Japan's folder, signed as its name says."""
    text, _ = TEXTS.get(name, (GOOD, ""))
    path = root / "JPN" / "agreements" / f"{name}.toml"
    path.write_text(text.replace(f'"{GSOMIA}"', f'"{name}"'), "utf-8")
    if name == "huge":
        with path.open("wb") as file:
            file.truncate(HUGE_BYTES)
    signers = {
        GSOMIA: ("JPN", "KOR"),
        "altered": ("JPN", "KOR"),
        "half-signed": ("JPN",),
    }
    for party in signers.get(name, ()):
        copy = root / party / "agreements" / path.name
        if copy != path:
            shutil.copy(path, copy)
        done("agreement", "sign", copy, "--node", root / party)
        beside = copy.with_name(f"{path.name}.{party}.sig")
        if copy != path:
            shutil.copy(beside, path.parent)
    if name == "altered":
        path.write_bytes(path.read_bytes().replace(b"launch warning", b"lunch warning"))


@pytest.fixture(scope="module")
def node(place):
    """Japan's node, running."""
    running = RunningNode(place / "JPN")
    try:
        running.start()
        yield running
    finally:
        running.kill()


def rejections(node, source):
    """Return the reasons in a node's journal for what came from there."""
    return [
        entry["body"]["reason"]
        for entry in entries(node.directory)
        if entry["kind"] == "rejection" and entry["body"]["source"] == source
    ]


@pytest.mark.parametrize("name", TEXTS)
def test_a_bad_text_is_left_out_journalled_and_shown(node, name):
    """With its file and the rule that it breaks, in the same words everywhere."""
    said = TEXTS[name][1]
    (reason,) = [r for r in rejections(node, "agreements") if r.startswith(name)]
    assert f"{name}.toml is not in force here: " in reason
    assert said in reason
    assert reason.splitlines()[0] in node.log()
    listed = json.loads(done("agreement", "list", "--node", node.directory, "--json"))
    assert reason in listed["left_out"]
    assert [row["id"] for row in listed["agreements"]] == [GSOMIA]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_text_is_explained_before_anybody_signs_it(place, name):
    """`agreement check` and `sign`: exit 2 with file, line and rule; no signature."""
    path = place / "JPN" / "agreements" / f"{name}.toml"
    for words in (("check", path), ("sign", path, "--node", place / "JPN")):
        result = beaconfire("agreement", *words)
        assert result.returncode == 2
        assert TEXTS[name][1] in result.stderr
    assert not list(path.parent.glob(f"{name}.toml.*"))


def test_a_text_of_fifty_megabytes_costs_neither_memory_nor_time(place):
    """It is refused by its length, before anything of it is read as a text."""
    path = place / "JPN" / "agreements" / "huge.toml"
    folder = path.parent.parent / "huge"
    folder.mkdir()
    shutil.copy(path, folder)
    item = resources.files("tests").joinpath("..", "examples/items/LaunchNotice.json")
    deciding = ("--item", item, "--to", "KOR", "--at", "2022-10-03T22:22:00Z")
    for words in (
        ("agreement", "check", path),
        ("agreement", "diff", path, path),
        ("decide", "--agreements", folder, *deciding),
    ):
        began = time.monotonic()
        result = subprocess.run(
            [sys.executable, "-m", "beaconfire", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=WHILE_S_MAX,
            preexec_fn=_in_little_memory,
        )
        assert result.returncode == 2, result.stderr
        assert "longer than 262144 bytes" in result.stderr
        assert time.monotonic() - began < WHILE_S_MAX


def _in_little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))


def test_a_broken_draft_does_not_stand_between_a_party_and_its_suspension(node):
    """The command asks for the text that is meant, whatever else lies beside it."""
    at = ("--node", node.directory)
    assert f"JPN: suspend {GSOMIA}: entry " in done("agreement", "suspend", GSOMIA, *at)
    assert f"JPN: restore {GSOMIA}: entry " in done("agreement", "restore", GSOMIA, *at)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("restore", GSOMIA), 3, "JPN has not suspended gsomia-jpn-kor-2016"),
        (("withdraw", GSOMIA), 3, f"{GSOMIA}:21(3): JPN has no notice on"),
        (("suspend", "half-signed"), 2, "half-signed.toml is not in force here: KOR"),
        (
            ("approve", "--agreement", GSOMIA, "--to", "JPN", "--via", "KOR"),
            3,
            "an approval names three different parties",
        ),
        (
            ("approve", "--agreement", GSOMIA, "--to", "K\u041eR", "--via", "USA"),
            2,
            "it holds the character CYRILLIC CAPITAL LETTER O",
        ),
    ],
)
def test_an_act_that_may_not_be_is_refused_with_its_rule(node, words, code, said):
    """Exit 3 and a rejection in the journal; a slip of the pen (2) goes nowhere."""
    if words[0] == "approve":
        words = (*words, "--class", "launch-warning", "--expires", LATER)
    before = len(rejections(node, "desk"))
    result = beaconfire("agreement", *words, "--node", node.directory)
    assert result.returncode == code, result.stderr
    assert said in result.stderr
    found = rejections(node, "desk")[before:]
    assert len(found) == (1 if code == 3 else 0)
    assert all(said in reason for reason in found)


def people_of(place, party):
    """Return the key with which a party's people sign."""
    return keys.load_signing_key(place / party / "keys" / "people.key", "people")


def test_what_no_command_would_send_is_refused_by_the_desk_itself(place, node):
    """An expired approval, another nation's act, an altered and an unsigned one."""
    now = Instant(time.time_ns())
    good = Act(agreement=GSOMIA, act="suspend", party="JPN", issued=now)
    approval = replace(
        good, act="approve", to="USA", via="KOR", item_class="launch-warning",
        issued=now.plus_s(-60.0), expires=now.plus_s(-1.0),
    )  # fmt: skip
    ours, theirs = people_of(place, "JPN"), people_of(place, "KOR")
    signed = sign_act(good, ours)
    look_alike = codec.encode(signed).replace(
        b'"party":"JPN"', '"party":"J\u0420N"'.encode()
    )
    tried = (
        (sign_act(approval, ours), "the approval expired at "),
        (
            sign_act(replace(good, party="KOR"), theirs),
            "the act is KOR's; this desk is",
        ),
        (sign_act(good, theirs), "act: no key for people is known by the id"),
        (replace(signed, issued=now.plus_s(1.0)), "the signature"),
        (good, "has no `signature`: a node takes only signed acts"),
        (look_alike, "it holds the character CYRILLIC CAPITAL LETTER ER"),
        (replace(signed, agreement="half-signed"), "the signature"),
    )
    for act, said in tried:
        verb = "suspend" if isinstance(act, bytes) else act.act
        text = (act if isinstance(act, bytes) else codec.encode(act)).decode()
        before = len(rejections(node, "desk"))
        (answer,) = ask(node.directory, f"orders.{verb}", text)
        assert not answer["accepted"]
        assert said in answer["reason"], answer["reason"]
        assert rejections(node, "desk")[before:] == [answer["reason"]]
    told = json.loads(
        done("agreement", "show", GSOMIA, "--node", node.directory, "--json")
    )
    assert told["state"] == "in force"


def test_a_start_says_again_what_it_leaves_out(place, node):
    """What is wrong now is a fact of this start; the journal verifies with it."""
    assert node.stop() == 0
    node.start()
    assert len(rejections(node, "agreements")) == 2 * len(TEXTS)
    assert node.stop() == 0
    done("journal", "verify", place / "JPN")
