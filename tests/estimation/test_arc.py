"""The whole-arc fit is as good as the plots allow, and says how good that is."""

import msgspec
import numpy as np
import pytest

from beaconfire.estimation.arc import GATE, fit_arc
from beaconfire.estimation.dynamics import DRAG_SIGMA
from beaconfire.estimation.measurement import tabulate

from .flying import (
    EAST,
    LIFT_OFF,
    NEAR,
    SOUTH,
    STEEP,
    UNBIASED,
    drawn_bias,
    drawn_flights,
    fly,
)

RADARS = (NEAR, SOUTH, EAST)
RUNS = 60


def fitted(radars, flight, seconds, rng, *, biased):
    """Fit the plots from burn-out + 5 s on; return the fit and the true state."""
    start = flight.burn_end_s + 5.0
    plots = []
    for radar in radars:
        bias = drawn_bias(rng) if biased else (0.0, 0.0, 0.0)
        plots += radar.plots(
            flight, start, start + seconds, rng, bias=bias,
            stated=None if biased else UNBIASED,
        )  # fmt: skip
    table = tabulate(plots, range(len(plots)))
    true = flight.state(table.epoch.seconds_since(LIFT_OFF))
    # Off by kilometres and tens of m/s: the start need not be good.
    guess = np.append(true + np.array([2e3, -1e3, 1e3, 30.0, -20.0, 10.0]), 0.0)
    return fit_arc(table, guess, table.epoch), true, table


def errors(radars, seconds, *, biased, runs=RUNS):
    """Normalised squared errors (6) and errors of position, with their sigma."""
    flights = drawn_flights(STEEP)
    squares, off, claimed = [], [], []
    for seed in range(runs):
        rng = np.random.default_rng([11, seed])
        flight = flights[seed % len(flights)]
        fit, true, _ = fitted(radars, flight, seconds, rng, biased=biased)
        assert fit.converged
        error = fit.state[:6] - true
        squares.append(error @ np.linalg.solve(fit.covariance[:6, :6], error))
        off.append(error[:3] @ error[:3])
        claimed.append(np.trace(fit.covariance[:3, :3]))
    return np.array(squares), np.sqrt(np.mean(off) / np.mean(claimed))


@pytest.mark.parametrize("seconds", [60.0, 120.0, 300.0])
def test_one_radar_reaches_the_information_bound(seconds):
    """RMSE over CRLB is one within chance, and NEES is six, at every age of the arc.

    Without process noise and without bias the inverse information *is* the bound. The
    limits are three standard errors of 60 runs.
    """
    squares, ratio = errors((NEAR,), seconds, biased=False)
    assert 0.78 < ratio < 1.22
    assert 6.0 - 3.0 * np.sqrt(12.0 / RUNS) < squares.mean()
    assert squares.mean() < 6.0 + 3.0 * np.sqrt(12.0 / RUNS)


def test_three_biased_radars_are_consistent():
    """With bias drawn from its prior and estimated, the covariance tells the truth."""
    squares, ratio = errors(RADARS, 120.0, biased=True)
    assert 0.75 < ratio < 1.25
    assert abs(squares.mean() - 6.0) < 3.0 * np.sqrt(12.0 / RUNS)


def test_biases_are_found_where_sensors_overlap():
    """Three radars on one arc see each other's survey errors: the sigmas shrink."""
    fit, _, table = fitted(
        RADARS, fly(STEEP), 300.0, np.random.default_rng(5), biased=True
    )
    sigma = np.sqrt(np.diag(fit.covariance)[7:]).reshape(-1, 3)
    assert len(table.bias_priors) == 3
    assert np.all(sigma[:, 1:] < 0.27e-3)


def test_a_bias_that_is_ignored_ruins_the_claim():
    """Why biases are states: told that the survey is perfect, the fit is overconfident.

    This is the failure that the states prevent; if it vanished the test of consistency
    above would prove nothing.
    """
    flight, squares = fly(STEEP), []
    for seed in range(20):
        rng = np.random.default_rng([12, seed])
        plots = []
        for radar in RADARS:
            plots += radar.plots(
                flight, 125.0, 425.0, rng, bias=drawn_bias(rng), stated=UNBIASED
            )
        table = tabulate(plots, range(len(plots)))
        true = flight.state(table.epoch.seconds_since(LIFT_OFF))
        fit = fit_arc(table, np.append(true, 0.0), table.epoch)
        error = fit.state[:6] - true
        squares.append(error @ np.linalg.solve(fit.covariance[:6, :6], error))
    assert np.mean(squares) > 12.0


def test_a_plot_off_the_arc_is_left_out():
    """A hundred sigma wrong, in the middle: gone from the fit, the rest unharmed."""
    flight, rng = fly(STEEP), np.random.default_rng(6)
    plots = NEAR.plots(flight, 125.0, 245.0, rng)
    true = np.append(flight.state(245.0), 0.0)
    clean = tabulate(plots, range(len(plots)))
    alone = fit_arc(clean, true, clean.epoch)
    plots[60] = msgspec.structs.replace(plots[60], range_m=plots[60].range_m + 3e3)
    table = tabulate(plots, range(len(plots)))
    fit = fit_arc(table, true, table.epoch)
    assert list(np.flatnonzero(~fit.used)) == [60]
    assert fit.distances[60] > GATE
    sigma = np.sqrt(np.diag(alone.covariance)[:6])
    assert np.all(np.abs(fit.state[:6] - alone.state[:6]) < 0.5 * sigma)


def test_the_information_holds_no_prior():
    """What is shared is the plots' own: adding the priors gives the covariance back."""
    fit, _, _ = fitted((NEAR,), fly(STEEP), 60.0, np.random.default_rng(7), biased=True)
    full = fit.information.copy()
    full[6, 6] += DRAG_SIGMA**-2
    full[7:, 7:] += np.diag([20.0**-2, 0.3e-3**-2, 0.3e-3**-2])
    assert np.linalg.inv(full)[:6, :6] == pytest.approx(
        fit.covariance[:6, :6], rel=1e-3
    )
    # Drag is not seen at these heights, and nothing pretends that it was.
    assert fit.information[6, 6] < 1e-3
