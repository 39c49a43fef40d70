"""Many objects side by side are each followed as one would be."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.stats import chi2

from beaconfire.estimation.arc import fit_arc
from beaconfire.estimation.batch_filter import (
    absorb,
    distance,
    follow_each,
    predict,
    start,
)
from beaconfire.estimation.measurement import PlotTable, misfit
from beaconfire.estimation.propagation import sample_arc
from beaconfire.vocabulary.motion import BiasPrior

from .flying import LIFT_OFF, STEEP, fly, free_fall
from .radar_rows import rows_of

FROM_S = 5.0
FLIGHT = fly(STEEP)
STARTING = 11


def seen(seconds, seed):
    """Times, true states and rows of one radar after burn-out."""
    times_s = FLIGHT.burn_end_s + FROM_S + np.arange(seconds)
    states = np.array([FLIGHT.state(t) for t in times_s])
    rows = rows_of(states[:, :3], np.random.default_rng([5, seed]))
    return times_s, states, rows


def followed(times_s, rows, objects=1):
    """Start and filter ``objects`` copies; return means, covariances, distances."""
    mean, covariance = np.empty(7), np.empty((7, 7))
    start(times_s[:STARTING], rows[:STARTING], mean, covariance)
    means, covariances = (
        np.tile(mean, (objects, 1)),
        np.tile(covariance, (objects, 1, 1)),
    )
    left = len(times_s) - STARTING
    distances = np.empty(objects * left)
    follow_each(
        means,
        covariances,
        np.full(objects, times_s[STARTING - 1]),
        np.tile(times_s[STARTING:], objects),
        np.tile(rows[STARTING:], (objects, 1)),
        np.arange(objects + 1) * left,
        distances,
    )
    return means, covariances, distances


def test_prediction_is_that_of_dop853():
    """A minute through free fall and, later, through the air: within a centimetre."""
    for begin in (FLIGHT.burn_end_s + 5.0, FLIGHT.impact_s - 65.0):
        truth = np.append(FLIGHT.state(begin), 0.0)
        exact = solve_ivp(
            lambda t, y: free_fall(y), (0.0, 60.0), truth[:6], method="DOP853",
            rtol=1e-12, atol=1e-6,
        )  # fmt: skip
        mean, covariance = truth.copy(), np.eye(7)
        predict(mean, covariance, 60.0)
        assert mean[:3] == pytest.approx(exact.y[:3, -1], abs=0.05)
        assert mean[3:6] == pytest.approx(exact.y[3:, -1], abs=0.005)


def test_covariance_moves_as_the_existing_transition_matrix_moves_it():
    """Forwards and backwards, drag state and its correlations included."""
    rng = np.random.default_rng(3)
    root = rng.standard_normal((7, 7)) * np.array([90, 70, 50, 2, 1, 3, 0.4])[:, None]
    before = root @ root.T
    for seconds in (-4.0, 1.0, 37.5):
        mean, covariance = np.append(FLIGHT.state(400.0), 0.2), before.copy()
        _, phi, _ = sample_arc(mean, np.array([seconds]))
        full = np.vstack([phi[0], np.eye(7)[6]])
        predict(mean, covariance, seconds)
        scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
        assert (covariance - full @ before @ full.T) / scale == pytest.approx(
            np.zeros((7, 7)), abs=1e-6
        )


def test_three_scalars_are_one_vector_update():
    """The textbook update with a matrix inverse gives the same state and spread."""
    mean = np.append(FLIGHT.state(300.0), 0.0)
    covariance = np.diag([300.0**2] * 3 + [4.0**2] * 3 + [0.25])
    covariance[0, 3] = covariance[3, 0] = 500.0
    row = rows_of([mean[:3] + np.array([250.0, -120.0, 400.0])])[0]
    residual, slope = np.empty(3), np.empty((3, 3))
    misfit(row, mean[:3], np.zeros(3), residual, slope)
    H = np.hstack([slope, np.zeros((3, 4))])
    S = H @ covariance @ H.T + np.eye(3)
    gain = covariance @ H.T @ np.linalg.inv(S)
    squares = residual @ np.linalg.solve(S, residual)
    assert distance(covariance, residual, slope) == pytest.approx(
        (squares, np.linalg.slogdet(S)[1])
    )
    expected = mean + gain @ residual, covariance - gain @ H @ covariance
    assert absorb(mean, covariance, row) == pytest.approx(squares)
    assert mean == pytest.approx(expected[0], abs=1e-6)
    assert covariance == pytest.approx(expected[1], rel=1e-6, abs=1e-6)


def test_the_filter_ends_where_the_whole_arc_fit_ends():
    """Same plots, same model: within a tenth of a sigma, with the same sigmas."""
    times_s, _, rows = seen(120, seed=1)
    means, covariances, _ = followed(times_s, rows)
    n = len(times_s)
    exact = BiasPrior(
        bias_id="a", sigma_range_m=0.0, sigma_azimuth_mrad=0.0, sigma_elevation_mrad=0.0
    )
    slots = np.zeros(n, dtype=np.int64)
    epoch = LIFT_OFF.plus_s(float(times_s[-1]))
    table = PlotTable(
        epoch, times_s - times_s[-1], rows, slots, slots, np.arange(n), (exact,), ("a",)
    )
    fit = fit_arc(table, means[0], epoch)
    sigma = np.sqrt(np.diag(fit.covariance)[:7])
    assert np.abs((means[0] - fit.state) / sigma).max() < 0.1
    assert np.sqrt(np.diag(covariances[0])) == pytest.approx(sigma, rel=0.02)


def test_errors_are_as_large_as_said():
    """Over 60 flights the squared error, in its own covariance, is chi-square of 6."""
    total = spread = 0.0
    runs, seconds = 60, 100
    for seed in range(runs):
        times_s, states, rows = seen(seconds, seed)
        means, covariances, distances = followed(times_s, rows)
        error = means[0, :6] - states[-1]
        total += error @ np.linalg.solve(covariances[0, :6, :6], error)
        spread += distances.sum()
    low, high = chi2.ppf((0.005, 0.995), 6 * runs)
    assert low < total < high
    low, high = chi2.ppf((0.005, 0.995), 3 * runs * (seconds - STARTING))
    assert low < spread < high


def test_a_thousand_plots_leave_the_covariance_whole():
    """Plain form stays positive and symmetric over the longest flights."""
    times_s, _, rows = seen(900, seed=2)
    times_s = np.concatenate([times_s, times_s[-1:] + 1e-6])
    rows = np.concatenate([rows, rows[-1:]])
    _, covariances, _ = followed(times_s, rows)
    scale = np.sqrt(np.diag(covariances[0]))
    assert (covariances[0] == covariances[0].T).all()
    assert np.linalg.eigvalsh(covariances[0] / np.outer(scale, scale))[0] > 0.0


def test_neighbours_change_nothing():
    """Fifty objects give each the bytes that it gives alone."""
    times_s, _, rows = seen(40, seed=3)
    alone = followed(times_s, rows)
    among = followed(times_s, rows, objects=50)
    for one, many in zip(alone[:2], among[:2], strict=True):
        assert (many == one[0]).all()


def test_two_plots_start_with_the_speed_unknown_but_bounded():
    """Too few plots give a wide prior, not a wild number."""
    times_s, states, rows = seen(12, seed=4)
    mean, covariance = np.empty(7), np.empty((7, 7))
    start(times_s[:1], rows[:1], mean, covariance)
    assert np.abs(mean[:3] - states[0, :3]).max() < 5_000.0
    assert np.sqrt(np.diag(covariance)[3:6]) == pytest.approx([4_000.0] * 3)
