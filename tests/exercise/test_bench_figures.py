"""Figures: a verdict follows from goal and measurement, and from nothing else."""

import pytest

from beaconfire.errors import BadInput
from beaconfire.exercise.bench.figures import (
    Bench,
    Figure,
    as_json,
    as_text,
    median_of,
    percentile,
    share,
)


def figure(**changes):
    """A figure with a goal from above, met."""
    whole = {"name": "way", "unit": "ms", "measured": 4.0, "goal": 5.0, **changes}
    return Figure(**whole)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "met"),
        ({"measured": 5.0}, "met"),
        ({"measured": 5.0001}, "missed"),
        ({"measured": None}, "missed"),
        ({"at_least": True}, "missed"),
        ({"at_least": True, "measured": 5.0}, "met"),
        ({"at_least": True, "measured": 6.0, "upto": 6.0}, "met"),
        ({"at_least": True, "measured": 6.1, "upto": 6.0}, "missed"),
        ({"goal": None}, "-"),
        ({"goal": None, "measured": None}, "-"),
    ],
)
def test_a_goal_is_met_missed_or_not_set(changes, verdict):
    """What could not be measured is missed; rounding never helps."""
    assert figure(**changes).verdict == verdict


def test_a_missed_goal_is_printed_as_missed_though_its_digits_look_met():
    """5.0001 ms reads as 5.00 beside a goal of 5.00, and is missed all the same."""
    bench = Bench(bench="link", figures=(figure(measured=5.0001),))
    row = as_text(bench).splitlines()[2]
    assert row.split() == ["way", "(ms)", "<=", "5.00", "5.00", "missed"]


def test_the_ratio_is_ours_over_the_peers():
    """Without a peer, or with one that measured nothing, there is no ratio."""
    assert figure(raw=2.0).ratio == 2.0
    assert figure(raw=None).ratio is None
    assert figure(raw=0.0).ratio is None
    assert figure(raw=2.0, measured=None).ratio is None


def test_columns_that_hold_nothing_are_left_out():
    """A bench without a peer has no column for one; one with a peer has both."""
    alone = as_text(Bench(bench="node", figures=(figure(),)))
    beside = as_text(Bench(bench="link", figures=(figure(raw=2.0), figure())))
    assert alone.splitlines()[1].split() == ["figure", "goal", "measured", "verdict"]
    assert beside.splitlines()[1].split() == [
        *("figure", "goal", "measured", "raw", "ratio", "verdict")
    ]


def test_a_percentile_is_a_value_that_was_measured():
    """The smallest that a share of all does not exceed; never one between two."""
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 0.50) == 50.0
    assert percentile(values, 0.99) == 99.0
    assert percentile(values, 1.0) == 100.0
    assert percentile([3.0], 0.99) == 3.0
    with pytest.raises(BadInput):
        percentile([], 0.5)


def test_a_median_passes_over_what_was_not_measured():
    """Nothing measured at all has no median."""
    assert median_of([3.0, None, 1.0, 2.0]) == 2.0
    assert median_of([None]) is None


def test_json_carries_verdict_and_ratio():
    """A program that reads it need not judge again."""
    value = as_json(Bench(bench="link", figures=(figure(raw=2.0),)))
    assert value["bench"] == "link"
    (row,) = value["figures"]
    assert (row["verdict"], row["ratio"], row["goal"]) == ("met", 2.0, 5.0)


def test_a_band_is_printed_with_both_its_ends():
    """A share may be too high as well as too low, and the reader sees both bounds."""
    banded = figure(at_least=True, goal=93.0, upto=97.0, measured=98.0, unit="%")
    row = as_text(Bench(bench="areas", figures=(banded,))).splitlines()[2]
    assert row.split() == ["way", "(%)", "93.0", "to", "97.0", "98.0", "missed"]


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        (0, 100, 0.0, 3.622),
        (100, 100, 96.378, 100.0),
        (95, 100, 88.717, 98.357),
        (0, 3_688, 0.0, 0.1),
    ],
)
def test_a_share_carries_the_interval_of_clopper_and_pearson(count, total, low, high):
    """Published values of the exact interval; the rule of three's place with them."""
    row = share("holds", [True] * count + [False] * (total - count))
    assert row.measured == pytest.approx(100.0 * count / total)
    assert row.interval == pytest.approx((low, high), abs=2e-3)


def test_a_share_of_no_runs_is_not_measured():
    """And so never met."""
    row = share("holds", [], goal=93.0)
    assert (row.measured, row.interval, row.verdict) == (None, None, "missed")


def test_an_interval_stands_beside_its_share():
    """In the table and in the JSON; a bench without shares has no such column."""
    bench = Bench(bench="estimation", figures=(share("holds", [True] * 100),))
    assert "96.4 to 100" in as_text(bench)
    assert as_json(bench)["figures"][0]["interval"] == bench.figures[0].interval
    assert "interval" not in as_text(Bench(bench="link", figures=(figure(),)))
