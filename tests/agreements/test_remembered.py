"""What is remembered equals what would be worked out, whatever happens in between."""

from dataclasses import replace as changed

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from beaconfire.agreements import remembered
from beaconfire.agreements.conditions import (
    ApprovalOfOriginator,
    Body,
    ClassificationUpTo,
    OriginatorIsSender,
    Purpose,
    TogetherWith,
)
from beaconfire.agreements.decision import decide
from beaconfire.agreements.lapse import still_stands
from beaconfire.agreements.memo import ANSWERS_MAX, Memo, Watched
from beaconfire.agreements.record_conditions import (
    AssuranceOfRecipient,
    FacilityOfRecipient,
)
from beaconfire.agreements.register import Annex
from beaconfire.agreements.remembered import (
    alike_until,
    decide_remembered,
    may_relay_remembered,
    stands_remembered,
    withheld_until,
)
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.ways import may_relay
from beaconfire.errors import BadInput
from beaconfire.vocabulary.entries.decisions import Release
from beaconfire.vocabulary.records import Assurance
from beaconfire.vocabulary.times import Instant
from tests.agreements.agreements_made import (
    ASSURED,
    BEGIN,
    CENTRE,
    NOW,
    STRANGE,
    act,
    agreement,
    approval,
    declare,
    notice,
    permit,
    plots,
    prohibit,
    retraction,
    standing,
)
from tests.agreements.consultations_made import ASKING, ask, said

TRIO = ("JPN", "KOR", "USA")
TEXTS = (
    agreement(
        permit(1, OriginatorIsSender(value=True), Purpose(("launch-warning",))),
        prohibit(2, AssuranceOfRecipient(value=False)),
        prohibit(3, OriginatorIsSender(value=False), ApprovalOfOriginator(value=False)),
        name="direct",
        annexes=(Annex(party="KOR", record=ASSURED),),
    ),
    agreement(
        permit(1, ApprovalOfOriginator(value=True), TogetherWith(("hop",))),
        permit(2, OriginatorIsSender(value=True), Body(("LaunchNotice",))),
        name="tisa-2014",
        parties=TRIO,
    ),
    agreement(
        permit(1, TogetherWith(("tisa-2014",)), ClassificationUpTo("SECRET")),
        permit(2, FacilityOfRecipient(value=True), Body(("Plots",))),
        name="hop",
        parties=("JPN", "USA"),
    ),
)
NO = Assurance(
    recipients_cleared=True, official_purpose=False, equivalent_protection=True
)
names = st.sampled_from(["direct", "tisa-2014", "hop"])
some_party = st.sampled_from(TRIO)
# Where something ends or begins, and one nanosecond beside it.
SECONDS = (-62.0, -60.0, -58.0, 0.0, 1.0, 2.0, 3600.0)
instants = st.builds(
    lambda s, ns: Instant(NOW.plus_s(s).ns + ns),
    st.sampled_from(SECONDS),
    st.sampled_from((-1, 0, 1)),
) | st.sampled_from([BEGIN, Instant(BEGIN.ns - 1)])
items = st.builds(
    lambda made, who, told, created, valid: replace(
        made(who, **told), created=created, valid_until=valid
    ),
    st.sampled_from([notice, plots, retraction]),
    some_party,
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["item-1", "item-2"]),
            "marking": st.sampled_from(["SECRET", STRANGE, "UNCLASSIFIED"]),
            "releasable_to": st.sampled_from([(), ("JPN", "KOR"), ("USA",)]),
            "carries": st.sampled_from([(), ("purpose:training",)]),
        }
    ),
    instants,
    instants,
)
ends = st.sampled_from((1.0, 2.0, 3600.0))
acts = (
    st.builds(act, st.sampled_from(["suspend", "restore"]), some_party, names)
    | st.builds(
        lambda by, to, via, ending, under, what: approval(
            by, to, via, expires_s=ending, under=under, **what
        ),
        some_party,
        some_party,
        some_party,
        ends,
        names,
        st.sampled_from([{}, {"item": "item-1", "item_class": None}]),
    )
    | st.builds(
        lambda by, to, via: replace(approval(by, to, via), act="revoke", issued=NOW),
        some_party,
        some_party,
        some_party,
    )
    | st.builds(
        lambda record, by, under, ending: declare(record, by, under, until_s=ending),
        st.sampled_from([ASSURED, NO, CENTRE]),
        some_party,
        names,
        st.none() | ends,
    )
)
asks = st.tuples(items, some_party, some_party, instants)


@settings(max_examples=150, deadline=None)
@given(st.lists(acts | asks, min_size=2, max_size=25))
def test_what_is_remembered_is_what_would_be_worked_out(steps):
    """Over any acts, approvals, records and instants, also backwards in time."""
    memo, now, released = Memo(), Standing(), []
    for place, step in enumerate(steps):
        if not isinstance(step, tuple):
            now = now.after(f"e{place}", step, NOW)
            continue
        what, sender, to, at = step
        if sender == to:
            continue
        asked = {"sender": sender, "to": to, "at": at}
        held = {"agreements": TEXTS, "standing": now}
        fresh = decide(what, **asked, **held)
        # Twice: what was just remembered must also be given again.
        for _ in range(2):
            assert decide_remembered(memo, what, **asked, **held) == fresh
        if isinstance(fresh, Release):
            released.append(fresh)
        for release in released:
            lapse = still_stands(release, at=at, **held)
            for _ in range(2):
                assert stands_remembered(memo, release, at=at, **held) == lapse
        relaying = {"originator": what.originator, "relay": sender, "to": to}
        if what.originator not in (sender, to):
            may = may_relay(TEXTS, **relaying)
            assert may_relay_remembered(memo, at=at, **relaying, **held) is may


@settings(max_examples=150, deadline=None)
@given(
    st.lists(acts, max_size=6),
    items,
    st.permutations(TRIO),
    instants,
    st.lists(instants, min_size=4, max_size=8),
)
def test_until_the_instant_that_is_told_the_answer_is_the_same(
    steps, what, ways, at, others
):
    """So nothing is missed by whoever asks again only then."""
    held = {"sender": ways[0], "to": ways[1], "agreements": TEXTS}
    held["standing"] = standing(*steps)
    until = alike_until(what, at=at, **held)
    assert until >= at
    answer = decide(what, at=at, **held)
    for other in others:
        if at <= other <= until:
            assert replace(decide(what, at=other, **held), at=at) == answer


def test_a_remembered_answer_bears_the_items_own_id_and_the_asked_instant():
    """A plain instant, never the watched one, and no other item's name."""
    memo = Memo()
    asked = {"sender": "JPN", "to": "KOR", "agreements": TEXTS, "standing": Standing()}
    for name, at in (("item-1", NOW), ("item-2", NOW.plus_s(1))):
        answer = decide_remembered(memo, notice(name=name), at=at, **asked)
        assert (answer.item, answer.at) == (name, at)
        assert type(answer.at) is Instant
    with pytest.raises(BadInput, match="would send to itself"):
        decide_remembered(memo, notice(), at=NOW, **{**asked, "to": "JPN"})


@pytest.mark.parametrize("beside", [(), (approval(item_class="Plots"),)])
def test_an_approval_of_one_item_is_not_remembered_for_another(beside):
    """Also beside an approval of a class that covers neither."""
    memo = Memo()
    texts = (
        agreement(
            permit(1, ApprovalOfOriginator(value=True)), name="tisa-2014", parties=TRIO
        ),
    )
    leaves = (approval(item="item-1", item_class=None), *beside)
    held = {"agreements": texts, "standing": standing(*leaves)}
    asked = {"sender": "USA", "to": "JPN", "at": NOW}
    for name, goes in (("item-1", True), ("item-2", False), ("item-1", True)):
        answer = decide_remembered(memo, notice("KOR", name=name), **asked, **held)
        assert isinstance(answer, Release) is goes


def test_whether_a_record_is_newer_is_asked_of_each_release():
    """One release before it, one after: the first lapses, the second stands."""
    memo = Memo()
    before = standing(declare(ASSURED, under="direct", until_s=3600))
    asked = {"sender": "JPN", "to": "KOR", "agreements": TEXTS[:1]}
    early = decide(notice(), at=NOW, standing=before, **asked)
    later = NOW.plus_s(1)
    after = before.after("e9", declare(ASSURED, under="direct"), later)
    late = decide(notice(), at=later, standing=after, **asked)
    held = {"agreements": TEXTS[:1], "standing": after, "at": later}
    for release, stands in ((early, False), (late, True), (early, False)):
        assert isinstance(release, Release)
        assert (stands_remembered(memo, release, **held) is None) is stands


def test_the_end_of_one_items_validity_is_not_remembered_for_another():
    """Each item has its own, to its last nanosecond."""
    memo = Memo()
    held = {"agreements": TEXTS, "standing": Standing()}
    asked = {"sender": "JPN", "to": "KOR", "at": NOW}
    for seconds in (-1, -2, 0, 9, -1):
        item = replace(notice(), valid_until=NOW.plus_s(seconds))
        answer = decide_remembered(memo, item, **asked, **held)
        assert answer == decide(item, **asked, **held)
        assert isinstance(answer, Release) is (seconds >= 0)


BY_CLASS = approval()
BY_ITEM = approval(item="item-1", item_class=None)


@pytest.mark.parametrize(
    ("acts", "originator", "ended_s", "withheld", "worked_out"),
    [
        ((), "JPN", -9, False, 1),
        ((), "JPN", 0, False, 1),
        ((), "JPN", 9, False, 2),
        ((), "JPN", 9, True, 1),
        ((BY_CLASS,), "KOR", -9, False, 1),
        ((BY_ITEM,), "KOR", -9, False, 2),
        ((BY_ITEM,), "JPN", -9, False, 1),
    ],
    ids=[
        "alike",
        "at the end of their validity",
        "past it, which each reason names",
        "past it, but that is not asked",
        "relayed by a class",
        "relayed by approvals of single items",
        "not relayed, whatever relays need",
    ],
)
def test_of_two_items_alike_one_is_decided(
    monkeypatch, acts, originator, ended_s, withheld, worked_out
):
    """A burst of alike items costs one decision, unless each has its own answer."""
    asked_of = []

    def counted(what, **asked):
        asked_of.append(what.id)
        return decide(what, **asked)

    monkeypatch.setattr(remembered, "decide", counted)
    memo, known = Memo(), standing(*acts)
    sender = "USA" if originator == "KOR" else originator
    for name in ("item-1", "item-2"):
        what = replace(notice(originator, name=name), valid_until=NOW.plus_s(-ended_s))
        answer = decide_remembered(
            memo,
            what,
            sender=sender,
            to="JPN" if sender == "USA" else "KOR",
            at=NOW,
            agreements=TEXTS,
            standing=known,
            withheld=withheld,
        )
        assert answer.item == name
    assert len(asked_of) == worked_out


def test_without_records_on_file_two_releases_alike_are_looked_at_once(monkeypatch):
    """Only a record can be newer than one release and older than the other."""
    asked_of = []

    def counted(release, **asked):
        asked_of.append(release.at)
        return still_stands(release, **asked)

    monkeypatch.setattr(remembered, "still_stands", counted)
    memo, held = Memo(), {"agreements": TEXTS, "standing": Standing()}
    for at in (NOW, NOW.plus_s(1)):
        release = decide(notice(), sender="JPN", to="KOR", at=at, **held)
        assert stands_remembered(memo, release, at=NOW.plus_s(1), **held) is None
    assert asked_of == [NOW]


class TestMemo:
    """The memory by itself."""

    def count(self, memo, at, *, key="key", texts=TEXTS, standing="one", end=NOW):
        """Ask; return (answer, whether it was worked out)."""
        worked = []

        def work_out(instant):
            worked.append(instant)
            return instant < end

        answer = memo.recall(key, at, texts=texts, standing=standing, work_out=work_out)
        return answer, bool(worked)

    def test_it_works_out_once_on_either_side_of_what_was_compared(self):
        """Up to the last nanosecond before the end, and from the end on."""
        memo = Memo()
        before, after = Instant(NOW.ns - 1), NOW.plus_s(9)
        assert self.count(memo, NOW.plus_s(-9)) == (True, True)
        assert self.count(memo, before) == (True, False)
        assert self.count(memo, NOW) == (False, True)
        assert self.count(memo, after) == (False, False)
        assert self.count(memo, before) == (True, True)

    @pytest.mark.parametrize("ground", ["texts", "standing"])
    def test_nothing_outlives_other_texts_or_another_standing(self, ground):
        """Identity counts: neither ever changes in place."""
        memo = Memo()
        assert self.count(memo, NOW)[1]
        assert self.count(memo, NOW, **{ground: [object()]})[1]
        assert self.count(memo, NOW)[1]

    def test_it_forgets_before_it_fills_the_memory(self):
        """A limit on everything."""
        memo = Memo()
        for key in range(ANSWERS_MAX):
            assert self.count(memo, NOW, key=key)[1]
        assert not self.count(memo, NOW, key=0)[1]
        assert self.count(memo, NOW, key="one more")[1]
        assert self.count(memo, NOW, key=0)[1]


@pytest.mark.parametrize(
    ("compare", "alike", "unlike"),
    [
        (lambda at, end: at < end, (-9, -1), (0, 9)),
        (lambda at, end: at <= end, (-9, 0), (1, 9)),
        (lambda at, end: end < at, (1, 9), (-9, 0)),
        (lambda at, end: end <= at, (0, 9), (-9, -1)),
        (lambda at, end: at > end, (1, 9), (-9, 0)),
        (lambda at, end: at >= end, (0, 9), (-9, -1)),
        (lambda at, end: max(at, end) is at, (0, 9), (-9, -1)),
    ],
)
def test_a_watched_instant_compares_as_a_plain_one_and_notes_how_far(
    compare, alike, unlike
):
    """Within the bounds every comparison comes out alike; outside it does not."""
    for side, holds in ((alike, True), (unlike, False)):
        for ns in side:
            at = Watched(NOW.ns + ns)
            assert compare(at, NOW) is holds
            assert compare(Instant(NOW.ns + ns), NOW) is holds or holds is False
            low, high = (NOW.ns + one for one in side)
            assert at.first <= low
            assert high <= at.last
            other = unlike if side is alike else alike
            assert not any(at.first <= NOW.ns + one <= at.last for one in other)


@pytest.mark.parametrize(
    "use",
    [
        str,
        hash,
        lambda at: at == NOW,
        lambda at: at.plus_s(1),
        lambda at: at.seconds_since(NOW),
        NOW.seconds_since,
        lambda at: at.ns,
    ],
)
def test_what_is_more_than_a_comparison_holds_for_that_instant_alone(use):
    """Whoever writes it down or reckons with it may do anything with it."""
    at = Watched(NOW.ns)
    assert use(at) == use(NOW)
    assert (at.first, at.last) == (NOW.ns, NOW.ns)
    assert at != "another thing"


def test_what_is_withheld_stays_so_until_another_way_opens():
    """To the last nanosecond; a stale item too, since its validity is not asked."""
    own = permit(1, OriginatorIsSender(value=True))
    later = changed(agreement(own, name="later"), in_force_from=NOW.plus_s(60))
    texts, shut = (agreement(own), later), standing(act("suspend", "KOR"))
    memo, what = Memo(), replace(notice(), valid_until=NOW.plus_s(-1))

    def closed_until(at, known=shut):
        return withheld_until(
            memo,
            what,
            sender="JPN",
            to="KOR",
            at=at,
            agreements=texts,
            standing=known,
            may_wait=True,
        )

    last = Instant(NOW.plus_s(60).ns - 1)
    assert closed_until(NOW) == closed_until(last) == last
    assert closed_until(NOW.plus_s(60)) is None
    assert closed_until(NOW, standing()) is None


def test_what_waits_for_an_answer_alone_is_not_withheld_if_it_may_wait():
    """Where nobody may answer any more it stays where it is."""
    memo, known = Memo(), said(ask())

    def closed_until(*, may_wait):
        return withheld_until(
            memo,
            notice(),
            sender="JPN",
            to="USA",
            at=NOW,
            agreements=(ASKING,),
            standing=known,
            may_wait=may_wait,
        )

    assert closed_until(may_wait=True) is None
    assert closed_until(may_wait=False) is not None
