"""What is on record, who may record what, and what is still owed."""

import pytest
from msgspec.structs import replace

from beaconfire.agreements.agreement import Article, Effect, Obligation
from beaconfire.agreements.conditions import Body
from beaconfire.agreements.duties import article_of, lasting_duties, open_duties
from beaconfire.agreements.entitled import entitled, too_many
from beaconfire.agreements.register import RECORDS_MAX, Register, latest
from beaconfire.agreements.standing import Standing
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.records import (
    CaseClosed,
    Closing,
    Facility,
    Findings,
    LawChange,
    LevelChange,
    LevelFollowed,
    Measures,
    NoLongerNeeded,
    Suspected,
)
from tests.agreements.agreements_made import (
    ASSURED,
    CENTRE,
    NOW,
    act,
    agreement,
    ask,
    declare,
    notice,
    permit,
)
from tests.agreements.test_conditions import question


def oblige(number, *owes, when=()):
    """An article that obliges."""
    return Article(
        number=str(number),
        effect=Effect.OBLIGE,
        when=when,
        obligations=tuple(map(Obligation, owes)),
        rests_on="test",
    )


TEXT = agreement(
    permit(1, Body(("LaunchNotice",))),
    oblige(17, "report-loss", "keep-custody"),
    oblige("6(g)", "follow-level-changes"),
    oblige("6(h)", "return-or-destroy", when=(Body(("Plots",)),)),
)
LOST = Suspected(case="lost-laptop", originator="JPN", items=("a",), what="a laptop")


def fold(*acts):
    """The standing after ``acts``, one a second."""
    done = Standing()
    for place, one in enumerate(acts, start=1):
        dated = replace(one, issued=NOW.plus_s(place))
        done = done.after(f"e{place}", dated, NOW.plus_s(place))
    return done


def owed(*acts, at_s=100):
    """What is open, as (who, duty, what)."""
    found = open_duties(TEXT, fold(*acts).register, NOW.plus_s(at_s))
    return [(one.by, one.duty, one.what) for one in found]


def flaw(one, *before):
    """Why ``one`` may not be done after ``before``."""
    return entitled(TEXT, one, fold(*before))


class TestCases:
    """A loss or compromise is a case with notice, findings and measures."""

    FOUND = Findings(case="lost-laptop", what="it was encrypted")
    MENDED = Measures(case="lost-laptop", what="chains")
    CLOSED = CaseClosed(case="lost-laptop")

    def test_it_goes_from_notice_over_findings_and_measures_to_its_end(self):
        """Each step is a record; what is left is open until then."""
        steps = [declare(r) for r in (LOST, self.FOUND, self.MENDED, self.CLOSED)]
        told = [
            "case `lost-laptop`: send the findings",
            "case `lost-laptop`: send the measures that prevent it",
            "case `lost-laptop`: close the case",
        ]
        for done in range(1, 5):
            assert flaw(steps[done - 1], *steps[: done - 1]) is None
            left = sorted(what for _, _, what in owed(*steps[:done]))
            assert left == sorted(told[done - 1 :])
        assert owed(steps[0])[0][:2] == ("KOR", "report-loss")

    @pytest.mark.parametrize(
        ("before", "told"),
        [
            ([], "case `lost-laptop` of KOR was never reported: notify the loss first"),
            ([LOST], "cannot close without findings and measures"),
            ([LOST, FOUND], "case `lost-laptop` of KOR cannot close without measures"),
            ([LOST, MENDED], "case `lost-laptop` of KOR cannot close without findings"),
            (
                [LOST, FOUND, MENDED, CLOSED],
                "case `lost-laptop` of KOR is closed",
            ),
        ],
    )
    def test_it_cannot_close_without_all_three(self, before, told):
        """Neither order nor haste leads around it."""
        why = flaw(declare(self.CLOSED), *map(declare, before))
        assert why is not None
        assert why.endswith(told)

    def test_a_case_is_its_partys_own(self):
        """Another party's steps neither open nor close it; none is reported twice."""
        others = [declare(r, "JPN") for r in (LOST, self.FOUND, self.MENDED)]
        assert "cannot close" in flaw(declare(self.CLOSED), declare(LOST), *others)
        assert "never reported" in flaw(declare(self.FOUND), *others)
        assert flaw(declare(LOST), *others) is None
        again = flaw(declare(LOST), declare(LOST))
        assert again == "case `lost-laptop` of KOR was reported already"
        elsewhere = declare(LOST, under="other")
        assert "never reported" in flaw(declare(self.FOUND), elsewhere)
        another = Findings(case="other-case", what="x")
        assert "never reported" in flaw(declare(another), declare(LOST))

    def test_a_party_may_report_the_loss_of_what_is_its_own(self):
        """Whoever finds it says so at once, whatever else is on file."""
        assert flaw(declare(LOST, "JPN")) is None
        assert flaw(declare(LOST), declare(ASSURED), declare(CENTRE)) is None


class TestFollowing:
    """Changes of level, returning and destroying."""

    LOWER = LevelChange(item="a", marking="秘")
    FOLLOWED = LevelFollowed(originator="JPN", item="a", marking="秘")

    def test_a_change_of_level_is_open_until_the_other_party_has_followed(self):
        """The originator says it; the recipient marks every copy anew."""
        change, followed = declare(self.LOWER, "JPN"), declare(self.FOLLOWED)
        assert owed(change) == [
            ("KOR", "follow-level-changes", "mark JPN's item `a` as `秘`, every copy")
        ]
        assert owed(change, followed) == []
        assert owed(followed, change) != []
        assert owed(change, followed, change) != []
        wrong = declare(LevelFollowed(originator="JPN", item="a", marking="極秘"))
        assert owed(change, wrong) != []
        assert owed(change, declare(self.FOLLOWED, "JPN", "other")) != []

    def test_of_several_parties_each_follows_for_itself(self):
        """That one has marked its copies anew says nothing of another's."""
        three = agreement(permit(1), parties=("JPN", "KOR", "USA"))
        change, followed = declare(self.LOWER, "JPN"), declare(self.FOLLOWED, "USA")
        known = fold(change, followed).register
        left = open_duties(three, known, NOW.plus_s(9))
        assert [one.by for one in left] == ["KOR"]

    def test_only_the_newest_change_is_to_be_followed(self):
        """What was overtaken needs no following."""
        newer = declare(LevelChange(item="a", marking="極秘"), "JPN")
        other = declare(LevelChange(item="b", marking="極秘"), "JPN")
        found = owed(declare(self.LOWER, "JPN"), newer, other)
        assert [what for _, _, what in found] == [
            "mark JPN's item `a` as `極秘`, every copy",
            "mark JPN's item `b` as `極秘`, every copy",
        ]

    def test_what_is_needed_no_more_is_open_until_returned_or_destroyed(self):
        """One closing act, of that party, for that item of that originator."""
        over = declare(NoLongerNeeded(originator="JPN", item="a"))
        done = Closing(originator="JPN", item="a", done="destroyed", how="keys erased")
        assert owed(over) == [
            ("KOR", "return-or-destroy", "return or destroy JPN's item `a`")
        ]
        assert owed(over, declare(done)) == []
        other = Closing(originator="JPN", item="b", done="returned", how="by courier")
        assert owed(over, declare(other)) != []

    def test_a_duty_begins_with_its_record_and_names_article_and_entry(self):
        """Nothing is owed before; the article is the text's own."""
        over = declare(NoLongerNeeded(originator="JPN", item="a"))
        assert owed(over, at_s=0.5) == []
        assert owed(over, at_s=1) != []
        (one,) = open_duties(TEXT, fold(over).register, NOW.plus_s(9))
        assert (one.article, one.entry, one.since) == (
            "test-one:6(h)",
            "e1",
            NOW.plus_s(1),
        )
        bare = agreement(permit(1))
        (one,) = open_duties(bare, fold(over).register, NOW.plus_s(9))
        assert one.article is None

    def test_no_duty_asks_whether_the_agreement_is_in_force(self):
        """Termination lifts nothing: the same is open under a suspended text."""
        over = declare(NoLongerNeeded(originator="JPN", item="a"))
        assert owed(over, act("suspend", "KOR")) == owed(over)
        assert flaw(declare(LOST), act("suspend", "KOR"), act("suspend", "JPN")) is None

    def test_records_under_another_agreement_are_anothers(self):
        """Each text keeps its own file."""
        acts = [
            declare(self.LOWER, "JPN", "other"),
            declare(NoLongerNeeded(originator="JPN", item="a"), under="other"),
            declare(LOST, under="other"),
        ]
        assert owed(*acts) == []


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (Act(agreement="test-one", act="declare", party="KOR"), "it has none"),
        (declare(ASSURED, "USA"), "USA is no party to test-one"),
        (
            Act(
                agreement="test-one",
                act="declare",
                party="KOR",
                record=ASSURED,
                to="JPN",
            ),
            "says what it concerns in its record",
        ),
        (declare(ASSURED, until_s=-60), "before it begins"),
        (
            declare(NoLongerNeeded(originator="USA", item="a")),
            "USA is no party to test-one",
        ),
        (
            declare(NoLongerNeeded(originator="KOR", item="a")),
            "the item is KOR's own: this record is for what others gave",
        ),
        (
            Act(agreement="test-one", act="suspend", party="KOR", record=ASSURED),
            "`suspend` carries no record: declare it by itself",
        ),
        (declare(ASSURED, under="other"), "the act is for `other`, not for test-one"),
    ],
)
def test_who_may_record_what(one, told):
    """Each party speaks for itself, in a record and in nothing beside it."""
    why = flaw(one)
    assert why is not None
    assert told in why


def test_a_good_record_is_taken_and_the_file_has_an_end():
    """A party that declares without end has made a mistake."""
    assert flaw(declare(ASSURED, until_s=60)) is None
    undated = replace(declare(ASSURED, until_s=60), issued=None)
    assert flaw(undated) is None
    assert entitled(TEXT, declare(ASSURED)) is None
    one = fold(declare(ASSURED)).register.filed[0]
    full = Standing(register=Register(filed=(one,) * RECORDS_MAX))
    assert too_many(declare(ASSURED), full) == (
        "10000 records of KOR are on file under `test-one`: no more can be held"
    )
    # Else one party could keep every other from taking back what it assured.
    assert too_many(declare(ASSURED, "JPN"), full) is None
    assert too_many(declare(ASSURED, under="other"), full) is None
    nearly = Standing(register=Register(filed=(one,) * (RECORDS_MAX - 1)))
    assert too_many(declare(ASSURED), nearly) is None
    assert too_many(act("suspend", "KOR"), full) is None


def test_records_have_their_place_by_their_own_instants_and_count_once():
    """Acts come by several routes: two nodes that know the same say the same."""
    one = replace(declare(ASSURED), issued=NOW.plus_s(1))
    two = replace(declare(CENTRE), issued=NOW.plus_s(2))
    three = declare(LOST, under="other")
    three = replace(three, issued=NOW.plus_s(2))
    # Two of one instant stand in the order of their entries.
    acts = {"z": one, "b": two, "c": three}
    orders = [["z", "b", "c"], ["c", "b", "z", "b"], ["b", "c", "z", "z"]]
    files = []
    for order in orders:
        register = Register()
        for entry in order:
            register = register.after(entry, acts[entry], NOW)
        files.append([filed.entry for filed in register.filed])
    assert files == [["z", "b", "c"]] * 3
    assert fold(one).knows("e1", one)
    assert not fold(one).knows("e2", two)
    undated = Register().after("e9", replace(one, issued=None), NOW).filed[0]
    assert undated.issued == NOW


def test_a_partners_step_of_a_case_is_taken_in_whatever_order_it_comes():
    """Its own desk has judged it; here its form is asked alone."""
    step = declare(Findings(case="one", what="x"))
    assert entitled(TEXT, step) is None
    assert "never reported" in entitled(TEXT, step, Standing())


def test_a_newer_record_of_the_same_subject_speaks():
    """One facility does not replace another; of one name the newest counts."""
    wider = Facility(name="centre", level="TOP SECRET", responsible="officer")
    depot = Facility(name="depot", level="SECRET", responsible="officer")
    register = fold(
        *(declare(one) for one in (CENTRE, depot, wider)),
        declare(LawChange(what="one")),
        declare(LawChange(what="two")),
        declare(CENTRE, "JPN"),
    ).register
    found = [one.record for one in latest(register, "test-one", "KOR", Facility)]
    assert found == [wider, depot]
    assert len(latest(register, "test-one", "KOR", LawChange)) == 2
    assert latest(register, "other", "KOR", Facility) == ()
    assert register.under("test-one")[0].entry == "e1"


def test_lasting_duties_are_listed_with_their_articles():
    """All of a text, or those that concern one item; doubt counts as concern."""
    assert lasting_duties(TEXT) == (
        ("report-loss", "test-one:17"),
        ("keep-custody", "test-one:17"),
        ("follow-level-changes", "test-one:6(g)"),
        ("return-or-destroy", "test-one:6(h)"),
    )
    about = lasting_duties(TEXT, question())
    assert ("return-or-destroy", "test-one:6(h)") not in about
    assert len(about) == 3
    assert article_of(TEXT, "keep-custody") == "test-one:17"
    assert article_of(TEXT, "signed-receipt") is None


def test_what_a_send_owes_is_no_lasting_duty():
    """An obligation of an article that permits ends with the send."""
    sends = agreement(permit(1, owes=("signed-receipt",)), oblige(2, "keep-custody"))
    assert lasting_duties(sends) == (("keep-custody", "test-one:2"),)
    assert article_of(sends, "signed-receipt") is None


def test_an_article_that_obliges_lets_nothing_go_and_forbids_nothing():
    """It lays duties; leave to send is another article's."""
    assert ask(notice(), agreement(oblige(1, "keep-custody"))).articles == ()
    release = ask(
        notice(), agreement(permit(1, owes=("re-mark",)), oblige(2, "keep-custody"))
    )
    assert release.articles == ("test-one:1",)
    assert release.obligations == ("re-mark",)
