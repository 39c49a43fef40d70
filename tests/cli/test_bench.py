"""``beaconfire bench`` prints figures beside their goals, for people or programs."""

import json

from beaconfire.cli import bench as command
from beaconfire.cli.commands import run
from beaconfire.exercise.bench.figures import Bench, Figure

MISSED = Bench(
    bench="link",
    figures=(Figure(name="way", unit="ms", measured=7.0, goal=5.0),),
)


def test_the_layout_is_printed_for_people(capsys):
    """Every number of radars is told, and that all sites are invented."""
    assert run(["bench", "layout"]) == 0
    out = capsys.readouterr().out
    for count in ("1 radar", "2 radars", "3 radars"):
        assert f"JPN with {count}" in out
    assert "every sensor site is invented" in out


def test_the_decision_is_measured_worked_out_and_remembered(capsys):
    """Both figures beside their goals; how fast this machine is, is not asked here."""
    assert run(["bench", "decide", "--rounds", "10", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert [figure["goal"] for figure in value["figures"]] == [100.0, 5.0]
    assert all(figure["measured"] > 0 for figure in value["figures"])


def test_json_is_one_value(capsys):
    """Other programs read it, and need no table."""
    assert run(["bench", "layout", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["bench"] == "layout"
    assert len(value["figures"]) == 6


def test_a_missed_goal_is_told_and_is_no_failure_of_the_program(monkeypatch, capsys):
    """The exit code says that it measured; the verdict says what came out."""
    monkeypatch.setattr(command.links, "run", lambda out, load, say: MISSED)
    assert run(["bench", "link"]) == 0
    assert capsys.readouterr().out.splitlines()[2].split()[-1] == "missed"


def test_a_bench_leaves_no_folder_behind(monkeypatch, capsys):
    """What it starts lives in a folder of its own, removed at the end."""
    folders = []

    def work(out, load, say):
        folders.append(out)
        (out / "left").write_text("something", "ascii")
        return MISSED

    monkeypatch.setattr(command.links, "run", work)
    assert run(["bench", "link", "--json"]) == 0
    assert folders
    assert not folders[0].exists()


def test_all_prints_one_summary(monkeypatch, capsys):
    """Eight benches, one JSON list; `make bench` is this."""
    monkeypatch.setattr(command.links, "run", lambda out, load, say: MISSED)
    monkeypatch.setattr(command.suspends, "run", lambda out, load, say: MISSED)
    monkeypatch.setattr(command.nodes, "run", lambda *rest, **named: MISSED)
    monkeypatch.setattr(command.sharings, "measure", lambda *rest, **named: MISSED)
    monkeypatch.setattr(command.estimations, "measure", lambda **named: MISSED)
    monkeypatch.setattr(command.batches, "measure", lambda **named: MISSED)
    assert run(["bench", "all", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert [one["bench"] for one in value] == [
        *("link", "link", "link"),
        *("layout", "decide", "link", "link", "link"),
    ]


def test_seconds_and_rate_have_bounds(capsys):
    """A flight is under way for so long, and radars turn only so fast."""
    assert run(["bench", "link", "--seconds", "0"]) == 2
    assert run(["bench", "link", "--rate", "1e9"]) == 2
    assert run(["bench", "suspend", "--rounds", "0"]) == 2
    assert run(["bench", "suspend", "--rounds", "100000"]) == 2


def test_one_row_of_estimation_is_measured_alone(capsys):
    """So that a dear row can be given the seeds that its goal needs."""
    assert run(["bench", "estimation", "--rows", "announced", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    names = [figure["name"] for figure in value["figures"]]
    assert "announced flight times, each by the others: median off" in names
    assert not any("radars" in name for name in names)


def test_an_unknown_row_is_refused_with_those_there_are(capsys):
    """A typing error must not measure nothing and look well."""
    assert run(["bench", "estimation", "--rows", "area"]) == 2
    told = capsys.readouterr().err
    assert "--rows area: there is no such row" in told
    assert "false-alarms" in told


def test_calibration_writes_its_picture_and_prints_its_figures(tmp_path, capsys):
    """The picture is a file of its own, and each case has a column in it."""
    out = tmp_path / "calibration.svg"
    assert run(["bench", "calibration", "--seeds", "2", "--out", str(out)]) == 0
    drawn = out.read_text("utf-8")
    assert drawn.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    for case in ("reference, 1 radar", "reference, 3 radars", "4-october, 1 radar"):
        assert case in drawn
    assert "area holds the impact" in capsys.readouterr().out


def test_a_picture_that_cannot_be_written_is_told(tmp_path, capsys, monkeypatch):
    """In words, with the path; nothing of Python."""
    monkeypatch.setattr(
        command.calibrations, "measure", lambda **_kw: (MISSED, "<svg />")
    )
    out = tmp_path / "no-such-folder" / "calibration.svg"
    assert run(["bench", "calibration", "--out", str(out)]) == 1
    assert f"cannot write the picture `{out}`" in capsys.readouterr().err
