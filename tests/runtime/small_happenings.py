"""What can happen in the small model: its parties, their texts, and every step.

Nothing here explores anything; ``small_model`` takes these steps in every order.
"""

from functools import cache
from typing import NamedTuple

from msgspec.structs import replace

from beaconfire.agreements.agreement import Agreement, Article, Effect, Levels
from beaconfire.agreements.conditions import (
    NOT_IN_FORCE,
    ApprovalOfOriginator,
    OriginatorIsSender,
    Recipient,
    Sender,
    Status,
    WithConsentOf,
)
from beaconfire.exercise.cast import Member, cast
from beaconfire.exercise.scenario import load_scenario
from beaconfire.seals import codec
from beaconfire.seals.acts import sign_act
from beaconfire.seals.consultations import sign_statement, statement_id
from beaconfire.vocabulary.acts import UNSIGNED, Act
from beaconfire.vocabulary.consultations import (
    Consultation,
    ConsultationAnswer,
    ConsultationWithdrawal,
    ReleaseOf,
)
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import Order
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.link import SealedItem
from beaconfire.vocabulary.report import LaunchNotice, Retraction

PARTIES = ("JPN", "KOR", "USA")
DIRECT, HUB, SECOND = "direct", "hub", "second"
LANE = "notices"
SCENARIO = "2022-10-04"
_SCENARIO = load_scenario(SCENARIO)
# Before the deadline of the question, and after it.
TIMES = (_SCENARIO.epoch, _SCENARIO.epoch.plus_s(550.0))
_DEADLINE = _SCENARIO.epoch.plus_s(500.0)


def _permit(number: str, *when: object) -> Article:
    return Article(number=number, effect=Effect.PERMIT, when=when, rests_on="model")  # type: ignore[arg-type]


def _text(name: str, parties: tuple[str, ...], *articles: Article) -> Agreement:
    status = Article(
        number="status",
        effect=Effect.PROHIBIT,
        when=(Status(NOT_IN_FORCE),),
        rests_on="model",
    )
    return Agreement(
        id=name,
        title="model",
        instrument="model",
        parties=parties,
        in_force_from=TIMES[0].plus_s(-1e6),
        levels=tuple(
            Levels(party=p, markings=(("SECRET", "SECRET"),)) for p in parties
        ),
        articles=(*articles, status),
    )


AGREEMENTS = (
    _text(
        DIRECT,
        ("JPN", "KOR"),
        _permit(
            "1", OriginatorIsSender(True), Sender(("JPN",)), WithConsentOf(("KOR",))
        ),
        _permit("2", OriginatorIsSender(True), Sender(("KOR",))),
    ),
    _text(
        HUB,
        PARTIES,
        _permit("1", OriginatorIsSender(True), Recipient(("USA",))),
        _permit("2", Sender(("USA",)), ApprovalOfOriginator(True)),
    ),
    _text(
        SECOND,
        ("JPN", "KOR"),
        _permit(
            "1", OriginatorIsSender(True), Sender(("KOR",)), WithConsentOf(("JPN",))
        ),
    ),
)


@cache
def members() -> dict[str, Member]:
    """Return the three nations with their keys."""
    return cast(_SCENARIO, 1)


def _item(party: str) -> ItemHeld:
    item = Item(
        id=f"{party.lower()}-item",
        originator=party,
        status="EXERCISE",
        exercise=_SCENARIO.name,
        label=Label(policy="EXERCISE", classification="SECRET"),
        created=TIMES[0],
        valid_until=TIMES[0].plus_s(3600.0),
        body=LaunchNotice(launch_id=f"{party}-launch", first_seen=TIMES[0]),
    )
    return ItemHeld(sealed=SealedItem(item=item, signature=UNSIGNED))


def _retraction(party: str) -> ItemHeld:
    item = _item(party).sealed.item
    body = Retraction(retracts=item.id, reason="model")
    # It ends before the later of the times: that must not matter.
    ends = TIMES[0].plus_s(300.0)
    name = f"{party.lower()}-retraction"
    back = replace(item, id=name, body=body, valid_until=ends)
    return ItemHeld(sealed=SealedItem(item=back, signature=UNSIGNED))


def _act(party: str, verb: str, agreement: str, time: int, **told: object) -> Order:
    # What opens again is signed a moment after what closed: acts count in that order.
    issued = TIMES[time].plus_s(0.001 if verb in ("restore", "revoke") else 0.0)
    act = Act(agreement=agreement, act=verb, party=party, issued=issued, **told)  # type: ignore[arg-type]
    signed = sign_act(act, members()[party].people)
    return Order(verb=verb, text=codec.encode(signed).decode())


_APPROVAL = {"to": "KOR", "via": "USA", "item_class": "LaunchNotice"}
QUESTION = Consultation(
    agreement=DIRECT,
    party="JPN",
    affected="KOR",
    proposes=ReleaseOf(item_class="LaunchNotice", to=("KOR",)),
    reason="model",
    deadline=_DEADLINE,
    issued=TIMES[0],
)


ANOTHER = Consultation(
    agreement=SECOND,
    party="KOR",
    affected="JPN",
    proposes=ReleaseOf(item_class="launch-warning", to=("JPN",)),
    reason="model",
    deadline=_DEADLINE,
    issued=TIMES[0],
)


BACK = replace(
    ANOTHER,
    agreement=DIRECT,
    proposes=ReleaseOf(item_class="Retraction", to=("JPN",)),
    deadline=TIMES[1].plus_s(500.0),
)


def _said(party: str, verb: str, statement: object) -> Order:
    signed = sign_statement(statement, members()[party].people)  # type: ignore[type-var]
    return Order(verb=f"consult-{verb}", text=codec.encode(signed).decode())


def _reply(asked: Consultation, reply: str, time: int) -> Order:
    answer = ConsultationAnswer(
        consultation=statement_id(asked),
        party=asked.affected,
        reply=reply,  # type: ignore[arg-type]
        issued=TIMES[time],
    )
    return _said(asked.affected, "answer", answer)


def _withdrawal(time: int) -> Order:
    return _said(
        "KOR",
        "withdraw",
        ConsultationWithdrawal(
            consultation=statement_id(QUESTION), party="KOR", issued=TIMES[time]
        ),
    )


class Step(NamedTuple):
    """Something that may happen once, after what must have happened before."""

    name: str
    party: str
    after: tuple[str, ...] = ()


STEPS = (
    Step("item of JPN", "JPN"),
    Step("item of KOR", "KOR"),
    Step("retraction of KOR", "KOR", ("item of KOR",)),
    Step("ask", "JPN"),
    Step("consent", "KOR", ("ask",)),
    Step("object", "KOR", ("ask",)),
    Step("withdraw", "KOR", ("consent",)),
    Step("ask under second", "KOR"),
    Step("consent under second", "JPN", ("ask under second",)),
    Step("ask about retractions", "KOR"),
    Step("consent to retractions", "JPN", ("ask about retractions",)),
    Step("suspend by KOR", "KOR"),
    Step("restore by KOR", "KOR", ("suspend by KOR",)),
    Step("suspend by JPN", "JPN"),
    Step("restore by JPN", "JPN", ("suspend by JPN",)),
    Step("approve", "JPN"),
    Step("revoke", "JPN", ("approve",)),
    Step("crash of JPN", "JPN"),
    Step("crash of KOR", "KOR"),
    Step("crash of USA", "USA"),
    Step("deadline", ""),
)


_ASKED = {
    "ask": QUESTION,
    "ask under second": ANOTHER,
    "ask about retractions": BACK,
}
_ANSWERED = {
    "consent": QUESTION,
    "object": QUESTION,
    "consent under second": ANOTHER,
    "consent to retractions": BACK,
}


@cache
def body_of(name: str, time: int) -> EntryBody:
    """Return the input that the step of this name is, signed before or after."""
    verb, _, who = name.partition(" by ")
    if name.startswith("item of "):
        return _item(name[-3:])
    if name.startswith("retraction of "):
        return _retraction(name[-3:])
    if name in _ASKED:
        return _said(_ASKED[name].party, "ask", _ASKED[name])
    if name in _ANSWERED:
        return _reply(_ANSWERED[name], name.partition(" ")[0], time)
    if name == "withdraw":
        return _withdrawal(time)
    if name in ("approve", "revoke"):
        ends = {"expires": TIMES[0].plus_s(7200.0)} if name == "approve" else {}
        return _act("JPN", name, HUB, time, **_APPROVAL, **ends)
    return _act(who, verb, DIRECT, time)
