"""When thrust resumes, what was said of the arc is taken back in the same turn."""

import pytest
from msgspec.structs import replace

from beaconfire.stages.warn import begin, step
from beaconfire.vocabulary.entries.arrivals import Estimate
from beaconfire.vocabulary.entries.sightings import (
    AlertDraft,
    LaunchEvent,
    PlotsHeard,
)
from beaconfire.vocabulary.flight import FlightEstimate
from beaconfire.vocabulary.places import Place
from beaconfire.vocabulary.reach import (
    DepartureFound,
    ImpactNow,
    ReachableRegion,
    ReachCorridor,
)
from beaconfire.vocabulary.report import ImpactPrediction, Retraction, TrackProduct
from tests.stages.fuse_folded import Folded
from tests.stages.sightings_made import (
    area,
    at_s,
    entry,
    estimate_of,
    flown,
    profile,
    radar,
)

NODE = profile(radar("r1"))
CORRIDOR = ReachCorridor(
    impact_now=ImpactNow(lat_deg=40.0, lon_deg=140.0, time=at_s(900.0)),
    heading_deg=80.0,
    heading_half_spread_deg=12.0,
    thrust_s_max=100.0,
    beyond_outline=True,
    outline=tuple(Place(lat_deg=40.0 + d, lon_deg=140.0 + d) for d in (0.0, 1.0, 2.0)),
)
GAP = replace(estimate_of(170.0, impact=area()), impact_condition="no further stage")
RESUMED = replace(
    estimate_of(180.0, phase="boost"),
    tracklet=None,
    corridor=CORRIDOR,
    departure=DepartureFound(kind="thrust resumed", since=at_s(176.0), push_mps2=30.0),
)


def region(radius_m: float) -> ReachableRegion:
    """Return a region of this size."""
    return ReachableRegion(
        lat_deg=40.0,
        lon_deg=140.0,
        radius_m=radius_m,
        opens=at_s(200.0),
        shuts=at_s(900.0),
    )


def lost(radius_m: float) -> FlightEstimate:
    """Return an estimate whose model fails by a push that is no stage's."""
    push = DepartureFound(kind="unknown push", since=at_s(800.0), push_mps2=20.0)
    return replace(
        estimate_of(810.0, phase="unknown", holds=False),
        tracklet=None,
        departure=push,
        reachable=region(radius_m),
    )


def drafted(*estimates: FlightEstimate) -> AlertDraft:
    """Return the last draft after the picture's estimates, ten seconds apart."""
    state, last = begin(NODE), None
    known = LaunchEvent(launch_id="e1", first_seen=at_s(35.0), source="JPN")
    bodies = [known] + [
        Estimate(request="q", launch_id="e1", product="picture", estimate=one)
        for one in estimates
    ]
    for n, body in enumerate(bodies):
        state, out = step(state, entry(body, 40.0 + 10.0 * n))
        last = out[-1] if out else last
    assert isinstance(last, AlertDraft)
    return last


def test_an_area_in_a_gap_is_told_with_its_condition():
    """To our own people and to partners alike."""
    draft = drafted(GAP)
    assert draft.condition == "no further stage"
    assert draft.why.endswith("if no further stage")
    node = Folded(NODE, solver=lambda *_: GAP)
    for second in range(60, 90):
        node.give(float(second), PlotsHeard(sensor="r1", plots=(flown("r1", second),)))
    (told, *_) = node.items(ImpactPrediction)
    assert isinstance(told.body, ImpactPrediction)
    assert told.body.condition == "no further stage"


def test_the_area_is_withdrawn_when_its_condition_is_broken():
    """No area is left standing that nobody believes; the corridor is said instead."""
    draft = drafted(GAP, RESUMED)
    assert draft.area is None
    assert draft.certainty == "Possible"
    assert draft.corridor == CORRIDOR
    assert "withdrawn" in draft.why


def test_an_area_without_a_condition_is_never_withdrawn():
    """Only what was said to depend on something can be broken by it."""
    draft = drafted(estimate_of(170.0, impact=area()), RESUMED)
    assert draft.area is not None
    assert draft.area.ellipse95.semi_major_m > area().ellipse95.semi_major_m


def test_a_failed_model_widens_an_open_alert_and_never_narrows_it():
    """The area stays, wider; of two regions the wider one is kept."""
    draft = drafted(estimate_of(170.0, impact=area()), lost(2e5), lost(1e5))
    assert draft.area is not None
    assert draft.area.ellipse95.semi_major_m > area().ellipse95.semi_major_m
    assert draft.reachable == region(2e5)


def test_a_failed_model_is_believed_again_when_it_has_held_for_a_while():
    """By chance the plots of a pull-up lie on an arc for a moment: on a wrong one."""
    state, held = begin(NODE), estimate_of(170.0, impact=area())
    known = LaunchEvent(launch_id="e1", first_seen=at_s(35.0), source="JPN")
    state, _ = step(state, entry(known, 40.0))
    told = []
    for second in range(160, 200):
        one = lost(2e5) if second in (170, 175) else held
        body = Estimate(request="q", launch_id="e1", product="picture", estimate=one)
        state, out = step(state, entry(body, float(second)))
        told += [(second, draft.certainty) for draft in out]
    assert told == [(160, "Likely"), (170, "Possible"), (185, "Likely")]


FALLING = replace(
    estimate_of(180.0, phase="re-entry", holds=False),
    tracklet=None,
    reachable=region(5e4),
)


@pytest.mark.parametrize("ended", [RESUMED, FALLING], ids=["thrust", "fails"])
def test_partners_are_told_in_the_same_turn_that_the_arc_is_no_more(ended):
    """Both the area and the tracklet: a partner would go on predicting from either."""
    answers = iter([GAP] * 2 + [ended] * 100)
    node = Folded(NODE, solver=lambda request, _: next(answers, ended))
    by_second = {}
    for second in range(60, 90):
        out = node.give(
            float(second), PlotsHeard(sensor="r1", plots=(flown("r1", second),))
        )
        by_second[second] = out
    told = node.items(ImpactPrediction, TrackProduct)
    arc = [
        item.id
        for item in told
        if isinstance(item.body, ImpactPrediction)
        or (isinstance(item.body, TrackProduct) and item.body.tracklet is not None)
    ]
    taken_back = [
        item.body.retracts
        for item in node.items(Retraction)
        if isinstance(item.body, Retraction)
    ]
    assert taken_back == arc[-2:]
