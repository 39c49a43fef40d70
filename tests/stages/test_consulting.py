"""Consulting at the desk and on the link: what does not count is refused and told.

Every refusal is the sentence that goes back to whoever ordered it, or stands in the
journal beside a bell, and changes nothing.
"""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from beaconfire.runtime.effects import Answer
from beaconfire.seals import codec
from beaconfire.seals.consultations import (
    envelope_of_statement,
    sign_statement,
    statement_id,
)
from beaconfire.seals.dsse import envelope_digest
from beaconfire.seals.keys import SigningKey
from beaconfire.stages import desk
from beaconfire.vocabulary.acts import Signature
from beaconfire.vocabulary.consultations import (
    Consultation,
    ConsultationAnswer,
    ConsultationWithdrawal,
    PublicStatement,
    ReleaseOf,
    Statement,
)
from beaconfire.vocabulary.entries.arrivals import Order, Tick
from beaconfire.vocabulary.entries.carriage import Arrival, HandOver
from beaconfire.vocabulary.entries.consulting import (
    ConsultationClosed,
    ConsultationHeard,
)
from beaconfire.vocabulary.entries.sightings import Bell, Rejection
from beaconfire.vocabulary.link import WINDOW_MESSAGES, Envelope, Part
from tests.stages.partners_made import (
    GSOMIA,
    TISA,
    Fed,
    Line,
    at_s,
    members,
    only,
    receipt_note,
    receipt_text,
    strangers,
)


def signed(statement: Statement, key: SigningKey | None = None) -> Statement:
    """Return it signed by a person of its party, or by ``key``."""
    return sign_statement(statement, key or members()[statement.party].people)


def question(party: str = "JPN", to: str = "KOR", **changes: object) -> Consultation:
    """Return an unsigned question about plots, with ten minutes to answer."""
    asked = Consultation(
        agreement=GSOMIA,
        party=party,
        affected=to,
        proposes=ReleaseOf(item_class="Plots", to=(to,)),
        reason="an exercise",
        deadline=at_s(600.0),
        issued=at_s(0.0),
    )
    return replace(asked, **changes)


def reply(
    asked: Consultation, said: str = "consent", *, by: str = "KOR", after_s: float = 1.0
) -> ConsultationAnswer:
    """Return an unsigned answer."""
    return ConsultationAnswer(
        consultation=statement_id(asked), party=by, reply=said, issued=at_s(after_s)
    )


def carried(statement: Statement, **changes: object) -> tuple[Part, Envelope]:
    """Return a signed statement in its envelope, and the part that names it."""
    inner = envelope_of_statement(statement)
    part = Part(
        kind="consultation",
        id=statement_id(statement),
        digest=envelope_digest(inner),
    )
    return replace(part, **changes), inner


class Consulted(Fed):
    """Japan's node, whose people consult and are consulted."""

    def says(
        self, verb: str, statement: Statement | str, *, seconds: float = 0.0
    ) -> list[object]:
        """Lay a statement before the desk; return what followed."""
        text = statement
        if not isinstance(statement, str):
            text = codec.encode(statement).decode()
        order = Order(verb=f"consult-{verb}", text=str(text))
        return list(self.give(order, seconds=seconds, by="person"))

    def refuses(
        self, verb: str, statement: Statement | str, *, seconds: float = 0.0
    ) -> str:
        """Say what must be refused: nothing changes; the reason."""
        before = self.memory()
        out = self.says(verb, statement, seconds=seconds)
        rejection = only(Rejection, out)
        assert len(out) == 1
        own = self.turns[-1].entries[-1].id
        assert self.effects == [Answer(False, rejection.reason, own)]
        assert self.memory() == before
        return rejection.reason


@pytest.fixture
def node() -> Iterator[Consulted]:
    """Japan's node; its journal repeats itself to the byte afterwards."""
    fed = Consulted()
    yield fed
    fed.check_replay()


def test_a_question_is_an_entry_and_travels_with_the_acts(node: Consulted) -> None:
    """Journalled under the id that every node computes, handed over at once."""
    asked = signed(question())
    out = node.says("ask", asked)
    assert only(Consultation, out) == asked
    (hand_over,) = [body for body in out if isinstance(body, HandOver)]
    assert (hand_over.to, hand_over.lane) == ("KOR", "notices")
    assert hand_over.acts == (statement_id(asked),)
    accepted = [effect for effect in node.effects if isinstance(effect, Answer)]
    own = statement_id(asked)
    assert accepted == [Answer(True, f"consultation: entry {own}", own)]
    sending = node.node.stages.link.partners["KOR"].sending["notices"]
    text = receipt_text(receipt_note("JPN", "KOR", sending))
    assert only(ConsultationHeard, node.receipt(text)).consultation == (
        statement_id(asked)
    )


def test_what_nobody_of_ours_signed_is_refused(node: Consulted) -> None:
    """Unsigned, altered, half signed, by a stranger's or a node's key: nothing."""
    asked = signed(question())
    unsigned = replace(asked, signature=None)
    assert "has no `signature`" in node.refuses("ask", unsigned)
    altered = replace(asked, reason="another")
    assert "signature does not match" in node.refuses("ask", altered)
    blank = replace(asked, signature=Signature(keyid="unsigned", sig="unsigned"))
    assert "not signed" in node.refuses("ask", blank)
    stranger = signed(question(), strangers()["JPN"].people)
    assert "consultation" in node.refuses("ask", stranger)
    theirs = signed(question("KOR", "JPN"))
    assert node.refuses("ask", theirs) == "it is KOR's; this desk is JPN's"


def test_an_order_says_what_is_signed_just_now_and_once(node: Consulted) -> None:
    """Another verb, an old date, no JSON, the same again: refused with the reason."""
    asked = signed(question())
    assert "is another thing" in node.refuses("answer", asked)
    assert "issued at" in node.refuses("ask", asked, seconds=601.0)
    assert node.refuses("ask", "{}", seconds=601.0).startswith("order: missing")
    fed = Consulted()
    fed.says("ask", asked)
    assert fed.refuses("ask", asked) == (
        "this was said already; sign anew what is to be said again"
    )


def test_bad_words_and_names_are_refused_by_the_reader(node: Consulted) -> None:
    """Too long, letters that only look right, unknown keys: named, not obeyed."""
    text = codec.encode(signed(question())).decode()
    long = text.replace("an exercise", "x" * 513)
    assert "`reason`" in node.refuses("ask", long)
    look_alike = text.replace('"affected":"KOR"', '"affected":"\u041aOR"')
    assert "`affected`" in node.refuses("ask", look_alike)
    unknown = text.replace('"v":1', '"v":1,"x":1')
    assert "unknown key `x`" in node.refuses("ask", unknown)
    assert "`v`" in node.refuses("ask", text.replace('"v":1', '"v":2'))


def test_a_question_goes_to_a_partner_that_the_agreement_binds(node: Consulted) -> None:
    """No such text, no such party, oneself: refused with the rule."""
    for changes, words in (
        ({"agreement": "none-such"}, "is not an agreement that all parties have"),
        ({"affected": "USA"}, "USA is no party to"),
        ({"affected": "FRA", "agreement": TISA}, "`FRA` is not a partner"),
    ):
        assert words in node.refuses("ask", signed(question(**changes)))


def test_an_answer_comes_over_the_link_and_rings_a_bell(node: Consulted) -> None:
    """The affected party's people sign it; it is taken once, and receipted."""
    asked = signed(question())
    node.says("ask", asked)
    line = Line()
    consent = signed(reply(asked))
    out = node.pull(line.send(carried(consent)), seconds=1.0)
    assert only(ConsultationAnswer, out) == consent
    assert "KOR consented at" in only(Bell, out).text
    assert only(Arrival, out).acts == (statement_id(consent),)
    again = node.pull(line.send(carried(consent)), seconds=2.0)
    assert not [body for body in again if isinstance(body, ConsultationAnswer)]


@pytest.mark.parametrize(
    ("made", "seconds", "words"),
    [
        (lambda q: signed(reply(q, by="USA")), 1.0, "is by `USA`"),
        (lambda q: signed(reply(q), strangers()["KOR"].people), 1.0, "consultation"),
        (lambda q: signed(reply(question(reason="x"))), 1.0, "there is no consult"),
        (lambda q: signed(reply(q, after_s=599.0)), 601.0, "after the deadline"),
        (lambda q: signed(reply(q, after_s=9.0)), 1.0, "ahead of this node's clock"),
        (lambda q: signed(question("KOR", "USA", agreement=TISA)), 1.0, "asks USA"),
    ],
)
def test_what_does_not_count_from_a_partner_is_refused_beside_a_bell(
    node: Consulted, made, seconds: float, words: str
) -> None:
    """Another's, a stranger's, to nothing, late, dated ahead, about others."""
    asked = signed(question())
    node.says("ask", asked)
    out = node.pull(Line().send(carried(made(asked))), seconds=seconds)
    assert words in only(Rejection, out).reason
    assert "a consultation of KOR was refused" in only(Bell, out).text
    (held,) = node.node.stages.desk.standing.consultations.held
    assert held.waits


def test_time_ends_a_question_by_an_entry_and_a_step_back_does_not_reopen_it(
    node: Consulted,
) -> None:
    """The tick after the deadline says so; what comes dated before it is too late."""
    asked = signed(question())
    node.says("ask", asked)
    due = node.node.due()
    assert due is not None
    assert due <= asked.deadline.plus_s(1e-6)
    assert not [
        body
        for body in node.give(Tick(), seconds=600.0)
        if isinstance(body, ConsultationClosed)
    ]
    out = node.give(Tick(), seconds=600.5)
    assert only(ConsultationClosed, out).by == "silence"
    consent = signed(reply(asked, after_s=300.0))
    late = node.pull(Line().send(carried(consent)), seconds=300.0)
    assert "it has ended" in only(Rejection, late).reason
    assert not [b for b in node.give(Tick()) if isinstance(b, ConsultationClosed)]


def test_our_people_answer_and_take_back_and_proceed_as_the_rules_allow(
    node: Consulted,
) -> None:
    """A partner's question rings; the answer and its withdrawal go back to it."""
    theirs = signed(
        question("KOR", "JPN", proposes=PublicStatement(text="a launch was seen"))
    )
    out = node.pull(Line().send(carried(theirs)))
    assert only(ConsultationHeard, out).consultation == statement_id(theirs)
    assert "KOR asks JPN" in only(Bell, out).text
    circle = signed(question(proposes=theirs.proposes))
    assert "a circle" in node.refuses("ask", circle)
    consent = signed(reply(theirs, by="JPN"))
    sent = [b for b in node.says("answer", consent) if isinstance(b, HandOver)]
    assert [hand_over.to for hand_over in sent] == ["KOR"]
    back = signed(
        ConsultationWithdrawal(
            consultation=statement_id(theirs), party="JPN", issued=at_s(2.0)
        )
    )
    out = node.says("withdraw", back, seconds=2.0)
    assert only(ConsultationWithdrawal, out) == back
    assert "no consent stands" in node.refuses(
        "withdraw", signed(replace(back, reason="again")), seconds=2.0
    )


def test_statements_that_wait_for_a_partner_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More are refused until it has taken some; what ends a consent has room beyond."""
    monkeypatch.setattr(desk, "STATEMENTS_WAITING_MAX", 2)
    node = Consulted()
    for number in range(WINDOW_MESSAGES + 2):
        ask = signed(question(reason=f"question {number}"))
        assert only(Consultation, node.says("ask", ask)) == ask
    told = "2 statements wait for KOR, which has not taken them: say it when its line"
    one_more = signed(question(reason="one more"))
    assert node.refuses("ask", one_more).startswith(told)
    back = ConsultationWithdrawal(
        consultation=statement_id(ask), party="JPN", issued=at_s(1.0)
    )
    assert only(ConsultationWithdrawal, node.says("withdraw", signed(back), seconds=1))
    other = signed(question("JPN", "USA", agreement=TISA))
    assert only(Consultation, node.says("ask", other, seconds=1))
    sending = node.node.stages.link.partners["KOR"].sending["notices"]
    node.receipt(receipt_text(receipt_note("JPN", "KOR", sending)), seconds=2.0)
    assert only(Consultation, node.says("ask", one_more, seconds=2)) == one_more
    node.check_replay()
