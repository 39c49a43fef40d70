"""Plots find their objects, and only the crowded part of a scan costs thought."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from beaconfire.estimation.association import (
    GATE,
    MISSED,
    assign,
    associate,
    candidates,
    least_cost,
    take_scan,
)
from beaconfire.estimation.propagation import sample_arc

from .flying import STEEP, fly
from .radar_rows import rows_of

BASE = fly(STEEP).state(130.0)
SPREAD = np.diag([150.0**2] * 3 + [3.0**2] * 3 + [0.25])


def salvo(count, spacing_m):
    """States of objects that fly side by side."""
    states = np.tile(np.append(BASE, 0.0), (count, 1))
    states[:, 1] += spacing_m * np.arange(count)
    return states


def moved(states, seconds):
    """The same objects later."""
    times = np.array([seconds])
    return np.array([np.append(sample_arc(s, times)[0][0], s[6]) for s in states])


def spreads(count):
    """One covariance for each."""
    return np.tile(SPREAD, (count, 1, 1))


def test_every_plot_of_a_scan_finds_its_object_in_clutter():
    """Twenty objects, plots in any order, two missed, thirty false ones."""
    rng = np.random.default_rng(4)
    states = salvo(20, 20_000.0)
    later = moved(states, 1.0)
    rows = rows_of(later[:, :3], rng)
    false = rows_of(BASE[:3] + 4e5 * rng.standard_normal((30, 3)))
    order = rng.permutation(48)
    scan = np.concatenate([rows[2:], false])[order]
    times_s = np.zeros(20)
    plot_of = take_scan(states, spreads(20), times_s, 1.0, scan, GATE)
    assert plot_of[:2].tolist() == [MISSED, MISSED]
    assert [int(order[p]) for p in plot_of[2:]] == list(range(18))
    assert (times_s == 1.0).all()
    assert np.linalg.norm(states[2:, :3] - later[2:, :3], axis=1).max() < 2_000.0


def test_the_gate_holds_999_of_1000_own_plots():
    """Rule 1: chi-square of three; at 99.9 % one own plot in a thousand is lost."""
    rng = np.random.default_rng(6)
    runs, inside = 4_000, 0
    state = np.append(BASE, 0.0)
    drawn = state[:3] + rng.standard_normal((runs, 3)) * 150.0
    rows = rows_of(drawn, rng)
    for row in rows:
        owners, _, _, _ = candidates(state[None], SPREAD[None], row[None], GATE)
        inside += len(owners)
    assert 0.9975 < inside / runs <= 1.0


def test_a_contested_plot_goes_where_the_whole_fits_best():
    """Nearest first would give the middle plot to the wrong object and lose one."""
    states = salvo(2, 600.0)
    between = states[1, :3] - (0.0, 350.0, 0.0)
    beyond = states[1, :3] + (0.0, 700.0, 0.0)
    rows = rows_of([beyond, between])
    plot_of, distances = associate(states, spreads(2), rows, 60.0)
    assert plot_of.tolist() == [1, 0]
    assert np.isfinite(distances).all()


def test_more_candidates_than_room_is_made_for_are_all_kept():
    """A knot of objects and plots is no reason to lose a pair."""
    states = salvo(12, 1.0)
    rows = rows_of(states[:, :3])
    owners, plots, _, _ = candidates(states, spreads(12), rows, GATE)
    assert len(owners) == 144
    assert set(zip(owners.tolist(), plots.tolist(), strict=True)) == {
        (k, j) for k in range(12) for j in range(12)
    }


def test_nothing_seen_and_nobody_followed_is_no_error():
    """Empty scans and empty skies come every second."""
    rows = rows_of(salvo(1, 0.0)[:, :3])
    none = np.zeros((0, 7)), np.zeros((0, 7, 7))
    assert associate(*none, rows, GATE)[0].size == 0
    assert associate(salvo(2, 2e4), spreads(2), rows[:0], GATE)[0].tolist() == [-1, -1]


@given(
    st.integers(1, 7).flatmap(
        lambda n: st.lists(
            st.lists(st.floats(-50, 50), min_size=n + 2, max_size=n + 2),
            min_size=n,
            max_size=n,
        )
    )
)
@settings(max_examples=150, deadline=None)
def test_the_assignment_is_scipys(matrix):
    """Shortest augmenting paths, against somebody else's."""
    costs = np.array(matrix)
    rows, columns = linear_sum_assignment(costs)
    ours = least_cost(costs)
    assert len(set(ours.tolist())) == len(ours)
    total = costs[np.arange(len(ours)), ours].sum()
    assert total == pytest.approx(costs[rows, columns].sum(), abs=1e-9)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_components_solved_apart_give_what_the_whole_gives(data):
    """Rule 3: most objects get a plot, at the least cost, whatever the pattern."""
    objects, plots = data.draw(st.integers(1, 7)), data.draw(st.integers(1, 7))
    pairs = data.draw(
        st.lists(
            st.tuples(st.integers(0, objects - 1), st.integers(0, plots - 1)),
            unique=True,
            max_size=20,
        )
    )
    pairs.sort()
    costs = np.array([data.draw(st.floats(0, 30)) for _ in pairs])
    owners = np.array([k for k, _ in pairs], dtype=np.int64)
    chosen = np.array([j for _, j in pairs], dtype=np.int64)
    result = assign(objects, plots, owners, chosen, costs)
    taken = [p for p in result if p != MISSED]
    assert all(owners[result[k]] == k for k in range(objects) if result[k] != MISSED)
    assert len({int(chosen[p]) for p in taken}) == len(taken)
    # Whole: a matrix in which a miss costs more than everything.
    whole = np.full((objects, plots + objects), 1e6)
    for p, (k, j) in enumerate(pairs):
        whole[k, j] = costs[p]
    rows, columns = linear_sum_assignment(whole)
    hits = [(r, c) for r, c in zip(rows, columns, strict=True) if whole[r, c] < 1e6]
    assert len(taken) == len(hits)
    best = sum(whole[r, c] for r, c in hits)
    assert sum(costs[p] for p in taken) == pytest.approx(best, abs=1e-9)
