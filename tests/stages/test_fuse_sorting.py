"""A file's plots are told apart as by a node, and each object is answered for."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.lines import answer_lines
from beaconfire.seals import codec
from beaconfire.stages.fuse.sorting import sort_sightings
from beaconfire.vocabulary.motion import Plot
from tests.estimation.flying import FAR, NEAR, SOUTH, STEEP, fly, held_against, seen_by

UNTIL_S = 260.0
MISS_M_MAX = 3_000.0  # two radars, two minutes of coasting: some 0.5 km one sigma


def sort(plots, cues):
    """Tell objects apart as the command does."""
    return sort_sightings(plots, cues, solve=estimate_flight, told=lambda at: None)


@pytest.fixture(scope="module")
def flights():
    """Two launches from one place at one time."""
    return fly(STEEP), fly(FAR)


@pytest.fixture(scope="module")
def mixed(flights):
    """The plots of both, by two radars; the second object's first."""
    rng = np.random.default_rng(7)
    both = [seen_by((NEAR, SOUTH), flight, 60.0, UNTIL_S, rng) for flight in flights]
    return [*both[1], *both[0]]


def lines_of(plots):
    """A file's lines."""
    return [codec.encode(plot).decode() for plot in plots]


def test_two_objects_in_one_file_get_an_answer_each(mixed, flights):
    """Each comes down where its own object does; no plot is of both."""
    objects = sort(mixed, ())
    assert len(objects) == 2
    taken = [id(plot) for each in objects for plot in each.plots]
    assert len(set(taken)) == len(taken) >= 0.95 * len(mixed)
    answer = answer_lines(lines_of(mixed), sort=sort)
    assert len(answer.objects) == 2
    apogees_km = sorted(found.apogee_km for found in answer.objects)
    assert apogees_km == pytest.approx([985.0, 1000.0], rel=0.03)
    estimates = [estimate_flight(each) for each in objects]
    for flight in flights:
        misses = [held_against(estimate, flight) for estimate in estimates]
        assert min(held.miss_m for held in misses) < MISS_M_MAX


def test_one_object_is_one_answer_whatever_is_left_out(flights):
    """Clutter beside a flight makes no further object; the flight keeps its plots."""
    rng = np.random.default_rng(8)
    plots = list(seen_by((NEAR, SOUTH), flights[0], 60.0, UNTIL_S, rng))
    clutter = [
        codec.decode(
            codec.encode(plot).replace(
                f'"range_m":{json.dumps(plot.range_m)}'.encode(),
                f'"range_m":{float(rng.uniform(5e4, 2e6))!r}'.encode(),
            ),
            Plot,
            what="plot",
        )
        for plot in plots[::3]
    ]
    answer = answer_lines(lines_of([*clutter, *plots]), sort=sort)
    (found,) = answer.objects
    assert found.model_holds
    assert len(answer.rejected) >= 0.9 * len(clutter)


@settings(max_examples=5)
@given(st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(mixed, random):
    """A file is a set of sightings: whatever order they stand in, one answer."""
    shuffled = list(mixed)
    random.shuffle(shuffled)
    assert [set(map(_name, each.plots)) for each in sort(shuffled, ())] == [
        set(map(_name, each.plots)) for each in sort(mixed, ())
    ]


def _name(plot):
    return (plot.sensor.id, plot.time, plot.range_m)


def test_every_line_has_one_fate(mixed):
    """A plot is of one object or among the rejected with a reason, never both."""
    stray = mixed[0]
    alone = codec.encode(stray).replace(b'"near"', b'"lonely"').decode()
    answer = answer_lines([*lines_of(mixed), alone], sort=sort)
    listed = [one.line for one in answer.rejected]
    assert len(set(listed)) == len(listed)
    (said,) = [one.reason for one in answer.rejected if one.line == len(mixed) + 1]
    assert said == "no object is followed through it"
