"""``beaconfire agreement declare, duties, access, inspect``."""

import json
import re
from pathlib import Path

import pytest

from beaconfire.agreements.agreement import LASTING
from beaconfire.cli.commands import run
from tests.cli.test_decide import AT, EXAMPLES, entry

DOCS = Path(__file__).resolve().parents[2] / "docs"
GSOMIA = "gsomia-jpn-kor-2016"
CENTRE = "launch warning centre of Japan"
OVER = {"type": "NoLongerNeeded", "originator": "KOR", "item": "a"}
COPIED = {"type": "Copied", "originator": "KOR", "item": "a", "copies": 2, "why": "x"}


@pytest.fixture
def command(capsys):
    """Run a command; return exit code, standard output and standard error."""

    def run_it(*words):
        code = run(["agreement", *map(str, words)])
        out, err = capsys.readouterr()
        return code, out, err

    return run_it


def written(tmp_path, *lines, name="acts.jsonl"):
    """A file of lines."""
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def declared(record, by="JPN", place=1):
    """A journal line of a declared record."""
    return entry("declare", by, place=place, record=record)


def test_duties_tells_what_lasts_and_what_is_open(command, tmp_path):
    """Every lasting duty is laid by an article of the shipped GSOMIA."""
    words = ("duties", GSOMIA, "--agreements", "library")
    told = json.loads(command(*words, "--json")[1])
    assert {row["duty"] for row in told["lasting"]} == set(LASTING)
    assert told["open"] == []
    assert "nothing is open at" in command(*words)[1]

    acts = written(tmp_path, declared(OVER))
    code, out, _ = command(*words, "--acts", acts)
    assert code == 0
    assert f"{GSOMIA}:17" in out
    assert (
        "JPN owes since 2022-10-03T22:30:00.000Z: return or destroy KOR's item `a` "
        f"({GSOMIA}:6(h), entry `entry-1`)"
    ) in out


def test_a_record_that_is_not_in_order_does_not_count(command, tmp_path):
    """As with approvals: told, and passed over."""
    early = {"type": "CaseClosed", "case": "one"}
    acts = written(tmp_path, declared(early), declared(OVER, place=2))
    words = ("duties", GSOMIA, "--agreements", "library", "--acts", acts, "--json")
    (one,) = json.loads(command(*words)[1])["open"]
    assert one["entry"] == "entry-2"


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({}, 0, "access: Sato, CONFIDENTIAL, for launch-warning"),
        ({"duties": []}, 3, "Sato's duties do not require it for launch-warning"),
        ({"clearance": None}, 3, "Sato holds no clearance"),
    ],
)
def test_access_asks_clearance_and_need(command, tmp_path, changes, code, told):
    """0 opens, 3 does not, with every ground."""
    person = {
        "name": "Sato",
        "role": "official",
        "clearance": "SECRET",
        "cleared_by": "ministry",
        "cleared_until": "2030-01-01T00:00:00Z",
        "duties": ["launch-warning"],
        **changes,
    }
    register = written(
        tmp_path,
        json.dumps({"v": 1, "facility": CENTRE, "persons": [person]}),
        name="register.json",
    )
    words = ["access", GSOMIA, "--agreements", "library", "--register", register]
    words += ["--item", EXAMPLES / "Plots.json", "--person", "Sato", "--at", AT]
    words += ["--holder", "JPN", "--purpose", "launch-warning"]
    result = command(*words)
    assert result[0] == code
    assert told in result[1]


def test_the_register_that_the_guide_shows_opens_to_whom_it_lists(command, tmp_path):
    """Nobody else can tell what a facility's own file is to hold."""
    guide = (DOCS / "guides" / "agreements.md").read_text("utf-8")
    (text,) = re.findall(r"^```json\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    register = written(tmp_path, text, name="register.json")
    words = ["access", GSOMIA, "--agreements", "library", "--register", register]
    words += ["--item", EXAMPLES / "Plots.json", "--person", "Sato", "--at", AT]
    words += ["--holder", "JPN", "--purpose", "launch-warning"]
    assert command(*words)[0] == 0


def test_inspect_writes_the_ledger_of_what_was_given(command, tmp_path):
    """From the holder's exported journal, one JSON line each."""
    journal = written(tmp_path, declared(COPIED), declared(OVER, place=2))
    words = ["inspect", GSOMIA, journal, "--agreements", "library"]
    code, out, _ = command(*words, "--holder", "JPN", "--for", "KOR")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(line["item"], line["what"]) for line in lines] == [
        ("a", "copied 2 times for x, every marking kept"),
        ("a", "needed no more"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{"type":"Nothing"}',
            "record.json: `type` is `Nothing`; allowed are Authority, ",
        ),
        ('{"type":"CaseClosed"}', "missing key `case`"),
        ("", "is empty: it needs one JSON value"),
        ("{", "not JSON"),
    ],
)
def test_a_bad_record_exits_2_before_anything_is_signed(
    command, tmp_path, monkeypatch, text, told
):
    """A slip of the pen never reaches the desk."""
    monkeypatch.chdir(tmp_path)
    Path("record.json").write_text(text, "utf-8")
    code, _, err = command("declare", GSOMIA, "record.json")
    assert code == 2
    assert told in err


def test_a_missing_or_endless_file_is_refused(command, tmp_path):
    """A limit on everything."""
    assert command("declare", GSOMIA, tmp_path / "none")[0] == 2
    big = tmp_path / "big.json"
    with big.open("wb") as file:
        file.truncate(50_000_000)
    code, _, err = command("declare", GSOMIA, big)
    assert (code, "longer than" in err) == (2, True)
