"""A thousand impacts are each what the one impact would be."""

import numpy as np
import pymap3d
import pytest

from beaconfire.estimation.batch_impact import predict_impacts
from beaconfire.estimation.impact import predict_impact

from .flying import FAR, LIFT_OFF, STEEP, fall, fly

SPREAD = np.diag([90.0**2] * 3 + [1.0**2] * 3 + [0.5**2])


def apart_m(one, other):
    """Length between two places, by pymap3d."""
    east, north, _ = pymap3d.geodetic2enu(*one, 0.0, *other, 0.0)
    return float(np.hypot(east, north))


@pytest.mark.parametrize("motor", [STEEP, FAR], ids=["steep", "far"])
def test_place_and_time_are_those_of_dop853_when_the_drag_is_known(motor):
    """Within two metres and a hundredth of a second, steps twice as long and all."""
    flight = fly(motor)
    begin_s = flight.burn_end_s + 5.0
    state = np.append(flight.state(begin_s), 0.0)
    known = SPREAD.copy()
    known[6, 6] = 1e-12
    found = predict_impacts(state[None], known[None])
    down = fall(state[:6], 0.0, rtol=1e-12)
    truth = pymap3d.ecef2geodetic(*down.y[:3, -1])
    assert found.landed[0]
    assert found.seconds[0] == pytest.approx(down.t[-1], abs=0.01)
    assert apart_m(found.places[0], truth[:2]) < 2.0


@pytest.mark.parametrize("motor", [STEEP, FAR], ids=["steep", "far"])
def test_mean_and_spread_are_those_of_the_published_area(motor):
    """Place within metres, axes within 5 %, the time's sigma within 15 %."""
    flight = fly(motor)
    state = np.append(flight.state(flight.burn_end_s + 5.0), 0.0)
    area = predict_impact(LIFT_OFF, state, SPREAD).area
    found = predict_impacts(state[None], SPREAD[None])
    assert apart_m(found.places[0], (area.lat_deg, area.lon_deg)) < 100.0
    assert area.time.seconds_since(LIFT_OFF) == pytest.approx(found.seconds[0], abs=0.2)
    published, ours = np.array(area.covariance_en_t), found.covariances[0]
    for at in (0, 1):
        ratio = np.linalg.eigvalsh(ours[:2, :2])[at]
        assert ratio / np.linalg.eigvalsh(published[:2, :2])[at] == pytest.approx(
            1.0, abs=0.1
        )
    assert np.sqrt(ours[2, 2] / published[2, 2]) == pytest.approx(1.0, abs=0.15)


def test_what_does_not_come_down_is_said_so_and_harms_no_other():
    """A body in orbit has no impact; its neighbour's is unchanged."""
    flight = fly(STEEP)
    state = np.append(flight.state(flight.burn_end_s + 5.0), 0.0)
    orbit = np.array([7.0e6, 0.0, 0.0, 0.0, 7_600.0, 500.0, 0.0])
    both = predict_impacts(np.array([orbit, state]), np.array([SPREAD, SPREAD]))
    alone = predict_impacts(state[None], SPREAD[None])
    assert both.landed.tolist() == [False, True]
    assert (both.places[1] == alone.places[0]).all()
    assert (both.covariances[1] == alone.covariances[0]).all()
