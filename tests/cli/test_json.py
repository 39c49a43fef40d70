"""``--json``: one value on standard output from every command, and nothing else."""

import importlib
import json
from types import SimpleNamespace

import pytest
import typer

from beaconfire.cli import demo, exercise
from beaconfire.cli.commands import COMMANDS
from beaconfire.exercise.after_action.checker import Delivery
from beaconfire.runtime.agreement_files import shipped_texts
from tests.cli.said import one_value, said
from tests.cli.test_decide import AT, EXAMPLES, entry

GSOMIA = "gsomia-jpn-kor-2016"
LATER = "2190-01-01T00:00:00Z"


def every_command():
    """Yield every command by its words, with what its parser knows of it."""
    for name, (module, _) in COMMANDS.items():
        app = importlib.import_module(f"beaconfire.cli.{module}").app
        command = typer.main.get_command(app)
        below = getattr(command, "commands", None)
        if below is None:
            yield name, command
        for sub in sorted(below or {}):
            yield f"{name} {sub}", below[sub]


def test_every_command_prints_for_programs_as_well():
    """Commands print for people and `--json` for programs: there is no exception."""
    without = [
        words
        for words, command in every_command()
        if not any("--json" in parameter.opts for parameter in command.params)
    ]
    assert without == []


@pytest.fixture
def laid_out(tmp_path):
    """Return a function that lays out a nation's node with its first card."""

    def lay_out(party):
        home = tmp_path / party
        assert said("node", "init", "--party", party, "--node", home)[0] == 0
        assert said("node", "card", "--node", home)[0] == 0
        return home

    return lay_out


def test_init_tells_the_configuration_that_it_wrote(tmp_path):
    """A program that lays out nodes need not read TOML: it has where and on what."""
    home = tmp_path / "node"
    ports = ("--border-port", "9001", "--journal-port", "9002")
    told = one_value("node", "init", "--party", "JPN", "--node", home, *ports)
    assert told["v"] == 1
    assert told["node"] == str(home)
    assert (home / "node.toml").is_file()
    assert (told["party"], told["status"], told["policy"]) == ("JPN", "EXERCISE", "JPN")
    border = {"host": "127.0.0.1", "port": 9001, "listen": "127.0.0.1"}
    assert (told["border"], told["journal"]) == (border, {"port": 9002})


def test_a_partner_that_is_added_is_told_by_its_card(laid_out):
    """The same names as `node card`, and which number it replaced."""
    home, guest = laid_out("JPN"), laid_out("KOR")
    card = one_value("node", "card", "--node", guest)
    file = card.pop("file")
    confirmed = ("--node", home, "--confirm", card["fingerprint"])
    assert one_value("partner", "add", file, *confirmed) == {**card, "replaced": None}
    assert said("node", "card", "--node", guest, "--renew")[0] == 0
    told = one_value("partner", "add", file, *confirmed)
    assert (told["number"], told["replaced"]) == (2, 1)


def test_a_program_that_confirms_no_fingerprint_is_refused_and_not_asked(laid_out):
    """Nothing waits for a person: one sentence, exit 2, and no value."""
    home, guest = laid_out("JPN"), laid_out("KOR")
    file = guest / "KOR.card"
    code, out, err = said("partner", "add", file, "--node", home, "--json")
    assert (code, out) == (2, "")
    assert err.startswith("beaconfire: a card is admitted only with `--confirm")
    assert err.count("\n") == 1


def test_a_signature_is_told_by_the_file_it_stands_in(laid_out, tmp_path):
    """What a program copies to the other party."""
    text = tmp_path / "text.toml"
    text.write_bytes(shipped_texts()[0].data)
    told = one_value("agreement", "sign", text, "--node", laid_out("KOR"))
    beside = f"{text}.KOR.sig"
    assert told == {
        "v": 1,
        "agreement": GSOMIA,
        "party": "KOR",
        "file": str(text),
        "signature_file": beside,
    }
    assert json.loads((tmp_path / "text.toml.KOR.sig").read_text())["party"] == "KOR"


def test_check_tells_each_text_and_counts_the_acts(tmp_path):
    """A text is in order or its mistakes are told; who has not signed stands by it."""
    acts = tmp_path / "acts.jsonl"
    acts.write_text(entry("suspend", "KOR") + "\n")
    told = one_value("agreement", "check", "library", "--acts", acts)
    assert [text["id"] for text in told["texts"]] == [
        text.agreement.id for text in shipped_texts()
    ]
    first, under = told["texts"][0], shipped_texts()[0]
    assert first["file"] == under.file
    assert first["articles"] == len(under.agreement.articles)
    assert first["unsigned_by"] == ["JPN", "KOR"]
    assert (told["acts"], told["mistakes"]) == (1, [])


def test_check_answers_with_the_mistakes_and_its_exit_code(tmp_path):
    """A question that is answered with no is an answer: a value, and exit 2."""
    good = shipped_texts()[0].data.decode()
    (tmp_path / "a.toml").write_text(good.replace("permit", "permitt"), "utf-8")
    (tmp_path / "b.toml").write_text(good, "utf-8")
    code, out, err = said("agreement", "check", tmp_path, "--json")
    told = json.loads(out)
    assert (code, err) == (2, "")
    assert [text["file"] for text in told["texts"]] == [str(tmp_path / "b.toml")]
    (mistake,) = told["mistakes"]
    assert "`article.effect`: `permitt` is no effect" in mistake
    assert told["acts"] is None


def test_check_answers_so_for_acts_and_for_an_id_that_stands_twice(tmp_path):
    """Whatever `check` looks for is told in the same place."""
    acts = tmp_path / "acts.jsonl"
    acts.write_text(entry("restore", "USA") + "\n")
    words = ("agreement", "check", "library", "--acts", acts, "--json")
    code, out, _ = said(*words)
    told = json.loads(out)
    assert (code, told["acts"], len(told["mistakes"])) == (2, None, 1)
    assert "acts.jsonl:1" in told["mistakes"][0]
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_bytes(shipped_texts()[0].data)
    code, out, _ = said("agreement", "check", tmp_path, "--json")
    assert code == 2
    assert (
        f"`{GSOMIA}` stands in a.toml and in b.toml" in json.loads(out)["mistakes"][0]
    )


@pytest.mark.parametrize("clearance", ["SECRET", None])
def test_access_answers_whichever_way(tmp_path, clearance):
    """The exit code says which; every ground is told."""
    person = {
        "name": "Sato", "role": "official", "clearance": clearance,
        "cleared_by": "ministry", "cleared_until": LATER,
        "duties": ["launch-warning"],
    }  # fmt: skip
    register = tmp_path / "register.json"
    centre = "launch warning centre of Japan"
    register.write_text(json.dumps({"v": 1, "facility": centre, "persons": [person]}))
    words = ("--register", register, "--item", EXAMPLES / "Plots.json", "--at", AT)
    who = ("--person", "Sato", "--holder", "JPN", "--purpose", "launch-warning")
    code, out, _ = said(
        *("agreement", "access", GSOMIA, "--agreements", "library"), *words, *who,
        "--json",
    )  # fmt: skip
    told = json.loads(out)
    assert (told["v"], told["at"], told["person"]) == (1, f"{AT[:-1]}.000Z", "Sato")
    if clearance is None:
        assert (code, told["outcome"]) == (3, "no access")
        assert told["reasons"][0].startswith("Sato holds no clearance")
    else:
        assert (code, told["outcome"]) == (0, "access")
        assert (told["level"], told["purpose"]) == ("CONFIDENTIAL", "launch-warning")


def test_inspect_gives_its_lines_in_one_value(tmp_path):
    """The ledger of the lines that it writes without `--json`."""
    record = {"type": "Copied", "originator": "KOR", "item": "a", "copies": 2}
    file = tmp_path / "journal.jsonl"
    file.write_text(entry("declare", "JPN", record={**record, "why": "x"}) + "\n")
    words = ["agreement", "inspect", GSOMIA, file, "--agreements", "library"]
    words += ["--holder", "JPN", "--for", "KOR"]
    lines = [json.loads(line) for line in said(*words)[1].splitlines()]
    told = one_value(*words)
    assert (told["v"], told["agreement"]) == (1, GSOMIA)
    assert (told["ledger"], len(lines)) == (lines, 1)


def test_an_export_leaves_standard_output_to_one_of_the_two(tmp_path):
    """The journal is JSON lines: a value behind them would be read as an entry."""
    code, out, err = said("journal", "export", tmp_path, "--json")
    assert (code, out) == (2, "")
    assert "give `--out FILE`" in err


def account(**changes):
    """Return an account of an exercise in which all went well, but for ``changes``."""
    counts = dict.fromkeys(Delivery.__dataclass_fields__, 0)
    counts |= {"released": 9, "delivered": 8, "withdrawn": 1, "problems": ()}
    return Delivery(**{**counts, **changes})


@pytest.mark.parametrize(
    ("changes", "code", "verdict"),
    [
        ({}, 0, "settled"),
        ({"waiting": 1}, 1, "sound"),
        ({"lost": 1, "problems": ("one was lost",)}, 1, "unsound"),
    ],
)
def test_the_demo_gives_its_account_and_its_verdict(
    tmp_path, monkeypatch, changes, code, verdict
):
    """Counts, verdict and report as one value; what people watch goes elsewhere."""
    page, figures = tmp_path / "report.html", tmp_path / "report.json"

    def ran(scenario, out, options, *, show, say):
        say("flying the launches")
        return SimpleNamespace(
            delivery=account(**changes), report_json=figures, report_html=page
        )

    monkeypatch.setattr(demo, "run_exercise", ran)
    got, out, err = said("demo", "--out", tmp_path / "out", "--json")
    told = json.loads(out)
    assert (got, told["verdict"]) == (code, verdict)
    assert told["report_html"] == str(page)
    assert told["report_json"] == str(figures)
    counts = told["delivery"]
    assert (counts["released"], counts["withdrawn"]) == (9, 1)
    assert counts["lost"] == changes.get("lost", 0)
    assert counts["waiting"] == changes.get("waiting", 0)
    assert told["problems"] == list(changes.get("problems", ()))
    assert "Three nations on this machine" in err
    assert "… flying the launches" in err


def test_an_exercise_gives_the_same_value_as_the_demo(tmp_path, monkeypatch):
    """One reader serves both."""
    done = SimpleNamespace(
        delivery=account(), report_json=tmp_path / "j", report_html=tmp_path / "h"
    )
    for module in (demo, exercise):
        monkeypatch.setattr(module, "run_exercise", lambda *a, **k: done)
    told = one_value("exercise", "run", "2022-10-04", "--out", tmp_path / "out")
    assert told == one_value("demo", "--out", tmp_path / "demo")


def test_what_fails_prints_no_value(tmp_path):
    """An error is an exit code and a sentence, with `--json` as without."""
    for words in (
        ("journal", "verify", tmp_path / "none"),
        ("agreement", "suspend", GSOMIA, "--node", tmp_path / "none"),
        ("node", "init", "--party", "japan", "--node", tmp_path / "node"),
    ):
        code, out, err = said(*words, "--json")
        assert code in (2, 4)
        assert out == ""
        assert err.startswith("beaconfire: ")
