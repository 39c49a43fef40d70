"""Desk: an order counts if our own people signed it, just now, for what they may do.

Every refusal is the sentence that goes back to whoever gave the order, and changes
nothing: the next good order is carried out.
"""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from beaconfire.runtime.effects import Answer
from beaconfire.seals import codec
from beaconfire.seals.acts import act_id
from beaconfire.vocabulary.acts import Act, Signature
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.sightings import Rejection
from beaconfire.vocabulary.records import CaseClosed, Suspected
from beaconfire.vocabulary.times import Instant
from tests.stages.partners_made import (
    GSOMIA,
    KOR_USA,
    T0,
    TISA,
    Fed,
    act_of,
    approval_of,
    at_s,
    members,
    only,
    strangers,
)


class Ordered(Fed):
    """Japan's node, whose desk is open."""

    def refuses(
        self, act: Act | str, *, verb: str | None = None, seconds: float = 0.0
    ) -> str:
        """Give an order that must be refused: nothing changes; the reason."""
        before = self.memory()
        out = self.order(act, verb=verb, seconds=seconds)
        rejection = only(Rejection, out)
        assert len(out) == 1
        assert rejection.source == "desk"
        own = self.turns[-1].entries[-1].id
        assert self.effects == [Answer(False, rejection.reason, own)]
        assert self.memory() == before
        return rejection.reason

    def accepts(self, act: Act, *, seconds: float = 0.0) -> None:
        """Give an order that must be carried out: the act is an entry, and said."""
        out = self.order(act, seconds=seconds)
        assert only(Act, out) == act
        answers = [effect for effect in self.effects if isinstance(effect, Answer)]
        said = f"{act.act} {act.agreement}: entry {act_id(act)}"
        assert answers == [Answer(True, said, act_id(act))]


@pytest.fixture
def desk() -> Iterator[Ordered]:
    """A desk that takes a good order after whatever it was given."""
    ordered = Ordered()
    yield ordered
    ordered.accepts(act_of("suspend", "JPN", issued_s=5_000.0), seconds=5_000.0)
    ordered.check_replay()


def test_the_desk_carries_out_what_its_own_people_order(desk: Ordered) -> None:
    """Suspend, restore, approve, revoke: each is an entry and an answer."""
    desk.accepts(act_of("suspend", "JPN"))
    desk.accepts(act_of("restore", "JPN", issued_s=1.0), seconds=1.0)
    desk.accepts(approval_of("JPN", to="KOR"))
    revoke = {"to": "KOR", "via": "USA", "item_class": "launch-warning"}
    act = act_of("revoke", "JPN", agreement=TISA, issued_s=2.0, **revoke)
    desk.accepts(act, seconds=2.0)


def test_an_order_is_a_known_verb_and_a_signed_act_that_says_the_same(
    desk: Ordered,
) -> None:
    """What is no order, no act, or another act than was ordered is refused."""
    act = act_of("suspend", "JPN")
    assert desk.refuses(act, verb="cancel") == (
        "`cancel` is no order: one of suspend, restore, notice, notice-suspend, "
        "withdraw, contest, approve, revoke, declare, "
        "consult-ask, consult-answer, consult-withdraw, consult-proceed, retract, "
        "revoke-card"
    )
    assert desk.refuses("", verb="suspend").startswith("order: not JSON")
    assert desk.refuses("{}", verb="suspend") == "order: missing key `agreement`"
    unknown = codec.encode(act).decode().replace("{", '{"x":1,', 1)
    assert desk.refuses(unknown, verb="suspend") == "order: unknown key `x`"
    twice = codec.encode(act).decode().replace("{", '{"act":"restore",', 1)
    assert desk.refuses(twice, verb="suspend").startswith(
        "order: the key `act` stands tw"
    )
    assert desk.refuses(act, verb="restore") == (
        "the order says restore, the signed act suspend"
    )


def test_a_desk_takes_orders_of_its_own_nation_alone(desk: Ordered) -> None:
    """A partner's act comes by its link, never over our desk."""
    assert desk.refuses(act_of("suspend", "KOR")) == (
        "the act is KOR's; this desk is JPN's"
    )


def test_an_order_is_signed_by_a_person_of_ours(desk: Ordered) -> None:
    """Unsigned, changed, a stranger's, a partner's and the node's own key: refused."""
    act = act_of("suspend", "JPN")
    name = f"act `suspend` on `{GSOMIA}`"
    assert desk.refuses(replace(act, signature=None)) == (
        f"{name}: has no `signature`: a node takes only signed acts"
    )
    assert desk.refuses(replace(act, issued=None)) == (
        f"{name}: has no `issued`: a node takes only dated acts"
    )
    changed = replace(act, agreement=TISA)
    assert "act: the signature does not match under key" in desk.refuses(changed)
    blank = replace(act, signature=Signature(keyid="unsigned", sig="unsigned"))
    assert desk.refuses(blank) == "act: not signed"
    for party, cast in (("JPN", strangers()), ("KOR", members())):
        key = cast[party].people
        forged = replace(act, signature=act_of("suspend", "JPN", key=key).signature)
        assert desk.refuses(forged) == (
            f"act: no key for people is known by the id `{key.keyid}`"
        )


def test_an_order_is_for_an_agreement_that_we_are_party_to(desk: Ordered) -> None:
    """One that nobody signed and one of others are refused by name."""
    assert desk.refuses(act_of("suspend", "JPN", agreement="unheard-of")) == (
        "`unheard-of` is not an agreement that all parties have signed"
    )
    assert desk.refuses(act_of("suspend", "JPN", agreement=KOR_USA)) == (
        f"JPN is no party to {KOR_USA}"
    )


def test_an_order_is_fresh(desk: Ordered) -> None:
    """Signed more than ten minutes ago, or two seconds ahead: sign it anew."""
    stale = act_of("suspend", "JPN", issued_s=0.0)
    assert desk.refuses(stale, seconds=600.001) == (
        f"the act was issued at {at_s(0.0)}, the node's clock says {at_s(600.001)}"
    )
    ahead = act_of("suspend", "JPN", issued_s=1_002.001)
    assert desk.refuses(ahead, seconds=1_000.0) == (
        f"the act was issued at {at_s(1_002.001)}, the node's clock says "
        f"{at_s(1_000.0)}"
    )
    desk.accepts(act_of("suspend", "JPN", issued_s=400.0), seconds=1_000.0)
    desk.accepts(act_of("suspend", "JPN", issued_s=1_002.0), seconds=1_000.0)
    late = act_of("restore", "JPN", issued_s=1_002.0)
    assert desk.refuses(late, seconds=1_001.0).endswith(
        f"(suspend, {at_s(1_002.0)}): sign it anew"
    )


def test_an_act_is_carried_out_once(desk: Ordered) -> None:
    """The same paper twice is one act; after a restoration it suspends nothing."""
    suspend = act_of("suspend", "JPN")
    desk.accepts(suspend)
    again = "this act was carried out already; issue a new one"
    assert desk.refuses(suspend, seconds=1.0) == again
    desk.accepts(act_of("restore", "JPN", issued_s=2.0), seconds=2.0)
    assert desk.refuses(suspend, seconds=3.0) == again


def test_only_who_suspended_can_restore(desk: Ordered) -> None:
    """A restoration of what was not suspended by us changes nothing."""
    assert desk.refuses(act_of("restore", "JPN")) == (
        f"JPN has not suspended {GSOMIA}: only the party that suspended it can "
        "restore it"
    )


def test_an_act_on_a_whole_agreement_names_no_part_of_it(desk: Ordered) -> None:
    """A suspension with an end, or for one way, is no suspension of ours."""
    for extra in ({"to": "KOR"}, {"item": "one"}, {"expires": at_s(60.0)}):
        assert desk.refuses(act_of("suspend", "JPN", **extra)) == (
            "`suspend` concerns the whole agreement: it names no item, way or end"
        )


def test_an_approval_says_all_that_it_opens(desk: Ordered) -> None:
    """Recipient, relay, object and end: whatever is missing is named."""
    for changes, reason in (
        (
            {"to": None},
            "an approval names the recipient and the relay (`to` and `via`)",
        ),
        (
            {"to": "USA"},
            "an approval names three different parties (who approves, via ",
        ),
        ({"item_class": None}, "an approval names an item or a class"),
        ({"item_class": "all"}, "`all` is no class: write one of launch-warning"),
        ({"expires": None}, "an approval names the instant at which it expires"),
        ({"expires_s": -61.0}, "the approval expires at"),
    ):
        fields = {"to": "KOR", **changes}
        if fields.get("expires", 0) is None:
            fields.pop("expires")
            signed = act_of(
                "approve",
                "JPN",
                agreement=TISA,
                to="KOR",
                via="USA",
                item_class="launch-warning",
            )
        else:
            signed = approval_of("JPN", **fields)  # type: ignore[arg-type]
        assert desk.refuses(signed).startswith(reason), reason


@pytest.mark.parametrize(
    ("party", "to", "via"),
    [("JPN", "JPN", "USA"), ("JPN", "KOR", "JPN"), ("JPN", "USA", "USA")],
)
def test_an_approval_in_a_circle_is_none(
    desk: Ordered, party: str, to: str, via: str
) -> None:
    """Whom it comes back to holds it already, or is no relay: the rule is named."""
    assert desk.refuses(approval_of(party, to=to, via=via)) == (
        "an approval names three different parties (who approves, via and to): "
        "a way that comes back to one of them is no way"
    )


def test_an_approval_that_has_expired_is_refused_whatever_the_clock_says_now(
    desk: Ordered,
) -> None:
    """It was signed in time and came late; the journal's time never steps back."""
    late = approval_of("JPN", to="KOR", expires_s=10.0)
    reason = f"the approval expired at {at_s(10.0)}, the node's clock says {{}}"
    assert desk.refuses(late, seconds=11.0) == reason.format(at_s(11.0))
    stepped_back = approval_of("JPN", to="KOR", expires_s=10.0, issued_s=-59.0)
    assert desk.refuses(stepped_back, seconds=5.0) == reason.format(at_s(11.0))
    desk.accepts(approval_of("JPN", to="KOR", expires_s=12.0), seconds=12.0)


class ByDate(Ordered):
    """Japan's desk on the days around a deadline for notice."""

    DEADLINE = Instant.parse("2023-08-24T15:00:00Z")

    def on(self, days: float, verb: str, *, behind_s: float = 0.0) -> list[EntryBody]:
        """Order an act so many days after the deadline, signed ``behind_s`` before."""
        seconds = self.DEADLINE.plus_s(days * 86_400.0).seconds_since(T0)
        act = act_of(verb, "JPN", issued_s=seconds - behind_s)
        return self.order(act, seconds=seconds)


def test_a_notice_is_answered_with_the_date_by_the_article() -> None:
    """In time for the term that runs, or else for the next: the text decides."""
    desk = ByDate()
    for days, ends in ((0.0, "2023-11-22T15:00"), (0.001, "2024-11-22T15:00")):
        out = desk.on(days, "notice")
        assert only(Act, out).act == "notice"
        (answer,) = [effect for effect in desk.effects if isinstance(effect, Answer)]
        assert f"it takes effect at {ends}:00.000Z ({GSOMIA}:21(3))" in answer.reason
        only(Act, desk.on(days + 0.0001, "withdraw"))
    desk.check_replay()


def test_a_clock_that_stepped_back_over_the_deadline_makes_no_notice_early() -> None:
    """Turns never go back: what the node knows to be late is refused by article."""
    desk = ByDate()
    out = desk.on(0.001, "notice", behind_s=120.0)
    assert only(Rejection, out).reason == (
        f"{GSOMIA}:21(3): JPN's notice on {GSOMIA} is dated 2023-08-24T14:59:26.400Z, "
        "before its last instant for a term, and came at 2023-08-24T15:01:26.400Z, "
        "after it: sign it anew, for the end of the next term"
    )


def test_an_agreement_that_has_ended_takes_no_more_acts() -> None:
    """Its article, the day and the notice are named."""
    desk = ByDate()
    only(Act, desk.on(-1.0, "notice"))
    for verb in ("suspend", "withdraw", "notice-suspend", "notice"):
        reason = only(Rejection, desk.on(91.0, verb)).reason
        assert reason.startswith(
            f"{GSOMIA}:21(3): {GSOMIA} is terminated since 2023-11-22T15:00:00.000Z"
        ), reason


def test_a_record_is_declared_at_the_desk_and_judged_by_those_before_it(
    desk: Ordered,
) -> None:
    """A loss is notified at once; its case cannot close without all three."""
    lost = Suspected(case="one", originator="KOR", what="a laptop")
    close = act_of("declare", "JPN", record=CaseClosed(case="one"))
    assert desk.refuses(close) == (
        "case `one` of JPN was never reported: notify the loss first"
    )
    desk.accepts(act_of("declare", "JPN", record=lost))
    assert desk.refuses(close) == (
        "case `one` of JPN cannot close without findings and measures"
    )
