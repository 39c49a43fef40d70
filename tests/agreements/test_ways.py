"""Which agreements answer together, and in which order."""

from hypothesis import given
from hypothesis import strategies as st

from beaconfire.agreements.conditions import (
    ApprovalOfOriginator,
    Sender,
    TogetherWith,
)
from beaconfire.agreements.ways import may_relay, ways_between
from tests.agreements.agreements_made import agreement, permit, prohibit

TRIO = ("JPN", "KOR", "USA")


def ids(ways):
    """The ids of the agreements of each way."""
    return [tuple(text.id for text in way) for way in ways]


def asking(name, *others, parties=("JPN", "KOR")):
    """An agreement that asks for others beside it."""
    return agreement(permit(1, TogetherWith(others)), name=name, parties=parties)


def alone(name, parties=("JPN", "KOR")):
    """An agreement that is complete by itself."""
    return agreement(permit(1, Sender(("JPN",))), name=name, parties=parties)


def test_an_agreement_that_asks_for_none_is_a_way_by_itself():
    """GSOMIA's kind."""
    assert ids(ways_between([alone("one")], "JPN", "KOR")) == [("one",)]
    assert ids(ways_between([alone("one")], "KOR", "JPN")) == [("one",)]
    assert ways_between([alone("one")], "JPN", "USA") == ()


def test_two_that_ask_for_each_other_are_one_way_the_wider_first():
    """One spelling, whoever asks and in whatever order the texts lie."""
    hop, tisa = asking("hop", "tisa"), asking("tisa", "hop", parties=TRIO)
    assert ids(ways_between([hop, tisa], "JPN", "KOR")) == [("tisa", "hop")]
    assert ids(ways_between([tisa, hop], "JPN", "KOR")) == [("tisa", "hop")]
    same = asking("a", "hop")
    assert ids(ways_between([hop, same], "JPN", "KOR")) == [("a", "hop")]


def test_an_agreement_is_no_companion_of_its_own():
    """A text that names itself finds nobody."""
    assert ids(ways_between([asking("one", "one")], "JPN", "KOR")) == [("one",)]


def test_a_companion_that_is_missing_leaves_the_asker_alone():
    """It is still asked, so that the refusal can say what is missing."""
    assert ids(ways_between([asking("tisa", "hop")], "JPN", "KOR")) == [("tisa",)]


def test_a_companion_that_is_complete_by_itself_is_also_a_way_alone():
    """Single agreements come before pairs."""
    texts = [asking("tisa", "one"), alone("one")]
    found = ids(ways_between(texts, "JPN", "KOR"))
    assert found == [("one",), ("one", "tisa")]


def test_an_agreement_of_both_kinds_is_a_way_alone_and_one_with_its_companion():
    """An article that asks for nobody is not shut by another that does."""
    both = agreement(
        permit(1, TogetherWith(("hop",))), permit(2, Sender(("JPN",))), name="both"
    )
    found = ids(ways_between([both, asking("hop", "both")], "JPN", "KOR"))
    assert found == [("both",), ("both", "hop")]


def test_each_companion_asked_for_makes_a_way_of_its_own():
    """Two bilateral agreements on one hop are two ways."""
    texts = [asking("tisa", "one", "two", parties=TRIO), asking("one", "tisa")]
    texts.append(asking("two", "tisa"))
    assert ids(ways_between(texts, "JPN", "KOR")) == [("tisa", "one"), ("tisa", "two")]


@given(
    st.permutations(
        [asking("tisa", "hop", parties=TRIO), asking("hop", "tisa"), alone("x")]
    )
)
def test_the_ways_do_not_depend_on_the_order_of_the_texts(texts):
    """Only the order among equals follows the texts."""
    assert set(ids(ways_between(texts, "JPN", "KOR"))) == {("x",), ("tisa", "hop")}


def test_only_a_foreseen_relay_is_worth_asking():
    """A permission to pass on with approval, by this relay, under one text of all."""
    relay = permit(1, Sender(("USA",)), ApprovalOfOriginator(value=True))
    text = agreement(relay, parties=TRIO)
    asked = {"originator": "KOR", "relay": "USA", "to": "JPN"}
    assert may_relay([text], **asked)
    assert not may_relay([text], originator="KOR", relay="JPN", to="USA")
    assert not may_relay([text], originator="PRK", relay="USA", to="JPN")
    pair = agreement(relay, parties=("JPN", "USA"))
    assert not may_relay([pair], **asked)
    forbidden = agreement(prohibit(1, ApprovalOfOriginator(value=True)), parties=TRIO)
    assert not may_relay([forbidden], **asked)
    for when in (
        (ApprovalOfOriginator(value=False),),
        (ApprovalOfOriginator(value=False), Sender(("USA",))),
    ):
        unapproved = agreement(permit(1, *when), parties=TRIO)
        assert not may_relay([unapproved], **asked)
    anybody = agreement(permit(1, ApprovalOfOriginator(value=True)), parties=TRIO)
    assert may_relay([anybody], **asked)
