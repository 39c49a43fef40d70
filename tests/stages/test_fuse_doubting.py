"""Doubting: two launches that may be one of which a radar lies have no area."""

from dataclasses import replace as changed

import pytest

from beaconfire.estimation.flight import estimate_flight
from beaconfire.stages.fuse.evidence import observations
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.report import Retraction
from tests.estimation.flying import EAST, LIFT_OFF, NEAR, SOUTH, STEEP, Radar, fly
from tests.stages.lies_flown import (
    FROM_S,
    a_fifth_too_near,
    beside,
    doubts,
    ten_seconds_late,
    told,
    too_far,
    watched,
)
from tests.stages.sightings_made import area, estimate_of

LIES = {
    "5 km": too_far(5_000.0),
    "5 km too near": too_far(-5_000.0),
    "20 km": too_far(20_000.0),
    "50 km": too_far(50_000.0),
    "a fifth too near": a_fifth_too_near,
    "10 s late": ten_seconds_late,
}
# So long at most after both are followed: the looking, and when it is next asked.
SAID_AFTER_S = 45.0


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_of_two_radars_that_contradict_each_other_neither_has_an_area(lie):
    """One lies about where the body is: of two areas one would be wrong."""
    node = watched([fly(STEEP)], (NEAR, SOUTH), lies={"near": lie})
    assert len(node.events()) == 2
    said = doubts(node)
    assert {number for _, number, _ in said} == {1, 2}
    for seconds, _, why in said:
        assert seconds <= FROM_S + SAID_AFTER_S
        assert why == (
            "`near` and `south` each see alone what the other does not see, though it "
            "looks there at the same time: one of them is wrong"
        )
    last_s = max(seconds for seconds, _, _ in said)
    assert all(seconds <= last_s for seconds, _ in told(node))


def test_what_partners_were_told_of_a_doubted_launch_is_taken_back():
    """The area and the track that rest on its arc, with the reason in words."""
    lies = {"near": too_far(20_000.0)}
    node = watched([fly(STEEP)], (NEAR, SOUTH), lies=lies)
    given = {one.body.launch_id for one in node.items() if hasattr(one.body, "area")}
    assert len(given) == 2  # both were told before it could be known
    taken = node.items(Retraction)
    assert taken
    assert all("one of them is wrong" in one.body.reason for one in taken)
    rests = [one for one in node.items() if _rests_on_arc(one.body)]
    assert {one.body.retracts for one in taken} <= {one.id for one in rests}
    newest = {one.body.launch_id: one.id for one in rests}
    assert set(newest.values()) <= {one.body.retracts for one in taken}


def _rests_on_arc(body):
    return hasattr(body, "area") or getattr(body, "tracklet", None) is not None


@pytest.mark.parametrize("count", [2, 8])
@pytest.mark.parametrize("radars", [(NEAR, SOUTH), (NEAR, SOUTH, EAST)])
def test_launches_that_every_radar_sees_are_never_doubted(count, radars):
    """A salvo contradicts nobody."""
    sites = [(40.6 + 0.6 * (k % 4), 126.4 + 0.8 * (k // 4)) for k in range(count)]
    flights = [fly(changed(STEEP, site=site)) for site in sites]
    node = watched(flights, radars)
    assert len(node.events()) == count
    assert doubts(node) == []
    assert len({launch for _, launch in told(node)}) == count


@pytest.mark.parametrize("seed", [5, 6, 11])
def test_launches_that_noise_opened_twice_do_not_stay_doubted(seed):
    """Eight rise from one site at once, and some get two launches: nobody lies.

    What a radar shows at the same place, as whichever launch, it sees; while paths are
    laid to each other that may take some seconds to show.
    """
    flights = [beside(4.0 * k) for k in range(8)]
    node = watched(flights, (NEAR, SOUTH, EAST), seed=seed)
    assert len(node.events()) > 8
    assert [one.doubt for one in node.state.picture.open if one.doubt] == []


def test_of_three_radars_the_one_that_lies_is_doubted_alone():
    """What two see is believed as soon as both do, as it is of a file."""
    lies = {"near": too_far(20_000.0)}
    node = watched([fly(STEEP)], (NEAR, SOUTH, EAST), lies=lies)
    assert len(node.events()) == 2
    honest, lying = sorted(node.state.picture.open, key=lambda one: "near" in _by(one))
    assert (_by(honest), _by(lying)) == ({"south", "east"}, {"near"})
    assert honest.doubt is None
    assert lying.doubt == (
        "`near` alone sees it, and sees nothing of what `east` and `south` see at the "
        "same time above its horizon: one of them is wrong"
    )
    assert told(node)[-1][0] > TO_BE_BELIEVED_S


TO_BE_BELIEVED_S = 180.0


def _by(launch):
    return {plot.sensor.id for plot in observations(launch.evidence).plots}


def test_a_radar_that_begins_to_lie_is_doubted_and_no_other():
    """It leaves what the other goes on to see, and shows alone what is not there."""

    def later(plot):
        if plot.time < LIFT_OFF.plus_s(150.0):
            return plot
        return too_far(20_000.0)(plot)

    node = watched([fly(STEEP)], (NEAR, SOUTH), lies={"near": later}, until_s=240.0)
    ((_, number, why),) = doubts(node)
    assert number == 2
    assert "`near` alone sees it, and sees no more of what `south` go on" in why


def test_a_doubt_ends_when_the_radar_sees_what_the_other_sees():
    """Its survey is mended: the launch has its area with the next answer."""

    def at_first(plot):
        if plot.time > LIFT_OFF.plus_s(140.0):
            return plot
        return too_far(20_000.0)(plot)

    node = watched([fly(STEEP)], (NEAR, SOUTH), lies={"near": at_first}, until_s=240.0)
    (seen,) = (one for one in node.state.picture.open if _by(one) == {"near", "south"})
    assert seen.doubt is None
    (ended_s,) = (s for s, _, why in doubts(node) if why is None)
    assert 140.0 < ended_s < 170.0
    again = [seconds for seconds, _ in told(node) if seconds > 140.0]
    assert again[0] - ended_s < 10.0


HERE, THERE = Radar("here", 38.8, 128.6), Radar("there", 44.8, 128.6)
BOTH = [fly(STEEP), fly(changed(STEEP, site=(42.6, 126.4)))]
FAR = {"range_max_km": 3_000.0}
# Each launch passes its own radar at 280 to 400 km, up to 50 degrees high, and the
# other at 460 to 570 km, up to 32 degrees.
RANGE = ({"reach_m": 420e3}, {"range_max_km": 420.0}, 160.0)
HORIZON = ({"mask_deg": 27.0}, {"elevation_min_deg": 27.0, **FAR}, 140.0)


@pytest.mark.parametrize(
    ("limit", "said", "until_s"), [RANGE, HORIZON], ids=["range", "horizon"]
)
def test_a_radar_that_cannot_see_the_other_launch_is_no_liar(limit, said, until_s):
    """What is stated of it is believed: each launch keeps its area."""
    radars = [changed(one, **limit) for one in (HERE, THERE)]
    stated = {one.id: said for one in radars}
    node = watched(BOTH, radars, stated=stated, until_s=until_s)
    assert [_by(one) for one in node.state.picture.open] == [{"here"}, {"there"}]
    assert doubts(node) == []
    assert len({launch for _, launch in told(node)}) == 2


def test_a_radar_that_should_see_the_other_launch_may_lie():
    """The same two, of which nobody states a horizon: they contradict each other."""
    limit, _, until_s = HORIZON
    radars = [changed(one, **limit) for one in (HERE, THERE)]
    stated = {one.id: FAR for one in radars}
    assert len(doubts(watched(BOTH, radars, stated=stated, until_s=until_s))) == 2


def test_one_radar_alone_contradicts_nobody():
    """Where no other sees anything, its launch has what it had."""
    node = watched([fly(STEEP)], (NEAR,), lies={"near": too_far(20_000.0)})
    assert doubts(node) == []
    assert told(node)[-1][0] > TO_BE_BELIEVED_S


def test_a_partner_hears_nothing_of_a_contradiction_by_a_hidden_radar():
    """What it gets is what it would get if that radar did not exist."""
    lies, hidden = {"near": too_far(20_000.0)}, {"near": {"hidden_from": ("KOR",)}}
    node = watched([fly(STEEP)], (SOUTH, NEAR), lies=lies, stated=hidden)
    alone = watched([fly(STEEP)], (SOUTH,))
    told_korea = [(one.id, one.body) for one in node.for_party("KOR")]
    assert told_korea == [(one.id, one.body) for one in alone.for_party("KOR")]
    late = [one for one in node.for_party("USA") if hasattr(one.body, "area")]
    assert late[-1].created < LIFT_OFF.plus_s(FROM_S + SAID_AFTER_S)


def test_a_launch_that_is_closed_clears_nobody():
    """That its time has passed does not tell who lied: what is left is not believed."""

    def solver(request, observed):
        near = {plot.sensor.id for plot in observed.plots} == {"near"}
        return estimate_of(200.0, impact=area(impact_s=300.0 if near else 1_300.0))

    lies = {"near": too_far(20_000.0)}
    node = watched([fly(STEEP)], (NEAR, SOUTH), lies=lies, solver=solver)
    assert len(node.state.picture.open) == 2
    node.give(700.0, Tick())
    node.give(710.0, Tick())
    (left,) = node.state.picture.open
    assert _by(left) == {"south"}
    assert "one of them is wrong" in left.doubt
    assert [why for _, _, why in doubts(node) if why is None] == []


def test_an_arc_that_answers_deny_contradicts_nobody_any_more():
    """Of two radars one may contradict itself: the other keeps its area."""

    def solver(request, observed):
        return estimate_flight(observed)

    lies = {"near": too_far(5_000.0)}
    node = watched(
        [fly(STEEP)], (NEAR, SOUTH), lies=lies, until_s=260.0, solver=solver, every_s=5
    )
    ends = [number for _, number, why in doubts(node) if why is None]
    (honest,) = (k for k, one in enumerate(_opened(node), 1) if _by(one) == {"south"})
    assert ends == [honest]
    assert {launch for _, launch in told(node)} == {_own_of(node, "south").id}


def _opened(node):
    return sorted(
        node.state.picture.open,
        key=lambda one: [e.launch_id for e in node.events()].index(one.id),
    )


def _own_of(node, sensor):
    (book,) = node.state.own
    return next(one for one in book.open if _by(one) == {sensor})
