"""Reading and printing an agreement, whatever stands in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.agreements.agreement import (
    LASTING,
    OBLIGATIONS,
    Agreement,
    Article,
    Effect,
    Levels,
    Obligation,
    Term,
)
from beaconfire.agreements.conditions import (
    CONDITIONS,
    NOT_IN_FORCE,
    ApprovalOfOriginator,
    AssuranceOfRecipient,
    AuthorityOfRecipient,
    Body,
    Category,
    ClassificationAbove,
    ClassificationUpTo,
    FacilityOfRecipient,
    MarkingKnown,
    OriginatorIsSender,
    Purpose,
    Recipient,
    Sender,
    Status,
    TogetherWith,
    WithConsentOf,
)
from beaconfire.agreements.contradictions import contradictions
from beaconfire.agreements.register import Annex
from beaconfire.agreements.text import (
    parse_agreement,
    print_agreement,
)
from beaconfire.errors import BadInput
from beaconfire.vocabulary.label import LADDER
from beaconfire.vocabulary.records import Assurance, Authority, Facility
from beaconfire.vocabulary.times import Instant
from tests.agreements.test_agreement_text import GOOD

lines_of_text = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn")),
    min_size=1,
    max_size=40,
).filter(str.strip)
ids = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,3}", fullmatch=True)
protected = st.sampled_from(LADDER[1:])
some_parties = ("JPN", "KOR", "USA")


def some_of(names):
    """A few of ``names``, in any order, none twice."""
    return st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True).map(
        tuple
    )


conditions = {
    Body.NAME: st.builds(Body, some_of(("LaunchNotice", "Plots", "TrackProduct"))),
    OriginatorIsSender.NAME: st.builds(OriginatorIsSender, st.booleans()),
    ApprovalOfOriginator.NAME: st.builds(ApprovalOfOriginator, st.booleans()),
    WithConsentOf.NAME: st.builds(WithConsentOf, some_of(some_parties)),
    Sender.NAME: st.builds(Sender, some_of(some_parties)),
    Recipient.NAME: st.builds(Recipient, some_of(some_parties)),
    ClassificationUpTo.NAME: st.builds(ClassificationUpTo, protected),
    ClassificationAbove.NAME: st.builds(ClassificationAbove, protected),
    MarkingKnown.NAME: st.builds(MarkingKnown, st.booleans()),
    Category.NAME: st.builds(Category, some_of(("one", "or two", "purpose:x"))),
    Purpose.NAME: st.builds(Purpose, some_of(("launch-warning", "training"))),
    AuthorityOfRecipient.NAME: st.builds(AuthorityOfRecipient, st.booleans()),
    AssuranceOfRecipient.NAME: st.builds(AssuranceOfRecipient, st.booleans()),
    FacilityOfRecipient.NAME: st.builds(FacilityOfRecipient, st.booleans()),
    TogetherWith.NAME: st.builds(TogetherWith, some_of(("other-one", "other-two"))),
}


@st.composite
def any_article(draw):
    """Any article but the one on status."""
    chosen = draw(st.permutations(sorted(conditions)))[: draw(st.integers(1, 4))]
    effect = draw(st.sampled_from(list(Effect)))
    kinds = sorted(LASTING if effect is Effect.OBLIGE else OBLIGATIONS)
    least = 1 if effect is Effect.OBLIGE else 0
    owed = draw(
        st.lists(st.sampled_from(kinds), min_size=least, max_size=3, unique=True)
    )
    return Article(
        number=draw(
            st.from_regex(r"[0-9]{1,3}[a-z]?(\([0-9a-z]{1,8}\)){0,4}", fullmatch=True)
        ),
        effect=effect,
        when=tuple(draw(conditions[name]) for name in chosen),
        obligations=() if effect is Effect.PROHIBIT else tuple(map(Obligation, owed)),
        rests_on=draw(lines_of_text),
    )


def consistent(articles):
    """Whether no two articles contradict each other."""
    return not contradictions(articles)


names = st.lists(lines_of_text, min_size=1, max_size=3).map(tuple)
annexes = st.lists(
    st.builds(
        Annex,
        party=st.sampled_from(some_parties),
        record=st.builds(Authority, names=names)
        | st.builds(
            Assurance,
            recipients_cleared=st.booleans(),
            official_purpose=st.booleans(),
            equivalent_protection=st.booleans(),
        )
        | st.builds(
            Facility,
            name=lines_of_text,
            level=protected,
            responsible=lines_of_text,
            contractor=st.booleans(),
        ),
    ),
    max_size=3,
)


@st.composite
def any_agreement(draw):
    """Any agreement that the form allows."""
    articles = draw(
        st.lists(any_article(), max_size=5, unique_by=lambda a: a.number).filter(
            consistent
        )
    )
    status = Article(
        number="status",
        effect=Effect.PROHIBIT,
        when=(Status(NOT_IN_FORCE),),
        rests_on=draw(lines_of_text),
    )
    articles.insert(draw(st.integers(0, len(articles))), status)
    own_words = lines_of_text.filter(lambda word: word not in LADDER)
    markings = st.dictionaries(own_words, protected, min_size=1, max_size=4)
    years = st.none() | st.integers(1, 10_000)
    return Agreement(
        id=draw(ids),
        title=draw(lines_of_text),
        instrument=draw(lines_of_text),
        parties=some_parties,
        in_force_from=Instant(draw(st.integers(0, 7_258_118_399_999_999_999))),
        term=Term(
            initial_years=draw(years),
            extended_by_years=draw(years),
            notice_days=draw(years),
        ),
        levels=tuple(
            Levels(party=party, markings=tuple(draw(markings).items()))
            for party in draw(some_of(some_parties))
        ),
        articles=tuple(articles),
        annexes=tuple(draw(annexes)),
    )


@given(any_agreement())
def test_what_is_printed_reads_back_as_it_was(agreement):
    """parse(print(a)) == a, and a second printing is the same to the byte."""
    text = print_agreement(agreement)
    again = parse_agreement(text, file="printed.toml")
    assert again == agreement
    assert print_agreement(again) == text


@given(st.text(max_size=300))
def test_no_text_at_all_breaks_the_reader(text):
    """Whatever is in the file, the answer is a sentence."""
    with pytest.raises(BadInput):
        parse_agreement(text, file="t.toml")


@given(st.integers(0, len(GOOD)), st.integers(1, 40), st.text(max_size=20))
def test_no_damage_to_a_good_text_breaks_the_reader(place, length, instead):
    """A text that was cut or overwritten is refused, or is still a whole text."""
    text = GOOD[:place] + instead + GOOD[place + length :]
    try:
        agreement = parse_agreement(text, file="t.toml")
    except BadInput:
        return
    assert parse_agreement(print_agreement(agreement), file="p") == agreement


def test_every_condition_of_the_list_can_be_written():
    """The property above draws from all of them; none is forgotten."""
    assert {*conditions, Status.NAME} == set(CONDITIONS)
