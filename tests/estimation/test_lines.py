"""A file of lines gets the documented answer, and a bad line harms no other."""

import json

import numpy as np
import pytest

from beaconfire.estimation.lines import LINE_BYTES_MAX, answer_lines
from beaconfire.seals import codec

from .flying import EAST, NEAR, SOUTH, STEEP, fly, seen_by

CUE = (
    '{"v":1,"time":"2022-10-03T22:22:31Z","sensor":{"id":"ir","lat_deg":0.0,'
    '"lon_deg":110.0,"alt_m":35786000.0},"launch":{"lat_deg":40.61,"lon_deg":126.41,'
    '"sigma_m":2000.0,"time":"2022-10-03T22:22:01Z","sigma_time_s":2.0},'
    '"azimuth_deg":null,"sigma_azimuth_deg":null,"cue_id":"c1"}'
)


def lines_of(from_s, to_s, radars=(NEAR, SOUTH, EAST), seed=81):
    """A file's lines, as a sensor feed writes them."""
    plots = seen_by(radars, fly(STEEP), from_s, to_s, np.random.default_rng(seed))
    return [codec.encode(plot).decode() for plot in plots]


def answered(lines):
    """The answer as the JSON that is printed."""
    return json.loads(codec.encode(answer_lines(lines, sort=nobody_told_apart)))


def nobody_told_apart(plots, cues):
    """Which plots are whose is tried with the node's own rule, in the stages' tests."""
    return ()


def test_the_answer_has_exactly_the_documented_keys():
    """Other programs read it: no key more, none less, where all can be said."""
    answer = answered([*lines_of(50.0, 240.0), CUE])
    assert list(answer) == ["objects", "rejected", "sensors"]
    (found,) = answer["objects"]
    assert list(found) == [
        "launch", "phase", "track", "impact", "apogee_km", "range_km", "model_holds",
        "reason",
    ]  # fmt: skip
    assert list(found["launch"]) == [
        "lat_deg", "lon_deg", "time", "ellipse95", "time_window95",
    ]  # fmt: skip
    assert list(found["track"]) == [
        "epoch", "position_ecef_m", "velocity_ecef_mps", "covariance",
    ]  # fmt: skip
    assert np.shape(found["track"]["covariance"]) == (6, 6)
    assert list(found["impact"]) == [
        "lat_deg", "lon_deg", "time", "time_window95", "ellipse95", "covariance_en_t",
    ]  # fmt: skip
    assert list(found["impact"]["ellipse95"]) == [
        "semi_major_m", "semi_minor_m", "azimuth_deg",
    ]  # fmt: skip
    assert np.shape(found["impact"]["covariance_en_t"]) == (3, 3)
    assert [one["id"] for one in answer["sensors"]] == ["east", "near", "south"]
    assert list(answer["sensors"][0]) == ["id", "plots", "bias", "verdict"]
    assert found["range_km"] == pytest.approx(1_000.0, abs=10.0)


def test_what_cannot_be_said_is_null_beside_its_reason():
    """One plot: everything is null and everything has a reason."""
    answer = answered(lines_of(130.0, 130.0, (NEAR,)))
    (found,) = answer["objects"]
    assert found["phase"] == "unknown"
    for key in ("launch", "track", "impact", "apogee_km", "range_km"):
        assert found[key] is None
        assert found[f"{key}_reason"]
    (sensor,) = answer["sensors"]
    assert sensor["bias"] is None
    assert sensor["bias_reason"]
    assert sensor["verdict"] == "too few plots"


BAD = {
    "garbage": "not JSON",
    '{"time":': "not JSON",
    "[1,2]": "expected an object",
    '{"v":2}': "`v`",
    "{}": "missing key",
    CUE.replace("2000.0", "-1.0"): "launch",
    CUE.replace('"cue_id"', '"object"'): "object",
    '{"launch":' + "[" * 3_000: "not JSON",
    " " * 5 + "x" * LINE_BYTES_MAX: "longer",
}


@pytest.mark.parametrize("line", BAD, ids=lambda line: line[:24])
def test_a_bad_line_is_named_with_its_number_and_reason(line):
    """And the others are answered as if it were not there."""
    good = lines_of(50.0, 240.0)
    answer = answered([*good[:7], line, *good[7:]])
    (rejected,) = answer["rejected"]
    assert rejected["line"] == 8
    assert BAD[line] in rejected["reason"]
    assert answer["objects"] == answered(good)["objects"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("range_m", "NaN"), ("range_m", "-5.0"), ("range_m", "1e999"),
        ("elevation_deg", "91.0"), ("azimuth_deg", "361.0"), ("azimuth_deg", '"east"'),
        ("sigma_range_m", "0.0"), ("time", '"2022-10-03T22:24:00"'), ("object_id", "7"),
    ],
)  # fmt: skip
def test_a_plot_with_an_impossible_value_is_named(key, value):
    """Not a number, out of limits, no offset, unknown key: refused by name."""
    good = lines_of(50.0, 240.0)
    plot = json.loads(good[0])
    plot[key] = "@"
    line = json.dumps(plot).replace('"@"', value)
    answer = answered([line, *good])
    assert [one["line"] for one in answer["rejected"]] == [1]
    assert answer["objects"] == answered(good)["objects"]


def test_plots_left_out_by_the_fit_are_named_by_their_lines():
    """Empty lines, cues and bad lines before it do not shift the number."""
    good = lines_of(125.0, 240.0)
    wrong = json.loads(good[40])
    wrong["range_m"] += 50_000.0
    lines = ["", CUE, "garbage", *good[:40], json.dumps(wrong), *good[40:]]
    assert [one["line"] for one in answered(lines)["rejected"]] == [3, 44]


def test_a_file_of_nothing_has_no_object():
    """No plot and no cue: no object is invented."""
    assert answered([]) == {"objects": [], "rejected": [], "sensors": []}
    assert answered(["", "x"])["objects"] == []


def test_bytes_that_are_no_text_are_a_bad_line():
    """A file from anywhere may hold anything."""
    answer = answer_lines(
        [b"\xff\xfe{}", *lines_of(50.0, 240.0)], sort=nobody_told_apart
    )
    assert [one.line for one in answer.rejected] == [1]


def test_a_cue_alone_is_an_object_with_a_launch():
    """An infrared sensor may be the only one that saw it."""
    (found,) = answered([CUE])["objects"]
    assert found["launch"]["lat_deg"] == pytest.approx(40.61)
    assert found["phase"] == "unknown"
    assert found["impact"] is None


def test_what_depends_or_may_be_reached_is_said_only_while_it_does():
    """A climb has a corridor, a young area a condition, an old one neither."""
    (climbing,) = answered(lines_of(50.0, 115.0))["objects"]
    assert climbing["corridor"]["certainty"] == "Possible"
    assert climbing["impact"] is None
    (young,) = answered(lines_of(50.0, 145.0))["objects"]
    assert young["impact_condition"] == "no further stage"
    assert "corridor" not in young
