"""A file's plots are told apart as by a node, and each object is answered for."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.lines import answer_lines
from beaconfire.seals import codec
from beaconfire.stages.fuse.evidence import observations
from beaconfire.stages.fuse.launches import observed
from beaconfire.stages.fuse.sorting import sort_sightings
from beaconfire.vocabulary.entries.sightings import PlotsHeard
from beaconfire.vocabulary.motion import Plot
from tests.estimation.flying import (
    FAR,
    LIFT_OFF,
    NEAR,
    SOUTH,
    STEEP,
    Radar,
    drawn_bias,
    fly,
    held_against,
    seen_by,
)
from tests.stages.fuse_folded import Folded
from tests.stages.sightings_made import profile, radar

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


@pytest.mark.parametrize("aircraft", [1, 3, 8])
@pytest.mark.parametrize("shift_s", [0.0, 0.02])
def test_aircraft_beside_a_launch_do_not_hide_it(flights, aircraft, shift_s):
    """Nothing but the launch is an object; whole, the file is none's."""
    rng = np.random.default_rng(9)
    plots = list(seen_by((NEAR,), flights[0], 60.0, UNTIL_S, rng))
    for number in range(aircraft):
        for plot in list(seen_by((NEAR,), flights[0], 60.0, UNTIL_S, rng)):
            flown_s = plot.time.seconds_since(LIFT_OFF)
            plots.append(
                structs.replace(
                    plot,
                    time=plot.time.plus_s(shift_s * (number + 1)),
                    range_m=60e3 + 30e3 * number + 220.0 * flown_s,
                    azimuth_deg=40.0 * number + 10.0,
                    elevation_deg=5.0,
                )
            )
    answer = answer_lines(lines_of(plots), sort=sort)
    (found,) = answer.objects
    assert found.model_holds
    assert found.apogee_km == pytest.approx(1000.0, rel=0.03)


@pytest.mark.parametrize("shift_s", [0.001, 0.02, 0.4])
def test_two_objects_are_told_apart_by_a_radar_that_stamps_each_plot(flights, shift_s):
    """An instant is no scan: each object is missing from every other one."""
    rng = np.random.default_rng(10)
    late = replace(NEAR, phase_s=shift_s)
    plots = [
        *seen_by((NEAR,), flights[0], 60.0, UNTIL_S, rng),
        *seen_by((late,), flights[1], 60.0, UNTIL_S, rng),
    ]
    answer = answer_lines(lines_of(plots), sort=sort)
    apogees_km = sorted(found.apogee_km for found in answer.objects)
    assert apogees_km == pytest.approx([985.0, 1000.0], rel=0.05)


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


# Two that leave one site in one second, a little aside, or less steeply; by then the
# radars tell them apart.
ASIDE = {"azimuth_deg": 87.0}
LOWER = {"elevation_deg": 66.0}
APART_S, LAST_S = 200.0, 280.0


def pair_seen(how, seed, radars=(NEAR, SOUTH)):
    """The plots of two such, and which flight each is of."""
    rng = np.random.default_rng(seed)
    biases = {site.id: drawn_bias(rng) for site in radars}
    of, plots = {}, []
    for motor in (STEEP, replace(STEEP, **how)):
        for site in radars:
            seen = site.plots(fly(motor), 60.0, LAST_S, rng, bias=biases[site.id])
            of.update((id(plot), motor) for plot in seen)
            plots.extend(seen)
    return plots, of


def is_of_one(plots, of):
    """Whether what was seen once they were apart is of one flight, for every radar."""
    late = [plot for plot in plots if plot.time >= LIFT_OFF.plus_s(APART_S)]
    most = Counter(of[id(plot)] for plot in late).most_common(1)[0][1]
    return len(late) > 100 and most >= 0.97 * len(late)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("how", [ASIDE, LOWER], ids=["aside", "lower"])
def test_two_from_one_site_at_once_are_two_and_each_is_one(how, seed):
    """No third, and none made of one radar's first and the other radar's second."""
    plots, of = pair_seen(how, seed)
    objects = sort(plots, ())
    assert len(objects) == 2
    assert all(is_of_one(each.plots, of) for each in objects)


LOW = replace(STEEP, force=24.0, elevation_deg=60.0, burn_s=80.0)
AROUND = (
    Radar("north", 44.0, 131.0, mask_deg=5.0),
    Radar("ahead", 41.5, 135.5, mask_deg=1.0),
    Radar("aside", 37.5, 134.5, mask_deg=5.0, phase_s=0.5),
)


@pytest.mark.parametrize(
    ("apart_deg", "seed"), [(3.5, 12), (5.0, 6), (5.0, 7), (5.0, 9), (2.5, 14)]
)
def test_a_path_that_began_with_a_plot_of_each_is_no_third_object(apart_deg, seed):
    """Low radars see both before they are apart: one path then fits neither, and stays
    alone to the end, though it moves as one of the two does."""
    rng = np.random.default_rng(seed)
    pair = [fly(LOW), fly(replace(LOW, azimuth_deg=LOW.azimuth_deg + apart_deg))]
    biases = {site.id: drawn_bias(rng) for site in AROUND}
    plots = [
        plot
        for flight in pair
        for site in AROUND
        for plot in site.plots(flight, 60.0, UNTIL_S, rng, bias=biases[site.id])
    ]
    objects = sort(plots, ())
    assert len(objects) == 2
    for each in objects:
        assert {plot.sensor.id for plot in each.plots} == {site.id for site in AROUND}


def test_two_from_one_site_at_once_are_two_launches_at_a_node():
    """The same by scans as they come, in the picture and in what partners are told."""
    plots, of = pair_seen(ASIDE, 4)
    names = {plot.sensor.id for plot in plots}
    node = Folded(profile(*map(radar, sorted(names))), solver=None)
    scans = {}
    for plot in plots:
        scans.setdefault((plot.time, plot.sensor.id), []).append(plot)
    for (time, name), scan in sorted(scans.items(), key=lambda one: one[0]):
        body = PlotsHeard(sensor=name, plots=tuple(scan))
        node.give(time.seconds_since(LIFT_OFF), body)
    for book in (node.state.picture, *node.state.own):
        assert len(book.open) == 2
        for launch in book.open:
            held = observations(launch.evidence).plots
            assert is_of_one(held, of)
            given = {of[id(plot)] for plot in observed(launch).plots}
            assert len(given) == 1  # nothing of what was seen before they parted
