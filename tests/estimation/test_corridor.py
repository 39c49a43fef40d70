"""While it pushes no area is given, but what it may reach holds where it comes down."""

from dataclasses import replace

import numpy as np
import pymap3d
import pytest
from scipy.spatial import Delaunay

from beaconfire.estimation.flight import estimate_flight
from beaconfire.vocabulary.flight import Observations

from .flying import EAST, FAR, NEAR, SOUTH, STEEP, fall, fly, seen_by

THREE = (NEAR, SOUTH, EAST)


def boosting(flight, to_s, seed, radars=THREE):
    """Return the estimate made of a climb's plots up to a time."""
    plots = seen_by(radars, flight, 50.0, to_s, np.random.default_rng([41, seed]))
    return estimate_flight(Observations(plots=plots))


def hull_holds(corridor, lat, lon):
    """Whether a place lies within the hull of a corridor's outline."""
    outline = [(place.lon_deg % 360.0, place.lat_deg) for place in corridor.outline]
    return bool(Delaunay(np.array(outline)).find_simplex((lon % 360.0, lat)) >= 0)


@pytest.mark.parametrize("motor", [STEEP, FAR], ids=["steep", "far"])
def test_the_corridor_holds_the_true_impact(motor):
    """Asked at three instants of the climb, whatever is still to be burnt."""
    flight, inside = fly(motor), []
    lat, lon, _ = pymap3d.ecef2geodetic(*flight.impact)
    for seed in range(3):
        for before_s in (35.0, 20.0, 5.0):
            estimate = boosting(flight, motor.burn_s - before_s, seed)
            assert estimate.impact is None
            if estimate.corridor is not None:
                inside.append(hull_holds(estimate.corridor, lat, lon))
    assert len(inside) >= 6
    assert all(inside)


def test_the_impact_now_is_where_it_would_fall_if_thrust_ended():
    """Against DOP853 from the true state, within what the filter does not know."""
    flight = fly(FAR)
    estimate = boosting(flight, 140.0, 1)
    now = estimate.corridor.impact_now
    fell = fall(flight.state(140.0), 140.0)
    lat, lon, _ = pymap3d.ecef2geodetic(*fell.y[:3, -1])
    east, north, _ = pymap3d.geodetic2enu(lat, lon, 0.0, now.lat_deg, now.lon_deg, 0.0)
    away = estimate.launch.lat_deg, estimate.launch.lon_deg
    length = pymap3d.geodetic2aer(lat, lon, 0.0, *away, 0.0)[2]
    assert np.hypot(east, north) < 0.15 * length


def test_what_is_under_thrust_has_a_corridor_and_what_coasts_has_none():
    """Two types for two meanings: never both."""
    flight = fly(STEEP)
    assert boosting(flight, 115.0, 2).corridor is not None
    coasting = boosting(flight, 150.0, 2)
    assert coasting.impact is not None
    assert coasting.corridor is None


def test_a_burn_that_ends_in_orbit_has_an_open_end():
    """Where a second more would leave the Earth the outline says that it ends."""
    flight = fly(replace(FAR, force=34.0, burn_s=190.0, growth=4.0))
    corridor = boosting(flight, 160.0, 3).corridor
    assert corridor is not None
    assert corridor.beyond_outline
    assert corridor.thrust_s_max < 300.0
