"""Endings: whatever people order, each item ends for each partner in a way with a name.

Questions, answers, approvals, suspensions, an amendment and retractions are drawn, in
any order, on bad lines and with nodes that die. What became of each unit is followed
from the entries alone.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from beaconfire.agreements.restored import is_suspended
from beaconfire.exercise.cast import cast
from beaconfire.exercise.scenario_parts import Act
from beaconfire.exercise.world import World
from beaconfire.journal.entry import Entry
from beaconfire.seals.codec import encode
from beaconfire.seals.people_orders import sign_people_order
from beaconfire.vocabulary.consultations import OnwardReleaseOf, ReleaseOf
from beaconfire.vocabulary.entries.arrivals import Order
from beaconfire.vocabulary.entries.carriage import (
    Expiry,
    FateUnknown,
    Foregone,
    HandOver,
    Receipt,
    Reconsideration,
    Withdrawal,
)
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.report import Plots, Retraction
from beaconfire.vocabulary.taking_back import TakingBack
from tests.exercise.test_world_amending import SECOND, SINCE_S, consent
from tests.exercise.test_world_consulting import answers, asking, asks, withdraws
from tests.exercise.test_world_faults import HEALED_S, bad_lines, crashes
from tests.exercise.worlds import (
    GSOMIA,
    PARTIES,
    TISA,
    act,
    approval,
    assert_settled,
    bodies,
    delivery,
    entries,
    plain,
    scenario,
    sightings,
    solve,
)

Unit = tuple[str, str, str | None]
ENDED = {"delivered", "refused", "refused there", "withdrawn", "expired", "foregone"}
END_S = 120.0
SEEDS = range(8)


def fates(journal: list[Entry], party: str) -> dict[Unit, str]:
    """Return how each unit that a journal speaks of stands at its end."""
    found: dict[Unit, str] = {}
    for entry in journal:
        for unit, fate in _told(entry, party):
            found[unit] = fate
    return found


def _told(entry: Entry, party: str) -> Iterator[tuple[Unit, str]]:
    body = entry.body
    if isinstance(body, Deferral | Release):
        yield (body.item, body.to, body.via), body.KIND
    elif isinstance(body, Refusal):
        fate = "withheld" if body.withheld else "refused"
        yield (body.item, body.to, body.via), fate
    elif isinstance(body, Reconsideration):
        yield (body.sealed.item.id, body.to, body.via), "asked again"
    elif isinstance(body, Receipt) and body.to != party:
        for item in body.items:
            yield (item, body.to, body.via), "delivered"
        for part in body.refused:
            yield (part.id, body.to, body.via), "refused there"
    elif isinstance(body, Withdrawal | Expiry | Foregone | HandOver | FateUnknown):
        fate = {
            Withdrawal: "withdrawn", Expiry: "expired", Foregone: "foregone",
            HandOver: "handed over", FateUnknown: "unknown",
        }[type(body)]  # fmt: skip
        if isinstance(body, Withdrawal) and body.withheld:
            fate = "withheld"
        for item in body.items:
            yield (item, body.to, body.via), fate


def drawn_acts(draw: random.Random) -> list[Act]:
    """Draw approvals that come and go, and suspensions that may be restored."""
    drawn = []
    for by, to in (("JPN", "KOR"), ("KOR", "JPN")):
        given_s = draw.choice((-30.0, draw.uniform(5.0, 35.0)))
        until_s = draw.choice((86_400.0, draw.uniform(40.0, 60.0)))
        drawn.append(approval(by, to, at_s=given_s, until_s=until_s))
    for by, under in (("KOR", GSOMIA), ("JPN", GSOMIA), ("KOR", TISA), ("JPN", SECOND)):
        at_s = draw.uniform(8.0, 40.0)
        while draw.random() < 0.5 and at_s < 55.0:
            back_s = at_s + draw.uniform(0.2, 15.0)
            drawn.append(act(at_s, by, "suspend", under))
            if draw.random() < 0.8:
                drawn.append(act(back_s, by, "restore", under))
            at_s = back_s + draw.uniform(0.2, 10.0)
    return sorted(drawn, key=lambda one: one.at_s)


def consulted(made: World, draw: random.Random) -> None:
    """Draw questions about own items and about passing on, answers, withdrawals."""
    own = ReleaseOf(item_class=draw.choice(("launch-warning", "Plots")), to=("KOR",))
    back = ReleaseOf(item_class="Plots", to=("JPN",))
    onward = OnwardReleaseOf(item_class="launch-warning", originator="JPN", to=("KOR",))
    for party, other, under, about in (
        ("JPN", "KOR", GSOMIA, own),
        ("JPN", "KOR", SECOND, own),
        ("KOR", "JPN", GSOMIA, back),
        ("USA", "JPN", TISA, onward),
    ):
        at_s = draw.uniform(0.0, 20.0)
        while draw.random() < 0.8 and at_s < 50.0:
            deadline_s = draw.uniform(5.0, 30.0)
            said = asks(party, other, deadline_s=deadline_s, under=under, about=about)
            made.consult(party, at_s, said)
            answered_s = at_s + draw.uniform(0.1, 12.0)
            reply = draw.choice(("consent", "consent", "object"))
            made.consult(other, answered_s, answers(other, reply))
            if draw.random() < 0.4:
                made.consult(other, answered_s + 3.0, withdraws(other))
            at_s = answered_s + draw.uniform(3.5, 15.0)


def take_back(
    made: World, party: str, at_s: float, draw: random.Random, seed: int
) -> None:
    """Let people of a nation take back an own item, whatever has become of it."""
    own = [
        held.sealed.item.id
        for held in bodies(made, party, ItemHeld)
        if held.carriage is None
        and not isinstance(held.sealed.item.body, Plots | Retraction)
    ]
    if not own:
        return
    said = TakingBack(
        party=party, item=draw.choice(own), reason="?", issued=plain().at(at_s)
    )
    order = sign_people_order(said, cast(scenario(), seed)[party].people)
    made.give(party, at_s, Order(verb="retract", text=encode(order).decode()), "person")


@cache
def drawn_world(seed: int) -> World:
    """Run a world whose people order whatever is drawn."""
    draw = random.Random(7_000 + seed)
    first = next(text for text in asking() if text.id == GSOMIA)
    second = replace(first, id=SECOND, in_force_from=plain().at(SINCE_S))
    shown = scenario(acts=drawn_acts(draw), links=bad_lines(draw))
    made = World(shown, (*asking(), second), sightings(10, 40), seed=seed, solver=solve)
    consulted(made, draw)
    for party in ("JPN", "KOR") if draw.random() < 0.7 else ("JPN",):
        at_s = draw.uniform(5.0, 45.0)
        made.give(party, at_s, consent(party, at_s, seed), "person")
    for party, at_s, restart_s in crashes(draw, *PARTIES):
        made.crash(party, at_s, restart_s=min(restart_s, HEALED_S))
    for at_s in sorted(draw.uniform(12.0, 60.0) for _ in range(8)):
        made.run(at_s - 0.001)
        take_back(made, draw.choice(("JPN", "KOR")), at_s, draw, seed)
    made.run(END_S)
    return made


@pytest.mark.parametrize("seed", SEEDS)
def test_each_item_ends_for_each_partner_in_a_way_that_has_a_name(seed: int) -> None:
    """Or waits for what its entry names: an open question, a suspension that lasts."""
    made = drawn_world(seed)
    assert_settled(made)
    for party in PARTIES:
        found = fates(entries(made, party), party)
        stages = made.node(party).stages
        standing, texts = stages.release.standing, stages.release.agreements
        now = made.node(party).at
        suspended = any(is_suspended(one.id, texts, standing, now) for one in texts)
        asked = any(
            held.waits and held.ask.party == party
            for held in standing.consultations.held
        )
        may = ENDED | ({"withheld"} if suspended else set())
        may |= {"deferral"} if asked else set()
        left = {unit: fate for unit, fate in found.items() if fate not in may}
        assert left == {}
        assert bool(stages.release.deferred) == ("deferral" in found.values())
        taken_back = {
            one.sealed.item.body.retracts
            for one in bodies(made, party, ItemHeld)
            if isinstance(one.sealed.item.body, Retraction)
        }
        assert not taken_back & {u[0] for u, f in found.items() if f == "deferral"}
        refused = [
            one for one in bodies(made, party, Refusal) if one.form == "retraction"
        ]
        assert not [one for one in refused if "validity ended" in one.reason]
        for held in bodies(made, party, ItemHeld):
            item = held.sealed.item
            if held.carriage is None and not isinstance(item.body, Retraction):
                partners = set(PARTIES) - {party}
                decided = {to for name, to, _ in found if name == item.id}
                assert decided >= partners & set(held.audience or partners)


def test_the_drawn_worlds_show_what_is_claimed_of_them() -> None:
    """What waited was released, refused and taken back; some is withheld to the end."""
    worlds = [drawn_world(seed) for seed in SEEDS]
    audits = [delivery(made) for made in worlds]
    assert sum(audit.taken_back for audit in audits) > 5
    assert sum(audit.withheld for audit in audits) > 50
    waited = {
        (seed, body.item, body.to, body.via)
        for seed, made in enumerate(worlds)
        for party in PARTIES
        for body in bodies(made, party, Deferral)
    }
    for kind in (Release, Refusal):
        answered = {
            (seed, body.item, body.to, body.via)
            for seed, made in enumerate(worlds)
            for party in PARTIES
            for body in bodies(made, party, kind)
        }
        assert len(waited & answered) > 20
