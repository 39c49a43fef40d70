"""What cannot be told apart is one group, and its count is what is there at least."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from beaconfire.estimation.fix import fix_of, way_m
from beaconfire.estimation.grouping import (
    CELL_SIGMAS,
    COUNTED_MIN,
    COUNTED_SCANS,
    Together,
    group_of,
    in_most,
    in_one_cell,
    most,
    together_in,
)
from beaconfire.estimation.scans import scan_of_each
from beaconfire.stages.fuse.follower import Follower
from tests.stages.sightings_made import flown

NS = 1_000_000_000


def seen(count, *, cell_m=1_000.0, age_s=0, near=()):
    """What one radar shows."""
    return Together(
        count=count, scans=9, newest_ns=(1_000 - age_s) * NS, cell_m=cell_m, near=near
    )


def test_one_object_is_no_group():
    """Nothing is said where there is nothing to say."""
    assert group_of({}) is None
    assert group_of({"r1": seen(1), "r2": seen(1)}) is None


def test_a_group_says_its_count_and_what_it_rests_on():
    """At least so many, by which radar, in how many scans; no track of one of them."""
    group = group_of({"r1": seen(3), "r2": seen(2)})
    assert group.at_least == 3
    assert [(one.sensor, one.count) for one in group.rests_on] == [("r1", 3), ("r2", 2)]
    assert group.reason == (
        "at least 3 objects nearer to each other than can be told apart by r1, r2; "
        "track and area are the group's, and each may come down beside them"
    )


def test_the_radar_that_tells_most_apart_decides():
    """What a finer radar sees alone it follows alone; a coarser one may not join it."""
    coarse, fine = seen(2, cell_m=2_000.0), seen(1, cell_m=200.0)
    assert group_of({"r1": coarse, "r2": fine}) is None
    long_ago = seen(1, cell_m=200.0, age_s=90)
    assert group_of({"r1": coarse, "r2": long_ago}).at_least == 2


def test_others_that_are_followed_in_it_are_named():
    """So that nobody adds two counts of the same two."""
    group = group_of({"r1": seen(2, near=("b",)), "r2": seen(2, near=("a", "b"))})
    assert group.shared_with == ("a", "b")


@given(
    st.dictionaries(
        st.sampled_from(["r1", "r2", "r3", "r4"]),
        st.builds(
            seen,
            st.integers(1, 9),
            cell_m=st.floats(10.0, 1e5),
            age_s=st.integers(0, 200),
        ),
    )
)
def test_a_count_never_exceeds_what_some_radar_shows(radars):
    """Whatever the radars: counts of several radars are of the same, never added."""
    group = group_of(radars)
    if group is not None:
        assert 2 <= group.at_least <= max(one.count for one in radars.values())
        for part in group.rests_on:
            assert radars[part.sensor].count == part.count >= 2


@given(st.lists(st.integers(1, 5), min_size=1, max_size=20))
def test_the_count_is_what_most_of_the_newest_scans_show(counts):
    """At least so many stand in more than half of them; a fluke changes nothing."""
    newest = counts[-COUNTED_SCANS:]
    if len(newest) < COUNTED_MIN:
        assert most(counts) == 1
        return
    shown = sum(count >= most(counts) for count in newest)
    assert 2 * shown > len(newest)


@given(st.lists(st.sets(st.sampled_from(["a", "b", "c"])), max_size=20))
def test_a_neighbour_is_named_when_most_of_the_newest_scans_show_it(scans):
    """Two that pass each other are no group for it."""
    newest = scans[-COUNTED_SCANS:]
    for name in "abc":
        often = 2 * sum(name in scan for scan in newest) > len(newest)
        enough = len(newest) >= COUNTED_MIN
        assert (name in in_most(scans)) == (often and enough)


def scan(second, *aside_m):
    """A scan of one radar: objects side by side, so many metres from the first."""
    return tuple(flown("r1", float(second), north_m=aside) for aside in (0.0, *aside_m))


def test_two_in_one_cell_are_followed_as_one_and_counted():
    """300 m apart at 900 km they begin one path, and the path says two."""
    follower = Follower()
    paths = [follower.take(scan(second, 300.0)).paths for second in range(60, 90)]
    assert {carried.path for found in paths for carried in found} == {0}
    assert paths[-1][0].together.count == 2
    assert paths[-1][0].together.near == ()


def noisy(sensor_plot, rng):
    """A plot with the errors that it states."""
    off = rng.standard_normal(3) * (30.0, *np.degrees([1e-3, 1e-3]))
    return replace(
        sensor_plot,
        range_m=sensor_plot.range_m + off[0],
        azimuth_deg=sensor_plot.azimuth_deg + off[1],
        elevation_deg=sensor_plot.elevation_deg + off[2],
    )


def watched(sigmas, seed, *, until=150):
    """The follower and its newest paths, of two that stand so many sigma apart."""
    rng = np.random.default_rng(seed)
    follower = Follower()
    for second in range(60, until):
        one = flown("r1", float(second))
        other = flown("r1", float(second), north_m=sigmas * 1e-3 * one.range_m)
        paths = follower.take((noisy(one, rng), noisy(other, rng))).paths
    return follower, paths


def test_noise_tells_nothing_apart_that_stands_in_one_cell():
    """Half a sigma apart two objects are one path, counted as two; four apart, two."""
    close = [watched(0.5, seed) for seed in range(10)]
    assert sum(follower.begun == 1 for follower, _ in close) >= 8
    assert all(paths[0].together.count == 2 for _, paths in close)
    clear = [watched(4.0, seed) for seed in range(10)]
    assert all(follower.begun == 2 for follower, _ in clear)
    assert all(one.together.count == 1 for _, paths in clear for one in paths)


def test_two_far_apart_are_followed_apart_and_count_one_each():
    """Twenty kilometres are many cells."""
    follower = Follower()
    paths = [follower.take(scan(second, 20_000.0)).paths for second in range(60, 90)]
    assert {carried.path for found in paths for carried in found} == {0, 1}
    assert [carried.together.count for carried in paths[-1]] == [1, 1]


def test_two_paths_that_come_near_are_one_group_and_name_each_other():
    """Told apart at first; then which plot is whose is chance, and it is said."""
    follower = Follower()
    for second in range(60, 120):
        aside_m = max(20_000.0 - 500.0 * (second - 60), 200.0)
        paths = follower.take(scan(second, aside_m)).paths
    assert [carried.together.count for carried in paths] == [2, 2]
    assert [carried.together.near for carried in paths] == [("1",), ("0",)]


def test_a_false_plot_beside_it_makes_no_group():
    """One scan in three is not most of them."""
    follower = Follower()
    for second in range(60, 90):
        beside = (300.0,) if second % 3 == 0 else ()
        paths = follower.take(scan(second, *beside)).paths
    assert paths[0].together.count == 1


@given(st.floats(0.0, 6_000.0))
def test_the_cell_is_so_many_sigma_of_the_larger_error(aside_m):
    """Of the radar's, where the object is."""
    one, other = map(fix_of, scan(60.0, aside_m))
    limit_m = CELL_SIGMAS * max(one.sigma_m, other.sigma_m)
    assert in_one_cell(one, other) == (way_m(one, other) <= limit_m)


def test_a_file_is_counted_as_a_feed_is():
    """The object's plots and what stands beside them, each sighting once."""
    scans = [scan(second, 300.0) for second in range(60, 80)]
    mine = [pair[0] for pair in scans]
    repeated = [replace(one, plot_id="again") for one in mine]
    everything = [*repeated, *(one for pair in scans for one in pair)]
    found = together_in(mine, scan_of_each(everything), {})
    assert (found["r1"].count, found["r1"].scans) == (2, len(scans))
    named = {id(pair[1]): "2" for pair in scans}
    assert together_in(mine, scan_of_each(everything), named)["r1"].near == ("2",)
    alone = together_in(mine, scan_of_each(mine), {})
    assert alone["r1"].count == 1


def test_a_plot_of_another_radar_is_nobodys_neighbour():
    """Registration errors do not cancel between two radars."""
    mine = [flown("r1", float(second)) for second in range(60, 70)]
    theirs = [flown("r2", float(second)) for second in range(60, 70)]
    assert together_in(mine, scan_of_each([*mine, *theirs]), {})["r1"].count == 1
