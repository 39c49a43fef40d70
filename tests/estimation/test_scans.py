"""A radar's plots are put into scans, however it stamps them: each object once."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.estimation.scans import scans_of
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.times import Instant

START_NS = 1_664_836_920 * 10**9
SITE = SensorSite(id="r1", lat_deg=40.0, lon_deg=140.0, alt_m=0.0)


def plot(name, at_s, north_km):
    """A plot 600 km east of the radar, so far to the north, climbing at 3 km/s."""
    range_km = math.hypot(600.0, north_km)
    return Plot(
        time=Instant(START_NS + round(at_s * 1e9)),
        sensor=SITE,
        range_m=1e3 * range_km,
        azimuth_deg=math.degrees(math.atan2(600.0, north_km)) % 360.0,
        elevation_deg=math.degrees(math.asin(min(3.0 * at_s / range_km, 1.0))),
        sigma_range_m=30.0,
        sigma_azimuth_mrad=1.0,
        sigma_elevation_mrad=1.0,
        plot_id=name,
    )


def turns(*, objects, apart_km, shift_s, count=30, wait_s=1.0, missed=frozenset()):
    """Plots of objects side by side, each ``shift_s`` after the one before."""
    return [
        plot(f"{turn}.{k}", turn * wait_s + k * shift_s, k * apart_km)
        for turn in range(count)
        for k in range(objects)
        if (turn, k) not in missed
    ]


def numbers(scans):
    """The turns' numbers that stand in each scan."""
    return [{one.plot_id.partition(".")[0] for one in scan} for scan in scans]


@pytest.mark.parametrize("shift_s", [0.0, 0.001, 0.02, 0.2])
@pytest.mark.parametrize("wait_s", [1.0, 5.0])
@pytest.mark.parametrize("objects", [1, 2, 4])
def test_each_turn_is_one_scan_however_it_is_stamped(objects, shift_s, wait_s):
    """An instant of its own for each plot had made a scan of every plot."""
    plots = turns(objects=objects, apart_km=30.0, shift_s=shift_s, wait_s=wait_s)
    scans = scans_of(plots)
    assert numbers(scans) == [{str(turn)} for turn in range(30)]
    assert {len(scan) for scan in scans} == {objects}


@pytest.mark.parametrize("shift_s", [0.0, 0.001, 0.02])
def test_two_that_cannot_be_told_apart_stand_in_one_scan(shift_s):
    """Three hundred metres apart each could have become the other at once."""
    scans = scans_of(turns(objects=2, apart_km=0.3, shift_s=shift_s))
    assert numbers(scans) == [{str(turn)} for turn in range(30)]
    assert {len(scan) for scan in scans} == {2}


@given(
    missed=st.sets(st.tuples(st.integers(0, 39), st.integers(0, 1)), max_size=40),
    shift_s=st.sampled_from([0.0, 0.02]),
    apart_km=st.sampled_from([0.3, 30.0]),
)
def test_no_scan_has_two_looks_at_one_object(missed, shift_s, apart_km):
    """A second look in one scan would be taken for another object."""
    plots = turns(
        objects=2, apart_km=apart_km, shift_s=shift_s, count=40, missed=missed
    )
    for scan in scans_of(plots):
        objects = [one.plot_id.partition(".")[2] for one in scan]
        assert len(set(objects)) == len(objects)


@given(st.permutations(turns(objects=3, apart_km=30.0, shift_s=0.02, count=6)))
def test_scans_hold_every_plot_once_in_order_of_time(plots):
    """A file has no order: the scans do not hang on it, and nothing is lost."""
    scans = scans_of(plots)
    flat = [one for scan in scans for one in scan]
    assert flat == sorted(plots, key=lambda one: one.time)


def test_nothing_and_one_plot_are_no_riddle():
    """The least that a file can hold."""
    assert scans_of([]) == ()
    (one,) = turns(objects=1, apart_km=0.0, shift_s=0.0, count=1)
    assert scans_of([one]) == ((one,),)
