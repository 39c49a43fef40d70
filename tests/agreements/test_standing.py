"""What acts make of agreements: views, approvals, and who may do what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from beaconfire.agreements import entitled as entitled_module
from beaconfire.agreements import standing as standing_module
from beaconfire.agreements.approval import check_approval, find_approval
from beaconfire.agreements.conditions import Sender
from beaconfire.agreements.entitled import entitled, too_many
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.status import status_of
from beaconfire.seals import codec
from tests.agreements.agreements_made import (
    CENTRE,
    NOW,
    act,
    agreement,
    approval,
    declare,
    notice,
    permit,
    plots,
    retraction,
    standing,
)

TEXT = agreement(permit(1, Sender(("JPN",))))
TRIO = agreement(
    permit(1, Sender(("USA",))), name="tisa-2014", parties=("JPN", "KOR", "USA")
)

WAY = {"to": "JPN", "via": "USA", "at": NOW}

acts_of_parties = st.lists(
    st.tuples(
        st.sampled_from(["suspend", "restore"]), st.sampled_from(["JPN", "KOR", "PRK"])
    ),
    max_size=8,
)


@given(acts_of_parties)
def test_it_is_suspended_exactly_while_some_partys_last_act_is_a_suspension(told):
    """Each party's own view counts, the latest of it, and no stranger's."""
    last = {by: name for name, by in told if by in TEXT.parties}
    status = status_of(TEXT, standing(*(act(*one) for one in told)), NOW)

    assert status.in_force is ("suspend" not in last.values())
    assert status.state == ("in force" if status.in_force else "suspended")
    assert len(status.acts) == (
        len(last) if status.in_force else list(last.values()).count("suspend")
    )


@given(acts_of_parties)
def test_an_act_on_one_agreement_says_nothing_about_another(told):
    """Acts name their agreement, and bear on it alone."""
    elsewhere = standing(*(act(name, by, "other") for name, by in told))
    assert status_of(TEXT, elsewhere, NOW).in_force


def test_the_status_tells_article_act_and_remedy():
    """What a refusal by status cites."""
    status = status_of(TEXT, standing(act("suspend", "KOR")), NOW)
    assert status.article == "test-one:9(z)"
    assert status.acts == ("e1",)
    assert status.reason == f"test-one is suspended by KOR since {NOW} (act `e1`)"
    assert status.need == "test-one restored by KOR"


def test_an_agreement_not_yet_begun_is_not_in_force():
    """It begins at its instant, and cites its status article before."""
    early = status_of(TEXT, Standing(), TEXT.in_force_from.plus_s(-1))
    assert (early.in_force, early.state) == (False, "not yet")
    assert early.article == "test-one:9(z)"
    assert early.acts == ()
    assert early.reason == f"test-one is in force from {TEXT.in_force_from} only"
    assert status_of(TEXT, Standing(), TEXT.in_force_from).reason == (
        "test-one is in force"
    )


def test_a_standing_never_changes_and_has_one_encoding():
    """A checkpoint takes a digest over it; nobody else's fold may disturb it."""
    before = Standing()
    one = before.after("a", act("suspend", "KOR"), NOW)
    two = one.after("b", act("suspend", "JPN"), NOW)
    other = before.after("b", act("suspend", "JPN"), NOW).after(
        "a", act("suspend", "KOR"), NOW
    )
    assert before == Standing()
    assert codec.encode(two) == codec.encode(other)


def test_an_approval_stands_until_its_own_kind_is_revoked():
    """A revocation names what it revokes; other approvals stay."""
    class_wide, single = approval(), approval(item_class=None, item="item-1")
    both = standing(class_wide, single)
    assert both.approval("e1") == class_wide
    revoked = both.after("e3", replace(class_wide, act="revoke"), NOW)
    assert revoked.approval("e1") is None
    assert revoked.approval("e2") == single


def test_a_renewed_approval_stands_beside_the_older_one():
    """A release that rests on the older one must not lapse by the renewal."""
    renewed = standing(approval(expires_s=60), approval(expires_s=7200))
    assert renewed.approval("e1") is not None
    assert renewed.approval("e2") is not None
    same = standing(approval(), approval())
    assert len(same.approvals) == 1


def test_an_approval_long_over_is_dropped():
    """The fold does not grow for ever; an hour is enough to tell why one is gone."""
    old = standing(approval(expires_s=0))
    kept = old.after("e2", approval(by="JPN", to="KOR"), NOW.plus_s(3600))
    assert [a.entry for a in kept.approvals] == ["e1", "e2"]
    gone = old.after("e2", approval(by="JPN", to="KOR"), NOW.plus_s(3600.001))
    assert [a.entry for a in gone.approvals] == ["e2"]
    endless = standing(approval(expires_s=None))
    assert endless.after("e2", approval(), NOW.plus_s(9e6)).approvals[0].entry == "e1"


class TestEntitled:
    """Who may do what to which agreement."""

    @pytest.mark.parametrize("name", ["suspend", "restore"])
    def test_a_party_may_suspend_and_restore(self, name):
        """Without asking the standing, form and party are all there is to ask."""
        assert entitled(TEXT, act(name, "JPN")) is None

    @pytest.mark.parametrize("name", ["suspend", "restore", "approve", "notice"])
    def test_a_stranger_may_nothing(self, name):
        """Acts by non-parties are refused."""
        told = replace(approval(by="PRK"), act=name, agreement="test-one")
        assert entitled(TEXT, told) == "PRK is no party to test-one"

    def test_an_act_is_for_the_agreement_that_it_names(self):
        """An act signed for one agreement says nothing about another."""
        assert entitled(TEXT, act("suspend", "JPN", "other")) == (
            "the act is for `other`, not for test-one"
        )

    @pytest.mark.parametrize("name", ["notice", "notice-suspend", "withdraw"])
    def test_notice_needs_a_text_that_knows_it(self, name):
        """How notice ends it is for the text to say; its status article is cited."""
        assert entitled(TEXT, act(name, "JPN")) == (
            "test-one:9(z): test-one does not say how notice ends it: it has no "
            "`notice_days` under `[term]`"
        )

    def test_only_the_party_that_suspended_can_restore(self):
        """Each party's own view is its own."""
        by_korea = standing(act("suspend", "KOR", issued_s=-70))
        assert entitled(TEXT, act("restore", "KOR"), by_korea) is None
        assert entitled(TEXT, act("restore", "JPN"), by_korea) == (
            "JPN has not suspended test-one: only the party that suspended it can "
            "restore it"
        )
        again = by_korea.after("e2", act("restore", "KOR"), NOW)
        later = act("restore", "KOR", issued_s=-50)
        assert "KOR has not suspended test-one" in entitled(TEXT, later, again)
        assert entitled(TEXT, act("suspend", "KOR"), by_korea) is None
        assert entitled(TEXT, act("suspend", "JPN"), by_korea) is None

    def test_a_suspension_names_nothing_but_the_agreement(self):
        """There is no suspension of a part, so none may look like one."""
        for part in ({"item": "i"}, {"to": "KOR"}, {"via": "KOR"}, {"expires": NOW}):
            told = replace(act("suspend", "JPN"), **part)
            assert "concerns the whole agreement" in entitled(TEXT, told)
        told = replace(act("suspend", "JPN"), item_class="Plots")
        assert "concerns the whole agreement" in entitled(TEXT, told)

    @pytest.mark.parametrize(
        ("flawed", "told"),
        [
            (approval(to=None), "names the recipient and the relay"),
            (approval(via=None), "names the recipient and the relay"),
            (approval(to="KOR"), "three different parties"),
            (approval(via="KOR"), "three different parties"),
            (approval(to="USA"), "three different parties"),
            (approval(via="PRK"), "PRK is no party to tisa-2014"),
            (approval(item_class=None), "names an item or a class"),
            (approval(item_class="Plot"), "`Plot` is no class: write one of launch-w"),
            (approval(expires_s=None), "names the instant at which it expires"),
            (approval(expires_s=-60), "expires at 2022-10-03T22:29:00.000Z, before"),
        ],
    )
    def test_an_approval_that_covers_nothing_is_refused(self, flawed, told):
        """Recipient, relay, object and end must be named, and make sense."""
        assert told in entitled(TRIO, flawed)

    def test_an_approval_in_order_is_taken(self):
        """By class, per item, to a third country, and its revocation."""
        assert entitled(TRIO, approval()) is None
        assert entitled(TRIO, approval(item_class=None, item="i")) is None
        assert entitled(TRIO, approval(to="PRK")) is None
        assert entitled(TRIO, approval(issued=None)) is None
        revocation = replace(approval(expires_s=None), act="revoke")
        assert entitled(TRIO, revocation) is None


class TestApproval:
    """Does an approval cover this item on this way, now?"""

    def check(self, given, item=None):
        """Check an approval against KOR's notice."""
        return check_approval(given, item=item or notice("KOR"), **WAY)

    def test_a_launch_warning_is_the_three_elements_and_their_retraction(self):
        """Never plots: they are no launch warning."""
        assert self.check(approval()) is None
        assert self.check(approval(), retraction("KOR")) is None
        assert self.check(approval(), plots("KOR")) == (
            "it is for the class `launch-warning`, not for Plots"
        )

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            (replace(approval(), act="revoke"), "it is a `revoke`, not an approval"),
            (approval(by="JPN"), "it is by JPN, but the item is KOR's"),
            (approval(to="PRK"), "it is for PRK via USA, not for JPN via USA"),
            (approval(via=None), "it is for JPN via nobody, not for JPN via USA"),
            (approval(to=None), "it is for nobody via USA, not for JPN via USA"),
            (approval(item_class=None), "it names neither an item nor a class"),
            (approval(item="other"), "it is for the item `other`"),
            (approval(expires_s=None), "it does not say when it expires"),
            (approval(expires_s=-1), f"it expired at {NOW.plus_s(-1)}"),
            (approval(issued=NOW.plus_s(3)), f"it begins only at {NOW.plus_s(3)}"),
        ],
    )
    def test_what_falls_short_is_said(self, given, told):
        """Each way to fall short has its sentence."""
        assert self.check(given) == told

    def test_the_oldest_that_covers_is_named(self):
        """An answer does not change when another approval is added."""
        both = standing(approval(), approval(expires_s=7200))
        found, note = find_approval(both, "tisa-2014", item=notice("KOR"), **WAY)
        assert found == "e1"
        assert note == "KOR has approved it for JPN via USA (act `e1`)"

    def test_without_one_the_note_says_whose_is_missing(self):
        """An approval for another way is not worth a mention."""
        others = standing(approval(by="JPN", to="KOR"), approval(to="PRK"))
        found, note = find_approval(others, "tisa-2014", item=notice("KOR"), **WAY)
        assert found is None
        assert note == "KOR has not approved it for JPN via USA"


leave = st.lists(
    st.tuples(
        st.sampled_from(["approve", "revoke"]),
        st.sampled_from(["launch-warning", "Plots"]),
        st.integers(0, 3_000),
    ),
    max_size=8,
    unique_by=lambda one: one[2],
)


@given(leave, st.randoms())
def test_approvals_stand_alike_in_whatever_order_they_and_their_revocations_came(
    told, draw
):
    """By their own instants: what was taken back later is gone, and nothing else."""
    acts = [
        (
            f"{number:02}",
            replace(
                approval(item_class=named, expires_s=9_000),
                act=name,
                issued=NOW.plus_s(float(after_s)),
            ),
        )
        for number, (name, named, after_s) in enumerate(told)
    ]
    stood = []
    for order in (acts, [*draw.sample(acts, len(acts)), *acts]):
        known = Standing()
        for entry, one in order:
            known = known.after(entry, one, NOW)
            assert known.knows(entry, one)
        stood.append({approval.entry for approval in known.approvals})
    assert stood[0] == stood[1]
    revoked = {
        named: max((s for n, c, s in told if (n, c) == ("revoke", named)), default=-1)
        for named in ("launch-warning", "Plots")
    }
    assert stood[0] == {
        entry
        for (entry, _), (name, named, after_s) in zip(acts, told, strict=True)
        if name == "approve" and after_s > revoked[named]
    }


@pytest.mark.parametrize(
    ("given", "stands"),
    [
        (approval(), False),
        (approval(issued=NOW), False),
        (approval(issued=NOW.plus_s(1)), True),
        (approval(by="AUS"), True),
        (approval(under="other"), True),
        (approval(to="AUS"), True),
        (approval(via="AUS"), True),
        (approval(item="item-1"), True),
    ],
)
@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("turn", [1, -1])
def test_a_revocation_takes_back_what_its_party_gave_before_it_and_nothing_else(
    given, stands, dated, turn
):
    """In whatever order they came: another's leave, text or way is not its to take."""
    takes_back = replace(approval(issued=NOW if dated else None), act="revoke")
    known = Standing()
    for entry, one in [("e1", given), ("e2", takes_back)][::turn]:
        known = known.after(entry, one, NOW)
    assert (known.approval("e1") is not None) is stands


@pytest.mark.parametrize(("revoked_s", "stands"), [(-1, True), (0, False), (1, False)])
def test_an_approval_on_paper_was_given_when_it_was_recorded(revoked_s, stands):
    """Such a file may leave its date out."""
    known = standing(approval(issued=None))
    takes_back = replace(approval(issued=NOW.plus_s(revoked_s)), act="revoke")
    after = known.after("e2", takes_back, NOW.plus_s(1))
    assert (after.approval("e1") is not None) is stands


def test_what_two_parties_took_back_is_remembered_of_both():
    """A revocation of one brings nothing of the other's back."""
    leaves = [approval(), approval(by="AUS"), approval(under="other")]
    known = standing(*(replace(one, act="revoke", issued=NOW) for one in leaves))
    assert all(known.knows("late", one) for one in leaves)
    assert not known.knows("late", approval(by="JPN", to="KOR"))


def test_revocations_are_bounded_and_none_of_them_comes_undone(monkeypatch):
    """Of too many the oldest is forgotten; leave as old as it is not taken any more."""
    monkeypatch.setattr(standing_module, "REVOCATIONS_KEPT_MAX", 2)
    known = Standing()
    for place in range(4):
        item = replace(
            approval(item_class=None, item=f"i{place}", issued=NOW.plus_s(place)),
            act="revoke",
        )
        known = known.after(f"r{place}", item, NOW)
    assert len(known.revocations("tisa-2014", "KOR").acts) == 2
    for after_s, counts in ((1.0, False), (1.5, True)):
        late = approval(item_class=None, item="i0", issued=NOW.plus_s(after_s))
        assert known.knows("late", late) is not counts
        assert bool(known.after("late", late, NOW).approvals) is counts


def test_approvals_of_one_party_are_bounded(monkeypatch):
    """One more is refused by name, until some have ended; others' do not count."""
    monkeypatch.setattr(entitled_module, "APPROVALS_MAX", 2)
    items = [approval(item_class=None, item=f"i{place}") for place in range(3)]
    others = [approval(by="JPN", to="KOR"), approval(under="other")]
    two = standing(*others, *items[:2])
    assert too_many(items[2], standing(*others, items[0])) is None
    assert too_many(items[2], two) == (
        "KOR has 2 approvals under `tisa-2014` that have not ended: revoke some, or "
        "approve a class"
    )
    assert too_many(replace(items[2], act="revoke"), two) is None


def test_every_act_that_is_remembered_is_found_again_as_it_was_recorded():
    """Of every kind, in the order of their turns, and none from before the instant."""
    done = [
        act("suspend", "KOR"),
        approval(),
        replace(approval(item="item-1"), act="revoke", issued=NOW),
        declare(CENTRE, "KOR"),
        act("restore", "KOR", issued_s=1.0),
    ]
    known = Standing()
    for place, one in enumerate(done):
        known = known.after(f"e{place}", one, NOW.plus_s(place // 2))
    entries = [one.entry for one in known.recorded_since(NOW)]
    assert sorted(entries) == [f"e{place}" for place in range(5)]
    assert [one.at for one in known.recorded_since(NOW)] == [
        NOW.plus_s(after_s) for after_s in (0, 0, 1, 1, 2)
    ]
    late = known.recorded_since(NOW.plus_s(1))
    assert {one.entry for one in late} == {"e2", "e3", "e4"}
    assert known.recorded_since(NOW.plus_s(2.5)) == ()
