"""What a radar says is compared with where the body is, anywhere in the sky."""

import msgspec
import numpy as np
import pymap3d
import pytest

from beaconfire.estimation.measurement import (
    BIAS_SIGMA_AZIMUTH_MRAD,
    BIAS_SIGMA_RANGE_M,
    merged_priors,
    misfit,
    seen_from,
    tabulate,
)
from beaconfire.vocabulary.motion import BiasPrior, Plot
from beaconfire.vocabulary.places import SensorSite

from .flying import LIFT_OFF

SITE = SensorSite(id="r", lat_deg=38.0, lon_deg=138.0, alt_m=250.0)
SIGMAS = (30.0, 1.0, 1.0)


def plot_of(azimuth_deg, elevation_deg, range_m=5e5, **more):
    """An exact plot."""
    return Plot(
        time=LIFT_OFF, sensor=SITE, range_m=range_m, azimuth_deg=azimuth_deg % 360.0,
        elevation_deg=elevation_deg, sigma_range_m=SIGMAS[0],
        sigma_azimuth_mrad=SIGMAS[1], sigma_elevation_mrad=SIGMAS[2], **more,
    )  # fmt: skip


def place_of(azimuth_deg, elevation_deg, range_m=5e5):
    """Where that plot points to, by pymap3d."""
    site = (SITE.lat_deg, SITE.lon_deg, SITE.alt_m)
    return np.array(pymap3d.aer2ecef(azimuth_deg, elevation_deg, range_m, *site))


def misfit_of(plot, position, bias=(0.0, 0.0, 0.0)):
    """Weighted residual and slope of one plot at a position."""
    residual, slope = np.empty(3), np.empty((3, 3))
    misfit(tabulate([plot], [0]).rows[0], position, np.array(bias), residual, slope)
    return residual, slope


DIRECTIONS = [(10.0, 3.0), (359.999, 20.0), (0.001, 20.0), (180.0, 60.0), (77.0, 89.9)]


@pytest.mark.parametrize(("azimuth", "elevation"), DIRECTIONS)
def test_an_exact_plot_fits_the_place_pymap3d_names(azimuth, elevation):
    """Range, azimuth and elevation mean what the format says."""
    residual, _ = misfit_of(plot_of(azimuth, elevation), place_of(azimuth, elevation))
    assert np.abs(residual).max() < 1e-6
    seen = seen_from(38.0, 138.0, 250.0, place_of(azimuth, elevation))
    assert seen == pytest.approx((5e5, azimuth, elevation), abs=1e-6)


@pytest.mark.parametrize(("azimuth", "elevation"), DIRECTIONS)
def test_a_misfit_is_counted_in_the_sensors_sigmas(azimuth, elevation):
    """One sigma of each error is one in its residual, also across north."""
    milliradian = np.degrees(1e-3)
    residual, _ = misfit_of(
        plot_of(azimuth, elevation, 5e5 + 30.0), place_of(azimuth, elevation)
    )
    assert residual == pytest.approx([1.0, 0.0, 0.0], abs=1e-5)
    residual, _ = misfit_of(
        plot_of(azimuth, elevation + milliradian), place_of(azimuth, elevation)
    )
    assert residual[2] == pytest.approx(1.0, abs=1e-3)
    residual, _ = misfit_of(
        plot_of(azimuth + milliradian, elevation), place_of(azimuth, elevation)
    )
    cosine = np.cos(np.radians(elevation))
    assert residual[1] == pytest.approx(cosine / max(cosine, 0.1), abs=1e-3)


@pytest.mark.parametrize(("azimuth", "elevation"), DIRECTIONS)
def test_the_slope_is_the_derivative_of_the_misfit(azimuth, elevation):
    """Analytic against central differences, also at the zenith and across north."""
    at = place_of(azimuth, elevation) + np.array([300.0, -400.0, 200.0])
    plot = plot_of(azimuth, elevation)
    _, slope = misfit_of(plot, at)
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1.0
        high, low = misfit_of(plot, at + step)[0], misfit_of(plot, at - step)[0]
        assert slope[:, k] == pytest.approx((low - high) / 2.0, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("off_mrad", [-10.0, -1.0, 1.0, 10.0])
@pytest.mark.parametrize("elevation", [3.0, 25.0, 60.0, 80.0])
def test_an_azimuth_is_off_by_as_much_wherever_the_prediction_stands_above_it(
    elevation, off_mrad
):
    """Else every plot's noise pulls the prediction towards the zenith, and a thousand
    plots pull it so hard that an honest survey seems to lie."""
    plot = plot_of(40.0 + np.degrees(1e-3), elevation)
    there, _ = misfit_of(plot, place_of(40.0, elevation))
    beside, _ = misfit_of(plot, place_of(40.0, elevation + np.degrees(off_mrad * 1e-3)))
    assert beside[1] == pytest.approx(there[1], rel=1e-6)


def test_a_bias_shifts_what_is_expected():
    """A plot that is wrong by the bias fits, with the bias given, exactly."""
    bias = (20.0, 3e-4, -2e-4)
    plot = plot_of(40.0 + np.degrees(3e-4), 25.0 - np.degrees(2e-4), 5e5 + 20.0)
    residual, _ = misfit_of(plot, place_of(40.0, 25.0), bias)
    assert np.abs(residual).max() < 1e-3


def test_a_silent_sensor_is_given_the_default_survey():
    """20 m and 0.3 mrad, where a plot says nothing; its own id names the bias."""
    (prior,) = tabulate([plot_of(1.0, 2.0)], [0]).bias_priors
    assert prior.bias_id == "r"
    assert prior.sigma_range_m == BIAS_SIGMA_RANGE_M
    assert prior.sigma_azimuth_mrad == BIAS_SIGMA_AZIMUTH_MRAD


def test_sensors_of_one_survey_share_one_bias():
    """A bias id given by two sensors is one state, estimated once."""
    one = plot_of(1.0, 2.0, bias_id="survey")
    other = msgspec.structs.replace(
        plot_of(3.0, 4.0, bias_id="survey"),
        sensor=msgspec.structs.replace(SITE, id="s"),
    )
    table = tabulate([one, other], [0, 1])
    assert len(table.bias_priors) == 1
    assert list(table.bias_slot) == [0, 0]
    assert table.sensors == ("r", "s")


def test_the_most_cautious_statement_of_a_survey_holds():
    """Whatever order two statements come in, the larger sigma is taken."""

    def prior(sigma):
        return BiasPrior(
            bias_id="b", sigma_range_m=sigma, sigma_azimuth_mrad=0.1,
            sigma_elevation_mrad=1.0 / sigma,
        )  # fmt: skip

    first, slots = merged_priors([[prior(1.0)], [prior(5.0)]])
    second, _ = merged_priors([[prior(5.0)], [prior(1.0)]])
    assert first == second
    assert first[0].sigma_range_m == 5.0
    assert first[0].sigma_elevation_mrad == 1.0
    assert slots == {"b": 0}


def test_a_table_is_in_order_of_time():
    """Plots may come late; the fit wants them sorted and remembers their places."""
    later = msgspec.structs.replace(plot_of(1.0, 2.0), time=LIFT_OFF.plus_s(2.0))
    table = tabulate([later, plot_of(1.0, 2.0)], [0, 1])
    assert list(table.index) == [1, 0]
    assert list(table.times_s) == [-2.0, 0.0]
    assert table.epoch == later.time
