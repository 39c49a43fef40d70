"""Warn: what a draft says of a launch that others contradict."""

from msgspec.structs import replace

from beaconfire.stages.warn.changes import widened
from beaconfire.stages.warn.stage import BELIEVED_AGAIN_S
from beaconfire.vocabulary.entries.sightings import LaunchState
from beaconfire.vocabulary.report import Retraction
from tests.stages.sightings_made import area, held, item
from tests.stages.test_warn import Drafts, ballistic, event, warned

WHY = "`r1` and `r2` each see alone what the other does not see"


def told(doubt=WHY):
    """Return what the picture says of the launch."""
    return LaunchState(launch_id="e1", sight=None, group=None, doubt=doubt)


def own_retraction(seconds):
    """Return what we take back of it ourselves, in the same turn."""
    mine = item("i1", Retraction(retracts="i0", reason=WHY), seconds, originator="JPN")
    return replace(held(mine), carriage=None)


def test_no_area_is_given_while_it_is_doubted():
    """An estimate has one; the draft says why people are not told it."""
    drafts = Drafts()
    drafts.give(36.0, event())
    (draft,) = drafts.give(190.0, told())
    assert draft.why == f"no impact is predicted yet: {WHY}"
    drafts.give(200.0, ballistic(area(), "r1"))
    assert all(one.area is None for one in drafts.all)
    assert all(one.certainty == "Possible" for one in drafts.all)


def test_an_area_that_was_told_stays_twice_as_wide_and_says_why():
    """An area never vanishes; that it is not believed is told at once."""
    drafts = warned()
    before = drafts.all[-1]
    (draft,) = drafts.give(210.0, told())
    assert (draft.area, draft.certainty) == (widened(before.area), "Possible")
    assert draft.why.startswith(f"the ballistic model is not believed: {WHY}; the last")
    drafts.give(211.0, ballistic(area(), "r1"))
    assert drafts.all[-1] == draft


def test_the_next_estimate_brings_an_area_when_the_doubt_ends():
    """At once where none was told, else when it has held as long as after a failure."""
    fresh, before = Drafts(), warned()
    fresh.give(36.0, event())
    for drafts in (fresh, before):
        drafts.give(210.0, told())
        drafts.give(211.0, told(None))
        drafts.give(212.0, ballistic(area(), "r1"))
        drafts.give(210.0 + BELIEVED_AGAIN_S, ballistic(area(), "r1"))
        assert drafts.all[-1].certainty == "Likely"
    (first,) = (one for one in fresh.all if one.certainty == "Likely")
    assert first.version == 3
    assert [one.certainty for one in before.all][-2:] == ["Possible", "Likely"]


def test_why_it_is_doubted_is_not_covered_by_what_we_take_back():
    """Our own retraction follows from the doubt, and a partner's does not end it."""
    drafts = warned()
    drafts.give(210.0, told())
    assert drafts.give(210.0, own_retraction(210.0)) == []
    theirs = item("k1", Retraction(retracts="k0", reason="wrong"), 211.0)
    said = drafts.give(211.0, held(theirs))
    assert all(WHY in one.why for one in said)


def test_a_doubt_of_another_launch_changes_nothing():
    """Each draft is of one launch."""
    drafts = warned()
    assert drafts.give(210.0, replace(told(), launch_id="e2")) == []
