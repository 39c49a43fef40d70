"""Watching: what is lost or has set is said of the picture, and of nothing else."""

import math
from functools import cache

import pytest
from msgspec.structs import replace
from pymap3d import ecef2geodetic

from beaconfire.estimation.sight import AHEAD_S, GIVEN_UP_S, LATE_S
from beaconfire.stages.fuse import due, know_sensors
from beaconfire.stages.fuse.follower import LOST_S
from beaconfire.vocabulary.entries.arrivals import ClockStep, SensorLines, Tick
from beaconfire.vocabulary.entries.sightings import (
    EstimateRequest,
    ItemHeld,
    LaunchState,
    PlotsHeard,
)
from beaconfire.vocabulary.flight import TrackPoint
from beaconfire.vocabulary.motion import Covariance
from beaconfire.vocabulary.report import TrackProduct
from tests.stages.fuse_folded import Folded
from tests.stages.sightings_made import (
    at_s,
    estimate_of,
    flown,
    held,
    item,
    launch_point,
    profile,
    radar,
    state,
)

UNTIL = 110
NOTHING = SensorLines(sensor="r1", stream="plots", lines=())


def stated(name="r1", **other):
    """A radar whose profile says how it looks."""
    said = {
        "rate_hz": 1.0, "range_max_km": 3000.0, "elevation_min_deg": 2.0,
        "detection_probability": 0.9, **other,
    }  # fmt: skip
    return replace(radar(name), **said)


@cache
def passed(second):
    """Where the made missile passes at a time."""
    here = ecef2geodetic(*state(second).position_ecef_m)
    lat, lon, alt_m = (float(value) for value in here)
    return TrackPoint(lat_deg=lat, lon_deg=lon, alt_km=alt_m / 1e3, time=at_s(second))


def arc(until_s=1_000.0):
    """A solver that foretells the very way the made missile goes."""

    def answer(request, observed):
        newest_s = max(p.time for p in observed.plots).seconds_since(at_s(0.0))
        path = []
        second = newest_s
        while second <= until_s:
            path.append(passed(second))
            second += 10.0
        rows = tuple(
            tuple(float((100.0 if i < 3 else 1.0) * (i == j)) for j in range(6))
            for i in range(6)
        )
        states = ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")
        return replace(
            estimate_of(newest_s, launch=launch_point()),
            track_covariance=Covariance(states=states, rows=rows),
            path=tuple(path),
        )

    return answer


def seen(*sensors, solver=None, since=60, until=UNTIL, scan=None, **more):
    """A stage whose first radar has followed a missile up to T+``until``."""
    node = Folded(profile(*sensors, **more), solver=solver or arc())
    for second in range(since, until + 1):
        plots = (flown(sensors[0].id, float(second)),) if scan is None else scan(second)
        node.give(float(second), PlotsHeard(sensor=sensors[0].id, plots=plots))
    return node


def states(node):
    """What was written of launches: when, and what state."""
    return [
        (seconds, body.sight.state)
        for seconds, body in node.out
        if isinstance(body, LaunchState)
    ]


def run_on(node, from_s, until_s, *, looking=()):
    """Let time pass as the runtime does: a tick whenever something is due.

    Each second a scan without plots comes from the radars that are ``looking``.
    """
    scans_s = [from_s + n for n in range(1, 1 + math.floor(until_s - from_s))]
    now = from_s
    while True:
        next_due = due(node.state)
        due_s = math.inf if next_due is None else next_due.seconds_since(at_s(0.0))
        now = max(now, min(due_s, scans_s[0] if looking and scans_s else math.inf))
        if now > until_s:
            return
        if looking and scans_s and now >= scans_s[0]:
            scans_s.pop(0)
            for name in looking:
                node.give(now, replace(NOTHING, sensor=name))
        else:
            node.give(now, Tick())


def test_what_is_seen_is_not_written_of():
    """A state is written when it changes; that a launch is seen is how it begins."""
    assert states(seen(stated())) == []


def test_a_loss_is_written_when_the_silence_is_no_chance():
    """Six looks at nine in ten, and what a plot may need to come."""
    node = seen(stated())
    run_on(node, UNTIL, UNTIL + 60.0, looking=("r1",))
    ((when, what),) = states(node)
    assert what == "lost"
    assert UNTIL + 6.0 <= when <= UNTIL + 6.0 + LATE_S + 0.1
    (body,) = (body for _, body in node.out if isinstance(body, LaunchState))
    assert body.sight.since == body.sight.last_seen == at_s(float(UNTIL))
    assert body.launch_id == node.events()[0].launch_id
    assert body.sight.missed[0].sensor == "r1"


def test_a_radar_that_states_nothing_is_given_more_time():
    """Its plots show its rate; that it sees every other look is all that is taken."""
    node = seen(radar("r1"))
    run_on(node, UNTIL, UNTIL + 60.0, looking=("r1",))
    ((when, what),) = states(node)
    assert what == "lost"
    assert UNTIL + 19.0 <= when <= UNTIL + 20.0 + LATE_S


def test_a_radar_that_cannot_see_so_low_expects_silence():
    """It has set for the only radar of ours, at the instant that was foretold."""
    # At T+925 the made missile stands 2.3 degrees high, at T+930 2 degrees.
    node = seen(stated(), since=870, until=925)
    run_on(node, 925.0, 1_100.0)
    (_, what), *more = states(node)
    assert what == "set"
    assert not more
    (body,) = (body for _, body in node.out if isinstance(body, LaunchState))
    assert at_s(928.0) < body.sight.since < at_s(932.0)


def test_it_is_seen_again_at_the_first_plot():
    """In the step of the plot that carries its path on."""
    node = seen(stated())
    run_on(node, UNTIL, UNTIL + 12.0, looking=("r1",))
    back = UNTIL + 14
    node.give(float(back), PlotsHeard(sensor="r1", plots=(flown("r1", float(back)),)))
    assert [what for _, what in states(node)] == ["lost", "seen"]


def test_a_partner_who_still_sees_it_keeps_it_from_being_lost():
    """A sighting by anybody ends a silence: here a partner's track."""
    node = seen(stated())
    for second in range(UNTIL, UNTIL + 20, 2):
        body = TrackProduct(
            launch_id="k1", phase="ballistic", state=state(float(second))
        )
        node.give(float(second), held(item(f"k{second}", body, float(second))))
    run_on(node, UNTIL + 20.0, UNTIL + 21.0)
    assert states(node) == []


def test_a_loss_moves_no_end_and_asks_for_no_solve():
    """Nothing was learnt of the flight: the event and its evidence stay as they are."""
    node, other = seen(stated()), seen(stated())
    event = node.state.picture.open[0]
    run_on(node, UNTIL, UNTIL + 60.0, looking=("r1",))
    assert states(node)
    assert event.closes == other.state.picture.open[0].closes
    after = [body for when, body in node.out if when > UNTIL + 1.0]
    assert not any(isinstance(body, EstimateRequest | ItemHeld) for body in after)


def test_own_items_are_the_same_whether_it_is_lost_or_not():
    """What partners get says nothing of a loss, nor comes at another time for it."""
    hidden = replace(stated("r2"), hidden_from=("KOR",))
    for sensors in ((stated(),), (stated(), hidden)):
        lost, blind = seen(*sensors), seen(radar("r1"), *sensors[1:])
        for node in (lost, blind):
            run_on(node, UNTIL, UNTIL + LOST_S - 5.0, looking=("r1",))
        assert states(lost)
        assert not states(blind)
        assert [(t, b) for t, b in lost.out if isinstance(b, ItemHeld)] == [
            (t, b) for t, b in blind.out if isinstance(b, ItemHeld)
        ]


def test_while_the_clock_is_not_trusted_no_silence_is_measured():
    """What a wrong clock calls a minute may be none."""
    node = seen(stated())
    node.give(float(UNTIL), ClockStep(seconds=30.0, trusted=False))
    node.give(UNTIL + 60.0, Tick())
    assert states(node) == []


def test_a_node_that_was_not_running_has_missed_nothing():
    """Looks before its newest start came to nobody."""
    node = seen(stated())
    know_sensors(node.state, node.profile, solve_interval_s=0.5)
    node.give(UNTIL + 40.0, Tick())
    assert states(node) == []
    run_on(node, UNTIL + 40.0, UNTIL + 55.0, looking=("r1",))
    ((when, what),) = states(node)
    assert what == "lost"
    assert when >= UNTIL + 46.0


def test_while_all_radars_are_silent_it_is_silent_and_lost_a_minute_later():
    """A feed that stalls and a flight that ends look alike, but not for ever."""
    for sensors in ((stated(),), (stated(), stated("r2"))):
        node = seen(*sensors)
        run_on(node, UNTIL, UNTIL + 300.0)
        ((when, what), (later, then)) = states(node)
        assert (what, then) == ("silent", "lost")
        assert UNTIL + 9.0 <= when <= UNTIL + 9.0 + LATE_S + 0.1
        assert later - when == pytest.approx(GIVEN_UP_S, abs=1.1)


def test_a_stall_that_its_buffer_makes_good_is_not_written_of():
    """Five seconds of flight are a quarter second of a machine at twenty times."""
    node = seen(stated())
    node.give(UNTIL + 8.9, Tick())
    for second in range(UNTIL + 1, UNTIL + 9):
        node.give(UNTIL + 9.0, PlotsHeard(sensor="r1", plots=(flown("r1", second),)))
    run_on(node, UNTIL + 9.0, UNTIL + 13.0)
    assert states(node) == []


def test_a_feed_that_is_behind_and_catches_up_is_written_of_once_at_most():
    """Each scan shows the object where it was; none of them makes it silent anew."""
    node = seen(stated())
    node.give(UNTIL + 40.0, Tick())
    for n in range(1, 40):
        plots = (flown("r1", float(UNTIL + n)),)
        node.give(UNTIL + 40.0 + 0.05 * n, PlotsHeard(sensor="r1", plots=plots))
        node.give(UNTIL + 40.0 + 0.05 * n, Tick())
    assert [what for _, what in states(node)] == ["silent", "seen"]


def two_of_which_one_ends(until=UNTIL):
    """Scans of two objects far apart, of which the second ends."""

    def scan(second):
        both = (
            flown("r1", float(second)),
            flown("r1", float(second), north_m=100_000.0),
        )
        return both if second <= until else both[:1]

    return scan


def test_one_of_two_that_ends_is_lost_as_soon_as_ever():
    """The radar that goes on showing the other has looked where it was to be."""
    node = seen(stated(), scan=two_of_which_one_ends(), until=UNTIL + 20)
    first, second = (event.launch_id for event in node.events())
    ((when, body),) = (
        (when, body) for when, body in node.out if isinstance(body, LaunchState)
    )
    assert body.launch_id == second != first
    assert body.sight.state == "lost"
    assert UNTIL + 6.0 <= when <= UNTIL + 6.0 + LATE_S + 1.0


def test_what_does_not_come_back_with_its_radar_is_lost():
    """Silent while the feed is down, lost six looks after it is up again."""
    node = seen(stated(), scan=two_of_which_one_ends())
    run_on(node, UNTIL, UNTIL + 30.0)
    assert [what for _, what in states(node)] == ["silent", "silent"]
    for second in range(UNTIL + 31, UNTIL + 45):
        node.give(
            float(second), PlotsHeard(sensor="r1", plots=(flown("r1", float(second)),))
        )
    assert [what for _, what in states(node)] == ["silent", "silent", "seen", "lost"]
    when, _ = states(node)[-1]
    assert UNTIL + 36.0 <= when <= UNTIL + 36.0 + LATE_S + 1.0


def test_a_silence_stays_in_doubt_until_something_is_seen_or_proven():
    """That the radar tells something again does not show the object."""
    node = seen(stated())
    run_on(node, UNTIL, UNTIL + 30.0)
    node.give(UNTIL + 31.0, NOTHING)
    run_on(node, UNTIL + 31.0, UNTIL + 60.0)
    assert [what for _, what in states(node)] == ["silent"]


def test_a_silent_feed_asks_for_a_turn_a_minute_at_most():
    """Nothing is gained by looking again and again at nothing."""
    node = seen(stated())
    before = node.number
    run_on(node, UNTIL, UNTIL + 600.0)
    assert node.number - before < 20


def test_a_scan_without_plots_makes_no_item():
    """Partners are told what is seen; that a radar works is told to nobody."""
    node = seen(stated())
    before = len(node.held())
    run_on(node, UNTIL, UNTIL + 20.0, looking=("r1",))
    assert len(node.held()) == before


def test_without_own_radars_there_is_nothing_to_say():
    """Nobody of ours looks: a partner's silence is a partner's."""
    node = Folded(profile(), solver=None)
    for second in range(60, 70):
        body = TrackProduct(launch_id="k1", phase="boost", state=state(float(second)))
        node.give(float(second), held(item(f"k{second}", body, float(second))))
    run_on(node, 70.0, 70.0 + 3.0 * AHEAD_S)
    assert states(node) == []


def pair(aside_m):
    """Scans of two objects side by side."""

    def scan(second):
        return (
            flown("r1", float(second)),
            flown("r1", float(second), north_m=aside_m),
        )

    return scan


def groups(node):
    """What was written of groups."""
    return [body.group for _, body in node.out if isinstance(body, LaunchState)]


def test_two_that_cannot_be_told_apart_are_one_launch_and_a_group_of_two():
    """One event, one entry; partners are told with the track that it is a group's."""
    node = seen(stated(), scan=pair(300.0))
    assert len(node.events()) == 1
    (group,) = groups(node)
    assert (group.at_least, group.shared_with) == (2, ())
    assert [(one.sensor, one.count) for one in group.rests_on] == [("r1", 2)]
    tracks = [told.body for told in node.items(TrackProduct)]
    assert tracks[-1].group.at_least == 2


def test_a_solve_of_a_group_is_told_how_near_its_members_are():
    """In the picture and in what partners get: the area is to hold each."""
    node = seen(stated(), scan=pair(300.0))
    for _, request, given in node.asked[-2:]:
        assert request.product
        assert given.group.cell_m > 300.0
        assert given.group.over_s > 0.7 * (UNTIL - 60)
    alone = seen(stated())
    assert all(given.group is None for _, _, given in alone.asked)


def test_two_that_are_told_apart_are_no_group():
    """Each is an object of its own, and a track says nothing of groups."""
    node = seen(stated(), scan=pair(30_000.0))
    assert len(node.events()) == 2
    assert groups(node) == []
    assert all(not told.body.group for told in node.items(TrackProduct))


def test_two_launches_that_come_near_each_other_name_each_other():
    """The count is of both together; neither is called a single track."""

    def scan(second):
        return pair(max(30_000.0 - 1_000.0 * (second - 60), 200.0))(second)

    node = seen(stated(), scan=scan)
    first, second = (event.launch_id for event in node.events())
    newest = {
        body.launch_id: body.group
        for _, body in node.out
        if isinstance(body, LaunchState)
    }
    assert newest[first].shared_with == (second,)
    assert newest[second].shared_with == (first,)
    assert newest[first].at_least == newest[second].at_least == 2


def test_at_most_two_silences_are_judged_in_a_step_and_none_is_forgotten():
    """A step keeps its time, however many fall silent at once; the rest come next."""

    def scan(second):
        return tuple(
            flown("r1", float(second), north_m=100_000.0 * k) for k in range(5)
        )

    node = seen(stated(), scan=scan)
    assert len(node.events()) == 5
    before = len(node.out)
    run_on(node, UNTIL, UNTIL + 30.0, looking=("r1",))
    assert [what for _, what in states(node)] == ["lost"] * 5
    steps = [when for when, _ in node.out[before:]]
    assert max(steps) - min(steps) < 1.0
