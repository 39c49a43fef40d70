"""``beaconfire estimate`` says what was lost, what has set, and what is several.

Every file is written from a sky of the tests' own, and read through the command.
"""

import json
import math

import numpy as np
import pytest
from msgspec.structs import replace

from beaconfire.cli.commands import run
from beaconfire.seals import codec
from tests.estimation.flying import FAR, LIFT_OFF, NEAR, STEEP, fly, seen_by

LAST_S = 260.0


def file_of(path, plots):
    """Write a file as a sensor feed would."""
    lines = [codec.encode(plot).decode() for plot in plots]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def asked(path, capsys, *, at_s=None):
    """What is printed as JSON, about so many seconds after lift-off."""
    when = [] if at_s is None else ["--at", str(LIFT_OFF.plus_s(at_s))]
    assert run(["estimate", str(path), "--json", *when]) == 0
    return json.loads(capsys.readouterr().out)


def told(path, capsys, *, at_s):
    """What is printed for people."""
    assert run(["estimate", str(path), "--at", str(LIFT_OFF.plus_s(at_s))]) == 0
    return capsys.readouterr().out


def clutter(until_s):
    """False plots of the radar, far from any flight: it works, and shows nothing."""
    rng = np.random.default_rng(30)
    shown = seen_by((NEAR,), fly(STEEP), LAST_S, until_s, rng)[1:]
    return [
        replace(
            plot,
            azimuth_deg=float(rng.uniform(0.0, 360.0)),
            range_m=float(rng.uniform(5e4, 2e6)),
        )
        for plot in shown
    ]


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """One flight, seen by one radar that falls silent at T+260 while it is high up."""
    plots = seen_by((NEAR,), fly(STEEP), 60.0, LAST_S, np.random.default_rng(31))
    return file_of(tmp_path_factory.mktemp("sight") / "one.jsonl", plots)


def test_a_file_says_nothing_of_sight_while_the_object_is_seen(one, capsys):
    """The keys of the answer are those that were settled, where there is no news."""
    for at_s in (None, LAST_S + 10.0):
        (found,) = asked(one, capsys, at_s=at_s)["objects"]
        assert "sight" not in found
        assert "group" not in found


@pytest.fixture(scope="module")
def working(one):
    """The same, where the radar goes on to show what is no flight."""
    lines = one.read_text("utf-8")
    path = file_of(one.with_name("working.jsonl"), clutter(LAST_S + 40.0))
    path.write_text(lines + path.read_text("utf-8"), "utf-8")
    return path


def test_what_the_radar_was_to_see_and_missed_is_lost(one, working, capsys):
    """Twenty looks at one in two: since when, by whom; the arc is what it was."""
    (before,) = asked(one, capsys)["objects"]
    (found,) = asked(working, capsys, at_s=LAST_S + 30.0)["objects"]
    sight = found["sight"]
    assert sight["state"] == "lost"
    assert sight["since"] == sight["last_seen"] == str(LIFT_OFF.plus_s(LAST_S))
    assert sight["missed"] == [{"sensor": "near", "looks": 20, "reports": True}]
    assert found["phase"] == "ballistic"
    assert found["apogee_km"] == pytest.approx(before["apogee_km"], rel=0.01)


def test_where_the_only_radar_shows_nothing_more_nothing_is_called_lost(one, capsys):
    """It may have failed; a file cannot tell that from an object that is gone."""
    (before,) = asked(one, capsys)["objects"]
    (found,) = asked(one, capsys, at_s=LAST_S + 30.0)["objects"]
    sight = found.pop("sight")
    assert sight["state"] == "silent"
    assert sight["chance"] is None
    assert sight["missed"] == [{"sensor": "near", "looks": 20, "reports": False}]
    assert found == before
    said = told(one, capsys, at_s=LAST_S + 30.0)
    assert f"sight   radars silent since {LIFT_OFF.plus_s(LAST_S)}: not seen" in said
    assert "not of where it is known to be" in said


def test_people_are_told_that_a_lost_object_is_nowhere(working, capsys):
    """The place that follows is said to be of the arc, not of the object."""
    said = told(working, capsys, at_s=LAST_S + 30.0)
    assert f"sight   lost since {LIFT_OFF.plus_s(LAST_S)}: missed where it was" in said
    assert "not of where it is known to be" in said


def test_what_goes_below_the_horizon_as_predicted_has_set(tmp_path, capsys):
    """Seen down to the mask: silence is expected, and nothing is lost."""
    plots = seen_by((NEAR,), fly(STEEP), 60.0, 3_000.0, np.random.default_rng(32))
    path = file_of(tmp_path / "whole.jsonl", plots)
    last_s = max(plot.time for plot in plots).seconds_since(LIFT_OFF)
    (found,) = asked(path, capsys, at_s=last_s + 120.0)["objects"]
    assert found["sight"]["state"] == "set"
    assert found["sight"]["missed"] == []
    assert found["impact"] is not None
    said = told(path, capsys, at_s=last_s + 120.0)
    assert "sight   below the horizon of all radars here since" in said


def test_of_two_objects_one_may_be_lost_while_the_other_is_seen(tmp_path, capsys):
    """Each is held against what is foretold of it; the radar shows that it works."""
    rng = np.random.default_rng(33)
    still = seen_by((NEAR,), fly(STEEP), 60.0, 300.0, rng)
    gone = seen_by((NEAR,), fly(FAR), 60.0, 240.0, rng)
    path = file_of(tmp_path / "two.jsonl", [*still, *gone])
    answer = asked(path, capsys)
    by_apogee = sorted(answer["objects"], key=lambda found: found["apogee_km"])
    far, steep = by_apogee
    assert "sight" not in steep
    assert far["sight"]["state"] == "lost"
    assert all(missed["reports"] for missed in far["sight"]["missed"])


def test_without_an_arc_a_long_silence_is_not_called_a_loss(tmp_path, capsys):
    """Under thrust nothing foretells where it should be a minute later."""
    plots = seen_by((NEAR,), fly(STEEP), 60.0, 100.0, np.random.default_rng(34))
    slow = [plot for k, plot in enumerate(plots) if k % 4 == 0]
    path = file_of(tmp_path / "boost.jsonl", slow)
    (found,) = asked(path, capsys, at_s=400.0)["objects"]
    assert found["sight"]["state"] == "unsure"
    assert "sight   last at" in told(path, capsys, at_s=400.0)


def test_what_is_later_than_asked_is_left_out_by_name(one, capsys):
    """The answer is the one that could be given then."""
    answer = asked(one, capsys, at_s=200.0)
    late = [
        line
        for line in answer["rejected"]
        if "later than the instant" in line["reason"]
    ]
    assert len(late) == round(LAST_S - 200.0)
    (found,) = answer["objects"]
    assert "sight" not in found


def test_a_time_that_is_none_is_bad_input(one, capsys):
    """One sentence, exit code 2."""
    assert run(["estimate", str(one), "--at", "noon"]) == 2
    assert "`noon` is not a time" in capsys.readouterr().err


def test_two_that_one_radar_cannot_tell_apart_are_one_group_of_two(tmp_path, capsys):
    """One object with a count and what it rests on; no two tracks are claimed."""
    rng = np.random.default_rng(35)
    first = seen_by((NEAR,), fly(STEEP), 60.0, 240.0, rng)
    second = [
        replace(plot, azimuth_deg=plot.azimuth_deg + math.degrees(0.3e-3))
        for plot in NEAR.plots(fly(STEEP), 60.0, 240.0, rng)
    ]
    path = file_of(tmp_path / "pair.jsonl", [*first, *second])
    answer = asked(path, capsys)
    (found,) = answer["objects"]
    group = found["group"]
    assert group["at_least"] == 2
    assert group["rests_on"] == [{"sensor": "near", "count": 2, "scans": 25}]
    assert group["shared_with"] == []
    said = told(path, capsys, at_s=240.0)
    assert "group   at least 2: at least 2 objects nearer to each other than" in said
