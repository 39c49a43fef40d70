"""What crosses an amendment on its way: used if old and new allow it, else set apart.

Korea hands over under the first text, the second takes its place at ten seconds, and
then Japan's node gets the message.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from beaconfire.agreements.agreement import NO_FURTHER, Agreement, Obligation
from beaconfire.agreements.conditions import Body
from beaconfire.exercise.cast import node_of
from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.simulated import agreements_of
from beaconfire.runtime.turns import Node
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import Arrival
from beaconfire.vocabulary.entries.sightings import ItemHeld, Quarantine
from beaconfire.vocabulary.records import Amendment
from tests.stages.partners_made import (
    GSOMIA,
    SCENARIO,
    TISA,
    Fed,
    Line,
    act_of,
    at_s,
    carried,
    carried_act,
    item_of,
    members,
    only,
)

SECOND, SINCE_S = "gsomia-second", 10.0
Change = Callable[[Agreement], Agreement]


def _the_same(text: Agreement) -> Agreement:
    return text


@dataclass
class Amending(Fed):
    """Japan's node, which holds both texts; ``change`` is what is new in the second."""

    change: Change = field(default=_the_same)

    def _fresh(self) -> Node:
        held = agreements_of(load_scenario(SCENARIO))
        first = next(text for text in held if text.id == GSOMIA)
        second = replace(self.change(first), id=SECOND, in_force_from=at_s(SINCE_S))
        return node_of(members()[self.party], (*held, second), solve_interval_s=0.5)


def consent(party: str, *, issued_s: float = 1.0) -> Act:
    """Return what a party's people declare."""
    record = Amendment(text=SECOND, since=at_s(SINCE_S))
    return act_of("declare", party, issued_s=issued_s, record=record)


def amended(
    change: Change = _the_same, *, more: tuple[Act, ...] = (), last_s: float = 2.0
) -> tuple[Amending, Line]:
    """Return the node once both have consented, and Korea's line."""
    node, kor = Amending(change=change), Line()
    node.order(consent("JPN"), seconds=1.0)
    node.pull(kor.send(carried_act(consent("KOR", issued_s=last_s))), seconds=last_s)
    for act in more:
        node.pull(kor.send(carried_act(act)), seconds=max(last_s, 3.0))
    return node, kor


def comes(
    node: Amending,
    kor: Line,
    *,
    sent_s: float = 9.9,
    seconds: float = 10.2,
    under: tuple[str, ...] = (GSOMIA,),
    **part: object,
) -> list[EntryBody]:
    """Let an item come that Korea handed over at ``sent_s`` under the first text."""
    said = {"articles": (f"{GSOMIA}:9",), **part}
    parts = carried(item_of("KOR"), agreements=under, **said)
    out = node.pull(kor.send(parts, sent=at_s(sent_s)), seconds=seconds)
    node.check_replay()
    return out


def set_apart(out: list[EntryBody]) -> str:
    """Return why an item was set apart, which it must have been."""
    assert not [body for body in out if isinstance(body, ItemHeld)]
    gone = only(Quarantine, out)
    assert only(Arrival, out).quarantined == gone.items
    assert gone.reason.startswith(f"`{SECOND}` has taken the place of {GSOMIA} since ")
    return gone.reason


@pytest.mark.parametrize("seconds", [10.0, 10.2, 250.0])
def test_what_both_texts_allow_is_used_and_says_under_which_it_is_now(
    seconds: float,
) -> None:
    """Handed over before the instant: on record is the old text, and beside it the new.

    However late it comes; past its validity it is history, as it would have been.
    """
    node, kor = amended()
    out = comes(node, kor, seconds=seconds)
    carriage = only(ItemHeld, out).carriage
    assert carriage.agreements == (GSOMIA,)
    assert carriage.taken_under == (SECOND,)
    assert not carriage.history
    assert only(Arrival, out).quarantined == ()


def test_before_the_instant_nothing_is_said_of_the_new_text() -> None:
    """The old one speaks for itself."""
    node, kor = amended()
    out = comes(node, kor, seconds=9.95)
    assert only(ItemHeld, out).carriage.taken_under == ()


def test_what_is_handed_over_at_the_instant_under_the_old_text_is_set_apart() -> None:
    """By the sender's own word the old text had ended: it should have known."""
    for sent_s in (10.0, 11.0):
        node, kor = amended()
        told = set_apart(comes(node, kor, sent_s=sent_s, seconds=12.0))
        assert f"; when it was handed over, at {at_s(sent_s)}, `{SECOND}`" in told


def test_a_late_consent_ends_it_with_that_act_here_too() -> None:
    """Before it the old text spoke, after it who has not heard of it is set apart."""
    node, kor = amended(last_s=15.0)
    assert only(ItemHeld, comes(node, kor, sent_s=14.9, seconds=15.1))
    set_apart(comes(node, kor, sent_s=15.0, seconds=15.2))


def _no_notices(text: Agreement) -> Agreement:
    articles = []
    for article in text.articles:
        when = tuple(
            replace(one, value=tuple(v for v in one.value if v != "LaunchNotice"))
            if isinstance(one, Body)
            else one
            for one in article.when
        )
        articles.append(replace(article, when=when))
    return replace(text, articles=tuple(articles))


def _no_further(text: Agreement) -> Agreement:
    owing = [
        replace(one, obligations=(*one.obligations, Obligation(NO_FURTHER)))
        if one.number == "9"
        else one
        for one in text.articles
    ]
    return replace(text, articles=tuple(owing))


def test_what_the_new_text_does_not_permit_is_set_apart_with_its_reason() -> None:
    """That the old one covered it is not enough."""
    node, kor = amended(_no_notices)
    assert f"no article of {SECOND} permits it" in set_apart(comes(node, kor))


def test_what_the_new_text_asks_for_and_did_not_come_is_not_supposed() -> None:
    """Only what it came with is owed; with it, it is used."""
    node, kor = amended(_no_further)
    told = set_apart(comes(node, kor))
    assert told.endswith(
        f"; {SECOND} asks for {NO_FURTHER}, which it did not come with"
    )
    assert only(ItemHeld, comes(node, kor, no_further=True)).carriage.no_further
    node, kor = amended()
    told = set_apart(comes(node, kor, articles=()))
    assert "asks for seal-in-transit, signed-receipt" in told


def test_a_suspension_stays_strict_whoever_suspends_which_text() -> None:
    """Before the instant or after it, the old text or the new one."""
    for act, told in (
        (act_of("suspend", issued_s=3.0), f"{GSOMIA} is suspended by KOR"),
        (act_of("suspend", agreement=SECOND, issued_s=10.1), f"{SECOND} is suspended"),
    ):
        node, kor = amended()
        issued_s = act.issued.seconds_since(at_s(0.0))
        node.pull(kor.send(carried_act(act)), seconds=issued_s)
        assert told in set_apart(comes(node, kor))


def test_while_an_end_is_contested_nothing_crosses() -> None:
    """Whose notice is disputed left open whether the old text stood."""
    more = (act_of("notice", issued_s=2.5), act_of("restore", issued_s=2.6))
    node, kor = amended(more=more[:1])
    assert only(ItemHeld, comes(node, kor))  # notice alone ends nothing yet
    node, kor = amended(more=more[:1])
    node.order(act_of("contest", "JPN", issued_s=4.0), seconds=4.0)
    assert "is contested by JPN" in set_apart(comes(node, kor))


def test_one_consent_is_no_amendment() -> None:
    """The old text stands as ever, and what comes under it is used under it."""
    node, kor = Amending(), Line()
    node.order(consent("JPN"), seconds=1.0)
    assert only(ItemHeld, comes(node, kor)).carriage.taken_under == ()


def test_every_text_that_it_came_under_must_stand() -> None:
    """Another one beside the amended one, suspended meanwhile, is asked as ever."""
    node, kor = amended()
    suspended = act_of("suspend", agreement=TISA, issued_s=9.95)
    node.pull(kor.send(carried_act(suspended)), seconds=9.96)
    told = set_apart(comes(node, kor, under=(GSOMIA, TISA)))
    assert f"; {TISA} is suspended by KOR" in told
