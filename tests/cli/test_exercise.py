"""``beaconfire exercise`` and ``demo``: what is printed, and how they end."""

import json

import pytest

from beaconfire.cli import commands, demo, exercise
from beaconfire.exercise.after_action.writing import write_report
from beaconfire.exercise.picture import Picture
from beaconfire.vocabulary.entries.carriage import Receipt
from tests.exercise.flown import NAME, SEED, flown


def standing_in(journals):
    """Return what runs an exercise in an instant: these journals were made."""

    def run_exercise(scenario, out, options, *, show, say):
        run = flown()
        say("simulating")
        picture = Picture.of(scenario.parties)
        for party, entries in journals.items():
            for entry in entries:
                picture.see(party, entry)
        show(picture, scenario.at(210.0))
        return write_report(
            out,
            run.scenario,
            SEED,
            "simulated",
            journals=journals,
            journals_without=run.without,
            flights=run.sky.flights,
        )

    return run_exercise


@pytest.fixture
def sound(monkeypatch):
    """An exercise whose account closes."""
    for module in (demo, exercise):
        monkeypatch.setattr(module, "run_exercise", standing_in(flown().with_sharing))


@pytest.fixture
def unsound(monkeypatch):
    """An exercise in which one message came to nobody's knowledge again."""
    journals = dict(flown().with_sharing)
    receipts = [e for e in journals["JPN"] if isinstance(e.body, Receipt)]
    mine = next(e for e in receipts if e.body.to == "JPN")
    journals["JPN"] = tuple(e for e in journals["JPN"] if e is not mine)
    for module in (demo, exercise):
        monkeypatch.setattr(module, "run_exercise", standing_in(journals))


@pytest.mark.usefixtures("sound")
def test_without_a_terminal_an_exercise_prints_plain_lines(tmp_path, capsys):
    """A pipe or a log gets a line a piece of news, and no codes of a terminal."""
    out = str(tmp_path / "out")
    assert commands.run(["exercise", "run", NAME, "--out", out]) == 0
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert "… simulating" in lines
    assert "T+00:40  USA  launch known, by own sensors" in lines
    assert "\x1b" not in printed.err + printed.out
    assert "lost 0, duplicated 0, leaked 0" in printed.out


@pytest.mark.usefixtures("sound")
def test_an_exercise_prints_one_json_value_for_programs(tmp_path, capsys):
    """What people read goes to the other stream."""
    out = str(tmp_path / "out")
    assert commands.run(["exercise", "run", NAME, "--out", out, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["delivery"]["lost"] == 0


@pytest.mark.usefixtures("unsound")
def test_the_demo_fails_when_its_account_does_not_close(tmp_path, capsys):
    """Whoever runs it in a script learns of a loss or a leak by its exit code."""
    assert commands.run(["demo", "--out", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("beaconfire: ")
    assert "JPN" in printed.err
    assert (tmp_path / "out" / "report.html").exists(), "the report is there to read"


@pytest.mark.usefixtures("unsound")
def test_an_exercise_fails_when_its_account_does_not_close(tmp_path):
    """As the demo does."""
    out = str(tmp_path / "out")
    assert commands.run(["exercise", "run", NAME, "--out", out]) == 1


@pytest.mark.usefixtures("sound")
def test_the_demo_fails_when_something_still_waits(tmp_path, monkeypatch):
    """Between live nodes nothing is left waiting or of unknown fate."""
    journals = {p: es[: len(es) * 9 // 10] for p, es in flown().with_sharing.items()}
    monkeypatch.setattr(demo, "run_exercise", standing_in(journals))
    assert commands.run(["demo", "--out", str(tmp_path / "out")]) == 1


@pytest.mark.usefixtures("sound")
def test_the_demo_says_what_it_is_in_whole_lines(tmp_path, capsys):
    """At eighty columns no line ends after a word or two."""
    assert commands.run(["demo", "--out", str(tmp_path / "out")]) == 0
    intro, _, _ = capsys.readouterr().out.partition("\n\n")
    assert "invented." in intro
    assert all(60 < len(line) <= 80 for line in intro.splitlines()[:-1])


def test_the_list_says_when_each_scenario_begins_to_the_second(capsys):
    """Nobody needs its milliseconds."""
    assert commands.run(["exercise", "list"]) == 0
    assert "2022-10-03T22:22:00Z" in capsys.readouterr().out
