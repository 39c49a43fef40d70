"""A group's area holds each of its members, whatever is in it and however they part."""

from dataclasses import replace

import numpy as np
import pytest

from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.grouping import (
    COUNTED_SCANS,
    SEVERAL_SCANS_MIN,
    several_since,
    spread_of,
    together_in,
)
from beaconfire.estimation.members import WIDENED, widened_for_members
from beaconfire.estimation.scans import scan_of_each
from beaconfire.vocabulary.flight import GroupSpread, Observations
from tests.estimation.flying import (
    LIFT_OFF,
    NEAR,
    SOUTH,
    STEEP,
    drawn_bias,
    fly,
    held_against,
)

# From one site in one second; 20 to 460 m apart at burn-out.
NEIGHBOURS = ({"azimuth_deg": 85.02}, {"azimuth_deg": 85.2}, {"elevation_deg": 65.1})


def seen(motor, radars, until_s, seed):
    """What radars see of one missile."""
    rng = np.random.default_rng(seed)
    return [
        plot
        for radar in radars
        for plot in radar.plots(fly(motor), 60.0, until_s, rng, bias=drawn_bias(rng))
    ]


@pytest.mark.parametrize("how", NEIGHBOURS)
@pytest.mark.parametrize("until_s", [170.0, 230.0])
def test_the_area_of_one_member_holds_the_others(how, until_s):
    """They stood in one cell as long as they were seen: that alone bounds the rest."""
    other = fly(replace(STEEP, **how))
    for seed in range(3):
        mine = seen(STEEP, (NEAR, SOUTH), until_s, seed)
        theirs = seen(replace(STEEP, **how), (NEAR, SOUTH), until_s, seed)
        spread = spread_of(together_in(mine, scan_of_each([*mine, *theirs]), {}))
        assert spread is not None
        held = Observations(plots=tuple(mine), group=spread)
        estimate = estimate_flight(held)
        assert estimate.reason.endswith(WIDENED)
        for flight in (fly(STEEP), other):
            found = held_against(estimate, flight)
            assert found.inside
            assert found.in_time


def test_the_longer_they_stay_together_the_nearer_they_come_down():
    """What parts them is bounded by how long they have not parted."""
    alone = estimate_flight(Observations(plots=tuple(seen(STEEP, (NEAR,), 230.0, 1))))
    wide = [
        widened_for_members(alone, GroupSpread(cell_m=2_000.0, over_s=over_s))
        for over_s in (30.0, 60.0, 100.0)
    ]
    sizes = [one.impact.ellipse95.semi_major_m for one in wide]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] > 2_000.0 + alone.impact.ellipse95.semi_major_m
    assert wide[0].impact.lat_deg == alone.impact.lat_deg


def test_a_group_that_nothing_bounds_yet_has_no_area():
    """No area is better than one that holds a member by luck."""
    alone = estimate_flight(Observations(plots=tuple(seen(STEEP, (NEAR,), 230.0, 1))))
    found = widened_for_members(alone, GroupSpread(cell_m=20_000.0, over_s=3.0))
    assert found.impact is None
    assert "its members come down" in found.impact_reason
    assert found.apogee_km == alone.apogee_km


def test_two_are_one_cells_while_they_still_meet_in_it_now_and_then():
    """Which plot is whose is chance until then; one split echo is none."""
    since, counts = None, []
    for second in range(100):
        counts.append(2 if 10 <= second < 40 and second % 4 == 0 else 1)
        since = several_since(since, counts, second)
        if second == 11:
            assert since is None
        if 12 + 4 * SEVERAL_SCANS_MIN <= second < 40:
            assert since == 12 + 4 * (SEVERAL_SCANS_MIN - 1)
    assert since is None
    assert COUNTED_SCANS < 60


def test_what_two_objects_of_one_radar_never_show_widens_nothing():
    """An object alone has the area that it had."""
    mine = seen(STEEP, (NEAR,), 170.0, 1)
    assert spread_of(together_in(mine, scan_of_each(mine), {})) is None
    assert spread_of({}) is None
    assert all(plot.time > LIFT_OFF for plot in mine)
