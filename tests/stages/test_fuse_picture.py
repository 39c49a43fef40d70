"""The picture: when a launch event exists, and what of partners' belongs to it."""

import pytest
from msgspec.structs import replace

from beaconfire.stages.fuse.launches import AFTER_IMPACT_S, OPEN_MAX, OPEN_S
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.entries.sightings import CueHeard, ItemHeld, PlotsHeard
from beaconfire.vocabulary.report import (
    Body,
    ImpactPrediction,
    LaunchNotice,
    Plots,
    Retraction,
    TrackProduct,
)
from tests.stages.fuse_folded import Folded
from tests.stages.sightings_made import (
    area,
    at_s,
    cue,
    estimate_of,
    flown,
    held,
    infrared,
    item,
    launch_point,
    profile,
    radar,
    state,
    tracklet,
)

NODE = profile(radar("r1"), infrared("ir1"))


def notice(seconds: float, *, lat_deg: float | None = None) -> LaunchNotice:
    """Return a partner's notice, with a launch point at T+0 if a latitude is given."""
    point = None if lat_deg is None else launch_point(lat_deg=lat_deg)
    return LaunchNotice(
        launch_id="theirs",
        first_seen=at_s(seconds),
        point=point,
        time=None if point is None else point.time,
    )


def scan(seconds: float, sensor: str = "k1") -> Plots:
    """Return a partner's scan with the missile in it."""
    return Plots(sensor_id=sensor, plots=(flown(sensor, seconds),))


def track(seconds: float, plots: int, *, north_m: float = 0.0) -> TrackProduct:
    """Return a partner's track; no plots, no tracklet."""
    return TrackProduct(
        launch_id="theirs",
        phase="ballistic",
        state=state(seconds, north_m=north_m),
        tracklet=tracklet(seconds, plots=plots, sensor="k1") if plots else None,
    )


def told(name: str, body: Body, seconds: float, **how: object) -> ItemHeld:
    """Return a partner's item as ingest holds it."""
    history = bool(how.pop("history", False))
    via = how.pop("via", None)
    what = item(name, body, seconds, **how)  # type: ignore[arg-type]
    return held(what, history=history, via=via)  # type: ignore[arg-type]


def last_seen(node: Folded) -> tuple[int, int]:
    """Return how many plots and tracklets the newest picture request was given."""
    held = [held for _, asked, held in node.asked if asked.product == "picture"][-1]
    return len(held.plots), len(held.tracklets)


@pytest.mark.parametrize(
    "body",
    [
        notice(60.0),
        scan(60.0),
        track(60.0, 30),
        ImpactPrediction(launch_id="theirs", area=area()),
    ],
    ids=lambda body: type(body).__name__,
)
def test_anything_a_partner_tells_of_a_launch_opens_an_event_once(body):
    """It is the first this nation knows of it, and it says who told."""
    node = Folded(NODE)
    node.give(61.0, told("a", body, 60.5))
    node.give(62.0, told("b", body, 61.5))
    (event,) = node.events()
    assert event.source == "KOR"
    assert event.first_seen <= at_s(61.0)
    assert node.items() == []


def test_one_launch_seen_by_all_is_one_event():
    """Own cue, own plots, and whatever partners tell in whatever form."""
    node = Folded(NODE)
    node.give(35.0, CueHeard(sensor="ir1", cue=cue("ir1", 35.0)))
    node.give(36.0, told("u", notice(34.0, lat_deg=40.7), 35.0, originator="USA"))
    for second in range(60, 120):
        node.give(second, told(f"p{second}", scan(second), second))
        node.give(second + 0.5, PlotsHeard(sensor="r1", plots=(flown("r1", second),)))
        node.give(second + 0.7, told(f"t{second}", track(second, 9), second))
    assert len(node.events()) == 1


def test_a_late_partners_first_sight_is_still_the_same_launch():
    """Far down the path a launch is first seen a quarter of an hour after it."""
    node = Folded(NODE)
    node.give(35.0, CueHeard(sensor="ir1", cue=cue("ir1", 35.0)))
    node.give(901.0, told("a", notice(900.0), 900.5))
    assert len(node.events()) == 1


@pytest.mark.parametrize(
    "other",
    [notice(36.0, lat_deg=30.0), notice(36.0, lat_deg=50.0)],
    ids=["south", "north"],
)
def test_a_launch_elsewhere_is_another_event(other):
    """A notice says where; a thousand kilometres apart it is not the same launch."""
    node = Folded(NODE)
    node.give(35.0, CueHeard(sensor="ir1", cue=cue("ir1", 35.0)))
    node.give(36.5, told("a", other, 36.4))
    node.give(37.0, told("b", other, 36.9))
    assert [event.source for event in node.events()] == ["JPN", "KOR"]


def test_what_belongs_to_another_event_does_not_mix_with_ours():
    """Its tracklets are fused for it; our plots stay with the first."""
    node = Folded(NODE)
    for second in range(60, 70):
        node.give(second, PlotsHeard(sensor="r1", plots=(flown("r1", second),)))
    node.give(36.5, told("c", notice(36.0, lat_deg=10.0), 36.4, lineage=("far",)))
    first, second_event = [event.launch_id for event in node.events()]
    node.give(71.0, told("t", track(70.0, 40, north_m=-4e5), 70.5, lineage=("far",)))
    node.give(72.0, PlotsHeard(sensor="r1", plots=(flown("r1", 72.0),)))
    pictures = [(a.launch_id, h) for _, a, h in node.asked if a.product == "picture"]
    assert {len(h.tracklets) for n, h in pictures if n == first} == {0}
    assert {
        (len(h.plots), len(h.tracklets)) for n, h in pictures if n == second_event
    } == {(0, 1)}


def test_history_expired_and_retracted_items_open_nothing():
    """What is stale or taken back is kept in the journal, and rings nothing."""
    node = Folded(NODE)
    node.give(61.0, told("a", notice(60.0), 60.5, history=True))
    node.give(61.0, told("b", notice(60.0), 60.5, valid_s=0.1))
    node.give(61.0, told("r", Retraction(retracts="c", reason="clutter"), 60.9))
    node.give(61.5, told("c", notice(60.0), 60.5))
    assert node.out == []


def test_a_bare_notice_of_another_year_takes_no_place_in_the_launch_of_today():
    """A name alone, told as history, joins no open event and hides no live one."""
    node = Folded(NODE)
    node.give(35.0, CueHeard(sensor="ir1", cue=cue("ir1", 35.0)))
    old = replace(notice(60.0), launch_id="of-another-year")
    node.give(61.0, told("a", old, 60.5, history=True))
    (event,) = node.state.picture.open
    assert not any("of-another-year" in name for name in event.names)
    node.give(62.0, told("b", notice(61.0), 61.5))
    (event,) = node.state.picture.open
    assert any("theirs" in name for name in event.names)


def test_an_item_of_another_status_is_no_part_of_the_picture():
    """Exercise and actual never mix, nor does our own item come back as a partner's."""
    node = Folded(NODE)
    actual = replace(item("a", notice(60.0), 60.5), status="ACTUAL")
    ours = item("b", notice(60.0), 60.5, originator="JPN")
    node.give(61.0, held(actual), held(ours))
    assert node.out == []


def test_another_party_cannot_retract_an_item():
    """Only its originator may say that it was wrong."""
    node = Folded(NODE)
    wrong = Retraction(retracts="c", reason="clutter")
    node.give(61.0, told("r", wrong, 60.9, originator="USA"))
    node.give(61.5, told("c", notice(60.0), 60.5))
    assert len(node.events()) == 1


def test_history_of_an_open_launch_is_used_as_data():
    """After an outage old plots still make the arc better."""
    node = Folded(NODE)
    node.give(61.0, told("a", notice(60.0), 60.5))
    for second in range(60, 70):
        body = told(f"p{second}", scan(second), second, history=True)
        node.give(200.0 + second / 10.0, body)
    node.give(210.0, Tick())
    assert last_seen(node) == (10, 0)


def test_a_retracted_scan_leaves_the_picture_and_a_new_one_is_asked():
    """What was wrong is out at the next solve."""
    node = Folded(NODE)
    for second in range(60, 80):
        node.give(second, told(f"p{second}", scan(second), second))
    before = last_seen(node)
    node.give(81.0, told("r", Retraction(retracts="p75", reason="wrong"), 80.9))
    assert last_seen(node)[0] == before[0] - 1


def test_an_item_that_came_by_two_routes_counts_once():
    """Direct and through a relay: one item, asked about once."""
    node = Folded(NODE)
    for second in range(60, 80):
        node.give(second, told(f"p{second}", scan(second), second))
    before, asked = last_seen(node), len(node.asked)
    for second in range(60, 80):
        node.give(81.0 + second, told(f"p{second}", scan(second), second, via="USA"))
    assert (last_seen(node), len(node.asked)) == (before, asked)


def test_repeats_by_another_route_do_not_disturb_what_comes_late():
    """Old scans after an outage are followed in their order, repeats left aside."""
    node = Folded(NODE)
    node.give(99.0, told("n", notice(98.0), 98.5))
    for n in range(20):
        live, old, again = 100.0 + n, 60.0 + n, 95.0 + n
        node.give(live, told(f"p{live}", scan(live), live))
        node.give(live + 0.2, told(f"p{old}", scan(old), old, history=True))
        if again >= 100.0:
            node.give(live + 0.4, told(f"p{again}", scan(again), again, via="USA"))
    node.give(130.0, Tick())
    assert last_seen(node) == (40, 0)


def test_plots_and_tracklet_of_a_partner_are_never_both_in_the_picture():
    """The richer form at every request, whatever came first."""
    node = Folded(NODE)
    node.give(59.0, told("n", notice(58.0), 58.5))
    for second in range(60, 90):
        node.give(second, told(f"p{second}", scan(second), second))
        node.give(second + 0.5, told(f"t{second}", track(second, second - 40), second))
    forms = [(len(h.plots), len(h.tracklets)) for _, a, h in node.asked]
    assert all(not (plots and tracklets) for plots, tracklets in forms)
    assert forms[-1] == (0, 1)


def test_a_partners_clutter_is_kept_out_of_the_picture():
    """A partner sends whole scans; which plots are the object's is found here."""
    node = Folded(NODE)
    for second in range(60, 100):
        aside = flown("k1", second, north_m=400_000.0 + 9_000.0 * (second % 7))
        body = Plots(sensor_id="k1", plots=(aside, flown("k1", second)))
        node.give(second, told(f"p{second}", body, second))
    plots = node.asked[-1][2].plots
    assert {plot.plot_id for plot in plots} <= {f"k1-{s}" for s in range(60, 100)}
    distances = {round(plot.azimuth_deg, 6) for plot in plots}
    true = {round(flown("k1", s).azimuth_deg, 6) for s in range(60, 100)}
    assert distances <= true
    assert len(plots) >= 38


def test_a_plot_from_the_future_or_of_another_sensor_is_not_used():
    """A partner's times are evidence; an item speaks of the sensor that it names."""
    node = Folded(NODE)
    node.give(59.0, told("n", notice(58.0), 58.5))
    for second in range(60, 80):
        late = Plots(sensor_id="k1", plots=(flown("k1", second + 500.0),))
        other = Plots(sensor_id="k2", plots=(flown("k1", second),))
        node.give(second, told(f"a{second}", late, second))
        node.give(second, told(f"b{second}", other, second))
    assert node.asked == []


def test_an_event_ends_after_its_impact_and_its_names_open_no_other():
    """A partner may hold its launch open a little longer than we do."""
    node = Folded(
        NODE, solver=lambda *_: estimate_of(90.0, impact=area(impact_s=700.0))
    )
    for second in range(60, 90):
        node.give(second, told(f"p{second}", scan(second), second))
    end = 720.0 + AFTER_IMPACT_S
    node.give(end, told("x", scan(end), end))
    node.give(end + 1.0, told("y", scan(end + 1.0), end + 1.0))
    node.give(end + 2.0, told("z", notice(60.0), end + 2.0))
    assert len(node.events()) == 1, "it speaks of what was seen before the end"


def test_the_launch_id_of_a_launch_that_ended_opens_no_other():
    """However late, and whatever else is new about it."""
    node = Folded(
        NODE, solver=lambda *_: estimate_of(90.0, impact=area(impact_s=700.0))
    )
    node.give(60.0, told("n", notice(59.0), 59.5))
    for second in range(60, 90):
        node.give(second, told(f"p{second}", scan(second), second))
    end = 722.0 + AFTER_IMPACT_S
    again = told("w", notice(end + 3.0), end + 3.0, lineage=("new",))
    node.give(end + 3.0, again)
    assert len(node.events()) == 1


def test_an_event_without_an_impact_ends_and_a_new_launch_is_a_new_event():
    """Half an hour after it was opened, on our own clock."""
    node = Folded(NODE, solver=lambda *_: None)
    node.give(61.0, told("a", notice(60.0), 60.5))
    fresh = LaunchNotice(launch_id="another", first_seen=at_s(70.0 + OPEN_S))
    node.give(62.0 + OPEN_S, told("b", fresh, 62.0 + OPEN_S, lineage=("u",)))
    assert len(node.events()) == 2


def test_a_partner_cannot_open_events_without_end():
    """Beyond the limit what matches nothing is laid to the newest."""
    node = Folded(NODE)
    for number in range(3 * OPEN_MAX):
        body = LaunchNotice(
            launch_id=f"l{number}",
            first_seen=at_s(60.0),
            point=launch_point(lat_deg=-80.0 + 6.0 * number),
        )
        node.give(61.0, told(f"i{number}", body, 60.5, lineage=(f"t{number}",)))
    assert len(node.events()) == OPEN_MAX


@pytest.mark.parametrize("body", [Tick()])
def test_with_nothing_held_nothing_follows(body: EntryBody):
    """An idle node is silent."""
    node = Folded(NODE)
    assert node.give(60.0, body) == []
