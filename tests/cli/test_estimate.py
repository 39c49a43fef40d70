"""``beaconfire estimate`` prints what was found, and says what it could not read."""

import json

import pytest

from beaconfire.cli.commands import run
from beaconfire.seals import codec
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.times import Instant

START = Instant.parse("2022-10-03T22:24:00Z")


def plot_line(second):
    """A still object, once a second."""
    site = SensorSite(id="near", lat_deg=37.0, lon_deg=130.0, alt_m=0.0)
    plot = Plot(
        time=START.plus_s(float(second)), sensor=site, range_m=5e4 + second % 3,
        azimuth_deg=10.0, elevation_deg=5.0, sigma_range_m=30.0,
        sigma_azimuth_mrad=1.0, sigma_elevation_mrad=1.0,
    )  # fmt: skip
    return codec.encode(plot).decode()


@pytest.fixture
def plots(tmp_path):
    """A file of twenty plots and one bad line."""
    path = tmp_path / "plots.jsonl"
    lines = [plot_line(second) for second in range(20)]
    path.write_text("\n".join([*lines, "garbage", ""]), "utf-8")
    return path


def test_json_prints_one_value_and_nothing_else(plots, capsys):
    """Other programs read it; the exit code is 0 though nothing is launched there."""
    assert run(["estimate", str(plots), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["objects"][0]["phase"] == "unknown"
    assert answer["rejected"][0]["line"] == 21


def test_people_are_told_in_words(plots, capsys):
    """Phase, what is not known and why, the sensors, the lines left out."""
    assert run(["estimate", str(plots)]) == 0
    said = capsys.readouterr().out
    assert "phase   unknown (the model does not hold)" in said
    assert "impact  not known: it moves at" in said
    assert "sensor near: 20 plots" in said
    assert "line 21 left out: line: not JSON" in said


def test_a_file_that_is_not_there_is_bad_input(tmp_path, capsys):
    """One sentence, exit code 2."""
    assert run(["estimate", str(tmp_path / "nowhere.jsonl")]) == 2
    assert "cannot be read: no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty"), ("x\n", "holds no plot and no cue: line 1: line: not JSON")],
)
def test_a_file_without_any_sighting_is_bad_input(tmp_path, capsys, text, said):
    """Nothing to estimate is the author's to mend: exit code 2 and the first reason."""
    path = tmp_path / "plots.jsonl"
    path.write_text(text, "utf-8")
    assert run(["estimate", str(path)]) == 2
    assert said in capsys.readouterr().err
