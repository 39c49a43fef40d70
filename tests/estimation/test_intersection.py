"""Intersections never claim more than any true relation of the errors allows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag, sqrtm
from scipy.optimize import minimize, minimize_scalar

from beaconfire.estimation.intersection import (
    Estimate,
    covariance_intersection,
    inverse_covariance_intersection,
    squared_distance,
)

# Metres, metres a second, the drag's logarithm, radians: as an arc's states are.
UNITS = np.array([300.0, 500.0, 5.0, 12.0, 0.5, 3e-4])
SEEDS = st.integers(0, 2**32 - 1)


def drawn_covariance(rng, size, spread=2.0):
    """A covariance with any axes, its units those of an arc."""
    turn, _ = np.linalg.qr(rng.standard_normal((size, size)))
    values = np.exp(spread * rng.standard_normal(size))
    units = UNITS[:size]
    return (turn * values) @ turn.T * np.outer(units, units)


def contraction(rng, size):
    """Any matrix whose singular values do not exceed one, some of them one."""
    left, _ = np.linalg.qr(rng.standard_normal((size, size)))
    right, _ = np.linalg.qr(rng.standard_normal((size, size)))
    return left @ np.diag(np.minimum(1.0, 1.3 * rng.random(size))) @ right


def least_eigenvalue(matrix, like):
    """The least eigenvalue of a difference, in units of what it is held against."""
    scale = 1.0 / np.sqrt(np.diag(like))
    return float(np.linalg.eigvalsh(matrix * np.outer(scale, scale))[0])


def gains_of(fuse, covariances):
    """The matrices with which a linear rule weighs each mean, read off unit means."""
    size = covariances[0].shape[0]
    gains = [np.empty((size, size)) for _ in covariances]
    for k, gain in enumerate(gains):
        for column in range(size):
            means = [np.zeros(size) for _ in covariances]
            means[k][column] = 1.0
            gain[:, column] = fuse(
                [Estimate(m, p) for m, p in zip(means, covariances, strict=True)]
            ).mean
    return gains


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(2, 6))
def test_covariance_intersection_claims_no_more_than_any_joint_allows(seed, size):
    """Of two sources related in any way at all, the true error is within the claim."""
    rng = np.random.default_rng(seed)
    a, b = (drawn_covariance(rng, size) for _ in "ab")
    cross = np.real(sqrtm(a)) @ contraction(rng, size) @ np.real(sqrtm(b))
    fused = covariance_intersection([Estimate(np.zeros(size), p) for p in (a, b)])
    k, m = gains_of(covariance_intersection, (a, b))
    units = np.outer(1.0 / UNITS[:size], UNITS[:size])
    assert (k + m) * units == pytest.approx(np.eye(size), abs=1e-6)
    true = k @ a @ k.T + m @ b @ m.T + k @ cross @ m.T + m @ cross.T @ k.T
    assert least_eigenvalue(fused.covariance - true, fused.covariance) > -1e-7


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(3, 5))
def test_so_it_does_of_any_number_of_sources(seed, count):
    """A joint of several sources that hold noises in common, drawn at random."""
    rng, size = np.random.default_rng(seed), 4
    roots = [rng.standard_normal((size, 6)) * UNITS[:size, None] for _ in range(count)]
    covariances = [root @ root.T for root in roots]
    joint = np.vstack(roots) @ np.vstack(roots).T
    fused = covariance_intersection([Estimate(np.zeros(size), p) for p in covariances])
    gain = np.hstack(gains_of(covariance_intersection, covariances))
    true = gain @ joint @ gain.T
    assert least_eigenvalue(fused.covariance - true, fused.covariance) > -1e-7


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(2, 6))
def test_the_inverse_form_claims_no_more_than_any_common_information_allows(seed, size):
    """Each source adds to the same unknown information something of its own."""
    rng = np.random.default_rng(seed)
    of_one, of_other, shared = (
        np.linalg.inv(drawn_covariance(rng, size)) for _ in "abc"
    )
    a, b = np.linalg.inv(of_one + shared), np.linalg.inv(of_other + shared)
    cross = a @ shared @ b

    def fuse(pair):
        return inverse_covariance_intersection(*pair)

    fused = fuse([Estimate(np.zeros(size), p) for p in (a, b)])
    k, m = gains_of(fuse, (a, b))
    true = k @ a @ k.T + m @ b @ m.T + k @ cross @ m.T + m @ cross.T @ k.T
    assert least_eigenvalue(fused.covariance - true, fused.covariance) > -1e-7


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 6))
def test_each_rule_is_worth_having(seed, size):
    """Sum <= inverse form <= intersection <= the better source, by determinant."""
    rng = np.random.default_rng(seed)
    a, b = (Estimate(np.zeros(size), drawn_covariance(rng, size)) for _ in "ab")
    summed = np.linalg.inv(np.linalg.inv(a.covariance) + np.linalg.inv(b.covariance))
    sizes = [
        np.linalg.slogdet(p)[1]
        for p in (
            summed,
            inverse_covariance_intersection(a, b).covariance,
            covariance_intersection([a, b]).covariance,
        )
    ]
    best = min(np.linalg.slogdet(one.covariance)[1] for one in (a, b))
    assert sizes[0] - 1e-6 <= sizes[1] <= sizes[2] + 1e-6
    assert sizes[2] <= best + 1e-3 * size


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_weights_are_those_that_another_search_finds(seed):
    """SciPy's minimisers, on the determinant written out again, find none better."""
    rng, size = np.random.default_rng(seed), 4
    parts = [drawn_covariance(rng, size) for _ in "abc"]
    inverses = [np.linalg.inv(p) for p in parts]

    def size_of(weights):
        w = np.abs(weights) / np.sum(np.abs(weights))
        return -np.linalg.slogdet(sum(x * j for x, j in zip(w, inverses, strict=True)))[
            1
        ]

    found = minimize(
        size_of, np.ones(3), method="Nelder-Mead", options={"maxiter": 800}
    )
    mine = covariance_intersection([Estimate(np.zeros(size), p) for p in parts])
    assert np.linalg.slogdet(mine.covariance)[1] <= found.fun + 2e-3

    a, b = parts[:2]

    def inverse_size(w):
        common = np.linalg.inv(w * a + (1.0 - w) * b)
        return -np.linalg.slogdet(inverses[0] + inverses[1] - common)[1]

    least = minimize_scalar(
        inverse_size, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-9}
    )
    zero = np.zeros(size)
    ours = inverse_covariance_intersection(Estimate(zero, a), Estimate(zero, b))
    assert np.linalg.slogdet(ours.covariance)[1] == pytest.approx(least.fun, abs=1e-5)


def test_two_alike_are_worth_one_and_two_apart_are_worth_both():
    """Nothing is gained of a copy; axes that differ keep what each is good at."""
    p = np.diag([4.0, 9.0])
    again = covariance_intersection([Estimate(np.array([1.0, 2.0]), p)] * 2)
    assert again.covariance == pytest.approx(p)
    assert again.mean == pytest.approx([1.0, 2.0])
    copied = inverse_covariance_intersection(*[Estimate(np.array([1.0, 2.0]), p)] * 2)
    assert copied.covariance == pytest.approx(p)
    tall, flat = np.diag([1.0, 1e6]), np.diag([1e6, 1.0])
    both = covariance_intersection(
        [Estimate(np.array([5.0, 900.0]), tall), Estimate(np.array([300.0, 7.0]), flat)]
    )
    assert np.diag(both.covariance) == pytest.approx([2.0, 2.0], rel=1e-3)
    assert both.mean == pytest.approx([5.0, 7.0], abs=1e-2)


def test_a_source_that_knows_nothing_changes_nothing():
    """A far weaker one gets no weight, so the better one's claim stands."""
    rng = np.random.default_rng(3)
    good = Estimate(np.arange(4.0), drawn_covariance(rng, 4, 0.5))
    poor = Estimate(np.zeros(4), 1e6 * good.covariance)
    fused = covariance_intersection([good, poor])
    assert np.diag(fused.covariance) == pytest.approx(
        np.diag(good.covariance), rel=1e-3
    )


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_a_true_pair_is_seldom_said_to_be_apart(seed):
    """The bound of the difference holds in every direction, whatever the relation."""
    rng, size = np.random.default_rng(seed), 4
    a, b = (drawn_covariance(rng, size) for _ in "ab")
    cross = np.real(sqrtm(a)) @ contraction(rng, size) @ np.real(sqrtm(b))
    between = a + b - cross - cross.T
    assert least_eigenvalue(2.0 * (a + b) - between, a + b) > -1e-9
    apart = rng.standard_normal(size) * UNITS[:size]
    one, other = Estimate(np.zeros(size), a), Estimate(apart, b)
    expected = apart @ np.linalg.inv(2.0 * (a + b)) @ apart
    assert squared_distance(one, other) == pytest.approx(expected, rel=1e-6)


def test_states_of_one_source_alone_keep_its_word():
    """Blocks of which the other says next to nothing come through as they were."""
    a = block_diag(np.diag([4.0, 1.0]), 1e-8)
    b = block_diag(np.diag([1.0, 4.0]), 1.0)
    fused = inverse_covariance_intersection(
        Estimate(np.zeros(3), a), Estimate(np.zeros(3), b)
    )
    assert fused.covariance[2, 2] == pytest.approx(1e-8, rel=1e-3)
