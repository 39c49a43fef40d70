"""Consulting in the world: releases wait for a consent, whatever lines and nodes do.

Japan gives Korea its plots with Korea's consent, and Korea Japan its own with Japan's;
the rest of the agreement is as shipped. What a nation does is judged by its own
journal alone. In every world here the lines carry again and all nodes run at the end.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest

from beaconfire.agreements.agreement import Agreement, Article
from beaconfire.agreements.conditions import Body, Recipient, WithConsentOf
from beaconfire.agreements.consultation import Held
from beaconfire.exercise.scenario_parts import Link
from beaconfire.exercise.world import Said, World
from beaconfire.runtime.turns import Node
from beaconfire.vocabulary.consultations import (
    Consultation,
    ConsultationAnswer,
    ConsultationWithdrawal,
    ReleaseOf,
    Reply,
    Silence,
    Statement,
)
from beaconfire.vocabulary.entries.carriage import HandOver
from beaconfire.vocabulary.entries.consulting import ConsultationClosed
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.entries.sightings import AlertDraft
from beaconfire.vocabulary.times import Instant
from tests.exercise.test_world_faults import HEALED_S, bad_lines, crashes
from tests.exercise.worlds import (
    APPROVALS,
    GSOMIA,
    PARTIES,
    TISA,
    agreements,
    assert_settled,
    bodies,
    cut,
    entries,
    lines,
    scenario,
    sightings,
    solve,
)

SEEN = sightings(10, 40)
END_S = 75.0
ASKED_S, DEADLINE_S = 2.0, 200.0


@cache
def asking() -> tuple[Agreement, ...]:
    """Return the shipped texts, with an article on plots that asks for consent."""
    return tuple(
        replace(under, articles=_with_consent(under)) if under.id == GSOMIA else under
        for under in agreements()
    )


def _with_consent(under: Agreement) -> tuple[Article, ...]:
    (nine,) = [article for article in under.articles if article.number == "9"]
    rest = Body(("LaunchNotice", "TrackProduct", "ImpactPrediction", "Retraction"))
    when = tuple(one for one in nine.when if not isinstance(one, Body))
    plots = [
        replace(
            nine,
            number=f"9({to.lower()})",
            when=(*when, Body(("Plots",)), Recipient((to,)), WithConsentOf((to,))),
        )
        for to in ("JPN", "KOR")
    ]
    others = [article for article in under.articles if article is not nine]
    return (replace(nine, when=(*when, rest)), *plots, *others)


def world(*, seed: int = 1, links: Sequence[Link] = ()) -> World:
    """Return a world under these texts that has not begun."""
    return World(
        scenario(acts=APPROVALS, links=links or lines()),
        asking(),
        SEEN,
        seed=seed,
        solver=solve,
    )


def asks(
    party: str,
    other: str,
    *,
    deadline_s: float = DEADLINE_S,
    silence: Silence = "no",
    under: str = GSOMIA,
    about: ReleaseOf | None = None,
) -> Said:
    """Return what ``party`` asks, about its plots unless told otherwise."""
    proposes = about or ReleaseOf(item_class="Plots", to=(other,))

    def said(node: Node, at: Instant) -> Statement:
        return Consultation(
            agreement=under,
            party=party,
            affected=other,
            proposes=proposes,
            reason="an exercise",
            deadline=at.plus_s(deadline_s),
            silence=silence,
            issued=at,
        )

    return said


def answers(party: str, reply: Reply) -> Said:
    """Return what ``party`` answers to the newest question that it was asked."""

    def said(node: Node, at: Instant) -> Statement | None:
        asked = _asked_of(party, node)
        if not asked or not asked[-1].waits:
            return None
        return ConsultationAnswer(
            consultation=asked[-1].id, party=party, reply=reply, issued=at
        )

    return said


def withdraws(party: str) -> Said:
    """Return the withdrawal of the newest consent that ``party`` gave."""

    def said(node: Node, at: Instant) -> Statement | None:
        given = [held for held in _asked_of(party, node) if held.consented]
        if not given:
            return None
        return ConsultationWithdrawal(consultation=given[-1].id, party=party, issued=at)

    return said


def _asked_of(party: str, node: Node) -> list[Held]:
    held = node.stages.desk.standing.consultations.held
    return [one for one in held if one.ask.affected == party]


def assert_only_with_consent(made: World, party: str) -> int:
    """No plots are handed over but under a consent that this journal then holds."""
    standing: set[str] = set()
    consents: dict[tuple[str, str], tuple[str, ...]] = {}
    handed = 0
    for entry in entries(made, party):
        body = entry.body
        if isinstance(body, ConsultationAnswer) and body.reply == "consent":
            standing.add(body.consultation)
        elif isinstance(body, ConsultationWithdrawal):
            standing.discard(body.consultation)
        elif isinstance(body, Release) and body.form == "plots":
            assert body.consents, entry.id
            consents[body.item, body.to] = body.consents
        elif isinstance(body, HandOver) and body.lane == "plots":
            for item in body.items:
                handed += 1
                assert set(consents[item, body.to]) <= standing, entry.id
    return handed


def endings(made: World, party: str) -> dict[str, list[str]]:
    """Return, for each item of plots of ``party``, the answers it got, in order."""
    told: dict[str, list[str]] = {}
    for entry in entries(made, party):
        body = entry.body
        if not isinstance(body, Deferral | Release | Refusal):
            continue
        if body.form == "plots" and body.to != "USA":
            told.setdefault(body.item, []).append(body.KIND)
    return told


def test_a_release_waits_for_consent_and_goes_when_it_comes() -> None:
    """Deferred until the answer, then delivered; both ends journal both."""
    made = world()
    made.consult("JPN", ASKED_S, asks("JPN", "KOR"))
    made.consult("KOR", 25.0, answers("KOR", "consent"))
    made.run(END_S)
    assert_settled(made)
    told = endings(made, "JPN")
    waited = [item for item, said in told.items() if said == ["deferral", "release"]]
    at_once = [item for item, said in told.items() if said == ["release"]]
    assert len(waited) == 16
    assert len(waited) + len(at_once) == len(told) == 30
    assert assert_only_with_consent(made, "JPN") == 30
    assert {said[-1] for said in endings(made, "KOR").values()} == {"refusal"}
    for party in ("JPN", "KOR"):
        assert len(bodies(made, party, Consultation)) == 1
        assert len(bodies(made, party, ConsultationAnswer)) == 1


@pytest.mark.parametrize("reply", ["object", "silence"])
def test_what_waited_ends_refused_when_the_answer_is_no(reply: str) -> None:
    """An objection and silence are cited in each refusal; nothing leaves."""
    made = world()
    made.consult("JPN", ASKED_S, asks("JPN", "KOR", deadline_s=23.0))
    if reply == "object":
        made.consult("KOR", 20.0, answers("KOR", "object"))
    made.run(END_S)
    assert_settled(made)
    assert assert_only_with_consent(made, "JPN") == 0
    assert {said[-1] for said in endings(made, "JPN").values()} == {"refusal"}
    refusals = [body for body in bodies(made, "JPN", Refusal) if body.form == "plots"]
    words = "KOR objected at" if reply == "object" else "which means no, by"
    assert all(words in body.reason for body in refusals if body.to == "KOR")
    closings = 0 if reply == "object" else 1
    for party in ("JPN", "KOR"):
        assert len(bodies(made, party, ConsultationClosed)) == closings


def test_silence_that_means_yes_does_not_speak_for_who_never_heard() -> None:
    """With the line cut no consent comes of it; with the line whole it does."""
    for links, gone in ((lines(), 30), ((*lines(), cut("JPN", "KOR", 0.0, 60.0)), 0)):
        made = world(links=links)
        question = asks("JPN", "KOR", deadline_s=20.0, silence="yes")
        made.consult("JPN", ASKED_S, question)
        made.run(END_S)
        released = [said for said in endings(made, "JPN").values() if "release" in said]
        assert len(released) == gone


def drawn(made: World, draw: random.Random) -> None:
    """Draw questions, answers and withdrawals by both, at any time."""
    for party, other in (("JPN", "KOR"), ("KOR", "JPN")):
        at_s = draw.uniform(0.0, 12.0)
        while at_s < 38.0:
            made.consult(
                party, at_s, asks(party, other, deadline_s=draw.uniform(5, 60))
            )
            answered_s = at_s + draw.uniform(0.05, 8.0)
            reply: Reply = draw.choice(("consent", "consent", "consent", "object"))
            made.consult(other, answered_s, answers(other, reply))
            taken_s = answered_s + draw.uniform(0.05, 8.0)
            if draw.random() < 0.7:
                made.consult(other, taken_s, withdraws(other))
            at_s = taken_s + draw.uniform(0.05, 8.0)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_leaves_without_a_standing_consent_whatever_happens(seed: int) -> None:
    """Any answers, bad lines, nodes that die: every unit ends once, none without."""
    draw = random.Random(seed)
    made = world(links=bad_lines(draw), seed=seed)
    drawn(made, draw)
    for party, at_s, restart_s in crashes(draw, *PARTIES):
        made.crash(party, at_s, restart_s=min(restart_s, HEALED_S))
    made.run(END_S)
    assert_settled(made)
    for party in ("JPN", "KOR"):
        assert_only_with_consent(made, party)
        known = made.node(party).stages.desk.standing.consultations.held
        if not any(held.waits for held in known if held.ask.party == party):
            told = endings(made, party).values()
            assert all(said[-1] != "deferral" for said in told)


@pytest.mark.parametrize("seed", range(2))
def test_a_warning_to_ones_own_public_never_waits(seed: int) -> None:
    """Whatever is asked about all that we send, our drafts are the same, as early."""
    draw = random.Random(seed)
    made, alone = world(), world()
    for item_class in ("launch-warning", "Plots"):
        for under, affected in ((GSOMIA, "KOR"), (TISA, "USA"), (TISA, "KOR")):
            about = ReleaseOf(item_class=item_class, to=("KOR", "USA"))
            said = asks("JPN", affected, under=under, about=about)
            made.consult("JPN", draw.uniform(0.0, 20.0), said)
            at_s = draw.uniform(5.0, 40.0)
            made.consult(
                affected, at_s, answers(affected, draw.choice(("object", "consent")))
            )
    for one in (made, alone):
        one.run(END_S)
    assert len(bodies(made, "JPN", Deferral)) > 10
    drafts = [
        [(e.at, e.body) for e in entries(one, "JPN") if isinstance(e.body, AlertDraft)]
        for one in (made, alone)
    ]
    assert len(drafts[0]) > 1
    assert drafts[0] == drafts[1]
