"""Places are where two independent libraries say they are."""

import numpy as np
import pymap3d
import pytest
from geographiclib.geodesic import Geodesic

from beaconfire.estimation.geodesy import (
    ecef_from_geodetic,
    enu_axes,
    geodetic_from_ecef,
    geodetic_rows,
    ground_range_m,
    offset_place,
)

RNG = np.random.default_rng(4)
PLACES = np.column_stack(
    [
        RNG.uniform(-90.0, 90.0, 400),
        RNG.uniform(-180.0, 180.0, 400),
        RNG.uniform(-5e3, 8e6, 400),
    ]
)


def test_ecef_agrees_with_pymap3d():
    """Geodetic to Earth-fixed, to a tenth of a micrometre."""
    for lat, lon, height in PLACES:
        ours = ecef_from_geodetic(lat, lon, height)
        theirs = pymap3d.geodetic2ecef(lat, lon, height)
        assert ours == pytest.approx(np.array(theirs), abs=1e-7)


def test_the_way_back_closes_to_a_micrometre():
    """Bowring's form is exact enough from the sea floor to 8,000 km."""
    for lat, lon, height in PLACES:
        back = geodetic_from_ecef(ecef_from_geodetic(lat, lon, height))
        assert back[2] == pytest.approx(height, abs=2e-6)
        again = ecef_from_geodetic(*back)
        assert again == pytest.approx(ecef_from_geodetic(lat, lon, height), abs=5e-6)


def test_the_poles_and_the_date_line_are_ordinary_places():
    """Singular coordinates must not make singular numbers."""
    for place in ((90.0, 0.0, 100.0), (-90.0, 0.0, 0.0), (0.0, 180.0, 0.0)):
        rows = geodetic_rows(ecef_from_geodetic(*place).reshape(1, 3))
        assert rows[0, 0] == pytest.approx(place[0], abs=1e-9)
        assert rows[0, 2] == pytest.approx(place[2], abs=1e-6)


def test_east_north_up_agree_with_pymap3d():
    """The local axes turn the same way as everybody's."""
    for lat, lon, _ in PLACES[:50]:
        axes = enu_axes(lat, lon)
        for row, unit in enumerate(np.eye(3)):
            theirs = np.array(pymap3d.enu2uvw(*unit, lat, lon))
            assert axes[row] == pytest.approx(theirs, abs=1e-12)


def test_ground_range_and_offset_are_the_geodesics():
    """Ranges are geodesics of WGS 84 and offsets walk along them."""
    line = Geodesic.WGS84.Inverse(40.6, 126.4, 30.4, 175.7)
    assert ground_range_m(40.6, 126.4, 30.4, 175.7) == pytest.approx(line["s12"])
    lat, lon = offset_place(40.0, 179.99, 5_000.0, -2_000.0)
    east, north, _ = pymap3d.geodetic2enu(lat, lon, 0.0, 40.0, 179.99, 0.0)
    assert (east, north) == pytest.approx((5_000.0, -2_000.0), abs=2.0)
