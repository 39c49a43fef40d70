"""Following: a launch is found within seconds, and clutter is never one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.estimation.fix import fix_of, off_path
from beaconfire.stages.fuse.follower import LOST_S, Follower
from beaconfire.stages.fuse.initiation import PLOTS_KEPT_MAX, Recent, initiates
from beaconfire.vocabulary.entries.sightings import PlotsHeard
from beaconfire.vocabulary.motion import Plot
from tests.stages.fuse_folded import Folded
from tests.stages.sightings_made import at_s, false_plot, flown, plot, profile, radar

SHARE = st.floats(0.0, 1.0, exclude_max=True)


def taken(follower: Follower, *scans: tuple[Plot, ...]) -> list[Plot]:
    """Return the object's plots that some scans give, in their order."""
    return [plot for scan in scans for plot in follower.take(scan).plots]


def circling(sensor: str, seconds: float, *, speed: float, height_m: float) -> Plot:
    """Return the plot of something that flies level around the Earth."""
    radius_m = 6_371_000.0 + height_m
    turned = -0.15 + speed * seconds / radius_m
    return plot(
        sensor,
        seconds,
        east_m=radius_m * math.sin(turned),
        north_m=100_000.0,
        up_m=radius_m * math.cos(turned) - 6_371_000.0,
    )


def test_a_missile_is_found_within_six_scans_and_every_plot_of_it_kept():
    """The beginning of the path is kept, not only what comes after it is known."""
    scans = [(flown("r1", float(s)),) for s in range(60, 80)]
    follower = Follower()
    first = next(n for n, scan in enumerate(scans) if follower.take(scan).plots)
    assert first <= 5
    assert taken(Follower(), *scans) == [scan[0] for scan in scans]


@pytest.mark.parametrize("false", [13, 20, 31])
def test_a_missile_is_found_in_scans_that_are_full_of_something_else(false):
    """A busy radar is not a blind one: what it shows for seconds is still searched."""
    rng = np.random.default_rng(false)
    scans = []
    for second in range(60, 90):
        shares = rng.random((false, 3))
        scan = [false_plot("r1", float(second), tuple(share)) for share in shares]
        scan.insert(int(rng.integers(false)), flown("r1", float(second)))
        scans.append(tuple(scan))
    follower = Follower()
    found = [set(follower.take(scan).plots) for scan in scans]
    first = next(n for n, plots in enumerate(found) if plots)
    assert first <= 5
    assert all(flown("r1", 60.0 + n) in found[n] for n in range(first, 30))


@pytest.mark.parametrize(
    ("speed", "height_m"),
    [(0.0, 20e3), (250.0, 11e3), (480.0, 20e3), (7_670.0, 400e3), (7_350.0, 1_000e3)],
)
def test_what_is_slow_or_level_is_not_a_launch(speed, height_m):
    """Neither an aircraft, nor a satellite, nor a building."""
    scans = [
        (circling("r1", float(s), speed=speed, height_m=height_m),) for s in range(240)
    ]
    assert taken(Follower(), *scans) == []


def test_noise_alone_does_not_make_a_standing_thing_fast():
    """Five sigma of both ends are taken off before speed and climb are judged.

    A hundred minutes of a thing that stands 2,000 km away, where one sigma is 2 km.
    """
    rng = np.random.default_rng(1)
    for _ in range(10):
        follower = Follower()
        for second in range(600):
            across_m, along_m = rng.standard_normal(2) * 2_000.0
            seen = plot(
                "r1", float(second), east_m=2e6, north_m=across_m, up_m=3e5 + along_m
            )
            assert follower.take((seen,)).plots == ()


def test_among_false_plots_of_the_same_instant_the_missile_is_kept():
    """A scan stamps all its plots alike; which is the object's is decided here."""
    rng = np.random.default_rng(2)
    scans = []
    for second in range(60, 160):
        false = [false_plot("r1", float(second), tuple(rng.random(3))) for _ in "ab"]
        scans.append((false[0], flown("r1", float(second)), false[1]))
    kept = taken(Follower(), *scans)
    assert all((p.plot_id or "").startswith("r1-") for p in kept)
    assert len(kept) >= 95


def test_missed_scans_do_not_lose_the_path_and_a_long_gap_begins_it_anew():
    """It is carried on over a gap shorter than the limit, and found again after one."""
    follower = Follower()
    seconds = [float(s) for s in range(60, 70)]
    seconds += [70.0 + LOST_S - 3.0 + s for s in range(3)]
    seconds += [75.0 + 3.0 * LOST_S + s for s in range(8)]
    scans = [(flown("r1", s),) for s in seconds]
    assert taken(follower, *scans) == [scan[0] for scan in scans]


def test_a_feed_that_resends_what_it_kept_is_followed_beside_the_live_one():
    """After an outage old scans come in order behind newer ones; both are the object's.

    A live path must not be carried on by a plot from before it.
    """
    follower = Follower()
    live = [(flown("r1", float(s)),) for s in range(100, 120)]
    old = [(flown("r1", float(s)),) for s in range(60, 80)]
    mixed = [scan for pair in zip(live, old, strict=True) for scan in pair]
    kept = taken(follower, *mixed)
    assert sorted(kept, key=lambda p: p.time) == [scan[0] for scan in old + live]


def test_a_slowly_turning_radar_finds_it_too():
    """One scan in ten seconds is four within half a minute."""
    scans = [(flown("r1", 60.0 + 10.0 * n),) for n in range(6)]
    assert taken(Follower(), *scans) == [scan[0] for scan in scans]


@given(SHARE, st.floats(1.0, 20.0), st.floats(-70.0, 70.0))
def test_what_moves_evenly_lies_on_its_own_path(part, span_s, climb_mps2):
    """Between the ends and beyond them, for any acceleration within the limit."""

    def fix(seconds: float):
        up_m = 50_000.0 + 1_500.0 * seconds + 0.5 * climb_mps2 * seconds**2
        return fix_of(plot("r1", seconds, east_m=4e5, north_m=0.0, up_m=up_m))

    middle = round(0.1 + part * 1.5 * span_s, 6)
    if abs(middle - span_s) > 1e-3:
        assert off_path(fix(0.0), fix(span_s), fix(middle)) <= 1.0


@pytest.mark.long
@pytest.mark.parametrize(("hours", "false_per_scan"), [(1_000, 0.2), (200, 1.0)])
def test_a_thousand_radar_hours_of_clutter_begin_no_path(hours, false_per_scan):
    """The figure that the page on stages gives, measured again."""
    rng = np.random.default_rng(11)
    for _ in range(hours):
        follower = Follower()
        counts = rng.poisson(false_per_scan, 3_600)
        for second in np.flatnonzero(counts):
            shares = rng.random((counts[second], 3))
            scan = tuple(false_plot("r1", float(second), tuple(s)) for s in shares)
            assert follower.take(scan).plots == ()


def test_an_hour_of_clutter_on_ten_radars_makes_no_launch():
    """0.2 false plots a scan, 1 Hz, uniform in range and angles: silence.

    Three more plots must each fall where the first leads by chance.
    """
    for seed in range(4):
        rng = np.random.default_rng(seed)
        node = Folded(profile(*(radar(f"r{n}") for n in range(10))))
        for sensor in range(10):
            counts = rng.poisson(0.2, 900)
            for second in np.flatnonzero(counts):
                scan = tuple(
                    false_plot(f"r{sensor}", float(second), tuple(rng.random(3)))
                    for _ in range(counts[second])
                )
                node.give(900.0, PlotsHeard(sensor=f"r{sensor}", plots=scan))
        assert node.out == []


@given(st.lists(st.integers(1, 300), min_size=1, max_size=20))
def test_what_is_kept_of_a_sensor_is_bounded(sizes):
    """However full a scan is, one search looks at few plots."""
    recent = Recent()
    for second, size in enumerate(sizes):
        scan = tuple(
            false_plot("r1", float(second), (n / 400, 0.5, 0.5)) for n in range(size)
        )
        recent.add(scan)
        held = sum(len(kept) for kept in recent.scans)
        assert held <= PLOTS_KEPT_MAX
        initiates(recent)


def test_a_sigma_that_claims_nothing_starts_nothing():
    """An absurd error bar widens no gate: speed must exceed its own uncertainty."""
    follower = Follower()
    for second in range(30):
        seen = flown("r1", float(second) + 60.0)
        vague = Plot(
            time=seen.time,
            sensor=seen.sensor,
            range_m=seen.range_m,
            azimuth_deg=seen.azimuth_deg,
            elevation_deg=seen.elevation_deg,
            sigma_range_m=1e9,
            sigma_azimuth_mrad=1e9,
            sigma_elevation_mrad=1e9,
        )
        assert follower.take((vague,)).plots == ()
    assert math.isfinite(fix_of(vague).sigma_m)
    assert vague.time > at_s(80.0)
