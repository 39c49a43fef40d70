"""No area while it pushes: burn-out is found late rather than early, but soon."""

from dataclasses import replace

import numpy as np
import pytest

from beaconfire.estimation.flight import estimate_flight
from beaconfire.vocabulary.flight import Observations

from .flying import (
    EARLY_TURN,
    EAST,
    FAR,
    LIFT_OFF,
    NEAR,
    SOUTH,
    STEEP,
    TAILED,
    WOBBLING,
    fly,
    seen_by,
)

MOTORS = {
    "steep": STEEP,
    "far": FAR,
    "thrust that dies away": TAILED,
    "thrust that swings": WOBBLING,
    "an early turn": EARLY_TURN,
}
THREE = (NEAR, SOUTH, EAST)


def delay_s(motor, radars, seed, from_s=50.0):
    """Seconds from burn-out to the first area, negative if it came early."""
    flight = fly(motor)
    rng = np.random.default_rng([21, seed])
    plots = seen_by(radars, flight, from_s, flight.burn_end_s + 40.0, rng)
    when = np.array([plot.time.seconds_since(LIFT_OFF) for plot in plots])
    for t in np.arange(from_s + 6.0, flight.burn_end_s + 40.0):
        known = tuple(plots[i] for i in np.flatnonzero(when <= t))
        estimate = estimate_flight(Observations(plots=known))
        if estimate.impact is not None or estimate.phase == "ballistic":
            return t - flight.burn_end_s
    return np.inf


@pytest.mark.parametrize("name", MOTORS)
def test_burnout_is_never_declared_early_by_one_radar(name):
    """Asked every second of the climb; found within 15 s of the end, in the median."""
    delays = [delay_s(MOTORS[name], (NEAR,), seed) for seed in range(10)]
    assert min(delays) >= 0.0
    assert np.median(delays) <= 15.0


@pytest.mark.parametrize("name", ["steep", "far", "thrust that swings"])
def test_more_radars_find_burnout_sooner(name):
    """Three radars, still never early, within 8 s."""
    delays = [delay_s(MOTORS[name], THREE, seed) for seed in range(4)]
    assert min(delays) >= 0.0
    assert np.median(delays) <= 8.0


def test_a_flight_first_seen_after_burnout_is_found_too():
    """No thrust was ever seen; the arc still shows itself, within half a minute."""
    flight = fly(STEEP)
    for seed in range(4):
        rng = np.random.default_rng([22, seed])
        plots = seen_by((NEAR,), flight, 150.0, 180.0, rng)
        early = estimate_flight(Observations(plots=plots[:8]))
        assert early.impact is None
        assert estimate_flight(Observations(plots=plots)).phase == "ballistic"


def test_thrust_that_comes_back_takes_the_area_away():
    """A stage that lights again is no coasting arc: boost, and no area."""
    flight = fly(replace(STEEP, pulse=(160.0, 175.0, 30.0)))
    for seed in range(4):
        rng = np.random.default_rng([23, seed])
        plots = seen_by(THREE, flight, 50.0, 174.0, rng)
        when = np.array([plot.time.seconds_since(LIFT_OFF) for plot in plots])
        before = tuple(plots[i] for i in np.flatnonzero(when < 159.0))
        assert estimate_flight(Observations(plots=before)).phase == "ballistic"
        again = estimate_flight(Observations(plots=plots))
        assert again.impact is None
        assert again.phase != "ballistic"


def test_the_climb_is_called_boost_and_has_a_track():
    """While it pushes the present state is said, without an area."""
    flight = fly(STEEP)
    plots = seen_by((NEAR,), flight, 50.0, 110.0, np.random.default_rng(24))
    estimate = estimate_flight(Observations(plots=plots))
    assert estimate.phase == "boost"
    assert estimate.impact is None
    assert estimate.impact_reason
    assert estimate.tracklet is None
    last = plots[-1].time.seconds_since(LIFT_OFF)
    off = np.array(estimate.track.position_ecef_m) - flight.state(last)[:3]
    assert np.linalg.norm(off) < 1_500.0
