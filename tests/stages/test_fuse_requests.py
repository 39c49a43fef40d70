"""Requests: at once, then not too often, one in flight, and never forgotten."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from beaconfire.stages.fuse import due, observations
from beaconfire.stages.fuse.evidence import PLOTS_TO_SOLVE_MIN
from beaconfire.stages.fuse.pace import ARC_PART, Pace
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.entries.sightings import EstimateRequest, PlotsHeard
from beaconfire.vocabulary.times import Instant
from tests.stages.fuse_folded import Folded, solve
from tests.stages.sightings_made import answer, at_s, estimate_of, flown, profile, radar


def scan(seconds: float) -> PlotsHeard:
    """Return an own scan with the missile in it."""
    return PlotsHeard(sensor="r1", plots=(flown("r1", seconds),))


def asked(bodies: list[object]) -> list[EstimateRequest]:
    """Return the requests among some entries."""
    return [body for body in bodies if isinstance(body, EstimateRequest)]


def test_the_first_is_asked_with_the_plot_that_makes_it_possible():
    """A new launch does not wait for an interval."""
    node = Folded(profile(radar("r1")), solver=None)
    for second in range(60, 70):
        node.give(second, scan(second))
    first = {request.product: held for _, request, held in reversed(node.asked)}
    assert set(first) == {"picture", "own:0"}
    assert {len(held.plots) for held in first.values()} == {PLOTS_TO_SOLVE_MIN}


def test_one_is_in_flight_and_what_came_meanwhile_is_asked_when_it_is_back():
    """However many plots came, one wish waits; it is made with all of them."""
    node = Folded(profile(radar("r1")), solver=None)
    for second in range(60, 90):
        node.give(second, scan(second))
    assert len(node.asked) == 2
    flying = node.asked[0][1]
    (again,) = asked(list(node.give(90.0, answer(flying, estimate_of(90.0)))))
    assert again.product == flying.product
    assert len(observations(node.state, again).plots) == 30


def test_without_anything_new_nothing_is_asked_again():
    """An answer alone is no reason to ask."""
    node = Folded(profile(radar("r1")))
    for second in range(60, 70):
        node.give(second, scan(second))
    count = len(node.asked)
    node.give(200.0, Tick())
    assert len(node.asked) == count
    # A silence that may mean something is all that is left to wait for.
    assert due(node.state) == node.state.picture.open[0].look


def test_an_answer_that_was_not_asked_for_changes_nothing():
    """A late answer of an earlier writer, or one given twice."""
    node = Folded(profile(radar("r1")), solver=None)
    for second in range(60, 70):
        node.give(second, scan(second))
    own = next(request for _, request, _ in node.asked if request.product == "own:0")
    stray = EstimateRequest(request="stray", launch_id=own.launch_id, product="own:0")
    assert node.give(71.0, answer(stray, estimate_of(70.0))) == []
    assert node.give(71.0, answer(own, estimate_of(70.0))) != []
    assert node.give(71.0, answer(own, estimate_of(70.0))) == []


def test_a_failed_solve_makes_way_for_the_next():
    """Its failure is in the journal; the next wish is not held up by it."""
    node = Folded(profile(radar("r1")), solver=lambda *_: None)
    for second in range(60, 80):
        node.give(second, scan(second))
    assert len(node.asked) > 20


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(0.01, 0.5), min_size=60, max_size=120),
    st.sampled_from([0.5, 2.0, 10.0]),
)
def test_requests_of_one_launch_and_product_keep_their_distance(steps, interval_s):
    """Whatever the rate of plots: the interval, and more as the arc grows."""
    node = Folded(profile(radar("r1")), solver=solve, solve_interval_s=interval_s)
    seconds = 60.0
    for step_s in steps:
        seconds = round(seconds + step_s, 6)
        node.give(seconds, scan(seconds))
    for product in ("picture", "own:0"):
        times = [when for when, request, _ in node.asked if request.product == product]
        gaps = [b - a for a, b in pairwise(times)]
        assert all(gap >= interval_s - 1e-6 for gap in gaps)


def test_a_long_arc_is_solved_less_often():
    """Two percent of the arc: every twenty seconds of one that lasts a thousand."""
    pace = Pace()
    pace.wish()
    assert pace.due(1_000.0, 0.5) == Instant(0)
    pace.ask("a", at_s(0.0))
    pace.wish()
    assert pace.due(1_000.0, 0.5) is None
    assert pace.answered("a")
    assert pace.due(1_000.0, 0.5) == at_s(1_000.0 * ARC_PART)
    assert pace.due(10.0, 0.5) == at_s(0.5)


def test_a_waiting_wish_says_when_it_is_due_and_a_tick_makes_it():
    """The last plots of a flight are solved too, though no other comes after them."""
    node = Folded(profile(radar("r1")), solve_interval_s=10.0)
    for second in range(60, 68):
        node.give(second, scan(second))
    count = len(node.asked)
    when = due(node.state)
    assert when is not None
    assert (
        asked(list(node.give(when.plus_s(-0.1).seconds_since(at_s(0.0)), Tick()))) == []
    )
    node.give(when.seconds_since(at_s(0.0)), Tick())
    assert len(node.asked) == count + 2


def test_of_a_launch_that_is_closed_nothing_is_observed():
    """An answer that is overtaken by the end of its launch finds nothing to solve."""
    node = Folded(profile(radar("r1")), solver=None)
    for second in range(60, 70):
        node.give(second, scan(second))
    request = node.asked[0][1]
    node.give(10_000.0, Tick())
    assert observations(node.state, request).plots == ()
