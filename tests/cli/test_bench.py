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
