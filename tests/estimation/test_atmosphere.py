"""The air is the standard's air."""

import numpy as np
import pytest

from beaconfire.estimation.atmosphere import density

# US Standard Atmosphere 1976 (NASA-TM-X-74335), table I: geometric km, kg/m3.
PUBLISHED = (
    (0.0, 1.2250),
    (1.0, 1.1117),
    (5.0, 7.3643e-1),
    (10.0, 4.1351e-1),
    (11.0, 3.6480e-1),
    (15.0, 1.9476e-1),
    (20.0, 8.8910e-2),
    (25.0, 4.0084e-2),
    (30.0, 1.8410e-2),
    (40.0, 3.9957e-3),
    (50.0, 1.0269e-3),
    (60.0, 3.0968e-4),
    (70.0, 8.2829e-5),
    (80.0, 1.8458e-5),
    (100.0, 5.604e-7),
    (150.0, 2.076e-9),
    (200.0, 2.541e-10),
)


@pytest.mark.parametrize(("height_km", "published"), PUBLISHED)
def test_density_is_what_the_standard_prints(height_km, published):
    """To the last digit printed, from the ground to 200 km."""
    assert density(1e3 * height_km)[0] == pytest.approx(published, rel=1e-4)


def test_density_has_no_step_where_layers_meet():
    """A step would stop an integrator from converging; the standard has none."""
    for height_m in (11_019.0, 20_063.0, 32_162.0, 47_350.0, 51_412.0, 71_802.0, 86e3):
        below, above = density(height_m - 1.0)[0], density(height_m + 1.0)[0]
        assert below == pytest.approx(above, rel=1e-3)


def test_the_slope_is_the_densitys_own():
    """The transition matrix needs d(ln rho)/dh; central differences agree."""
    for height_m in np.arange(500.0, 450e3, 3_777.0):
        slope = density(height_m)[1]
        high, low = density(height_m + 0.5)[0], density(height_m - 0.5)[0]
        assert slope == pytest.approx(np.log(high / low), rel=1e-4, abs=1e-12)


def test_below_the_ground_and_above_the_air_nothing_strange_happens():
    """A trial trajectory may go anywhere; it must meet finite numbers."""
    assert density(-5e3) == (density(0.0)[0], 0.0)
    assert density(600e3) == (0.0, 0.0)
