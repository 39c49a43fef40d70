"""What a party has done to an agreement: in order, bounded, and nothing lost."""

import pytest

from beaconfire.agreements.view import ACTS_KEPT_MAX, Recorded, View
from beaconfire.vocabulary.acts import Act
from tests.agreements.agreements_made import NOW


def recorded(name, place, *, dated=True):
    """An act of KOR, recorded as its place says, at ``NOW`` if it is not dated."""
    issued = NOW.plus_s(float(place)) if dated else None
    act = Act(agreement="test-one", act=name, party="KOR", issued=issued)
    return Recorded(entry=f"e{place}", at=NOW, act=act)


def view(*names):
    """KOR's view after these acts, one a second."""
    made = View(agreement="test-one", party="KOR")
    for place, name in enumerate(names):
        made = made.with_act(recorded(name, place))
    return made


def turned(made):
    """The next notice, or its end: what the view's last one was not."""
    given = bool(made.notices) and made.notices[-1].act.act == "notice"
    return recorded("withdraw" if given else "notice", len(made.acts))


def told(made):
    """The entries that a view keeps, in order."""
    return [one.entry for one in made.acts]


def test_an_act_without_a_date_has_the_place_of_its_recording():
    """A file for a decision on paper may leave the date out."""
    undated = recorded("restore", 7, dated=False)
    assert undated.issued == NOW
    after = view("suspend").with_act(recorded("suspend", 1)).with_act(undated)
    assert told(after) == ["e0", "e7", "e1"]
    assert after.suspension.entry == "e1"


def test_the_last_contest_speaks_whatever_came_after_it():
    """Acts of other kinds neither take it back nor count as one."""
    made = view("contest", "suspend", "contest", "restore", "notice")
    assert made.contest.entry == "e2"
    assert view("suspend", "notice").contest is None


@pytest.mark.parametrize(
    ("names", "spare"),
    [
        # Of suspensions and restorations, and of contests, only the last speaks.
        (("notice", "suspend", "restore"), "e1"),
        (("notice", "contest", "contest"), "e1"),
        (("suspend", "contest", "contest", "restore"), "e0"),
        # What is said again in a row; the first of it may have taken effect.
        (("notice", "notice", "withdraw"), "e1"),
        (("notice", "withdraw", "withdraw"), "e2"),
        (("notice", "suspend", "notice"), "e2"),
    ],
)
def test_the_oldest_act_that_later_ones_have_overtaken_gives_way(names, spare):
    """A full view means the same without it, and it does not come back."""
    made = view(*names)
    while len(made.acts) < ACTS_KEPT_MAX:
        made = made.with_act(turned(made))
    more = turned(made)
    assert made.has_room(more)
    after = made.with_act(more)
    assert set(told(made)) - set(told(after)) == {spare}
    gone = next(one for one in made.acts if one.entry == spare)
    assert after.floor == gone.issued
    assert after.knows("another entry", gone.act)
    undated = recorded("suspend", 1, dated=False)
    assert not after.knows("another entry", undated.act)


def test_where_all_acts_count_there_is_no_room_and_none_is_doubled():
    """Notices and their ends, each of which may have taken effect."""
    made = view(*(("notice", "withdraw") * (ACTS_KEPT_MAX // 2)))
    more = recorded("notice", ACTS_KEPT_MAX)
    assert len(made.acts) == ACTS_KEPT_MAX
    assert not made.has_room(more)
    # Whoever does not ask loses the oldest, and the view stays bounded.
    assert told(made.with_act(more))[0] == "e1"
    assert len(made.with_act(more).acts) == ACTS_KEPT_MAX
