"""The sharing bench: nothing but the lines differs, and no seed is left out."""

import pytest

from beaconfire.exercise.bench import sharing
from beaconfire.exercise.bench.bound import Bound
from beaconfire.exercise.bench.layout import Row
from beaconfire.exercise.bench.sharing import Case, Outcome
from beaconfire.exercise.scenario import load_scenario

SCENARIO = "2022-10-04"
BOUND = Bound(
    area95_km2=10.0, semi_major_km=2.0, semi_minor_km=1.6,
    impact_rmse_m=1_000.0, position_rmse_m=100.0,
)  # fmt: skip
ROWS = tuple(
    Row(
        own_sensor_ids=("a", "b", "c")[:count],
        alone=BOUND,
        shared=BOUND,
        alone_first_s=90.0,
        shared_first_s=90.0,
    )
    for count in (1, 2, 3)
)


def outcome(seed, gain_s, ratio, *, radars=3, holds=True):
    """What one seed gave."""
    case = Case(scenario=SCENARIO, seed=seed, own="JPN", radars=radars)
    return Outcome(
        case=case, gain_s=gain_s, ratio=ratio, holds=holds, holds_alone=False
    )


def figures(*outcomes):
    """Return the figures by name."""
    bench = sharing.report(outcomes, ROWS, own="JPN", partner="KOR")
    return {figure.name: figure for figure in bench.figures}


def test_the_goal_is_for_every_seed():
    """The least gain and the greatest area are judged, not their medians."""
    rows = figures(outcome(1, 60.0, 0.2), outcome(2, 29.0, 0.2), outcome(3, 60.0, 0.4))
    least = rows["JPN's first notice earlier, least"]
    assert (least.measured, least.verdict) == (29.0, "missed")
    assert rows["JPN's first notice earlier, median"].measured == 60.0
    greatest = rows["area at burn-out + 60 s over alone, greatest"]
    assert (greatest.measured, greatest.verdict) == (0.4, "missed")
    share = rows["the same, seeds within the goal"]
    assert share.measured == pytest.approx(200 / 3)
    assert share.verdict == "missed"


def test_a_seed_without_an_estimate_is_a_miss_and_not_a_gap():
    """Leaving it out would make the figures better the worse the estimator is."""
    rows = figures(outcome(1, 60.0, 0.2), outcome(2, None, None, holds=None))
    for name in (
        "JPN's first notice earlier, least",
        "area at burn-out + 60 s over alone, greatest",
    ):
        assert (rows[name].measured, rows[name].verdict) == (None, "missed")
    assert rows["the same, seeds within the goal"].measured == 50.0
    assert rows["that area holds the true impact, with sharing"].measured == 50.0


def test_fewer_radars_stand_in_the_sweep_alone():
    """The figures are those of the scenario as it is shipped."""
    seeds = outcome(1, 60.0, 0.2), outcome(1, 70.0, 0.9, radars=1)
    assert figures(*seeds)["the same, median"].measured == 0.2
    text = sharing.report(seeds, ROWS, own="JPN", partner="KOR").text
    one = next(line for line in text.splitlines() if line.split()[0] == "1")
    assert one.split() == ["1", "1", "70.0", "0.900", "0.900", "1.000"]


def test_a_nation_loses_its_last_radars_and_no_other_sensor():
    """The sweep changes the nation's own radars, and nothing of its partners."""
    scenario = load_scenario(SCENARIO)
    assert sharing.radar_count(scenario, "JPN") == 3
    fewer = sharing.with_radars(scenario, "JPN", 1)
    gone = {sensor.id for sensor in scenario.sensor} - {s.id for s in fewer.sensor}
    assert gone == {"jpn-radar-2", "jpn-radar-3"}
    assert sharing.with_radars(scenario, "JPN", 3) == scenario


def test_a_seed_is_played_with_sharing_and_without():
    """One real case on one process: an earlier notice, and an area to compare."""
    case = Case(scenario=SCENARIO, seed=5, own="JPN", radars=1)
    out = sharing.play(case)
    assert out.case == case
    assert out.gain_s is not None
    assert out.gain_s > 0.0
    assert out.ratio is not None
    assert 0.0 < out.ratio < 1.0
    assert out.holds is not None
