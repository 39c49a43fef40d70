"""Conditions on what the parties put on record, on purposes, categories, markings."""

import pytest

from beaconfire.agreements.conditions import Body, Category, MarkingKnown, Purpose
from beaconfire.agreements.lapse import still_stands
from beaconfire.agreements.purpose import purposes_of
from beaconfire.agreements.question import Finding
from beaconfire.agreements.record_conditions import (
    AssuranceOfRecipient,
    AuthorityOfRecipient,
    FacilityOfRecipient,
)
from beaconfire.agreements.register import Annex, Register
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.records import Assurance, Authority, Facility
from tests.agreements.agreements_made import (
    ASSURED,
    CENTRE,
    NOTIFIED,
    NOW,
    STRANGE,
    agreement,
    approval,
    ask,
    declare,
    item,
    notice,
    permit,
    prohibit,
    standing,
)
from tests.agreements.test_conditions import question

MET, NOT_MET, UNKNOWN = Finding.MET, Finding.NOT_MET, Finding.UNKNOWN
HALF = Assurance(
    recipients_cleared=True, official_purpose=False, equivalent_protection=True
)
LOW = Facility(name="depot", level="CONFIDENTIAL", responsible="officer")
ASKED = (
    (AuthorityOfRecipient, NOTIFIED),
    (AssuranceOfRecipient, ASSURED),
    (FacilityOfRecipient, CENTRE),
)


def asked(*declared, annexes=(), at=NOW, **changes):
    """The question of JPN's secret notice to KOR, with what is on record."""
    told = {"item": notice(), "sender": "JPN", "to": "KOR", "under": "test-one"}
    register = standing(*declared).register
    return question(
        **{**told, "at": at, "annexes": annexes, "register": register, **changes}
    )


@pytest.mark.parametrize(("condition", "record"), ASKED)
@pytest.mark.parametrize("wanted", [True, False])
def test_a_record_is_met_while_it_holds_and_doubt_where_there_never_was_one(
    condition, record, wanted
):
    """Ended is certain, never said is doubt, another's or another text's is none."""
    one = condition(value=wanted)
    held, gone = (MET, NOT_MET) if wanted else (NOT_MET, MET)
    assert one.finding(asked()) is UNKNOWN
    assert one.finding(asked(declare(record))) is held
    assert one.finding(asked(declare(record, until_s=0))) is held
    assert one.finding(asked(declare(record, until_s=-1))) is gone
    assert one.finding(asked(declare(record, "JPN"))) is UNKNOWN
    assert one.finding(asked(declare(record, under="other"))) is UNKNOWN


@pytest.mark.parametrize(("condition", "record"), ASKED)
def test_what_stands_in_the_text_holds_until_its_party_declares_otherwise(
    condition, record
):
    """Both signed it; a declared end speaks instead of it."""
    one = condition(value=True)
    annexes = (Annex(party="KOR", record=record),)
    assert one.finding(asked(annexes=annexes)) is MET
    assert one.finding(asked(annexes=(Annex(party="JPN", record=record),))) is UNKNOWN
    ended = declare(record, until_s=-1)
    assert one.finding(asked(ended, annexes=annexes)) is NOT_MET
    assert one.finding(asked(ended, declare(record), annexes=annexes)) is MET


def test_what_stands_in_the_text_is_certain_for_its_own_kind_alone():
    """A *no* that both signed is a no; a record of another kind says nothing."""
    one = AssuranceOfRecipient(value=True)
    assert one.finding(asked(annexes=(Annex(party="KOR", record=HALF),))) is NOT_MET
    assert one.finding(asked(annexes=(Annex(party="KOR", record=CENTRE),))) is UNKNOWN
    assert one.finding(asked(annexes=(Annex(party="JPN", record=HALF),))) is UNKNOWN


@pytest.mark.parametrize(
    "answers",
    [(False, True, True), (True, False, True), (True, True, False)],
)
def test_an_assurance_is_three_times_yes(answers):
    """One *no* is no assurance, and it is certain."""
    names = ("recipients_cleared", "official_purpose", "equivalent_protection")
    record = Assurance(**dict(zip(names, answers, strict=True)))
    assert AssuranceOfRecipient(value=True).finding(asked(declare(record))) is NOT_MET
    assert AssuranceOfRecipient(value=False).finding(asked(declare(record))) is MET


def test_a_facility_must_be_fit_for_the_level():
    """The highest that any of them may hold counts; an unknown level is doubt."""
    fit = FacilityOfRecipient(value=True)
    assert fit.finding(asked(declare(LOW))) is NOT_MET
    assert fit.finding(asked(declare(LOW), level="CONFIDENTIAL")) is MET
    assert fit.finding(asked(declare(LOW), level="RESTRICTED")) is MET
    assert fit.finding(asked(declare(LOW), declare(CENTRE))) is MET
    assert fit.finding(asked(declare(CENTRE), declare(LOW))) is MET
    assert fit.finding(asked(declare(CENTRE), level=None)) is UNKNOWN


@pytest.mark.parametrize(
    ("condition", "acts", "saw", "to_meet", "to_avoid"),
    [
        (
            AuthorityOfRecipient(value=True),
            [declare(Authority(names=("one", "two")))],
            "KOR has notified one, two",
            "a competent authority notified by KOR under test-one",
            "a competent authority not notified by KOR under test-one",
        ),
        (
            AuthorityOfRecipient(value=False),
            [],
            "no competent authority of KOR is on record",
            "a competent authority not notified by KOR under test-one",
            "a competent authority notified by KOR under test-one",
        ),
        (
            AssuranceOfRecipient(value=True),
            [declare(ASSURED)],
            "KOR assures clearance and official purpose and equivalent protection",
            "an assurance by KOR under test-one that recipients are cleared, need it "
            "officially and protect it equivalently",
            "no assurance by KOR under test-one that recipients are cleared, need it "
            "officially and protect it equivalently",
        ),
        (
            AssuranceOfRecipient(value=False),
            [declare(HALF)],
            "KOR assures clearance and equivalent protection, but not official purpose",
            "no assurance by KOR under test-one that recipients are cleared, need it "
            "officially and protect it equivalently",
            "an assurance by KOR under test-one that recipients are cleared, need it "
            "officially and protect it equivalently",
        ),
        (
            FacilityOfRecipient(value=True),
            [declare(LOW), declare(CENTRE)],
            "KOR holds it at depot up to CONFIDENTIAL, centre up to SECRET; "
            "at which level",
            "a facility of KOR under test-one that may hold SECRET",
            "no facility of KOR under test-one that may hold SECRET",
        ),
        (
            FacilityOfRecipient(value=False),
            [],
            "no facility of KOR is on record",
            "no facility of KOR under test-one that may hold SECRET",
            "a facility of KOR under test-one that may hold SECRET",
        ),
        (
            MarkingKnown(value=True),
            [],
            "at which level",
            "a marking that test-one knows",
            "a marking that test-one does not know",
        ),
        (
            MarkingKnown(value=False),
            [],
            "at which level",
            "a marking that test-one does not know",
            "a marking that test-one knows",
        ),
        (
            Category(("one", "two")),
            [],
            "the item's label carries no category",
            "a label with one or two",
            "a label without one or two",
        ),
        (
            Purpose(("launch-warning",)),
            [],
            "the item is given for launch-warning",
            "an item given for launch-warning",
            "an item given for launch-warning and for something else",
        ),
    ],
)
def test_a_condition_says_what_it_saw_and_needs(
    condition, acts, saw, to_meet, to_avoid
):
    """The officer reads which fact is missing, and whose."""
    about = asked(*acts)
    assert condition.saw(about) == saw
    assert condition.need(about, met=True) == to_meet
    assert condition.need(about, met=False) == to_avoid


def test_nothing_assured_is_said_so():
    """An assurance of three times *no* assures nothing."""
    none = Assurance(
        recipients_cleared=False, official_purpose=False, equivalent_protection=False
    )
    saw = AssuranceOfRecipient(value=True).saw
    assert saw(asked(declare(none))) == (
        "KOR assures nothing, but not clearance nor official purpose nor "
        "equivalent protection"
    )
    assert saw(asked()) == "no assurance by KOR is on record"
    level = FacilityOfRecipient(value=True).need(asked(level=None), met=True)
    assert level.endswith("that may hold its level")


def test_a_launch_warning_needs_no_stated_purpose_and_other_things_do():
    """A label's category says it; what says nothing is not guessed at."""
    assert purposes_of(notice()) == ("launch-warning",)
    stated = notice(carries=("one", "purpose:training", "purpose:drill"))
    assert purposes_of(stated) == ("training", "drill")
    silent = item(object(), "JPN")
    assert purposes_of(silent) == ()

    wide = Purpose(("training", "drill", "launch-warning"))
    assert wide.finding(asked(item=stated)) is MET
    assert Purpose(("training",)).finding(asked(item=stated)) is NOT_MET
    assert wide.finding(asked(item=silent)) is UNKNOWN
    assert wide.saw(asked(item=silent)) == "the item does not say what it is given for"
    assert wide.saw(asked(item=stated)) == "the item is given for training and drill"


def test_a_category_and_a_marking_are_certain():
    """They are signed into the item, and stand in the tables or do not."""
    carrying = asked(item=notice(carries=("a", "b")))
    assert Category(("b", "c")).finding(carrying) is MET
    assert Category(("c",)).finding(carrying) is NOT_MET
    assert Category(("c",)).saw(carrying) == "the item's label carries a, b"
    for value, known, unknown in ((True, MET, NOT_MET), (False, NOT_MET, MET)):
        assert MarkingKnown(value=value).finding(asked()) is known
        assert MarkingKnown(value=value).finding(asked(level=None)) is unknown


class TestInTheDecision:
    """Doubt refuses, says whose record is missing, and a record opens at once."""

    SHUT = agreement(permit(1), prohibit(2, AssuranceOfRecipient(value=False)))
    OPEN = agreement(permit(1, FacilityOfRecipient(value=True)))

    def test_a_prohibition_in_doubt_names_the_missing_record(self):
        """Nothing was assured, so nothing goes."""
        refused = ask(notice(), self.SHUT)
        assert isinstance(refused, Refusal)
        assert refused.articles == ("test-one:2",)
        assert refused.reason == (
            "test-one:2 forbids it: no assurance by KOR is on record"
        )
        assert refused.would_need[0].startswith("an assurance by KOR under test-one")
        assert isinstance(ask(notice(), self.SHUT, acts=[declare(ASSURED)]), Release)

    def test_a_permission_in_doubt_permits_nothing(self):
        """And says what would."""
        refused = ask(notice(), self.OPEN)
        assert refused.would_need == (
            "a facility of KOR under test-one that may hold SECRET",
        )
        assert isinstance(ask(notice(), self.OPEN, acts=[declare(CENTRE)]), Release)
        strange = notice(marking=STRANGE)
        assert isinstance(ask(strange, self.OPEN, acts=[declare(CENTRE)]), Refusal)

    def test_a_record_that_changed_since_the_release_withholds_the_send(self):
        """A send is judged at its own turn, its records with it."""
        before = standing(declare(ASSURED), at=NOW)
        release = ask(notice(), self.SHUT, acts=[declare(ASSURED)])
        later = NOW.plus_s(1)

        def lapse(now, texts=(self.SHUT,), at=later):
            return still_stands(release, agreements=texts, standing=now, at=at)

        assert lapse(before) is None
        gone = lapse(before.after("e9", declare(HALF), later))
        assert gone is not None
        assert (gone.agreement, gone.article, gone.act) == (
            "test-one",
            "test-one:2",
            "e9",
        )
        assert gone.reason == (
            "what KOR had on record under test-one changed since the release "
            "(entry `e9`)"
        )
        ended = standing(declare(ASSURED, until_s=0), at=NOW)
        assert lapse(ended) is not None
        assert lapse(ended, at=NOW) is None
        # A record that no article asks for, of another party or text, changes nothing.
        for other in (
            declare(CENTRE),
            declare(HALF, "JPN"),
            declare(HALF, under="other"),
        ):
            assert lapse(before.after("e9", other, later)) is None
        elsewhere = agreement(
            prohibit(1, AssuranceOfRecipient(value=False)), name="other"
        )
        both = (elsewhere, self.SHUT)
        unrelated = before.after("e9", declare(HALF, under="other"), later)
        assert lapse(unrelated, texts=both) is None

    def test_a_record_that_had_ended_before_the_release_changed_nothing_since(self):
        """What was released without it does not lapse for want of it."""
        text = agreement(
            permit(1), prohibit(2, AssuranceOfRecipient(value=False), Body(("Plots",)))
        )
        ended = declare(ASSURED, until_s=-1)
        release = ask(notice(), text, acts=[ended])
        assert isinstance(release, Release)
        now = standing(ended, at=NOW.plus_s(-9))
        at = NOW.plus_s(1)
        assert still_stands(release, agreements=(text,), standing=now, at=at) is None

    def test_an_approval_is_still_asked_after_on_a_relay(self):
        """Records do not stand in for the originator's leave."""
        trio = agreement(
            permit(1),
            prohibit(2, AssuranceOfRecipient(value=False)),
            name="tisa-2014",
            parties=("JPN", "KOR", "USA"),
        )
        acts = [approval(), declare(ASSURED, "JPN", "tisa-2014")]
        release = ask(notice("KOR"), trio, sender="USA", to="JPN", acts=acts)
        assert isinstance(release, Release)
        revoked = standing(acts[1])
        lapse = still_stands(release, agreements=(trio,), standing=revoked, at=NOW)
        assert lapse is not None
        assert "does not stand any more" in lapse.reason


def test_an_empty_register_says_nothing():
    """The fold begins with nothing on file."""
    assert Register().filed == ()
    assert Register().after("e1", approval(), NOW) == Register()
