"""Real motors: thrust is steady while the mass falls, so the push grows to its end."""

import numpy as np
import pytest

from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.measurement import tabulate
from beaconfire.estimation.thrust import cautious, follow_thrust
from beaconfire.vocabulary.flight import Observations

from .flying import (
    LIFT_OFF,
    Motor,
    Radar,
    drawn_flights,
    fly,
    held_against,
    seen_by,
)

# Exhaust at 2,400 to 3,000 m/s: 81, 97 and 120 m/s2 at the end.
REAL = {
    "a third of the mass is left": Motor(27.0, 45.0, 60.0, growth=3.0),
    "a quarter is left": Motor(30.0, 45.0, 75.0, growth=4.0),
    "two fifths are left": Motor(32.0, 45.0, 55.0, growth=2.5),
}
CLOSE = Radar("close", 39.5, 128.5)
AFTER_S = (6.0, 8.0, 10.0, 12.0, 15.0)


@pytest.mark.parametrize("motor", REAL.values(), ids=REAL)
def test_the_filter_keeps_up_with_a_push_that_grows(motor):
    """At burn-out position and velocity are off by little more than it says.

    By chance the mean is 6; a filter that knows of no growth makes it 30 to 86. The
    rest is the nose, which turns by nearly a degree a second.
    """
    flight, squares = fly(motor), []
    for seed in range(20):
        rng = np.random.default_rng([31, seed])
        plots = CLOSE.plots(flight, 30.0, motor.burn_s, rng)
        track = follow_thrust(cautious(tabulate(plots, range(len(plots)))))
        truth = flight.state(plots[-1].time.seconds_since(LIFT_OFF))
        off = track.means[-1, :6] - truth[:6]
        squares.append(off @ np.linalg.solve(track.covariances[-1, :6, :6], off))
    assert np.mean(squares) < 18.0


def test_an_area_soon_after_burnout_holds_though_the_push_grew_fourfold():
    """Of areas 6 to 15 s after burn-out nine in ten and more hold the impact."""
    motor, held = REAL["a quarter is left"], []
    for seed, flight in enumerate(drawn_flights(motor, 24)):
        rng = np.random.default_rng([32, seed])
        plots = seen_by((CLOSE,), flight, 30.0, motor.burn_s + 15.0, rng)
        held += held_soon(flight, plots)
    assert len(held) > 100
    assert np.mean(held) >= 0.9


def held_soon(flight, plots):
    """Whether each area given soon after burn-out holds the impact."""
    when = np.array([plot.time.seconds_since(LIFT_OFF) for plot in plots])
    for after_s in AFTER_S:
        known = np.flatnonzero(when <= flight.burn_end_s + after_s)
        estimate = estimate_flight(Observations(plots=tuple(plots[i] for i in known)))
        if estimate.impact is not None:
            yield held_against(estimate, flight).inside
