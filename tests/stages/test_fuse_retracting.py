"""What a nation takes back of its own accord, and exactly when."""

from beaconfire.stages.fuse import due
from beaconfire.stages.fuse.launches import OPEN_S
from beaconfire.stages.fuse.own import closing
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.entries.sightings import CueHeard, PlotsHeard
from beaconfire.vocabulary.report import LaunchNotice, Plots, Retraction
from tests.stages.fuse_folded import Folded
from tests.stages.sightings_made import (
    answer,
    at_s,
    cue,
    estimate_of,
    flown,
    held,
    infrared,
    item,
    profile,
    radar,
)

OPENED_S = 65.0  # by then the plots show a path beyond their errors


def watched(node: Folded, *, until: int) -> Folded:
    """Let a radar see something that flies, once a second from second 60."""
    for second in range(60, until):
        plots = (flown("r1", float(second)),)
        node.give(float(second), PlotsHeard(sensor="r1", plots=plots))
    return node


def test_what_plots_alone_told_of_and_nothing_fitted_is_taken_back() -> None:
    """Each of its notices, once its time has passed, with our reason."""
    node = watched(Folded(profile(radar("r1")), solver=None), until=66)
    (notice,) = node.items(LaunchNotice)
    end_s = OPENED_S + OPEN_S
    assert closing(node.state.own[0]) == at_s(end_s).plus_s(1e-9)
    node.give(end_s, Tick())
    assert node.items(Retraction) == []
    node.give(end_s + 0.25, Tick())
    (back,) = node.items(Retraction)
    assert back.body == Retraction(
        retracts=notice.id,
        reason="plots alone told of it, and no path could ever be fitted to them",
    )
    assert back.lineage == notice.lineage
    assert back.valid_until == at_s(end_s + 0.25 + 3_600.0)
    node.give(end_s + 60.0, Tick())
    assert len(node.items(Retraction)) == 1
    assert due(node.state) is None


def test_a_path_that_was_fitted_bears_it_out_though_no_model_held() -> None:
    """A glider or a flight that broke up is no false launch."""
    node = Folded(profile(radar("r1")), solver=None)
    watched(node, until=70)
    request = next(one for _, one, _ in node.asked if one.product == "own:0")
    lost = estimate_of(100.0, holds=False)
    assert lost.track is not None
    node.give(70.0, answer(request, lost, None))
    assert due(node.state) is None or due(node.state) < at_s(OPENED_S + OPEN_S)
    node.give(OPENED_S + OPEN_S + 1.0, Tick())
    assert node.items(Retraction) == []


def test_a_solve_that_failed_bears_nothing_out() -> None:
    """Many plots to which no path can be fitted are clutter all the same."""
    node = Folded(profile(radar("r1")), solver=lambda _request, _held: None)
    watched(node, until=75)
    node.give(OPENED_S + OPEN_S + 1.0, Tick())
    assert len(node.items(Retraction)) == 1


def test_what_an_infrared_sensor_saw_too_is_not_taken_back() -> None:
    """A cue is a sighting of its own: whether it was wrong is for people to say."""
    node = Folded(profile(radar("r1"), infrared("ir1")), solver=None)
    watched(node, until=66)
    node.give(66.5, CueHeard(sensor="ir1", cue=cue("ir1", 66.5)))
    node.give(OPENED_S + OPEN_S + 1.0, Tick())
    assert node.items(Retraction) == []


def test_when_it_is_taken_back_a_partners_item_does_not_decide() -> None:
    """It waits for the clock: else its instant would tell of what partners sent."""
    node = watched(Folded(profile(radar("r1")), solver=None), until=66)
    late_s = OPENED_S + OPEN_S + 5.0
    theirs = item("n", LaunchNotice(launch_id="k", first_seen=at_s(late_s)), late_s)
    node.give(late_s, held(theirs))
    assert node.items(Retraction) == []
    node.give(late_s + 1.0, Tick())
    assert len(node.items(Retraction)) == 1


def test_each_audience_is_told_of_its_own_items() -> None:
    """A product of other sensors has notices of its own, and takes those back."""
    sensors = (radar("r1"), radar("r2", hidden_from=("KOR",)))
    node = Folded(profile(*sensors), solver=None)
    watched(node, until=66)
    node.give(OPENED_S + OPEN_S + 1.0, Tick())
    for party in ("KOR", "USA"):
        mine = node.for_party(party)
        notices = [one.id for one in mine if isinstance(one.body, LaunchNotice)]
        back = [one.body.retracts for one in mine if isinstance(one.body, Retraction)]
        assert back == notices
        assert len(back) == 1
    assert node.items(Plots)
