"""Notice, its suspension and withdrawal: until when a text runs, who may end it how.

The text of the tests runs for a year from 23 November 2016, is extended year by year,
and takes notice ninety days ahead, like the one of 2016 between Japan and Korea.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.agreements.agreement import Term
from beaconfire.agreements.conditions import Sender
from beaconfire.agreements.entitled import came_late, entitled, notice_told, too_many
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.status import OPEN, closes_at, open_notices, status_of
from beaconfire.agreements.term import (
    ends_after,
    last_day_for,
    notice_of,
    runs_out,
    years_after,
)
from beaconfire.agreements.view import ACTS_KEPT_MAX, STATUS_ACTS, View
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.times import LATEST, Instant
from tests.agreements.agreements_made import agreement, permit

YEARLY = Term(initial_years=1, extended_by_years=1, notice_days=90)
TEXT = replace(agreement(permit(1, Sender(("JPN",)))), term=YEARLY)


def at(text):
    """The instant that ``text`` names, or the beginning of that day."""
    return Instant.parse(text if "T" in text else f"{text}T00:00:00Z")


def act(name, by, when):
    """An act dated ``when``."""
    return Act(agreement=TEXT.id, act=name, party=by, issued=at(when))


def after(*acts):
    """The standing after acts, recorded as e1, e2 … when they were issued."""
    known = Standing()
    for place, one in enumerate(acts, 1):
        known = known.after(f"e{place}", one, one.issued)
    return known


def state(when, *acts):
    """The state of the text at ``when`` after these acts."""
    return status_of(TEXT, after(*acts), at(when)).state


class TestTerm:
    """When a text ends."""

    @pytest.mark.parametrize(
        ("given_on", "ends"),
        [
            ("2019-08-24", "2019-11-23"),
            ("2019-08-25", "2019-11-23"),
            ("2019-08-25T00:00:00.000000001Z", "2020-11-23"),
            ("2019-11-22", "2020-11-23"),
            ("2016-12-01", "2017-11-23"),
            ("2017-10-01", "2018-11-23"),
        ],
    )
    def test_a_notice_ends_it_with_a_term_ninety_days_ahead(self, given_on, ends):
        """To the nanosecond; whoever is late waits for the next term."""
        assert ends_after(TEXT, at(given_on)) == at(ends)

    def test_without_terms_a_notice_runs_its_days(self):
        """And a text that names no days knows no notice."""
        free = replace(TEXT, term=Term(notice_days=30))
        assert ends_after(free, at("2019-08-24")) == at("2019-09-23")
        assert runs_out(free) is None
        untold = replace(TEXT, term=Term())
        assert ends_after(untold, at("2019-08-24")) is None
        assert last_day_for(untold, at("2019-11-23")) == at("2019-11-23")

    def test_a_text_of_one_term_ends_with_it_however_late_the_notice(self):
        """There is no next term that a late notice could end."""
        once = replace(TEXT, term=Term(initial_years=5, notice_days=90))
        for given_on in ("2019-08-24", "2021-11-22"):
            assert ends_after(once, at(given_on)) == at("2021-11-23")

    def test_terms_that_only_follow_each_other_begin_with_the_text(self):
        """Without a first one of its own length, all are of the same."""
        only = replace(TEXT, term=Term(extended_by_years=2, notice_days=90))
        assert ends_after(only, at("2016-12-01")) == at("2018-11-23")
        assert ends_after(only, at("2018-11-01")) == at("2020-11-23")

    def test_a_notice_at_the_end_of_the_calendar_ends_it_there(self):
        """The years that can be told have an end; the last of them is one."""
        assert years_after(TEXT.in_force_from, 183) == at("2199-11-23")
        assert years_after(TEXT.in_force_from, 184) == LATEST
        assert ends_after(TEXT, at("2199-12-01")) == LATEST

    def test_without_extension_it_runs_out(self):
        """A text for five years ends after five, and says so."""
        five = replace(TEXT, term=Term(initial_years=5))
        assert runs_out(five) == closes_at(five, Standing()) == at("2021-11-23")
        before = status_of(five, Standing(), at("2021-11-22T23:59:59.999999999Z"))
        assert before.in_force
        over = status_of(five, Standing(), at("2021-11-23"))
        assert (over.in_force, over.state) == (False, "terminated")
        assert over.article == "test-one:9(z)"
        assert "ran until 2021-11-23T00:00:00.000Z and was not extended" in over.reason

    def test_years_keep_day_and_time(self):
        """29 February is 28 February in other years; the calendar ends in 2199."""
        assert years_after(at("2016-02-29T15:00:00Z"), 1) == at("2017-02-28T15:00:00Z")
        assert years_after(at("2016-02-29"), 4) == at("2020-02-29")
        assert years_after(at("2016-02-29"), 84) == at("2100-02-28")
        assert years_after(at("1996-02-29"), 4) == at("2000-02-29")
        assert years_after(at("2016-11-23"), 184) == LATEST


class TestNotice:
    """In force until the instant at which it takes effect."""

    NOTICE = act("notice", "KOR", "2019-08-23")

    def test_notice_given_releases_until_it_takes_effect(self):
        """One nanosecond decides; then it is terminated, by its article and act."""
        last = "2019-11-22T23:59:59.999999999Z"
        given_ = status_of(TEXT, after(self.NOTICE), at(last))
        assert (given_.in_force, given_.state) == (True, "notice given")
        assert given_.acts == ("e1",)
        assert given_.reason == (
            "test-one is in force until 2019-11-23T00:00:00.000Z: KOR gave notice of "
            "2019-08-23T00:00:00.000Z (act `e1`)"
        )
        over = status_of(TEXT, after(self.NOTICE), at("2019-11-23"))
        assert (over.in_force, over.state) == (False, "terminated")
        assert (over.article, over.acts) == ("test-one:9(z)", ("e1",))
        assert over.reason == (
            "test-one is terminated since 2019-11-23T00:00:00.000Z by KOR's notice of "
            "2019-08-23T00:00:00.000Z (act `e1`)"
        )
        assert closes_at(TEXT, after(self.NOTICE)) == at("2019-11-23")
        assert over.need == "another agreement: test-one has ended"

    def test_an_act_of_a_stranger_says_nothing_of_it(self):
        """Nobody else's dispute closes an agreement, whoever folded it in."""
        strange = after(act("suspend", "USA", "2019-08-24"))
        assert status_of(TEXT, strange, at("2019-09-01")).state == "in force"
        assert status_of(TEXT, strange, at("2019-09-01")).acts == ()
        notice = after(act("notice", "USA", "2019-08-23"))
        assert closes_at(TEXT, notice) is None
        assert open_notices(TEXT, notice, at("2019-09-01")) == ()

    def test_what_was_restored_is_in_force_and_says_no_more_than_that(self):
        """The acts are cited; the sentence tells how it stands."""
        suspend = act("suspend", "KOR", "2019-01-01")
        known = after(suspend, act("restore", "KOR", "2020-01-01"))
        status = status_of(TEXT, known, at("2021-01-01"))
        assert (status.reason, status.acts) == ("test-one is in force", ("e2",))

    def test_a_notice_on_a_text_that_knows_none_ends_nothing(self):
        """A partner's may come all the same: it is told, without an end."""
        untold = replace(TEXT, term=Term())
        status = status_of(untold, after(self.NOTICE), at("2021-01-01"))
        assert (status.in_force, status.state) == (True, "notice given")
        assert status.reason.startswith("test-one is in force: KOR gave notice of")

    def test_a_notice_that_took_effect_does_not_stand_any_more(self):
        """What has ended is over: there is nothing open, and nothing contested."""
        known = after(self.NOTICE, act("contest", "JPN", "2019-09-01"))
        ((party, notice),) = open_notices(TEXT, known, at("2019-10-01"))
        assert (party, notice.given.entry) == ("KOR", "e1")
        assert open_notices(TEXT, known, at("2019-11-23")) == ()
        assert status_of(TEXT, known, at("2019-10-01")).contested
        assert not status_of(TEXT, known, at("2019-11-23")).contested

    def test_a_suspended_notice_does_not_take_effect(self):
        """It is in force, and says whose notice and whose suspension."""
        known = after(self.NOTICE, act("notice-suspend", "KOR", "2019-11-22"))
        status = status_of(TEXT, known, at("2021-01-01"))
        assert (status.in_force, status.state) == (True, "notice suspended")
        assert status.acts == ("e2",)
        assert "KOR has suspended its notice of 2019-08-23" in status.reason
        assert closes_at(TEXT, known) is None

    def test_a_notice_suspended_twice_was_suspended_once(self):
        """A partner's second such act changes nothing, and is not the one cited."""
        first = act("notice-suspend", "KOR", "2019-11-21")
        again = act("notice-suspend", "KOR", "2019-11-22")
        known = after(self.NOTICE, first, again)
        stands = notice_of(TEXT, known.view(TEXT.id, "KOR"))
        assert stands.suspended.entry == "e2"
        assert status_of(TEXT, known, at("2020-01-01")).acts == ("e2",)

    def test_a_withdrawn_notice_never_was(self):
        """Running or suspended, its author may take it back."""
        withdraw = act("withdraw", "KOR", "2019-11-22T12:00:00Z")
        assert state("2019-12-01", self.NOTICE, withdraw) == "in force"
        suspended = act("notice-suspend", "KOR", "2019-11-22")
        assert state("2019-12-01", self.NOTICE, suspended, withdraw) == "in force"

    def test_what_has_ended_stays_ended(self):
        """No act after its effect brings it back, whoever does it."""
        for name in STATUS_ACTS:
            for party in TEXT.parties:
                late = act(name, party, "2019-11-23T00:00:00.000000001Z")
                known = after(self.NOTICE, late)
                status = status_of(TEXT, known, at("2023-01-01"))
                assert status.state == "terminated", name
                told = entitled(TEXT, late, after(self.NOTICE))
                assert told is not None
                assert told.startswith("test-one:9(z): test-one is terminated since")

    def test_a_notice_after_a_suspended_one_runs_by_its_own_date(self):
        """The ninety days count anew; whoever says otherwise is contested."""
        again = act("notice", "KOR", "2020-09-01")
        known = after(self.NOTICE, act("notice-suspend", "KOR", "2019-11-22"), again)
        assert closes_at(TEXT, known) == at("2021-11-23")

    def test_a_second_notice_does_not_put_off_the_first(self):
        """A partner's may come, though its desk would have refused it."""
        late = act("notice", "KOR", "2019-09-01")
        assert closes_at(TEXT, after(self.NOTICE, late)) == at("2019-11-23")

    def test_each_partys_notice_is_its_own(self):
        """The other's withdrawal takes nothing back; the earlier end counts."""
        other = act("withdraw", "JPN", "2019-09-01")
        assert state("2019-11-23", self.NOTICE, other) == "terminated"
        both = after(act("notice", "JPN", "2018-01-01"), self.NOTICE)
        assert closes_at(TEXT, both) == at("2018-11-23")

    def test_a_suspension_closes_while_a_notice_runs(self):
        """Graver wins, and the party's notice still has its end."""
        suspend = act("suspend", "KOR", "2019-09-01")
        status = status_of(TEXT, after(self.NOTICE, suspend), at("2019-10-01"))
        assert (status.state, status.acts) == ("suspended", ("e2",))
        assert status.parties[1].effective == at("2019-11-23")
        assert state("2019-12-01", self.NOTICE, suspend) == "terminated"


class TestContested:
    """A dispute about how it may end only shows."""

    SUSPENDED = (
        act("notice", "KOR", "2019-08-23"),
        act("notice-suspend", "KOR", "2019-11-22"),
    )

    def test_it_shows_and_closes_nothing(self):
        """In force, by both parties' views, and the sentence says who contests."""
        known = after(*self.SUSPENDED, act("contest", "JPN", "2020-08-25"))
        status = status_of(TEXT, known, at("2021-01-01"))
        assert (status.in_force, status.contested) == (True, True)
        assert status.state == "notice suspended"
        assert status.acts == ("e3", "e2")
        assert status.reason.endswith("how it may end is contested by JPN (act `e3`)")
        assert [p.contests for p in status.parties] == ["e3", None]

    def test_a_contest_is_of_what_was_given_by_its_instant(self):
        """Of the same instant too; of a later notice it says nothing."""
        for when, shows in (("2019-08-23", True), ("2019-08-22", False)):
            known = after(act("contest", "JPN", when), self.SUSPENDED[0])
            assert status_of(TEXT, known, at("2019-09-01")).contested is shows

    def test_nobody_contests_its_own_notice(self):
        """Such an act, if it comes, shows nothing."""
        own = after(*self.SUSPENDED, act("contest", "KOR", "2020-08-25"))
        assert not status_of(TEXT, own, at("2021-01-01")).contested

    def test_it_ends_with_the_notice(self):
        """Nothing is left to contest once the notice is withdrawn."""
        contest = act("contest", "JPN", "2020-08-25")
        withdraw = act("withdraw", "KOR", "2023-03-21")
        known = after(*self.SUSPENDED, contest, withdraw)
        status = status_of(TEXT, known, at("2023-03-21"))
        assert (status.state, status.contested) == ("in force", False)
        again = known.after("e5", act("notice", "KOR", "2024-01-01"), at("2024-01-01"))
        assert not status_of(TEXT, again, at("2024-01-02")).contested

    def test_there_must_be_something_to_contest(self):
        """Another party's notice that stands; one's own is none."""
        contest = act("contest", "JPN", "2020-08-25")
        assert entitled(TEXT, contest, after(*self.SUSPENDED)) is None
        nothing = "no other party has given notice on test-one"
        assert nothing in entitled(TEXT, contest, Standing())
        own = act("contest", "KOR", "2020-08-25")
        assert nothing in entitled(TEXT, own, after(*self.SUSPENDED))


class TestSense:
    """What an act is told that makes no sense now."""

    NOTICE = act("notice", "KOR", "2019-08-23")

    def told(self, one, *before):
        """Why the desk would refuse it."""
        return entitled(TEXT, one, after(*before))

    def test_a_second_notice_while_one_runs(self):
        """It would change nothing, so it is refused with the article and the date."""
        assert self.told(act("notice", "KOR", "2019-09-01"), self.NOTICE) == (
            "test-one:9(z): KOR has given notice on 2019-08-23T00:00:00.000Z, with "
            "effect from 2019-11-23T00:00:00.000Z: withdraw or suspend that one first"
        )

    def test_a_notice_may_be_given_suspended_once_and_given_anew(self):
        """Each act that changes something is taken."""
        suspend = act("notice-suspend", "KOR", "2019-09-01")
        again = act("notice", "KOR", "2019-09-02")
        assert self.told(self.NOTICE) is None
        assert self.told(suspend, self.NOTICE) is None
        assert self.told(again, self.NOTICE, suspend) is None

    def test_an_act_that_is_not_dated_after_its_partys_last_one(self):
        """Its place would be before what its author knew: it is to sign anew."""
        for when in ("2019-08-22", "2019-08-23"):
            assert self.told(act("suspend", "KOR", when), self.NOTICE) == (
                f"it is dated {at(when)}, not after KOR's last act on test-one "
                "(notice, 2019-08-23T00:00:00.000Z): sign it anew"
            )
        assert self.told(act("suspend", "JPN", "2019-08-22"), self.NOTICE) is None

    def test_an_act_without_a_date_is_judged_by_its_form_alone(self):
        """A file for a decision on paper may leave it out."""
        undated = Act(agreement=TEXT.id, act="restore", party="KOR")
        assert self.told(undated, self.NOTICE) is None

    def test_suspending_or_withdrawing_what_is_not_there(self):
        """Only a notice that stands, and a suspension once."""
        none = "test-one:9(z): KOR has no notice on test-one that stands"
        for name in ("notice-suspend", "withdraw"):
            assert self.told(act(name, "KOR", "2019-09-01")) == none
            assert self.told(act(name, "JPN", "2019-09-01"), self.NOTICE) is not None
        once = act("notice-suspend", "KOR", "2019-09-01")
        twice = act("notice-suspend", "KOR", "2019-09-02")
        assert self.told(twice, self.NOTICE, once) == (
            "test-one:9(z): KOR has suspended its notice on 2019-09-01T00:00:00.000Z"
        )
        assert (
            self.told(act("withdraw", "KOR", "2019-09-02"), self.NOTICE, once) is None
        )

    def test_a_notice_says_when_it_takes_effect(self):
        """And which instant it was in time for."""
        assert notice_told(TEXT, self.NOTICE) == (
            "it takes effect at 2019-11-23T00:00:00.000Z (test-one:9(z)), since the "
            "last instant for it is 2019-08-25T00:00:00.000Z"
        )
        late = act("notice", "KOR", "2019-08-25T00:00:00.000000001Z")
        assert "takes effect at 2020-11-23" in notice_told(TEXT, late)
        runs_days = replace(TEXT, term=Term(notice_days=30))
        assert notice_told(runs_days, self.NOTICE) == (
            "it takes effect at 2019-09-22T00:00:00.000Z (test-one:9(z))"
        )
        assert notice_told(replace(TEXT, term=Term()), self.NOTICE) == ""

    def test_a_notice_that_came_after_the_deadline_it_was_dated_before(self):
        """It is told with the article: a cut line, or a clock that stepped back."""
        in_time = at("2019-08-25")
        assert came_late(TEXT, self.NOTICE, in_time) is None
        assert came_late(TEXT, self.NOTICE, in_time.plus_s(1)) == (
            "test-one:9(z): KOR's notice on test-one is dated "
            "2019-08-23T00:00:00.000Z, before its last instant for a term, and came at "
            "2019-08-25T00:00:01.000Z, after it"
        )
        assert came_late(
            TEXT, act("withdraw", "KOR", "2019-08-23"), at("2030-01-01")
        ) is (None)
        on_paper = Act(agreement=TEXT.id, act="notice", party="KOR")
        assert came_late(TEXT, on_paper, in_time.plus_s(1)) is None


names = st.sampled_from(STATUS_ACTS)
histories = st.lists(
    st.tuples(names, st.sampled_from(TEXT.parties), st.integers(0, 3_000)),
    max_size=10,
    unique_by=lambda one: (one[1], one[2]),
)
days = st.integers(0, 4_000)


@given(histories, days, st.randoms())
def test_the_status_does_not_ask_in_which_order_acts_came(told, day, draw):
    """Same acts, same instant: same status, at every party."""
    begin = at("2017-01-01")
    acts = [
        (f"{number:02}", Act(agreement=TEXT.id, act=name, party=by, issued=when))
        for number, (name, by, of) in enumerate(told)
        for when in (begin.plus_s(of * 86_400.0),)
    ]
    mixed = draw.sample(acts, len(acts))
    twice = [*mixed, *draw.sample(acts, len(acts))]
    known = []
    for order in (acts, mixed, twice):
        standing = Standing()
        for entry, one in order:
            standing = standing.after(entry, one, begin)
        known.append(standing)
    assert known[0] == known[1] == known[2]
    status = status_of(TEXT, known[0], begin.plus_s(day * 86_400.0))
    assert status.in_force is (status.state in OPEN)
    assert status.in_force is all(party.state in OPEN for party in status.parties)
    end = closes_at(TEXT, known[0])
    assert (status.state == "terminated") is (
        end is not None and end <= begin.plus_s(day * 86_400.0)
    )


def test_a_view_is_bounded_and_forgets_nothing_that_counts():
    """After hundreds of quarrels the notice still stands, and no old act comes back."""
    begin = at("2019-01-01")
    view_of = after(act("notice", "KOR", "2018-12-31"))
    for day in range(2 * ACTS_KEPT_MAX):
        name = "restore" if day % 2 else "suspend"
        one = Act(
            agreement=TEXT.id, act=name, party="KOR", issued=begin.plus_s(float(day))
        )
        view_of = view_of.after(f"x{day}", one, begin)
        if day == 0:
            first = one
    view = view_of.view(TEXT.id, "KOR")
    assert isinstance(view, View)
    assert len(view.acts) == ACTS_KEPT_MAX
    assert closes_at(TEXT, view_of) == at("2019-11-23")
    assert view.suspension is None
    assert view_of.knows("x0", first)
    assert view_of.after("x0", first, begin) == view_of


@pytest.mark.parametrize(
    ("first", "then", "told"),
    [
        ("suspend", ("contest",), "suspended"),
        ("notice", ("withdraw",), "terminated"),
        ("notice", ("withdraw", "notice"), "terminated"),
        ("notice", ("contest", "withdraw", "notice-suspend"), "terminated"),
    ],
)
def test_no_number_of_later_acts_pushes_out_what_counts(first, then, told):
    """A party that floods its own view neither restores nor revives the agreement."""
    known = after(act(first, "KOR", "2018-12-31"))
    begin = at("2020-01-01")
    for place in range(ACTS_KEPT_MAX + 4):
        one = Act(
            agreement=TEXT.id,
            act=then[place % len(then)],
            party="KOR",
            issued=begin.plus_s(float(place)),
        )
        if too_many(one, known) is None:
            known = known.after(f"x{place}", one, begin)
    assert status_of(TEXT, known, at("2020-06-01")).state == told
    assert len(known.view(TEXT.id, "KOR").acts) <= ACTS_KEPT_MAX
    assert too_many(act("suspend", "JPN", "2020-02-01"), known) is None
