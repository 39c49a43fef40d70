"""Warn: what a draft says of an object that is lost, has set, or is several."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.stages.warn.stage import (
    AFTER_WINDOW_S,
    SILENCE_S_MAX,
)
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.entries.sightings import (
    LaunchState,
)
from beaconfire.vocabulary.sight import Group, MissedLooks, SensorCount, Sight
from tests.stages.sightings_made import (
    area,
    at_s,
)
from tests.stages.test_warn import ballistic, warned


def sight(state="lost", *, last_s=300.0):
    """Return how it stands to our looking."""
    return Sight(
        state=state,
        since=at_s(last_s),
        last_seen=at_s(last_s),
        missed=(MissedLooks(sensor="r1", looks=6, reports=True),),
        chance=1e-6,
        reason="missed where it was to be visible, by r1 (6 looks): more than chance "
        "allows",
    )


def told(state, *, group=None, **more):
    """Return what the picture says of the launch."""
    seen = sight(state, **more) if state else None
    return LaunchState(launch_id="e1", sight=seen, group=group)


def pair_of(count=2):
    """Return a group."""
    return Group(
        at_least=count,
        rests_on=(SensorCount(sensor="r1", count=count, scans=9),),
        reason=f"at least {count} objects nearer to each other than can be told apart "
        "by r1; track and area are the group's, and each may come down beside them",
    )


def test_a_loss_is_told_at_once_and_moves_nothing():
    """The area is neither ended nor narrowed, nor made less certain, nor moved."""
    drafts = warned()
    before = drafts.all[-1]
    (draft,) = drafts.give(310.0, told("lost"))
    assert (draft.area, draft.certainty) == (before.area, before.certainty)
    assert draft.overflight == before.overflight
    assert draft.sight == sight()
    assert draft.why == (
        "the flight follows a ballistic arc, seen by JPN; lost since "
        "2022-10-03T22:27:00.000Z: missed where it was to be visible, by r1 (6 looks): "
        "more than chance allows; area and path are those of the arc on which it was "
        "last seen, not of where it is known to be; that it is not seen is no sign "
        "that it came down"
    )


def test_that_our_sensors_are_silent_is_told_at_once_and_is_no_loss():
    """Whether anything is lost nobody knows; that nobody looks must be known."""
    drafts = warned()
    before = drafts.all[-1]
    (draft,) = drafts.give(310.0, told("silent"))
    assert (draft.area, draft.certainty) == (before.area, before.certainty)
    assert "; sensors silent since 2022-10-03T22:27:00.000Z: " in draft.why
    assert "lost since" not in draft.why
    assert "not of where it is known to be" in draft.why
    (lost,) = drafts.give(320.0, told("lost"))
    assert "; lost since" in lost.why
    (again,) = drafts.give(330.0, told("seen", last_s=330.0))
    assert again.sight is None


def test_a_lost_object_stays_lost_in_every_draft_until_it_is_seen():
    """Silence is repeated, not forgotten; and being seen again is told at once."""
    drafts = warned()
    drafts.give(310.0, told("lost"))
    (repeated,) = drafts.give(310.0 + SILENCE_S_MAX, Tick())
    assert "lost since" in repeated.why
    (again,) = drafts.give(350.0, told("seen", last_s=350.0))
    assert again.sight is None
    assert again.why == "the flight follows a ballistic arc, seen by JPN"


def test_that_it_has_set_stands_in_the_next_draft():
    """It was expected: no draft of its own, and no word that it came down."""
    drafts = warned()
    assert drafts.give(210.0, told("set", last_s=205.0)) == []
    (draft,) = drafts.give(200.0 + SILENCE_S_MAX, Tick())
    assert draft.sight.state == "set"
    assert draft.why.endswith(
        "; below our horizon since 2022-10-03T22:25:25.000Z, as was predicted: that it "
        "is not seen is no sign that it came down"
    )


def test_the_last_word_on_a_lost_object_is_no_all_clear():
    """Its time has passed; that it was lost is still said."""
    drafts = warned()
    drafts.give(310.0, told("lost"))
    last = drafts.give(1_341.0 + AFTER_WINDOW_S + 1.0, Tick())[-1]
    assert "this is no all-clear; lost since" in last.why
    assert last.area == area()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["seen", "lost", "set", "silent", "unsure", None]),
            st.sampled_from([0, 2, 3]),
            st.floats(0.1, 20.0),
        ),
        max_size=12,
    )
)
def test_no_silence_moves_an_area(changes):
    """Whatever is lost, sets and is seen again: what was published stands."""
    drafts, now = warned(), 200.0
    before = drafts.all[-1]
    for what, count, wait_s in changes:
        now += wait_s
        group = pair_of(count) if count else None
        drafts.give(now, told(what, group=group))
    for draft in drafts.all[2:]:
        assert (draft.area, draft.certainty) == (before.area, before.certainty)
        assert draft.overflight == before.overflight
        assert ("lost since" in draft.why) == (
            draft.sight is not None and draft.sight.state == "lost"
        )


def test_a_group_is_told_with_its_count():
    """At once, and again when the count is another; not for one scan more."""
    drafts = warned()
    (draft,) = drafts.give(210.0, told(None, group=pair_of()))
    assert draft.group.at_least == 2
    assert draft.why.endswith(pair_of().reason)
    assert drafts.give(211.0, told(None, group=pair_of())) == []
    (draft,) = drafts.give(212.0, told(None, group=pair_of(3)))
    assert draft.group.at_least == 3


def test_what_is_said_of_another_launch_changes_no_draft():
    """Each launch has its own."""
    drafts = warned()
    other = LaunchState(launch_id="e2", sight=sight(), group=None)
    assert drafts.give(210.0, other) == []


@pytest.mark.parametrize("what", ["lost", "silent"])
def test_while_it_is_lost_an_area_is_not_narrowed_in_its_place(what):
    """Neither by a solve that was under way nor by what comes late; but it may move."""
    drafts = warned()
    drafts.give(201.0, ballistic(area(semi_major_m=35e3), "r1"))
    (draft,) = drafts.give(210.0, told(what, last_s=201.0))
    assert draft.area == area()
    assert drafts.give(211.0, ballistic(area(semi_major_m=20e3), "r1")) == []
    (repeated,) = drafts.give(210.0 + SILENCE_S_MAX, Tick())
    assert repeated.area == area()
    moved = area(lat_deg=43.0, semi_major_m=20e3)
    (elsewhere,) = drafts.give(245.0, ballistic(moved, "r1"))
    assert elsewhere.area == moved
    wide = area(lat_deg=43.0, semi_major_m=80e3)
    (wider,) = drafts.give(246.0, ballistic(wide, "r1"))
    assert wider.area == wide
