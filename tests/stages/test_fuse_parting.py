"""A group that parts: an area holds each member until no plot can be another's."""

from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.grouping import (
    COUNTED_SCANS,
    Together,
    spread_of,
    surely_of_one,
)
from beaconfire.estimation.lines import answer_lines
from beaconfire.estimation.members import WIDENED
from beaconfire.seals import codec
from beaconfire.stages.fuse.follower import Carried, Follower
from beaconfire.stages.fuse.launches import Launch, count, observed
from beaconfire.stages.fuse.sorting import sort_sightings
from beaconfire.vocabulary.times import NS_PER_S
from tests.estimation.flying import (
    NEAR,
    SOUTH,
    STEEP,
    drawn_bias,
    fly,
    held_against,
)
from tests.stages.sightings_made import at_s, flown

LOWER = replace(STEEP, elevation_deg=65.3)
ASIDE = replace(STEEP, azimuth_deg=87.0)
MISS_M_MAX = 4_000.0  # some 1 km one sigma


def drawn(plot, rng, sigma_mrad):
    """A plot with the errors that it states."""
    off = rng.standard_normal(3) * (30.0, *np.degrees([1e-3 * sigma_mrad] * 2))
    return structs.replace(
        plot,
        range_m=plot.range_m + off[0],
        azimuth_deg=plot.azimuth_deg + off[1],
        elevation_deg=plot.elevation_deg + off[2],
        sigma_azimuth_mrad=sigma_mrad,
        sigma_elevation_mrad=sigma_mrad,
    )


@pytest.mark.parametrize("sigma_mrad", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_group_is_left_later_than_it_is_joined(sigma_mrad, seed):
    """Whatever a radar's noise: first no plot can be exchanged any more, in sigmas."""
    rng = np.random.default_rng(seed)
    follower, taken, seen, flight_of = Follower(), {}, {}, {}
    for second in range(60, 210):
        one = flown("r1", float(second))
        sigmas = 0.08 * (second - 60)
        aside_m = sigmas * sigma_mrad * 1e-3 * one.range_m
        other = flown("r1", float(second), north_m=aside_m)
        scan = tuple(drawn(plot, rng, sigma_mrad) for plot in (one, other))
        flight_of[id(scan[0])], flight_of[id(scan[1])] = 0, 1
        for carried in follower.take(scan).paths:
            taken.setdefault(carried.path, []).extend(carried.plots)
            seen[carried.path] = {"r1": carried.together}
            if 1.0 < sigmas < 4.5 and len(taken[carried.path]) > COUNTED_SCANS:
                assert spread_of(seen[carried.path]) is not None
                plots = tuple(taken[carried.path])
                assert surely_of_one(plots, seen[carried.path]) == plots
    assert len(taken) == 2
    for path, plots in taken.items():
        assert spread_of(seen[path]) is None
        sure = surely_of_one(plots, seen[path])
        assert len(sure) > 20
        assert len({flight_of[id(plot)] for plot in sure}) == 1


def test_what_a_path_could_exchange_its_next_one_does_not_forget():
    """A radar that loses an object and finds it again tells of the same launch."""
    launch = Launch(id="a", opened=at_s(0.0), first_seen=at_s(0.0), closes=at_s(900.0))
    for path, until_ns in ((0, 7 * NS_PER_S), (1, None)):
        together = Together(
            count=1, scans=9, newest_ns=9 * NS_PER_S, cell_m=1e3, until_ns=until_ns
        )
        carried = Carried(
            path=path, plots=(), begun=path == 1, fixes=(), together=together
        )
        count(launch, "r1", carried, {})
    assert launch.together["r1"].until_ns == 7 * NS_PER_S
    assert observed(launch).plots == ()


def answered(other, until_s, seed):
    """What a file of two flights from one site is answered."""
    rng = np.random.default_rng(seed)
    radars = (NEAR, SOUTH)
    biases = {site.id: drawn_bias(rng) for site in radars}
    lines = [
        codec.encode(plot)
        for motor in (STEEP, other)
        for site in radars
        for plot in site.plots(fly(motor), 60.0, until_s, rng, bias=biases[site.id])
    ]

    def sort(plots, cues):
        return sort_sightings(plots, cues, solve=estimate_flight, told=lambda at: None)

    return len(lines), answer_lines(lines, sort=sort)


def test_no_narrow_area_is_said_while_paths_may_have_exchanged_plots():
    """Both had an area of some 4 km, in which neither of the two came down."""
    _, answer = answered(LOWER, 250.0, 3)
    assert len(answer.objects) == 2
    given = [each for each in answer.objects if each.impact is not None]
    assert given  # of plots of both there may be no arc, and so no area
    for each in given:
        assert each.reason.endswith(WIDENED)
        for motor in (STEEP, LOWER):
            assert held_against(each, fly(motor)).inside


def test_who_has_parted_surely_has_a_narrow_area_of_its_own():
    """By what was seen since; what was seen before is no line of either."""
    lines, answer = answered(ASIDE, 280.0, 3)
    assert len(answer.objects) == 2
    for motor in (STEEP, ASIDE):  # 37 km from each other
        misses = [held_against(each, fly(motor)).miss_m for each in answer.objects]
        assert sorted(miss_m < MISS_M_MAX for miss_m in misses) == [False, True]
    for each in answer.objects:
        assert each.impact.ellipse95.semi_major_m < MISS_M_MAX
        assert WIDENED not in each.reason
    since = [one for one in answer.rejected if "parted since" in one.reason]
    assert 50 < len(since) < lines / 2
    assert len({one.line for one in answer.rejected}) == len(answer.rejected)
