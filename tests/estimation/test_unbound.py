"""What comes down faster than the Earth holds anything is called no launch."""

import math

import numpy as np
import pymap3d
import pytest
from msgspec.structs import replace as changed

from beaconfire.estimation.flight import estimate_flight
from beaconfire.vocabulary.flight import Observations

from .flying import FAR, LIFT_OFF, NEAR, SOUTH, STEEP, Radar, fly, seen_by

BRAKES_PER_S = 0.05


def meteor(radars, *, speed_mps, slope_deg, rng):
    """Plots, ten a second, of a body that brakes on its way from 110 km to 40."""
    sample = seen_by((NEAR,), fly(STEEP), 100.0, 101.0, rng)[0]
    slope = math.radians(slope_deg)
    plots = []
    for radar in radars:
        for tenth in range(600):
            t = 0.1 * tenth
            flown_m = speed_mps * (1.0 - math.exp(-BRAKES_PER_S * t)) / BRAKES_PER_S
            height_m = 110e3 - flown_m * math.sin(slope)
            if height_m < 40e3:
                break
            north_deg = flown_m * math.cos(slope) / 111e3
            az, el, r = pymap3d.geodetic2aer(
                37.0 + north_deg, 130.5, height_m, radar.lat, radar.lon, 0.0
            )
            noise = rng.standard_normal(3) * radar.sigma
            plots.append(
                changed(
                    sample,
                    time=LIFT_OFF.plus_s(t),
                    sensor=changed(
                        sample.sensor, id=radar.id, lat_deg=radar.lat, lon_deg=radar.lon
                    ),
                    range_m=float(r + noise[0]),
                    azimuth_deg=float(az + 0.0573 * noise[1]) % 360.0,
                    elevation_deg=float(el + 0.0573 * noise[2]),
                )
            )
    return tuple(plots)


@pytest.mark.parametrize("speed_mps", [13e3, 20e3, 40e3])
@pytest.mark.parametrize("slope_deg", [15.0, 45.0])
@pytest.mark.parametrize("radars", [(NEAR,), (NEAR, SOUTH)])
def test_a_meteor_is_no_launch_and_gets_no_area(speed_mps, slope_deg, radars):
    """In the air it brakes, and may pass for a body that was launched and returns."""
    rng = np.random.default_rng(91)
    plots = meteor(radars, speed_mps=speed_mps, slope_deg=slope_deg, rng=rng)
    found = estimate_flight(Observations(plots=plots))
    assert found.phase == "unknown"
    assert found.impact is None
    assert found.reachable is None
    assert "not a launch" in found.reason


@pytest.mark.parametrize("motor", [STEEP, FAR])
def test_no_launch_is_called_a_meteor_on_its_way_down(motor):
    """The fastest that comes back is a third slower."""
    flight = fly(motor)
    rng = np.random.default_rng(92)
    until_s = flight.impact_s - 5.0
    lat, lon, _ = pymap3d.ecef2geodetic(*flight.impact)
    beside = Radar("beside", float(lat) - 2.0, float(lon))
    plots = seen_by((beside,), flight, until_s - 300.0, until_s, rng)
    found = estimate_flight(Observations(plots=plots))
    assert "meteor" not in found.reason
    assert found.impact is not None
