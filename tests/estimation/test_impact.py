"""The area holds the impact as often as it says, and so does the time window."""

from functools import cache

import numpy as np
import pytest
from scipy.stats import binom

from beaconfire.estimation.dynamics import DRAG_SIGMA
from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.impact import (
    SEMI_MAJOR_MAX_M,
    ellipse_of,
    predict_impact,
)
from beaconfire.vocabulary.flight import Observations

from .flying import (
    EAST,
    FAR,
    LIFT_OFF,
    NEAR,
    SOUTH,
    STEEP,
    drawn_flights,
    fall,
    fly,
    held_against,
    seen_by,
)

THREE = (NEAR, SOUTH, EAST)
RUNS = 64


@cache
def verdicts(motor, radars, after_s):
    """Verdicts over runs with bias and drag drawn from their priors."""
    flights = drawn_flights(motor)
    found = []
    for seed in range(RUNS):
        flight = flights[seed % len(flights)]
        rng = np.random.default_rng([31, seed])
        until = flight.burn_end_s + after_s
        plots = seen_by(radars, flight, 50.0, until, rng)
        estimate = estimate_flight(Observations(plots=plots))
        found.append(held_against(estimate, flight))
    return found


CASES = [
    (STEEP, (NEAR,), 30.0, 9_000.0),
    (STEEP, (NEAR,), 120.0, 2_000.0),
    (STEEP, THREE, 60.0, 1_200.0),
    (FAR, (NEAR,), 60.0, 4_500.0),
    (FAR, THREE, 30.0, 8_000.0),
    (FAR, THREE, 300.0, 400.0),
]


@pytest.mark.parametrize(("motor", "radars", "after_s", "miss_m_max"), CASES)
def test_area_and_window_hold_the_truth_as_often_as_they_say(
    motor, radars, after_s, miss_m_max
):
    """95 % within binomial limits (one in a thousand), bias and drag drawn.

    The median miss is bounded too: an area can be honest and useless.
    """
    found = verdicts(motor, radars, after_s)
    low = binom.ppf(1e-3, RUNS, 0.95)
    assert sum(one.inside for one in found) >= low
    assert sum(one.in_time for one in found) >= low
    assert np.median([one.miss_m for one in found]) < miss_m_max


def test_areas_are_not_padded():
    """Over all cases together some truths fall outside, as one in twenty should."""
    found = [one for case in CASES for one in verdicts(*case[:3])]
    assert sum(one.inside for one in found) <= binom.ppf(0.999, len(found), 0.95)


def test_the_mean_of_a_known_state_is_where_dop853_lands():
    """With nothing uncertain the area shrinks onto the integrated impact."""
    state = np.append(fly(FAR).state(200.0), 0.0)
    tiny = np.diag([1e-6] * 3 + [1e-12] * 3 + [1e-12])
    impact = predict_impact(LIFT_OFF, state, tiny)
    exact = fall(state[:6], 0.0, rtol=1e-12)
    assert impact.area.time.seconds_since(LIFT_OFF) == pytest.approx(
        exact.t[-1], abs=1e-3
    )
    assert impact.area.ellipse95.semi_major_m < 1.0
    assert impact.seconds == pytest.approx(exact.t[-1], abs=1e-3)


def test_the_time_window_follows_the_drags_skew():
    """More drag delays without limit, less drag hastens only so far."""
    state = np.append(fly(FAR).state(200.0), 0.0)
    known = np.diag([1e-2] * 3 + [1e-8] * 3 + [DRAG_SIGMA**2])
    area = predict_impact(LIFT_OFF, state, known).area
    early = area.time.seconds_since(area.time_window95[0])
    late = area.time_window95[1].seconds_since(area.time)
    assert late > 1.3 * early > 0.0


def test_an_orbit_has_no_impact_and_says_so():
    """A body whose perigee clears the air is not about to fall on anybody."""
    state = np.append(fly(STEEP).state(300.0), 0.0)
    up = state[:3] / np.linalg.norm(state[:3])
    flat = np.cross([0.0, 0.0, 1.0], up)
    state[3:6] = 7_600.0 * flat / np.linalg.norm(flat)
    impact = predict_impact(LIFT_OFF, state, np.eye(7))
    assert impact.area is None
    assert impact.orbital
    assert "orbit" in impact.reason


def test_a_hopeless_covariance_gives_a_reason_instead_of_an_area():
    """Beyond the limit an ellipse names no coast; nothing is published."""
    state = np.append(fly(STEEP).state(125.0), 0.0)
    vague = np.diag([1e6] * 3 + [300.0**2] * 3 + [0.25])
    impact = predict_impact(LIFT_OFF, state, vague)
    assert impact.area is None
    assert f"{SEMI_MAJOR_MAX_M / 1e3:.0f} km" in impact.reason


def test_the_ellipses_azimuth_is_that_of_its_major_axis():
    """Clockwise from north, 0 to under 180, from covariance in east and north."""
    for azimuth in (0.0, 30.0, 90.0, 150.0, 179.9):
        along = np.array([np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))])
        ellipse = ellipse_of(np.eye(2) * 4.0 + 60.0 * np.outer(along, along))
        assert (ellipse.azimuth_deg - azimuth) % 180.0 == pytest.approx(
            0.0, abs=1e-6
        ) or (ellipse.azimuth_deg - azimuth) % 180.0 == pytest.approx(180.0, abs=1e-6)
        assert 0.0 <= ellipse.azimuth_deg < 180.0
        assert ellipse.semi_major_m == pytest.approx(8.0 * np.sqrt(5.991464547))
