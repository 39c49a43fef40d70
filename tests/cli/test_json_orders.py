"""``--json`` of what people order: the document as signed, and where it stands."""

import json
import time
from types import SimpleNamespace

import pytest

from beaconfire.agreements.difference import difference
from beaconfire.cli import consult, ordering
from beaconfire.runtime.agreement_files import read_agreement, shipped_texts
from beaconfire.runtime.doors import Judged
from beaconfire.seals import codec
from beaconfire.vocabulary.times import Instant
from tests.cli.said import one_value, said
from tests.cli.test_agreement import two_nations
from tests.runtime.walk import RunningNode

GSOMIA, NEXT = "gsomia-jpn-kor-2016", "gsomia-next"
LATER = "2190-01-01T00:00:00.000Z"
# A deadline lies within a year after its question.
SOON = str(Instant(time.time_ns() // 1_000_000_000 * 1_000_000_000).plus_s(86_400.0))
ASKED = "1f0c" + "0" * 60
KEYS = ["v", "verb", "party", "entry", "reason", "signed"]
PASSING = ("--agreement", GSOMIA, "--to", "USA", "--via", "KOR")


def admit(home, guest):
    """Admit ``guest``'s card at ``home``."""
    card = one_value("node", "card", "--node", guest)
    words = ("--node", home, "--confirm", card["fingerprint"])
    assert said("partner", "add", card["file"], *words)[0] == 0


@pytest.fixture(scope="module")
def japan(tmp_path_factory):
    """Japan's node, that knows Korea and holds GSOMIA and a text to follow it."""
    base = tmp_path_factory.mktemp("nations")
    places = two_nations(base)
    admit(places["JPN"], places["KOR"])
    folder = places["JPN"] / "agreements"
    text = shipped_texts()[0].data
    for name in (GSOMIA, NEXT):
        file = folder / f"{name}.toml"
        file.write_bytes(text.replace(GSOMIA.encode(), name.encode()))
        for place in places.values():
            assert said("agreement", "sign", file, "--node", place)[0] == 0
    return places["JPN"]


class Desk:
    """A desk that takes everything, or nothing, and keeps what it was given."""

    def __init__(self):
        self.accepts = True
        self.given = []

    def __call__(self, node, verb, signed):
        self.given.append((node, verb, signed))
        return Judged(accepted=self.accepts, reason="it is said", entry="7.1")


@pytest.fixture
def desk(monkeypatch):
    """The desk of a node that runs, as it looks from a command."""
    made = Desk()
    monkeypatch.setattr(ordering, "order", made)
    found = SimpleNamespace(id=ASKED)
    monkeypatch.setattr(consult, "_found", lambda node, beginning: found)
    return made


ORDERS = [
    *(
        (("agreement", verb, GSOMIA), verb, {"act": verb, "agreement": GSOMIA})
        for verb in (
            "suspend", "restore", "notice", "notice-suspend", "withdraw", "contest"
        )
    ),
    (
        ("agreement", "approve", *PASSING, "--class", "Plots", "--expires", LATER),
        "approve",
        {"act": "approve", "to": "USA", "via": "KOR", "class": "Plots",
         "item": None, "expires": LATER},
    ),
    (
        ("agreement", "revoke", *PASSING, "--item", "one"),
        "revoke",
        {"act": "revoke", "to": "USA", "via": "KOR", "class": None, "item": "one"},
    ),
    (
        ("agreement", "amend", GSOMIA, "--by", NEXT),
        "declare",
        {"act": "declare", "agreement": GSOMIA},
    ),
    (
        ("consult", "ask", "--agreement", GSOMIA, "--party", "KOR", "--act", "measure",
         "--text", "a drill", "--reason", "why", "--deadline", SOON),
        "consult-ask",
        {"type": "ask", "agreement": GSOMIA, "affected": "KOR", "reason": "why",
         "deadline": SOON, "silence": "no"},
    ),
    (
        ("consult", "answer", "1f0c", "object", "--reason", "why"),
        "consult-answer",
        {"type": "answer", "consultation": ASKED, "reply": "object"},
    ),
    (
        ("consult", "withdraw", "1f0c"),
        "consult-withdraw",
        {"type": "withdraw", "consultation": ASKED},
    ),
    (
        ("consult", "proceed", "1f0c"),
        "consult-proceed",
        {"type": "proceed", "consultation": ASKED},
    ),
    (
        ("retract", "item-1", "--reason", "a bird"),
        "retract",
        {"item": "item-1", "reason": "a bird"},
    ),
    (
        ("partner", "revoke", "KOR", "--reason", "stolen"),
        "revoke-card",
        {"partner": "KOR", "reason": "stolen"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "verb", "told"), ORDERS, ids=[" ".join(o[0][:2]) for o in ORDERS]
)
def test_an_order_is_told_as_it_was_signed_and_by_its_entry(
    japan, desk, words, verb, told
):
    """One shape for all of them: what was asked for, and the entry that has it."""
    value = one_value(*words, "--node", japan)
    assert list(value)[: len(KEYS)] == KEYS
    head = (value["v"], value["verb"], value["party"], value["entry"], value["reason"])
    assert head == (1, verb, "JPN", "7.1", "it is said")
    assert value["signed"].items() >= told.items()
    ((node, sent, signed),) = desk.given
    assert (node, sent) == (japan, verb)
    assert value["signed"] == json.loads(codec.encode(signed))
    assert value["signed"]["signature"] is not None
    assert value["signed"]["party"] == "JPN"


def test_a_notice_tells_when_it_takes_effect(japan, desk):
    """As an instant: in the desk's words it is for people. No other order has one."""
    value = one_value("agreement", "notice", GSOMIA, "--node", japan)
    takes = Instant.parse(value["takes_effect_at"])
    assert takes > Instant.parse(value["signed"]["issued"])
    assert str(takes) == value["takes_effect_at"]
    other = one_value("agreement", "suspend", GSOMIA, "--node", japan)
    assert list(other) == KEYS


def test_an_amendment_tells_what_it_changes_in_its_value(japan, desk):
    """The same sentences as `agreement diff`, and none of them beside the value."""
    value = one_value("agreement", "amend", GSOMIA, "--by", NEXT, "--node", japan)
    old, new = (
        read_agreement(japan / "agreements" / f"{name}.toml").agreement
        for name in (GSOMIA, NEXT)
    )
    assert value["changes"] == list(difference(old, new))
    assert value["changes"]
    assert value["signed"]["record"]["type"] == "Amendment"
    assert value["signed"]["record"]["text"] == NEXT


def test_a_record_is_told_as_it_was_declared(japan, desk, tmp_path):
    """With its last instant."""
    record = {"type": "CaseClosed", "case": "one"}
    file = tmp_path / "record.json"
    file.write_text(json.dumps(record))
    words = ("agreement", "declare", GSOMIA, file, "--until", LATER, "--node", japan)
    signed = one_value(*words)["signed"]
    assert signed["record"].items() >= record.items()
    assert signed["expires"] == LATER


@pytest.mark.parametrize(
    "words", [o[0] for o in ORDERS[::5]], ids=lambda w: " ".join(w[:2])
)
def test_what_the_desk_refuses_prints_no_value(japan, desk, words):
    """It is an error: exit 3 and the desk's reason, with `--json` as without."""
    desk.accepts = False
    code, out, err = said(*words, "--node", japan, "--json")
    assert (code, out) == (3, "")
    assert err == "beaconfire: the desk of JPN refused: it is said\n"


@pytest.mark.servers
def test_the_entry_that_is_told_stands_in_the_journal(japan, tmp_path):
    """Of a node that runs: a program finds there what it has just ordered."""
    running = RunningNode(japan)
    running.start()
    try:
        told = [
            one_value("agreement", "suspend", GSOMIA, "--node", japan),
            one_value(
                *("consult", "ask", "--agreement", NEXT, "--party", "KOR"),
                *("--act", "measure", "--text", "a drill", "--reason", "why"),
                *("--deadline", SOON),
                *("--node", japan),
            ),
            one_value(
                "partner", "revoke", "KOR", "--reason", "stolen", "--node", japan
            ),
        ]
        code, out, err = said(
            "retract", "none", "--reason", "x", "--node", japan, "--json"
        )
        assert (code, out) == (3, "")
        assert "the desk of JPN refused" in err
    finally:
        assert running.stop() == 0
    file = tmp_path / "journal.jsonl"
    export = one_value("journal", "export", japan, "--out", file)
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert export == {
        "v": 1,
        "file": str(file),
        "turns": lines[-1]["turn"],
        "entries": len(lines),
    }
    stands = {line["id"]: line for line in lines}
    kinds = [stands[one["entry"]]["kind"] for one in told]
    assert kinds == ["act", "consultation", "card-revocation"]
    bodies = [stands[one["entry"]]["body"] for one in told]
    assert [bodies[0], bodies[1], bodies[2]["order"]] == [one["signed"] for one in told]
