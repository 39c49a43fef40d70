"""Labels: a join is never lower than either part; a re-marking loses nothing."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from beaconfire.vocabulary.label import LADDER, Equivalent, Label, join, re_marked

parties = st.sampled_from(["JPN", "KOR", "USA", "AUS"])
some_parties = st.lists(parties, max_size=4, unique=True).map(tuple)
words = st.sampled_from(["alpha", "beta", "gamma"])
labels = st.builds(
    Label,
    policy=st.sampled_from(["ONE", "TWO"]),
    classification=st.sampled_from([*LADDER, "秘", "군사II급비밀"]),
    categories=st.lists(words, max_size=3, unique=True).map(tuple),
    releasable_to=some_parties,
    original=st.none() | words,
    equivalents=st.lists(
        st.builds(Equivalent, party=parties, marking=words), max_size=2
    ).map(tuple),
)


def rank(label):
    """Rank a classification; what is on no ladder ranks above all."""
    level = label.classification
    return LADDER.index(level) if level in LADDER else len(LADDER)


def open_to(label, party):
    """Say whether a label lets a party have it: who names nobody, names everybody."""
    return not label.releasable_to or party in label.releasable_to


@given(labels, labels)
def test_a_join_is_at_least_as_strict_as_either_part(one, other):
    """High-water mark: higher level, every category, only parties both release to."""
    joined = join(one, other, by="AUS")
    assert rank(joined) == max(rank(one), rank(other))
    assert set(joined.categories) >= set(one.categories) | set(other.categories)
    for party in ("JPN", "KOR", "USA"):
        if open_to(joined, party):
            assert open_to(one, party)
            assert open_to(other, party)
    assert set(joined.equivalents) >= set(one.equivalents) | set(other.equivalents)


def test_parts_that_share_no_reader_are_for_whoever_joins_them():
    """An empty list would mean everybody."""
    to_japan = Label(policy="P", classification="SECRET", releasable_to=("JPN",))
    to_korea = replace(to_japan, releasable_to=("KOR",))
    to_all = replace(to_japan, releasable_to=())
    assert join(to_japan, to_korea, by="USA").releasable_to == ("USA",)
    assert join(to_japan, to_all, by="USA").releasable_to == ("JPN",)


@given(labels, labels)
def test_a_join_does_not_depend_on_the_order(one, other):
    """Two nodes that join the same two labels get the same label."""
    a, b = join(one, other, by="AUS"), join(other, one, by="AUS")
    assert (a.policy, a.classification, a.categories, a.releasable_to) == (
        b.policy,
        b.classification,
        b.categories,
        b.releasable_to,
    )


@given(labels, parties, words)
def test_a_re_marking_keeps_the_original_for_ever(label, party, marking):
    """The receiver adds its own equivalent; what the originator wrote still stands."""
    once = re_marked(label, by=party, marking=marking)
    twice = re_marked(once, by="USA", marking="SECRET")
    assert once.classification == label.classification
    assert twice.original == once.original == (label.original or label.classification)
    assert Equivalent(party=party, marking=marking) in once.equivalents
