"""What one solve is given is bounded, fair to every sensor, and spread over time."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from beaconfire.stages.fuse.counting import count_once
from beaconfire.stages.fuse.evidence import (
    Evidence,
    add_own_plots,
    add_partner_plots,
    exchange,
    take_back,
)
from beaconfire.stages.fuse.pace import ARC_PART
from beaconfire.stages.fuse.portion import (
    LONG_ARC_PLOTS_MAX,
    SOLVE_PLOTS_MAX,
    Seen,
    portion,
    solve_plots_max,
)
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.report import Plots
from beaconfire.vocabulary.times import Instant
from tests.stages.sightings_made import at_s, flown, item

START_NS = 1_664_836_920 * 10**9


def seen(sensor, count):
    """Return so many plots of one sensor, a second apart."""
    site = SensorSite(id=f"radar-{sensor}", lat_deg=35.0, lon_deg=130.0, alt_m=0.0)
    return [
        Plot(
            time=Instant(START_NS + number * 10**9),
            sensor=site,
            range_m=500_000.0,
            azimuth_deg=10.0,
            elevation_deg=20.0,
            sigma_range_m=30.0,
            sigma_azimuth_mrad=1.0,
            sigma_elevation_mrad=1.0,
            plot_id=f"p{number}",
        )
        for number in range(count)
    ]


def all_seen(counts):
    """Return so many plots of each of so many sensors."""
    return [Seen(seen(sensor, count)) for sensor, count in enumerate(counts)]


COUNTS = st.lists(st.integers(0, 60), max_size=8)


@given(counts=COUNTS, most=st.integers(0, 120))
def test_no_solve_is_given_more_than_the_limit_nor_less_than_it_could(counts, most):
    """Time is bounded; what one sensor does not need falls to the others."""
    given_plots = portion(all_seen(counts), most=most)
    assert len(given_plots) == min(most, sum(counts))


@given(counts=COUNTS, most=st.integers(0, 120))
def test_no_sensor_is_cut_before_one_that_gives_more(counts, most):
    """A sensor is thinned only down to what the fullest others are left with."""
    plots = portion(all_seen(counts), most=most)
    kept = Counter(plot.sensor.id for plot in plots)
    cut = [kept[f"radar-{i}"] for i, n in enumerate(counts) if kept[f"radar-{i}"] < n]
    assert all(max(kept.values(), default=0) <= least + 1 for least in cut)


@given(order=st.permutations(range(40)), most=st.integers(1, 39))
def test_what_is_given_does_not_hang_on_the_order_in_which_it_came(order, most):
    """Late plots are thinned like those that came in time."""
    held = seen(0, 40)
    late = [held[number] for number in order]
    known = Seen(held, in_order=True)
    assert portion([Seen(late)], most=most) == portion([known], most=most)


@given(count=st.integers(3, 300), most=st.integers(2, 100))
def test_a_thinned_sensor_keeps_its_ends_and_no_wide_hole(count, most):
    """The arc's length is never lost."""
    held = seen(0, count)
    kept = portion([Seen(held, in_order=True)], most=most)
    assert kept[0] == held[0]
    assert kept[-1] == held[-1]
    gaps = [b.time.seconds_since(a.time) for a, b in pairwise(kept)]
    assert max(gaps) <= (count - 1) / (len(kept) - 1) + 1.0


SECONDS = st.lists(st.integers(0, 9), max_size=12)


def seen_by(evidence):
    """Return what is held of each sensor, ours first, as a solve takes it."""
    own = [Seen(held.plots, in_order=held.in_order) for held in evidence.own.values()]
    return [*own, *count_once(evidence.forms.values()).plots]


def in_order(plots):
    """Say whether no plot stands behind a later one."""
    return all(one.time <= next_one.time for one, next_one in pairwise(plots))


def come(evidence, *, own, told):
    """Let plots of one instant each come from our radar and from a partner's."""
    for second in own:
        add_own_plots(evidence, "k1", (flown("k1", float(second)),))
    for number, second in enumerate(told):
        body = Plots(sensor_id="k1", plots=(flown("k1", float(second)),))
        brought = item(f"i{number}-{second}", body, float(second), lineage=("t",))
        add_partner_plots(evidence, brought, body.sensor_id, body.plots)


@given(mine=SECONDS, theirs=SECONDS, other=SECONDS, after=st.integers(0, 9))
def test_no_sensor_passes_for_being_in_order_that_is_not(mine, theirs, other, after):
    """Whatever comes, is exchanged or taken back: what is not looked at is sorted."""
    one, two = Evidence(), Evidence()
    come(one, own=mine, told=theirs)
    come(two, own=other, told=other)
    for sensor in ("k1", "KOR/k1"):
        exchange(one, two, sensor)
        take_back(two, sensor, at_s(float(after)))
    come(two, own=theirs, told=mine)
    for evidence in (one, two):
        for seen_of in seen_by(evidence):
            assert in_order(seen_of.plots) or not seen_of.in_order


def test_what_came_in_order_is_known_to_have():
    """Else each solve of a long arc looks at every plot that it leaves out."""
    evidence = Evidence()
    come(evidence, own=range(1, 9), told=range(9))
    assert [of.in_order for of in seen_by(evidence)] == [True, True]
    come(evidence, own=[3], told=[])  # held: nothing is added
    assert [of.in_order for of in seen_by(evidence)] == [True, True]
    come(evidence, own=[0], told=[])
    assert [of.in_order for of in seen_by(evidence)] == [False, True]


def test_what_five_radars_see_in_a_quarter_of_an_hour_goes_in_nearly_whole():
    """Thinned to half, a partner's plots had made the area larger than without them."""
    given_plots = portion(all_seen([830] * 5), most=solve_plots_max(830.0))
    assert len(given_plots) >= 0.95 * 5 * 830


@given(arc_s=st.floats(0.0, 1e5))
def test_a_longer_arc_has_more_plots_but_no_more_of_a_processor(arc_s):
    """It is solved less often, so the part that solves take stays what it was."""
    rarer = max(0.5, ARC_PART * arc_s) / 0.5
    most = solve_plots_max(arc_s)
    assert SOLVE_PLOTS_MAX <= most <= LONG_ARC_PLOTS_MAX
    assert most / rarer <= SOLVE_PLOTS_MAX
