"""Lost is missed where it was to be visible; set is expected; the rest is not known."""

import math
import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pymap3d import enu2ecef

from beaconfire.estimation.sight import (
    GIVEN_UP_S,
    LATE_S,
    LOST_AFTER_S_MIN,
    MISSED_BY_CHANCE_MAX,
    Course,
    Foretold,
    along_path,
    judge_sight,
    straight_on,
)
from beaconfire.estimation.watcher import (
    BELOW_DEG,
    DETECTION_PROBABILITY,
    SURELY_ABOVE_DEG,
    Heard,
    Watcher,
    hear,
    hear_nothing,
    watcher_of,
)
from beaconfire.vocabulary.cards import OwnSensor
from beaconfire.vocabulary.flight import TrackPoint
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.times import Instant

T0 = Instant.parse("2022-10-03T22:22:00Z")
ALWAYS = ((T0.plus_s(-1e4).ns, T0.plus_s(1e4).ns),)
SITE = SensorSite(id="r1", lat_deg=37.0, lon_deg=137.0, alt_m=0.0)


def watcher(name="r1", *, probability=0.9, scan_s=1.0, **other):
    """A radar that states how it looks."""
    said = {
        "surely_above_deg": 2.0,
        "below_deg": 2.0,
        "range_max_m": 3e6,
        "range_stated": True,
        "looked": ALWAYS,
        **other,
    }
    site = SensorSite(id=name, lat_deg=37.0, lon_deg=137.0, alt_m=0.0)
    return Watcher(site=site, scan_s=scan_s, detection_probability=probability, **said)


def standing(elevation_deg, *, range_m=5e5, sigma_m=100.0, lands=False):
    """A course on which it stays where it is for ten minutes; elevations by time."""
    if not callable(elevation_deg):
        fixed = elevation_deg
        elevation_deg = lambda s: fixed  # noqa: E731
    points = []
    for second in range(-10, 610, 10):
        el = math.radians(elevation_deg(second))
        place = enu2ecef(
            0.0, range_m * math.cos(el), range_m * math.sin(el), 37.0, 137.0, 0.0
        )
        place = tuple(float(value) for value in place)
        points.append(Foretold(T0.plus_s(float(second)).ns, place, sigma_m))
    return Course(tuple(points), lands=lands)


def said(course, seconds, *watchers, last_s=0.0):
    """The judgement after a silence since ``last_s``."""
    return judge_sight(course, watchers, T0.plus_s(last_s), T0.plus_s(seconds))


def state(*args, **more):
    """What it is said to be."""
    return said(*args, **more).sight.state


@pytest.mark.parametrize(
    ("probability", "looks", "slowly"),
    [(0.99, 5, 3), (0.9, 6, 6), (0.8, 9, 9), (0.5, 20, 20)],
)
def test_it_is_lost_after_as_many_looks_as_chance_does_not_miss(
    probability, looks, slowly
):
    """One in a million, by the sensor's own detection probability and scan rate.

    At least three looks and five seconds, however surely it looks.
    """
    one = watcher(probability=probability)
    course = standing(30.0)
    assert state(course, looks - 1.0 + LATE_S, one) == "seen"
    sight = said(course, looks + 0.01 + LATE_S, one).sight
    assert (sight.state, sight.since, sight.last_seen) == ("lost", T0, T0)
    assert sight.missed[0].looks == looks
    assert sight.chance <= 1.000001 * MISSED_BY_CHANCE_MAX
    slow = watcher(probability=probability, scan_s=10.0)
    assert state(course, 10.0 * slowly - 5.0 + LATE_S, slow) == "seen"
    assert state(course, 10.0 * slowly + 0.1 + LATE_S, slow) == "lost"


def test_it_has_set_where_it_is_foretold_below_every_horizon():
    """From when the last of ours loses it; silence is expected, however long."""
    sinking = standing(lambda s: 10.0 - 0.1 * s)  # 2 degrees at 80 s, 1 at 90 s
    low = watcher("r2", below_deg=1.0, surely_above_deg=1.0)
    sight = said(sinking, 500.0, watcher(), low, last_s=85.0).sight
    assert sight.state == "set"
    assert sight.since.seconds_since(T0) == pytest.approx(90.0, abs=0.5)
    assert not sight.missed
    assert state(sinking, 500.0, watcher(), low, last_s=40.0) == "lost"


def test_what_sets_soon_after_it_was_seen_is_not_lost():
    """Six looks are needed where three were left."""
    sinking = standing(lambda s: 10.0 - 0.1 * s)
    assert state(sinking, 400.0, watcher(), last_s=77.0) == "set"


def test_what_rises_again_and_is_missed_is_lost():
    """Below the horizon of the first, later surely above that of the second."""
    dipping = standing(lambda s: 1.0 if s < 200 else 20.0)
    assert state(dipping, 150.0, watcher()) == "set"
    assert state(dipping, 300.0, watcher()) == "lost"


def test_what_is_down_where_its_flight_ends_does_not_rise():
    """After the predicted impact nothing is lost; it has set."""
    sinking = standing(lambda s: 10.0 - 0.1 * s, lands=True)
    assert state(sinking, 2_000.0, watcher(), last_s=78.0) == "set"


def test_beyond_a_stated_range_silence_is_expected():
    """A radar that does not look so far misses nothing there."""
    near = watcher(range_max_m=4e5)
    assert state(standing(30.0), 60.0, near) == "set"


@given(
    st.floats(-20.0, 80.0),
    st.floats(1e5, 4e6),
    st.floats(10.0, 1e6),
    st.floats(0.0, 500.0),
    st.lists(st.tuples(st.floats(0.05, 1.0), st.floats(0.1, 12.0)), max_size=4),
)
def test_nothing_is_lost_that_was_not_surely_visible(
    elevation, range_m, sigma_m, silence_s, looking
):
    """Whatever the course, the radars and the silence: three sigma above a mask."""
    watchers = [
        watcher(f"r{n}", probability=min(chance, 0.99), scan_s=scan_s)
        for n, (chance, scan_s) in enumerate(looking)
    ]
    course = standing(elevation, range_m=range_m, sigma_m=sigma_m)
    found = said(course, silence_s, *watchers)
    if not watchers:
        assert found is None
        return
    assert found.again > T0.plus_s(silence_s)
    sight = found.sight
    doubt_deg = math.degrees(math.atan2(3.0 * sigma_m, range_m))
    sure = elevation - doubt_deg >= 2.0 and range_m + 3.0 * sigma_m <= 3e6
    if sight.state == "lost":
        assert sure
        assert sight.missed
        assert sight.chance <= 1.000001 * MISSED_BY_CHANCE_MAX
        assert silence_s >= LOST_AFTER_S_MIN
    if sight.state == "set":
        assert elevation <= 2.0 or range_m >= 3e6
    if silence_s <= LATE_S:
        assert sight.state == "seen"


@given(
    st.lists(st.floats(0.0, 60.0), min_size=2, max_size=30),
    st.lists(st.floats(0.3, 0.99), min_size=1, max_size=3),
    st.floats(0.0, 500.0),
    st.floats(0.0, 100.0),
)
def test_the_lost_stay_lost_until_they_are_seen(elevations, chances, first_s, more_s):
    """Where it is by now is nobody's knowledge: no place it may have reached helps."""
    course = standing(lambda s: elevations[max(s, 0) // 10 % len(elevations)])
    watchers = [watcher(f"r{n}", probability=p) for n, p in enumerate(chances)]
    assume(state(course, first_s, *watchers) == "lost")
    later = said(course, first_s + more_s, *watchers).sight
    assert later.state == "lost"
    assert later.since == T0
    again = state(course, first_s + more_s, *watchers, last_s=first_s + more_s)
    assert again == "seen"


@given(st.permutations(["r1", "r2", "r3"]), st.floats(0.0, 60.0))
def test_the_order_of_radars_changes_nothing(names, seconds):
    """The answer is a function of the set."""
    chance = {"r1": 0.5, "r2": 0.7, "r3": 0.9}
    one = [watcher(name, probability=chance[name]) for name in sorted(names)]
    other = [watcher(name, probability=chance[name]) for name in names]
    course = standing(lambda s: 1.0 + 0.1 * s)
    assert said(course, seconds, *one) == said(course, seconds, *other)


@given(st.floats(0.3, 0.99), st.floats(0.3, 0.99), st.floats(0.0, 60.0))
def test_one_radar_more_never_makes_a_loss_later(one, other, seconds):
    """Both miss it: that is less likely than that the first does."""
    course = standing(30.0)
    if state(course, seconds, watcher(probability=one)) == "lost":
        both = watcher(probability=one), watcher("r2", probability=other)
        assert state(course, seconds, *both) == "lost"


@pytest.mark.parametrize("looking", [True, False])
@pytest.mark.parametrize("until_s", [20.0, 95.0, 300.0])
def test_nothing_changes_before_it_is_asked_again(until_s, looking):
    """``again`` is early enough: whoever asks then misses no change."""
    course = standing(lambda s: 20.0 - 0.1 * s if s < 250 else 8.0)
    how = {} if looking else {"looked": looked((-9.0, 0.0), (40.0, 50.0))}
    watchers = (
        watcher(probability=0.5, scan_s=4.0, **how),
        watcher("r2", probability=0.4, **how),
    )
    found = said(course, 0.0, *watchers, last_s=until_s - 20.0)
    at_s = 0.0
    while at_s < 400.0:
        found = said(course, at_s, *watchers, last_s=until_s - 20.0)
        again_s = found.again.seconds_since(T0)
        for part in (0.25, 0.5, 0.99):
            between_s = at_s + part * (again_s - at_s)
            between = said(course, between_s, *watchers, last_s=until_s - 20.0)
            assert between.sight.state == found.sight.state
        at_s = again_s


def test_without_a_prediction_a_long_silence_is_neither():
    """It was not seen, and nothing says that it should have been."""
    assert state(Course(), 4.0, watcher()) == "seen"
    sight = said(Course(), 60.0, watcher()).sight
    assert sight.state == "unsure"
    assert sight.reason == "not seen, and no prediction says surely that it should be"


def test_a_vague_prediction_makes_nothing_lost():
    """A thousand kilometres either way may be below the horizon."""
    assert state(standing(30.0, sigma_m=3e5), 60.0, watcher()) == "unsure"


def test_under_thrust_it_is_lost_only_while_no_push_could_have_hidden_it():
    """The newest motion leads on for forty seconds, with twice a motor's push."""
    place = tuple(map(float, enu2ecef(0.0, 3e5, 2e5, 37.0, 137.0, 0.0)))
    course = straight_on(T0.ns, place, (0.0, 0.0, 0.0), 500.0, 20.0)
    assert state(course, 10.0 + LATE_S, watcher()) == "lost"
    # Six looks of it take a minute: by then nobody knows.
    assert state(course, 300.0, watcher(scan_s=10.0)) == "unsure"


def looked(*stretches_s):
    """When a radar is known to have looked, in seconds."""
    return tuple((T0.plus_s(a).ns, T0.plus_s(b).ns) for a, b in stretches_s)


def test_a_loss_says_by_whom():
    """The looks that are known to have been taken, and no other radar."""
    mute = watcher("r2", looked=looked((-9.0, 0.0)))
    sight = said(standing(30.0), 30.0, watcher(looked=looked((-9.0, 8.0))), mute).sight
    assert sight.reason == (
        "missed where it was to be visible, by r1 (6 looks): more than chance allows"
    )
    assert [(one.sensor, one.looks, one.reports) for one in sight.missed] == [
        ("r1", 6, True)
    ]


@given(
    st.lists(st.floats(0.3, 0.99), min_size=1, max_size=3),
    st.floats(0.2, 12.0),
    st.floats(0.0, 5_000.0),
)
def test_what_no_radar_is_known_to_have_looked_for_is_silent_before_it_is_lost(
    chances, scan_s, seconds
):
    """A feed that stalled, a node that stood still: nothing is known to have looked."""
    watchers = [
        watcher(f"r{n}", probability=chance, scan_s=scan_s, looked=looked((-9.0, 0.0)))
        for n, chance in enumerate(chances)
    ]
    now_s = min(seconds, 590.0)
    found = said(standing(30.0), now_s, *watchers).sight
    assert found.state in ("seen", "silent", "lost")
    if found.state == "lost":
        before = said(standing(30.0), now_s - GIVEN_UP_S, *watchers).sight
        assert before.state in ("silent", "lost")
    if found.state != "seen":
        assert found.chance is None
        assert not any(one.reports for one in found.missed)
        assert "they or their feeds may have failed" in found.reason


def test_silent_is_said_once_a_scan_can_no_more_prove_the_looks():
    """Three intervals after it would be lost, had the radar looked."""
    mute = watcher(looked=looked((-9.0, 0.0)))
    assert state(standing(30.0), 8.9 + LATE_S, mute) == "seen"
    sight = said(standing(30.0), 9.1 + LATE_S, mute).sight
    assert (sight.state, sight.since, sight.last_seen) == ("silent", T0, T0)
    assert sight.reason == (
        "not seen where it was to be visible, but r1 told nothing at all since: "
        "whether they looked is not known, and they or their feeds may have failed"
    )


def test_a_stall_between_two_scans_is_no_run_of_misses():
    """Before and after it the radar looked; what it did meanwhile nobody knows."""
    back = watcher(looked=looked((-9.0, 0.0), (29.0, 34.0)))
    assert state(standing(30.0), 34.0 + LATE_S, back) == "silent"
    longer = watcher(looked=looked((-9.0, 0.0), (29.0, 35.1)))
    assert state(standing(30.0), 35.1 + LATE_S, longer) == "lost"


def test_a_radar_that_looks_loses_it_though_another_is_silent():
    """As soon as its own looks are too many, and no later."""
    mute = watcher("r2", looked=looked((-9.0, 0.0)))
    assert state(standing(30.0), 5.9 + LATE_S, watcher(), mute) == "seen"
    assert state(standing(30.0), 6.1 + LATE_S, watcher(), mute) == "lost"


def test_a_feed_that_is_behind_is_not_silent():
    """What it delivers is old, but it delivers: the rest is on its way."""
    behind = watcher(looked=looked((-9.0, 0.0)), heard_ns=T0.plus_s(59.0).ns)
    found = said(standing(30.0), 60.0, behind)
    assert found.sight.state == "seen"
    assert found.waits
    assert state(standing(30.0), 63.0, behind) == "silent"


def test_a_path_is_followed_from_where_it_was_seen_last():
    """Predicted points, ten seconds apart; its spread grows as it flies."""
    points = [
        TrackPoint(lat_deg=40.0, lon_deg=137.0, alt_km=300.0 - s, time=T0.plus_s(s))
        for s in (0.0, 10.0, 20.0, 30.0)
    ]
    course = along_path(points, (T0.ns, 100.0, 10.0), T0.plus_s(12.0), T0.plus_s(18.0))
    assert [point.time_ns for point in course.points] == [
        T0.plus_s(10.0).ns,
        T0.plus_s(20.0).ns,
    ]
    assert course.points[0].sigma_m == pytest.approx(math.hypot(100.0, 100.0))
    assert not course.lands
    whole = along_path(points, (T0.ns, 100.0, 10.0), T0, T0.plus_s(90.0))
    assert whole.lands


def plot(seconds, *, range_m=5e5, elevation_deg=10.0):
    """A plot of the radar."""
    return Plot(
        time=T0.plus_s(seconds), sensor=SITE, range_m=range_m, azimuth_deg=0.0,
        elevation_deg=elevation_deg, sigma_range_m=30.0, sigma_azimuth_mrad=1.0,
        sigma_elevation_mrad=1.0,
    )  # fmt: skip


def listened(*plots):
    """What is known of the radar after these scans."""
    heard = None
    for one in plots:
        heard = hear(heard, (one,))
    return heard


def test_what_a_radar_does_not_state_its_plots_show():
    """Interval, reach and mask, each on the side that claims less."""
    heard = listened(*(plot(4.0 * n, range_m=5e5 + 1e4 * n) for n in range(6)))
    shown = watcher_of(heard)
    assert shown.scan_s == 4.0
    assert shown.range_max_m == pytest.approx(1.1 * 5.5e5)
    assert not shown.range_stated
    assert (shown.surely_above_deg, shown.below_deg) == (SURELY_ABOVE_DEG, BELOW_DEG)
    assert shown.detection_probability == DETECTION_PROBABILITY
    low = watcher_of(listened(*(plot(float(n), elevation_deg=0.5) for n in range(6))))
    assert (low.surely_above_deg, low.below_deg) == (0.5, 0.5)


def test_what_a_radar_states_counts():
    """The node's profile is believed."""
    stated = OwnSensor(
        id="r1", kind="radar", rate_hz=0.1, range_max_km=3000.0,
        elevation_min_deg=1.0, detection_probability=1.0,
    )  # fmt: skip
    one = watcher_of(listened(plot(0.0)), stated)
    assert (one.scan_s, one.range_max_m, one.range_stated) == (10.0, 3e6, True)
    assert (one.surely_above_deg, one.below_deg) == (1.0, 1.0)
    assert one.detection_probability == 0.99


def test_a_radar_is_known_to_have_looked_where_it_told_something():
    """In each such scan, and between two that lie three intervals apart at most."""
    one = watcher_of(listened(*map(plot, [0.0, 1.0, 2.0, 3.0, 4.0, 7.0, 12.0])))
    # Three gaps say how often it looks; what was before is not counted.
    assert one.looked == looked((2.0, 7.0), (11.0, 12.0))


def test_a_scan_without_plots_is_a_look():
    """It says nothing of what the radar sees, and that it works."""
    heard = listened(*(plot(float(n)) for n in range(6)))
    for second in (6.0, 7.0, 30.0):
        hear_nothing(heard, None, T0.plus_s(second))
    one = watcher_of(heard)
    assert one.looked == looked((2.0, 7.0), (29.0, 30.0))
    assert one.scan_s == 1.0
    assert one.heard_ns == T0.plus_s(30.0).ns


def test_a_radar_of_which_nothing_says_how_often_it_looks_watches_nothing():
    """Three plots are two gaps; late scans make none."""
    assert watcher_of(listened(plot(0.0), plot(1.0), plot(2.0))) is None
    assert watcher_of(listened(*(plot(9.0 - n) for n in range(9)))) is None
    assert isinstance(listened(plot(0.0)), Heard)


def test_the_nodes_own_process_loads_no_numerical_library():
    """Sight is judged in a step: it must not bring NumPy into the node."""
    code = (
        "import sys, beaconfire.stages.fuse, beaconfire.stages.warn; "
        "sys.exit(any(name in sys.modules for name in ('numpy', 'numba', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
