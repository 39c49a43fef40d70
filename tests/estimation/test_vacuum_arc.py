"""The vacuum arc against an integrator, a closed form and published sums."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from beaconfire.estimation.boundary import Ends

GM_M3PS2 = 3.986004418e14
TURN_RADPS = 7.292115e-5
SITE_DEG = (39.2, 125.7)


def thrown(ends: Ends, seconds: float) -> tuple[np.ndarray, float]:
    """Throw along the arc in the axes of its start; where it is, how high it was.

    How high is said of the point that is farthest from the centre, as the arc says it;
    over the flattened Earth a flat arc may be a little higher beside it.

    A point mass alone, by DOP853 at 1e-10. Heights over the ellipsoid by a form of
    their own (one correction of the sphere), good to some metres up there.
    """
    start = place(*ends.from_deg)
    ground = TURN_RADPS * np.array([-start[1], start[0], 0.0])
    state = np.concatenate([start, ends.arc.velocity_ecef_mps + ground])

    def fall(_t, y):
        pull = -GM_M3PS2 / np.linalg.norm(y[:3]) ** 3
        return np.concatenate([y[3:], pull * y[:3]])

    way = solve_ivp(
        fall, (0.0, seconds), state, method="DOP853", rtol=1e-10, atol=1e-6,
        t_eval=np.linspace(0.0, seconds, 1_001),
    ).y[:3]  # fmt: skip
    radius = np.linalg.norm(way, axis=0)
    top = int(np.argmax(radius))
    return way[:, -1], float(radius[top] - ellipsoid_m(way[2, top] / radius[top]))


def ellipsoid_m(sin_geocentric):
    """Return the radius of WGS 84 under a direction."""
    a, b = 6_378_137.0, 6_356_752.314245
    return a * b / np.sqrt((b * b - a * a) * (1.0 - sin_geocentric**2) + a * a)


def place(lat_deg: float, lon_deg: float) -> np.ndarray:
    """Return the Earth-fixed place on WGS 84."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    n = 6_378_137.0 / math.sqrt(1.0 - 6.69437999014e-3 * math.sin(lat) ** 2)
    level = n * math.cos(lat)
    return np.array([level * math.cos(lon), level * math.sin(lon),
                     n * (1.0 - 6.69437999014e-3) * math.sin(lat)])  # fmt: skip


@given(
    apogee_km=st.floats(50.0, 9_000.0),
    range_km=st.floats(50.0, 9_000.0),
    azimuth_deg=st.floats(0.0, 360.0),
    lat_deg=st.floats(-70.0, 70.0),
)
@settings(max_examples=12)
def test_the_arc_rises_as_high_and_falls_where_it_should(
    apogee_km, range_km, azimuth_deg, lat_deg
):
    """Whatever the ends: an integrator that knows nothing of ellipses agrees.

    To the step in which the integrator is read: 9 km over ground that falls by 3 m/km.
    """
    ends = Ends.along((lat_deg, 20.0), azimuth_deg, 1e3 * range_km, 1e3 * apogee_km)
    seconds = ends.arc.seconds
    at, highest_m = thrown(ends, seconds)
    x, y, z = place(*ends.to_deg)
    cos, sin = math.cos(TURN_RADPS * seconds), math.sin(TURN_RADPS * seconds)
    assert np.linalg.norm(at - (cos * x - sin * y, sin * x + cos * y, z)) < 50.0
    assert highest_m == pytest.approx(1e3 * apogee_km, abs=50.0)


@pytest.mark.parametrize(
    ("apogee_km", "range_km", "floor_s", "within_s"),
    [
        # The drag-free floor of 24 March 2022, eastward, as the reference derived it.
        (6_248.5, 1_090.0, 4_111.0, 3.0),
        # Arcs on a sphere that does not turn: turning is worth 30 to 50 s of an hour.
        (5_768.5, 989.0, 3_782.0, 45.0),
        (7_687.5, 1_001.2, 4_973.0, 55.0),
    ],
)
def test_floors_are_those_that_others_derived(apogee_km, range_km, floor_s, within_s):
    """Published sums, to the seconds by which their Earths differ from ours."""
    ends = Ends.along(SITE_DEG, 72.0, 1e3 * range_km, 1e3 * apogee_km)
    assert ends.arc.seconds == pytest.approx(floor_s, abs=within_s)


def test_a_lofted_arc_lasts_longer_to_the_east_than_to_the_west():
    """A range has a sign: the ground turns away below, by half a minute or more."""
    east, west = (
        Ends.along(SITE_DEG, azimuth_deg, 1_000e3, 6_500e3).arc.seconds
        for azimuth_deg in (90.0, 270.0)
    )
    assert 25.0 < east - west < 60.0
