"""Many objects at once: our figures alone, and beside Stone Soup where there is one."""

from importlib.util import find_spec

import numpy as np
import pytest

from beaconfire.estimation.association import GATE, take_scan
from beaconfire.exercise.bench import estimation_batch as batch
from beaconfire.exercise.bench.estimation_batch_case import (
    APART_M,
    PLOTS,
    STARTING,
    scan,
    tracks,
)


def test_a_scan_is_of_objects_apart_each_seen_once_and_in_no_order():
    """What is timed is an association that has something to find, and finds it."""
    given = scan(10)
    between = given.means[:, None, :3] - given.means[None, :, :3]
    distances_m = np.linalg.norm(between, axis=2) + 1e9 * np.eye(10)
    assert np.allclose(distances_m.min(axis=1), APART_M)
    sky = given.fresh()
    plot_of = take_scan(sky.means, sky.covariances, np.zeros(10), 1.0, sky.rows, GATE)
    assert sorted(plot_of.tolist()) == list(range(10))
    assert plot_of.tolist() != list(range(10))


def test_a_round_leaves_the_states_of_the_next_untouched():
    """A state used twice would be followed from where the last round left it."""
    given = scan(10)
    before = given.means.copy(), given.covariances.copy()
    sky = given.fresh()
    take_scan(sky.means, sky.covariances, np.zeros(10), 1.0, sky.rows, GATE)
    assert (given.means == before[0]).all()
    assert (given.covariances == before[1]).all()


def test_every_track_has_its_own_plots_and_start():
    """Draws of one flight: the same truth, other noise, another start."""
    given = tracks(3)
    assert given.rows.shape[:2] == (3, PLOTS - STARTING)
    assert given.times_s[0] == given.start_s + 1.0
    off_m = np.linalg.norm(given.means[:, None, :3] - given.means[None, :, :3], axis=2)
    assert (off_m[np.triu_indices(3, 1)] > 1.0).all()
    # The truth a second after the start, moved back by its velocity.
    before_m = given.truth[0, :3] - given.truth[0, 3:]
    assert np.linalg.norm(given.means[:, :3] - before_m, axis=1).max() < 3_000.0


def test_without_the_peer_our_figures_stand_alone(monkeypatch):
    """Stone Soup is an extra: one sentence says how to get it, and nothing fails."""
    monkeypatch.setattr(batch, "_peer", lambda: None)
    found = batch.measure(say=lambda _: None)
    assert batch.NO_PEER in found.conditions
    assert all(figure.raw is None for figure in found.figures)
    assert all(figure.measured and figure.measured > 0 for figure in found.figures)
    goals = [figure.goal for figure in found.figures if figure.goal is not None]
    assert goals == [
        batch.UPDATES_PER_S_MIN, batch.MANY_S_MAX, batch.FLAT_MAX
    ]  # fmt: skip


@pytest.mark.skipif(find_spec("stonesoup") is None, reason="needs the extra `bench`")
def test_stone_soup_comes_to_the_same_states():
    """The oracle: another's Kalman algebra, measurement model and assignment."""
    found = batch.measure(say=lambda _: None)
    apart = [one for one in found.figures if one.unit == "sigma"]
    assert len(apart) == 4
    assert all(one.verdict == "met" for one in apart)
