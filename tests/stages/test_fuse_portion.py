"""What one solve is given is bounded, fair to every sensor, and spread over time."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from beaconfire.stages.fuse.portion import SOLVE_PLOTS_MAX, portion
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.times import Instant

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


COUNTS = st.lists(st.integers(0, 60), max_size=8)


@given(counts=COUNTS, most=st.integers(0, 120))
def test_no_solve_is_given_more_than_the_limit_nor_less_than_it_could(counts, most):
    """Time is bounded; what one sensor does not need falls to the others."""
    given_plots = portion([seen(i, n) for i, n in enumerate(counts)], most=most)
    assert len(given_plots) == min(most, sum(counts))


@given(counts=COUNTS, most=st.integers(0, 120))
def test_no_sensor_is_cut_before_one_that_gives_more(counts, most):
    """A sensor is thinned only down to what the fullest others are left with."""
    plots = portion([seen(i, n) for i, n in enumerate(counts)], most=most)
    kept = Counter(plot.sensor.id for plot in plots)
    cut = [kept[f"radar-{i}"] for i, n in enumerate(counts) if kept[f"radar-{i}"] < n]
    assert all(max(kept.values(), default=0) <= least + 1 for least in cut)


@given(order=st.permutations(range(40)), most=st.integers(1, 39))
def test_what_is_given_does_not_hang_on_the_order_in_which_it_came(order, most):
    """Late plots are thinned like those that came in time."""
    held = seen(0, 40)
    late = [held[number] for number in order]
    assert portion([late], most=most) == portion([held], most=most)


@given(count=st.integers(3, 300), most=st.integers(2, 100))
def test_a_thinned_sensor_keeps_its_ends_and_no_wide_hole(count, most):
    """The arc's length is never lost."""
    held = seen(0, count)
    kept = portion([held], most=most)
    assert kept[0] == held[0]
    assert kept[-1] == held[-1]
    gaps = [b.time.seconds_since(a.time) for a, b in pairwise(kept)]
    assert max(gaps) <= (count - 1) / (len(kept) - 1) + 1.0


def test_what_four_radars_see_in_eight_minutes_goes_in_whole():
    """The limit is for dense reporting; a usual flight is not thinned."""
    sensors = [seen(i, 480) for i in range(4)]
    assert len(portion(sensors)) == 4 * 480 <= SOLVE_PLOTS_MAX
