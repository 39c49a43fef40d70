"""What falls silent high above every horizon is lost at each nation, and warned of on.

Both radars see the small world's missile for forty seconds and then nothing any more,
though it stands high above them. Nobody says that it came down; and where the radars
tell not even that they looked, nobody says that it was lost.
"""

from dataclasses import replace
from functools import cache

import pytest

from beaconfire.exercise.world import World
from beaconfire.vocabulary.entries.sightings import (
    AlertDraft,
    ItemHeld,
    LaunchState,
)
from tests.exercise.worlds import (
    SEEN_UNTIL_S,
    assert_settled,
    bodies,
    entries,
    plain,
    sightings,
    world,
)

END_S = 120.0
RADARS = ("JPN", "KOR")


@cache
def gone() -> World:
    """Return the world in which the radars look on and see nothing."""
    empty = tuple(
        replace(one, lines=())
        for one in sightings(SEEN_UNTIL_S, round(END_S))
        if one.stream == "plots"
    )
    made = world(seen=(*sightings(), *empty))
    made.run(END_S)
    return made


@cache
def silent() -> World:
    """Return the world in which nothing comes from any radar any more."""
    made = world()
    made.run(END_S)
    return made


@cache
def seen_on() -> World:
    """Return the same world, where both radars go on seeing it."""
    made = world(seen=sightings(until_s=round(END_S)))
    made.run(END_S)
    return made


@pytest.mark.parametrize("party", RADARS)
def test_each_nation_with_a_radar_says_that_it_was_lost(party):
    """Once, within seconds, since the newest plot of anybody's."""
    (body,) = bodies(gone(), party, LaunchState)
    assert body.sight.state == "lost"
    assert body.sight.since == plain().at(SEEN_UNTIL_S - 1.0)
    (when,) = (e.at for e in entries(gone(), party) if e.kind == "launch-state")
    assert SEEN_UNTIL_S < when.seconds_since(plain().epoch) < SEEN_UNTIL_S + 12.0


@pytest.mark.parametrize("party", RADARS)
def test_where_the_radars_tell_nothing_at_all_nothing_is_lost(party):
    """The nation says that they are silent, and by which it should be seen."""
    (body,) = bodies(silent(), party, LaunchState)
    assert body.sight.state == "silent"
    assert body.sight.since == plain().at(SEEN_UNTIL_S - 1.0)
    assert [one.reports for one in body.sight.missed] == [False]


def test_a_nation_without_a_radar_has_nothing_to_lose():
    """Its infrared sensor saw the launch and looks for no flight."""
    assert bodies(gone(), "USA", LaunchState) == []


@pytest.mark.parametrize("party", RADARS)
def test_no_loss_where_it_is_seen(party):
    """The same flight, the same radars."""
    assert bodies(seen_on(), party, LaunchState) == []


@pytest.mark.parametrize(
    ("made", "words"), [(gone, "lost"), (silent, "sensors silent")]
)
@pytest.mark.parametrize("party", RADARS)
def test_the_warning_stands_where_it_stood(party, made, words):
    """The area that was published before is in every later draft, with the reason."""
    drafts = [
        (e.at.seconds_since(plain().epoch), e.body)
        for e in entries(made(), party)
        if isinstance(e.body, AlertDraft)
    ]
    before = [body for at_s, body in drafts if at_s <= SEEN_UNTIL_S + 1.0][-1]
    after = [body for _, body in drafts if body.sight is not None]
    assert before.area is not None
    assert len(after) >= 2
    for draft in after:
        assert (draft.area, draft.certainty) == (before.area, before.certainty)
        assert f"; {words} since 2022-10-03T22:22:49" in draft.why
        assert "not of where it is known to be" in draft.why
        assert "no sign that it came down" in draft.why


def test_no_item_tells_of_a_loss():
    """What partners get is what they would have got: units settle, words are none."""
    assert_settled(gone())
    for party in gone().parties:
        held, blind = (
            [one for one in bodies(made, party, ItemHeld) if one.carriage is None]
            for made in (gone(), silent())
        )
        assert held == blind
        for one in held:
            assert "lost" not in repr(one.sealed.item.body)
