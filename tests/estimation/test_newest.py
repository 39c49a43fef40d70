"""The newest plots are held against the older ones, with offsets as what they are."""

import itertools

import numpy as np
import pytest

from beaconfire.estimation.flight import estimate_flight
from beaconfire.vocabulary.flight import Observations

from .flying import EAST, LIFT_OFF, NEAR, SOUTH, STEEP, drawn_flights

STATED = np.array([20.0, 0.3, 0.3])  # m, mrad, mrad: the default prior
SIGMAS = 2.5
BEFORE_IMPACT_S = (184.0, 136.0, 88.0, 64.0, 52.0, 40.0, 28.0)


def off_by(radars, flight, signs, rng):
    """Plots of a whole fall by radars that are off in every quantity, each its way."""
    return tuple(
        plot
        for turn, radar in enumerate(radars)
        for plot in radar.plots(
            flight,
            70.0,
            flight.impact_s,
            rng,
            bias=SIGMAS * STATED * np.roll(signs, turn),
        )
    )


@pytest.mark.parametrize("radars", [(NEAR,), (NEAR, SOUTH, EAST)], ids=["one", "three"])
@pytest.mark.parametrize("signs", list(itertools.product((-1.0, 1.0), repeat=3))[1::2])
def test_what_a_survey_allows_is_no_departure_near_the_ground(radars, signs):
    """Offsets do not average out, and turn with the geometry as it comes down.

    Counted as noise, every eighth look of these said thrust, lift or break-up.
    """
    flight = drawn_flights(STEEP, 4)[3]
    plots = off_by(radars, flight, signs, np.random.default_rng(3))
    for before_s in BEFORE_IMPACT_S:
        until = LIFT_OFF.plus_s(flight.impact_s - before_s)
        held = tuple(plot for plot in plots if plot.time <= until)
        estimate = estimate_flight(Observations(plots=held))
        assert estimate.model_holds, estimate.reason
