"""Marking on receipt: our own equivalent beside the original, or a refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from beaconfire.agreements.marking import mark_on_receipt
from beaconfire.errors import BadInput
from beaconfire.vocabulary.label import LADDER, Equivalent, Label
from tests.agreements.agreements_made import STRANGE, agreement, notice, permit

MARKED = permit("9", owes=("mark-on-receipt",))
GSOMIA = agreement(MARKED, name="gsomia-test")
JPN = {"特定秘密": "SECRET", "極秘": "SECRET", "秘": "CONFIDENTIAL"}
KOR = {"군사II급비밀": "SECRET", "군사III급비밀": "CONFIDENTIAL"}
USA = {"SECRET": "SECRET", "CONFIDENTIAL": "CONFIDENTIAL"}


def marked(original, originator="KOR", by="JPN", under=(GSOMIA,), **said):
    """Return how ``by`` marks what ``originator`` marked ``original``."""
    label = Label(policy="P", classification=original)
    item = replace(notice(originator), label=label)
    said = {"cited": ("gsomia-test:9",), **said}
    return mark_on_receipt(item, by=by, under=under, **said)


def test_the_receivers_equivalent_stands_beside_the_original_and_the_name():
    """Originator, original and own equivalent, with the article that asks for it."""
    own = marked("군사II급비밀")
    assert own.originator == "KOR"
    assert own.label.classification == own.label.original == "군사II급비밀"
    assert own.label.equivalents == (Equivalent(party="JPN", marking="特定秘密"),)
    assert own.articles == ("gsomia-test:9",)


def test_the_way_back_is_kept_where_the_map_is_not_one_to_one():
    """Two Japanese markings are one Korean; each keeps its own original for ever."""
    one, other = marked("極秘", "JPN", "KOR"), marked("特定秘密", "JPN", "KOR")
    assert one.label.equivalents == other.label.equivalents
    assert (one.label.original, other.label.original) == ("極秘", "特定秘密")
    back = marked(one.label.equivalents[0].marking, "KOR", "JPN")
    assert back.label.equivalents[0].marking != one.label.original


@pytest.mark.parametrize("original", [STRANGE, "TOP SECRET", "秘", "RESTRICTED"])
def test_a_marking_without_an_equivalent_is_refused_with_the_article(original):
    """Unknown, above the table, or another nation's word: none can be kept."""
    with pytest.raises(BadInput) as refused:
        marked(original)
    assert "gsomia-test:9 asks for JPN's own equivalent" in str(refused.value)
    assert f"`{original}` of KOR" in str(refused.value)
    assert "the levels of gsomia-test have none" in str(refused.value)


def test_a_sender_that_cites_no_such_article_lifts_nothing():
    """What both signed asks for it, whatever the message names."""
    with pytest.raises(BadInput, match="gsomia-test:9"):
        marked(STRANGE, cited=())
    assert marked("군사II급비밀", cited=("other:1",)).articles == ("gsomia-test:9",)


def test_of_the_articles_that_ask_those_are_named_that_the_sender_relied_on():
    """All of them only where it named none."""
    also = permit("10", owes=("mark-on-receipt",))
    text = agreement(MARKED, also, name="gsomia-test")
    both = ("gsomia-test:9", "gsomia-test:10")
    for cited, named in ((both[1:], both[1:]), (both, both), (("x:1",), both)):
        assert marked("군사II급비밀", under=(text,), cited=cited).articles == named


def test_where_no_article_asks_it_is_marked_if_it_can_be():
    """An equivalent is added all the same; without one the original stands alone."""
    plain = agreement(permit("1"), name="plain")
    assert marked(STRANGE, under=(plain,)) is None
    own = marked("군사II급비밀", under=(plain,))
    assert own.articles == ()
    assert own.label.equivalents[0].marking == "特定秘密"


def test_of_several_texts_the_highest_level_counts():
    """An equivalent is never lower than any text puts the original."""
    low = agreement(
        permit("1"),
        name="low",
        levels={"JPN": JPN, "KOR": {"군사II급비밀": "CONFIDENTIAL"}},
    )
    for under in ((low, GSOMIA), (GSOMIA, low)):
        own = marked("군사II급비밀", under=under)
        assert own.label.equivalents[0].marking == "特定秘密"


def test_a_relays_marking_serves_only_where_no_text_knows_the_original():
    """A hop's agreement knows the hub's word; a wider one knows the originator's."""
    hop = agreement(MARKED, name="hop", parties=("JPN", "USA"))
    wide = agreement(MARKED, name="wide", parties=("JPN", "KOR", "USA"))
    outside = Label(
        policy="P",
        classification="군사II급비밀",
        equivalents=(Equivalent(party="USA", marking="CONFIDENTIAL"),),
    )
    by_hub = {"relay": "USA", "outside": outside, "cited": ("hop:9",)}
    assert marked("군사II급비밀", under=(hop,), **by_hub).label.equivalents == (
        Equivalent(party="USA", marking="CONFIDENTIAL"),
        Equivalent(party="JPN", marking="秘"),
    )
    # The hub marked it lower than the text that all three signed: that text counts.
    known = marked("군사II급비밀", under=(wide, hop), **by_hub).label
    assert known.equivalents[-1].marking == "特定秘密"
    assert known.original == "군사II급비밀"


def test_a_text_of_the_originator_knows_an_item_by_its_own_marking_alone():
    """What the hub marked outside says nothing to a text that all three signed."""
    wide = agreement(MARKED, name="wide", parties=("JPN", "KOR", "USA"))
    outside = Label(policy="P", classification="CONFIDENTIAL")
    with pytest.raises(BadInput, match="wide:9 asks for JPN's own equivalent"):
        marked(STRANGE, under=(wide,), relay="USA", outside=outside, cited=())


def test_only_a_relay_marks_outside_and_one_that_did_not_adds_nothing():
    """The receiver's own equivalent stands alone beside the original."""
    outside = Label(policy="P", classification="CONFIDENTIAL")
    for said in ({"relay": None, "outside": outside}, {"relay": "USA"}):
        own = marked("군사II급비밀", **said)
        assert [mark.party for mark in own.label.equivalents] == ["JPN"]


def test_a_text_without_our_word_for_the_level_leaves_it_to_the_next():
    """Each text knows the level; one of them says how we mark it."""
    bare = agreement(
        MARKED, name="bare", levels={"JPN": {"秘": "CONFIDENTIAL"}, "KOR": KOR}
    )
    own = marked("군사II급비밀", under=(bare, GSOMIA))
    assert own.label.equivalents[-1].marking == "特定秘密"


@given(
    table=st.dictionaries(
        st.sampled_from(["A", "B", "C", "D"]), st.sampled_from(LADDER[1:]), min_size=1
    ),
    back=st.dictionaries(
        st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(LADDER[1:]), min_size=1
    ),
    original=st.sampled_from(["A", "B", "C", "D"]),
)
def test_whatever_the_tables_an_equivalent_is_of_the_same_level(table, back, original):
    """Never another level's marking: the same, or refused."""
    text = agreement(MARKED, name="made", levels={"KOR": table, "JPN": back})
    level = table.get(original)
    if level is None or level not in back.values():
        with pytest.raises(BadInput):
            marked(original, under=(text,), cited=())
        return
    own = marked(original, under=(text,), cited=())
    assert back[own.label.equivalents[-1].marking] == level
    assert own.label.original == original
