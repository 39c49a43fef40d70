"""Layout: what the invented sensor sites alone allow, with and without sharing."""

import math

import numpy as np
import pytest

from beaconfire.exercise.bench.layout import Row, sweep, sweep_text
from beaconfire.exercise.radar import look, radar_of
from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.sky import fly_all


@pytest.fixture(scope="module", name="rows")
def _rows() -> tuple[Row, ...]:
    scenario = load_scenario("2022-10-04")
    return sweep(scenario, own="JPN", partner="KOR")


def test_the_layout_allows_a_third_of_the_area_with_any_number_of_radars(
    rows: tuple[Row, ...],
) -> None:
    """Three Japanese radars with Korea's plots: at most a quarter, so a third is fair.

    The bound is what the best estimator could do; the exercise's goal is one third.
    """
    assert [len(row.own_sensor_ids) for row in rows] == [1, 2, 3]
    assert all(row.area_ratio <= 0.25 for row in rows)


def test_more_radars_never_know_less(rows: tuple[Row, ...]) -> None:
    """The bound shrinks with every radar added, alone and with the partner's."""
    alone = [row.alone.area95_km2 for row in rows]
    shared = [row.shared.area95_km2 for row in rows]

    assert alone == sorted(alone, reverse=True)
    assert shared == sorted(shared, reverse=True)
    assert all(s < a for s, a in zip(shared, alone, strict=True))


def test_the_partner_sees_first_by_more_than_half_a_minute(
    rows: tuple[Row, ...],
) -> None:
    """The other half of the gain: time, from the same layout."""
    for row in rows:
        assert row.alone_first_s is not None
        assert row.shared_first_s is not None
        assert row.alone_first_s - row.shared_first_s >= 30.0


def test_the_gain_is_printed_with_the_number_of_radars(rows: tuple[Row, ...]) -> None:
    """A claim of a gain never stands without the layouts it depends on."""
    lines = sweep_text(rows, own="JPN", partner="KOR").splitlines()

    assert len(lines) == 2 + len(rows)
    for row, line in zip(rows, lines[2:], strict=True):
        count, alone, shared, ratio, *_ = line.split()
        assert int(count) == len(row.own_sensor_ids)
        assert float(alone) == pytest.approx(row.alone.area95_km2, abs=0.06)
        assert float(shared) == pytest.approx(row.shared.area95_km2, abs=0.06)
        assert float(ratio) == pytest.approx(row.area_ratio, abs=0.001)


def test_the_bound_is_no_larger_than_range_and_angles_alone_explain() -> None:
    """One radar after 60 s: within a factor of the textbook's two-point estimate.

    Across the line of sight a straight-line fit of n plots over T seconds knows the
    speed to sigma * sqrt(12 / n) / T; carried on to impact that is the major axis, to
    a small factor.
    """
    scenario = load_scenario("2022-10-04")
    (flight,) = fly_all(scenario)
    row = sweep(scenario, own="JPN", partner="KOR")[0]

    radar = radar_of(scenario.sensors_of("JPN")[0])
    middle = flight.state_ecef(np.array([flight.burn_out_s + 30.0]))[:, :3]
    distance_m = float(look(radar.site, middle)[0][0])
    speed_mps = 1e-3 * distance_m * math.sqrt(12.0 / 60.0) / 60.0
    carried_km = 2.4477 * speed_mps * (flight.end_s - flight.burn_out_s) / 1_000.0

    assert 0.5 * carried_km < row.alone.semi_major_km < 4.0 * carried_km
