"""Own items: what is told of our own sightings, when, to whom, and for how long."""

import pytest

from beaconfire.stages.fuse.own import NOTICES_MAX
from beaconfire.vocabulary.acts import UNSIGNED
from beaconfire.vocabulary.entries.sightings import CueHeard, PlotsHeard
from beaconfire.vocabulary.report import (
    ImpactPrediction,
    LaunchNotice,
    Plots,
    TrackProduct,
)
from tests.stages.fuse_folded import Folded, solve
from tests.stages.sightings_made import (
    T0,
    area,
    at_s,
    cue,
    estimate_of,
    flown,
    infrared,
    launch_point,
    profile,
    radar,
)


def scan(sensor: str, seconds: float) -> PlotsHeard:
    """Return an own scan with the missile in it."""
    return PlotsHeard(sensor=sensor, plots=(flown(sensor, seconds),))


def watched(node: Folded, *sensors: str, start: int = 60, end: int = 90) -> Folded:
    """Let sensors watch the missile for some seconds."""
    for second in range(start, end):
        for sensor in sensors:
            node.give(float(second), scan(sensor, float(second)))
    return node


def test_a_cue_gives_a_notice_in_the_same_step_with_what_it_says():
    """Launch point, time and heading as the sensor saw them; the circle holds 95 %."""
    node = Folded(profile(infrared("ir1")))
    node.give(35.0, CueHeard(sensor="ir1", cue=cue("ir1", 35.0)))
    (event,) = node.events()
    (notice,) = node.items()
    body = notice.body
    assert isinstance(body, LaunchNotice)
    assert event.source == "JPN"
    assert event.first_seen == body.first_seen == at_s(35.0)
    assert (body.time, body.azimuth_true_deg) == (at_s(5.0), 80.0)
    assert body.point is not None
    assert body.point.ellipse95.semi_major_m == pytest.approx(3_000.0 * 2.4477)


def test_plots_give_a_notice_when_the_path_is_beyond_doubt_then_their_scans():
    """First the notice, then each scan of the path's beginning, as it was cut."""
    node = watched(Folded(profile(radar("r1"))), "r1", end=64)
    assert node.items() == []
    watched(node, "r1", start=64, end=66)
    kinds = [type(item.body) for item in node.items()]
    assert kinds[0] is LaunchNotice
    told = [item.body for item in node.items(Plots)]
    assert [body.plots[0].plot_id for body in told] == [
        f"r1-{s}" for s in range(60, 66)
    ]
    body = node.items(LaunchNotice)[0].body
    assert isinstance(body, LaunchNotice)
    assert body.first_seen == at_s(60.0)
    assert body.point is None


def test_each_scan_is_told_once_also_of_a_radar_that_finds_it_later():
    """The beginning of the second radar's path is told, and nothing twice."""
    node = watched(Folded(profile(radar("r1"), radar("r2"))), "r1", "r2", end=100)
    told = [
        (body.sensor_id, plot.plot_id)
        for body in (item.body for item in node.items(Plots))
        for plot in body.plots
    ]
    assert len(told) == len(set(told)) == 80


def test_every_own_item_bears_the_nodes_status_label_and_token():
    """Exercise stays exercise; one launch and audience is one observation set."""
    node = watched(Folded(profile(radar("r1"))), "r1")
    items = node.items()
    assert {type(item.body) for item in items} == {
        LaunchNotice,
        Plots,
        TrackProduct,
        ImpactPrediction,
    }
    assert {(i.originator, i.status, i.exercise) for i in items} == {
        ("JPN", "EXERCISE", "test")
    }
    assert {(i.label.policy, i.label.classification) for i in items} == {
        ("EXERCISE", "SECRET")
    }
    assert len({item.lineage for item in items}) == 1
    assert len({item.id for item in items}) == len(items)
    assert {held.sealed.signature for held in node.held()} == {UNSIGNED}
    assert {held.audience for held in node.held()} == {None}


@pytest.mark.parametrize(
    ("kind", "valid_s"),
    [
        (LaunchNotice, 3_600.0),
        (Plots, 120.0),
        (TrackProduct, 300.0),
        (ImpactPrediction, 600.0),
    ],
)
def test_an_item_is_valid_for_as_long_as_it_is_worth_sending(kind, valid_s):
    """From the turn's instant on, by its kind."""
    node = watched(Folded(profile(radar("r1"))), "r1")
    for item in node.items(kind):
        assert item.created >= T0
        assert item.valid_until.seconds_since(item.created) == valid_s


def test_while_it_boosts_the_track_has_no_tracklet_and_nothing_falls_anywhere():
    """No ballistic prediction is told while there is thrust."""
    node = Folded(
        profile(radar("r1")),
        solver=lambda _, held: estimate_of(90.0, impact=area(), phase="boost"),
    )
    watched(node, "r1")
    assert {item.body.tracklet for item in node.items(TrackProduct)} == {None}
    assert node.items(ImpactPrediction) == []


def test_where_the_model_does_not_hold_no_tracklet_and_no_impact_is_told():
    """The state may be shown; it must not be fused."""
    node = Folded(
        profile(radar("r1")),
        solver=lambda _, held: estimate_of(90.0, impact=area(), holds=False),
    )
    watched(node, "r1")
    assert {item.body.tracklet for item in node.items(TrackProduct)} == {None}
    assert node.items(ImpactPrediction) == []


def test_a_failed_estimate_tells_nothing_and_the_next_may_be_asked():
    """A solver that died is not the end of the launch."""
    node = Folded(profile(radar("r1")), solver=lambda *_: None)
    watched(node, "r1")
    assert node.items(TrackProduct, ImpactPrediction) == []
    assert len([1 for _, asked, _ in node.asked if asked.product == "own:0"]) > 5


def test_a_better_launch_point_is_told_again_and_not_without_end():
    """Half the area, or moved out of the ellipse that was told; eight in all."""
    points = iter(launch_point(semi_major_m=1e5 / 2.0**n) for n in range(1_000))
    node = Folded(
        profile(radar("r1")),
        solver=lambda *_: estimate_of(90.0, launch=next(points)),
    )
    watched(node, "r1", end=120)
    assert len(node.items(LaunchNotice)) == NOTICES_MAX


def test_a_launch_point_that_stays_is_told_once():
    """A notice is news."""
    node = Folded(
        profile(radar("r1")),
        solver=lambda *_: estimate_of(90.0, launch=launch_point()),
    )
    watched(node, "r1")
    first, second = node.items(LaunchNotice)
    assert isinstance(first.body, LaunchNotice)
    assert isinstance(second.body, LaunchNotice)
    assert (first.body.point, second.body.point) == (None, launch_point())


def test_a_sensor_hidden_from_all_feeds_the_picture_and_no_item():
    """It serves its own nation's warning; nobody else learns that it exists."""
    node = Folded(profile(radar("r1", hidden_from=("KOR", "USA"))))
    watched(node, "r1")
    assert len(node.events()) == 1
    assert node.items() == []
    assert {asked.product for _, asked, _ in node.asked} == {"picture"}


def test_partners_that_see_different_sensors_get_different_products():
    """One product a set of sensors, its ids and tokens unrelated to the other's."""
    node = Folded(profile(radar("r1"), radar("r2", hidden_from=("KOR",))))
    watched(node, "r1", "r2")
    kor, usa = node.for_party("KOR"), node.for_party("USA")
    assert {h.audience for h in node.held()} == {("KOR",), ("USA",)}
    assert not {i.id for i in kor} & {i.id for i in usa}
    assert not {i.lineage for i in kor} & {i.lineage for i in usa}
    sensors = [
        {i.body.sensor_id for i in x if isinstance(i.body, Plots)} for x in (kor, usa)
    ]
    assert sensors == [{"r1"}, {"r1", "r2"}]
    names = [
        {i.body.launch_id for i in x if isinstance(i.body, LaunchNotice)}
        for x in (kor, usa)
    ]
    assert not names[0] & names[1]


def test_what_a_partner_gets_does_not_change_with_a_sensor_hidden_from_it():
    """Byte for byte: as if the sensor, and everything that it saw, were not there."""
    hidden = Folded(
        profile(
            radar("r1"),
            radar("r2", hidden_from=("KOR",)),
            infrared("ir1", hidden_from=("KOR",)),
        ),
        solver=solve,
    )
    absent = Folded(profile(radar("r1")), solver=solve)
    hidden.give(35.0, CueHeard(sensor="ir1", cue=cue("ir1", 35.0)))
    for second in range(50, 120):
        if second % 3:
            hidden.give(second + 0.4, scan("r2", second + 0.4))
        if second > 60:
            hidden.give(second + 0.7, scan("r1", second + 0.7))
            absent.give(second + 0.7, scan("r1", second + 0.7))
    assert len(absent.items()) > 100
    assert hidden.for_party("KOR") == absent.items()


def test_a_journal_begun_anew_under_the_same_key_repeats_no_id():
    """A partner that holds an old item must not take a new one for it."""
    ids = []
    for offset in (0, 40):
        node = watched(
            Folded(profile(radar("r1"))), "r1", start=60 + offset, end=90 + offset
        )
        ids.append(
            {item.id for item in node.items()} | {i.lineage for i in node.items()}
        )
    assert not ids[0] & ids[1]
