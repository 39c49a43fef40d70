"""The launch point is inside its ellipse for motors that the model does not know."""

import numpy as np
import pymap3d
import pytest
from geographiclib.geodesic import Geodesic

from beaconfire.estimation.flight import estimate_flight
from beaconfire.vocabulary.flight import Observations
from beaconfire.vocabulary.motion import Cue, CuedLaunch
from beaconfire.vocabulary.places import SensorSite

from .flying import (
    EARLY_TURN,
    EAST,
    FAR,
    LIFT_OFF,
    NEAR,
    SOUTH,
    STEADY,
    STEEP,
    fly,
    seen_by,
)

THREE = (NEAR, SOUTH, EAST)
SATELLITE = SensorSite(id="ir", lat_deg=0.0, lon_deg=110.0, alt_m=35_786_000.0)


def cue_of(motor, rng, *, sigma_m=2_000.0, off_km=0.0, azimuth_deg=None):
    """An infrared cue of a motor's launch, ``off_km`` further east than chance."""
    east, north = rng.standard_normal(2) * sigma_m
    lat, lon, _ = pymap3d.enu2geodetic(
        east + 1e3 * off_km, north, 0.0, *motor.site, 0.0
    )
    launch = CuedLaunch(
        lat_deg=float(lat), lon_deg=float(lon), sigma_m=sigma_m,
        time=LIFT_OFF.plus_s(float(2.0 * rng.standard_normal())), sigma_time_s=2.0,
    )  # fmt: skip
    return Cue(
        time=LIFT_OFF.plus_s(30.0), sensor=SATELLITE, launch=launch,
        azimuth_deg=azimuth_deg,
        sigma_azimuth_deg=None if azimuth_deg is None else 5.0,
    )  # fmt: skip


def launch_errors(motor, estimate):
    """Miss in metres and whether the site lies inside the 95 % ellipse."""
    found = estimate.launch
    east, north, _ = pymap3d.geodetic2enu(
        *motor.site, 0.0, found.lat_deg, found.lon_deg, 0.0
    )
    az = np.radians(found.ellipse95.azimuth_deg)
    along, across = (
        east * np.sin(az) + north * np.cos(az),
        east * np.cos(az) - north * np.sin(az),
    )
    square = (along / found.ellipse95.semi_major_m) ** 2
    square += (across / found.ellipse95.semi_minor_m) ** 2
    return float(np.hypot(east, north)), bool(square <= 1.0)


CASES = [
    ("steep, climb seen", STEEP, THREE, 45.0, 160.0, 3_000.0),
    ("steep, one radar", STEEP, (NEAR,), 55.0, 160.0, 4_000.0),
    ("far, climb seen", FAR, THREE, 50.0, 200.0, 8_000.0),
    ("early turn, climb seen", EARLY_TURN, THREE, 45.0, 160.0, 5_000.0),
    ("steady push, climb seen", STEADY, THREE, 45.0, 160.0, 6_000.0),
    ("steep, seen after burn-out", STEEP, (NEAR,), 130.0, 220.0, 25_000.0),
    ("early turn, seen after burn-out", EARLY_TURN, THREE, 130.0, 220.0, 25_000.0),
    ("far, seen after burn-out", FAR, THREE, 160.0, 260.0, 130_000.0),
]


@pytest.mark.parametrize(
    ("motor", "radars", "from_s", "to_s", "miss_m_max"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_site_and_lift_off_lie_where_it_says(motor, radars, from_s, to_s, miss_m_max):
    """Motors of other shapes than the model's, seen climbing or only coasting."""
    flight = fly(motor)
    found, held, half_s = [], [], []
    for seed in range(8):
        rng = np.random.default_rng([41, seed])
        plots = seen_by(radars, flight, from_s, to_s, rng)
        estimate = estimate_flight(Observations(plots=plots))
        found.append(launch_errors(motor, estimate))
        assert abs(estimate.launch.time.seconds_since(LIFT_OFF)) < 40.0
        assert abs(estimate.launch_azimuth_deg - motor.azimuth_deg) < 10.0
        early, late = estimate.launch.time_window95
        assert early < estimate.launch.time < late
        held.append(early <= LIFT_OFF <= late)
        half_s.append(0.5 * late.seconds_since(early))
    assert sum(held) >= 7
    assert np.median(half_s) < 65.0
    assert sum(inside for _, inside in found) >= 7
    assert np.median([miss for miss, _ in found]) < miss_m_max


def test_a_launch_point_comes_before_any_area():
    """Half a minute of climb is enough to say from where, long before where to."""
    flight = fly(STEEP)
    plots = seen_by(THREE, flight, 45.0, 95.0, np.random.default_rng(42))
    estimate = estimate_flight(Observations(plots=plots))
    assert estimate.impact is None
    assert launch_errors(STEEP, estimate)[0] < 5_000.0


def test_a_cue_sharpens_the_launch_point():
    """An arc seen late knows little of its origin; a cue of 2 km knows more."""
    flight, rng = fly(STEEP), np.random.default_rng(43)
    plots = seen_by((NEAR,), flight, 130.0, 220.0, rng)
    alone = estimate_flight(Observations(plots=plots))
    cue = cue_of(STEEP, rng, azimuth_deg=85.0)
    cued = estimate_flight(Observations(plots=plots, cues=(cue,)))
    before, after = alone.launch.ellipse95, cued.launch.ellipse95
    assert after.semi_major_m < 0.5 * before.semi_major_m
    early, late = cued.launch.time_window95
    assert late.seconds_since(early) < 2.0 * 1.96 * 2.0
    assert launch_errors(STEEP, cued)[1]


def test_a_cue_of_another_launch_is_not_believed():
    """A cue 800 km off agrees with no climb to these plots and moves nothing."""
    flight, rng = fly(STEEP), np.random.default_rng(44)
    plots = seen_by(THREE, flight, 45.0, 160.0, rng)
    cue = cue_of(STEEP, rng, off_km=800.0)
    alone = estimate_flight(Observations(plots=plots))
    cued = estimate_flight(Observations(plots=plots, cues=(cue,)))
    assert cued.launch == alone.launch


def test_cues_alone_give_the_launch_and_nothing_else():
    """Two cues are averaged by their sigmas; there is no arc to speak of."""
    rng = np.random.default_rng(45)
    cues = (cue_of(STEEP, rng), cue_of(STEEP, rng, azimuth_deg=80.0))
    estimate = estimate_flight(Observations(cues=cues))
    assert estimate.phase == "unknown"
    assert estimate.impact is None
    assert estimate.launch_azimuth_deg == 80.0
    expected = 2_000.0 / np.sqrt(2.0) * np.sqrt(5.991464547)
    assert estimate.launch.ellipse95.semi_major_m == pytest.approx(expected)
    window_s = [
        one.seconds_since(estimate.launch.time) for one in estimate.launch.time_window95
    ]
    half_s = 1.96 * 2.0 / np.sqrt(2.0)
    assert window_s == pytest.approx([-half_s, half_s], abs=1e-6)
    assert launch_errors(STEEP, estimate)[0] < 8_000.0


def test_range_is_the_geodesic_from_launch_to_impact():
    """Where both ends are known the range is said, and it is the ground's."""
    plots = seen_by(THREE, fly(FAR), 50.0, 250.0, np.random.default_rng(46))
    estimate = estimate_flight(Observations(plots=plots))
    line = Geodesic.WGS84.Inverse(
        estimate.launch.lat_deg, estimate.launch.lon_deg,
        estimate.impact.lat_deg, estimate.impact.lon_deg,
    )  # fmt: skip
    assert estimate.range_km == pytest.approx(line["s12"] * 1e-3)
    assert estimate.range_km == pytest.approx(4_550.0, abs=15.0)
    assert estimate.apogee_km == pytest.approx(985.0, abs=5.0)
