"""Bench of the decision: how long one takes, worked out and remembered.

Forty agreements of twenty-five articles, of which four concern the pair: each with a
permission a form and direction, two for relays, twelve prohibitions (one of them in
doubt until a record is on file) and the article on its status. Two of the four release
the item, one is suspended, one is silent. Times are of the processor, not of the wall:
what else the machine does is not measured.
"""

import time
from collections.abc import Callable

from beaconfire.agreements.agreement import Agreement, Article, Effect, Levels
from beaconfire.agreements.conditions import (
    NOT_IN_FORCE,
    ApprovalOfOriginator,
    Body,
    ClassificationAbove,
    ClassificationUpTo,
    Condition,
    OriginatorIsSender,
    Purpose,
    Recipient,
    Sender,
    Status,
)
from beaconfire.agreements.decision import decide
from beaconfire.agreements.memo import Memo
from beaconfire.agreements.record_conditions import AssuranceOfRecipient
from beaconfire.agreements.register import Annex
from beaconfire.agreements.remembered import decide_remembered
from beaconfire.agreements.standing import Standing
from beaconfire.exercise.bench.figures import Bench, Figure
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.records import Assurance
from beaconfire.vocabulary.report import FORM, LaunchNotice
from beaconfire.vocabulary.times import Instant

AGREEMENTS, CONCERNING, ARTICLES = 40, 4, 25
WORKED_OUT_US_MAX, REMEMBERED_US_MAX = 100.0, 5.0
NOW = Instant.parse("2022-10-03T22:30:00Z")
BEGIN = Instant.parse("2016-11-23T00:00:00Z")
SENDER, TO = "JPN", "KOR"


def measure(*, rounds: int) -> Bench:
    """Measure both, and how much a suspension costs."""
    texts, standing, item = _texts(), _standing(), _item()
    memo = Memo()

    def worked_out() -> object:
        return decide(
            item, sender=SENDER, to=TO, at=NOW, agreements=texts, standing=standing
        )

    def remembered() -> object:
        return decide_remembered(
            memo,
            item,
            sender=SENDER,
            to=TO,
            at=NOW,
            agreements=texts,
            standing=standing,
        )

    assert worked_out() == remembered()
    return Bench(
        bench="decide",
        figures=(
            Figure(
                name="a decision, worked out",
                unit="us",
                measured=_each_us(worked_out, rounds),
                goal=WORKED_OUT_US_MAX,
            ),
            Figure(
                name="a decision, remembered",
                unit="us",
                measured=_each_us(remembered, rounds * 20),
                goal=REMEMBERED_US_MAX,
            ),
        ),
        conditions=(
            f"{AGREEMENTS} agreements of {ARTICLES} articles, {CONCERNING} of them of "
            "the pair: two release, one is suspended, one is silent",
            "processor time of one process; the median of five rounds",
        ),
    )


def _each_us(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of one call over five rounds, in microseconds."""
    times = []
    for _ in range(5):
        begin = time.process_time()
        for _ in range(rounds):
            work()
        times.append((time.process_time() - begin) / rounds * 1e6)
    return sorted(times)[2]


def _texts() -> tuple[Agreement, ...]:
    pairs = [(SENDER, TO)] * CONCERNING
    strangers = AGREEMENTS - CONCERNING
    pairs += [
        (SENDER, f"X{chr(65 + n // 26)}{chr(65 + n % 26)}") for n in range(strangers)
    ]
    return tuple(_text(place, pair) for place, pair in enumerate(pairs))


def _text(place: int, pair: tuple[Party, Party]) -> Agreement:
    forms = tuple(body.__name__ for body in FORM)
    silent = place == CONCERNING - 1
    permits = [
        (
            OriginatorIsSender(value=True),
            Sender((one,)),
            Recipient((other,)),
            Body((form,)),
            Purpose(("training" if silent else "launch-warning",)),
            ClassificationUpTo("SECRET"),
        )
        for one, other in (pair, pair[::-1])
        for form in forms
    ]
    relays = [
        (
            OriginatorIsSender(value=False),
            ApprovalOfOriginator(value=True),
            Sender((p,)),
        )
        for p in pair
    ]
    prohibitions: list[tuple[Condition, ...]] = [
        (ClassificationAbove("SECRET"),),
        (AssuranceOfRecipient(value=False),),
        *(
            (
                OriginatorIsSender(value=False),
                ApprovalOfOriginator(value=False),
                Body((form,)),
            )
            for form in forms
        ),
        *(
            (Body((form,)), ClassificationAbove("CONFIDENTIAL"), Purpose(("training",)))
            for form in forms
        ),
    ]
    articles = [
        *(_article(Effect.PERMIT, when) for when in (*permits, *relays)),
        *(_article(Effect.PROHIBIT, when) for when in prohibitions),
        _article(Effect.PROHIBIT, (Status(NOT_IN_FORCE),)),
    ]
    assert len(articles) == ARTICLES
    assured = Assurance(
        recipients_cleared=True, official_purpose=True, equivalent_protection=True
    )
    return Agreement(
        id=f"bench-{place}",
        title="made for a bench",
        instrument="none",
        parties=pair,
        in_force_from=BEGIN,
        levels=tuple(
            Levels(party=party, markings=(("SECRET", "SECRET"),)) for party in pair
        ),
        articles=tuple(articles),
        annexes=tuple(Annex(party=party, record=assured) for party in pair),
    )


def _article(effect: Effect, when: tuple[Condition, ...]) -> Article:
    return Article(number="1", effect=effect, when=when, rests_on="made for a bench")


def _standing() -> Standing:
    act = Act(agreement="bench-2", act="suspend", party=TO, issued=BEGIN)
    return Standing().after("suspended", act, BEGIN)


def _item() -> Item:
    return Item(
        id="item",
        originator=SENDER,
        status="EXERCISE",
        label=Label(policy="BENCH", classification="SECRET"),
        created=NOW,
        valid_until=NOW.plus_s(60.0),
        body=LaunchNotice(launch_id="launch", first_seen=NOW),
    )
