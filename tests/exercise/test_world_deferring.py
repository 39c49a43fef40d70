"""Deferring: what waits for a consent ends by name in every book, whatever comes.

Japan asks Korea about the warnings that it would give Korea, and its people take one
back before Korea has answered.
"""

import json
from collections.abc import Sequence

import pytest

from beaconfire.exercise.after_action.checker import check_delivery
from beaconfire.exercise.after_action.figures import build_report
from beaconfire.exercise.cast import cast
from beaconfire.exercise.scenario_parts import Act
from beaconfire.exercise.sky.flight import fly_all
from beaconfire.exercise.world import World
from beaconfire.journal.entry import encode_entry
from beaconfire.journal.memory import CrashPoint
from beaconfire.runtime.withheld import withheld
from beaconfire.seals.codec import encode
from beaconfire.seals.people_orders import sign_people_order
from beaconfire.vocabulary.consultations import ReleaseOf, Reply
from beaconfire.vocabulary.entries.arrivals import Order
from beaconfire.vocabulary.entries.carriage import HandOver, Withdrawal
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.report import LaunchNotice, Retraction
from beaconfire.vocabulary.taking_back import TakingBack
from tests.exercise.test_world_consulting import answers, asks
from tests.exercise.worlds import (
    APPROVALS,
    GSOMIA,
    act,
    agreements,
    assert_settled,
    bodies,
    entries,
    plain,
    scenario,
    sightings,
    solve,
)

ASKED_S, BACK_S, ANSWERED_S, END_S = 2.0, 26.0, 30.0, 75.0
WARNINGS = ReleaseOf(item_class="launch-warning", to=("KOR",))


def notice_of(made: World) -> str:
    """Return the id of Japan's own launch notice."""
    return next(
        held.sealed.item.id
        for held in bodies(made, "JPN", ItemHeld)
        if held.carriage is None and isinstance(held.sealed.item.body, LaunchNotice)
    )


def taking_back(made: World, seed: int = 1) -> Order:
    """Return what Japan's people sign to take the notice back."""
    said = TakingBack(
        party="JPN", item=notice_of(made), reason="?", issued=plain().at(BACK_S)
    )
    order = sign_people_order(said, cast(scenario(), seed)["JPN"].people)
    return Order(verb="retract", text=encode(order).decode())


def waiting(*, acts: Sequence[Act] = (), during: CrashPoint | None = None) -> World:
    """Run a world in which the notice waits for Korea, and is taken back meanwhile."""
    shown = scenario(acts=(*APPROVALS, *acts))
    made = World(shown, agreements(), sightings(10, 40), seed=1, solver=solve)
    made.consult("JPN", ASKED_S, asks("JPN", "KOR", about=WARNINGS))
    made.consult("KOR", ANSWERED_S, answers("KOR", "consent"))
    if during is not None:
        made.crash("JPN", BACK_S - 0.001, restart_s=BACK_S + 1.0, during=during)
    made.run(BACK_S - 0.5)
    at_s = BACK_S if during is None else BACK_S + 2.0
    made.give("JPN", at_s, taking_back(made), "person")
    made.run(END_S)
    return made


@pytest.mark.parametrize("during", [None, *CrashPoint])
def test_what_is_taken_back_while_it_waits_is_withdrawn_in_every_book(
    during: CrashPoint | None,
) -> None:
    """Journal, audit and report say so, also of a node that died meanwhile."""
    made = waiting(during=during)
    name = notice_of(made)
    audited = assert_settled(made)
    assert (audited.taken_back, audited.deferred) == (1, 0)
    told = [
        entry.body
        for entry in entries(made, "JPN")
        if isinstance(entry.body, Deferral | Release | Withdrawal | HandOver)
        and entry.body.to == "KOR"
        and entry.body.via is None
        and name in (*getattr(entry.body, "items", ()), getattr(entry.body, "item", ""))
    ]
    assert [type(body) for body in told] == [Deferral, Withdrawal]
    assert told[-1].reason.startswith("JPN has retracted it (item `")
    report = build_report(
        scenario(),
        1,
        "simulated",
        journals={party: entries(made, party) for party in made.parties},
        journals_without=None,
        flights=fly_all(plain()),
    )
    counted = {
        line.outcome: line.count
        for line in report.releases
        if (line.originator, line.to, line.via) == ("JPN", "KOR", None)
        and line.form == "notice"
    }
    assert counted.pop("withdrawn") == 1
    assert set(counted) <= {"delivered"}  # the launches that it knew of later


def test_what_a_restoration_let_wait_and_is_then_taken_back_is_withheld_for_good() -> (
    None
):
    """`journal withheld` follows it: not waiting any more, and not released."""
    made = waiting(acts=(act(9.0, "KOR", "suspend"), act(20.0, "KOR", "restore")))
    name = notice_of(made)
    audited = assert_settled(made)
    assert (audited.taken_back, audited.withheld) == (1, 0)
    (closure,) = withheld(entries(made, "JPN"), GSOMIA)
    (kept,) = [one for one in closure.kept if one.to == "KOR" and one.via is None]
    assert kept.for_good == (name,)
    # What waited beside it was released when Korea consented, and none is left.
    assert kept.released_again
    assert not (*kept.kept, *kept.waiting_again)


@pytest.mark.parametrize("during", [None, *CrashPoint])
@pytest.mark.parametrize("reply", ["consent", "object"])
def test_a_retraction_waits_for_the_answer_longer_than_it_is_valid(
    reply: Reply, during: CrashPoint | None
) -> None:
    """Korea has the notice; an hour later it consents to hear that it was wrong."""
    asked_s, late_s = 24.0, 4_000.0
    shown = scenario(acts=())  # the hub passes nothing on: nobody else tells Korea
    made = World(shown, agreements(), sightings(10, 23), seed=1, solver=solve)
    question = asks("JPN", "KOR", about=WARNINGS, deadline_s=10_000.0)
    made.consult("JPN", asked_s, question)
    made.consult("KOR", late_s, answers("KOR", reply))
    if during is not None:
        made.crash("JPN", late_s - 50.0, restart_s=late_s - 10.0, during=during)
    made.run(BACK_S - 0.5)
    name = notice_of(made)
    made.give("JPN", BACK_S, taking_back(made), "person")
    made.run(late_s + 60.0)
    audited = assert_settled(made)
    assert (audited.deferred, audited.taken_back) == (0, 0)
    (back,) = [
        held.sealed.item
        for held in bodies(made, "JPN", ItemHeld)
        if held.carriage is None and isinstance(held.sealed.item.body, Retraction)
    ]
    assert back.valid_until < plain().at(late_s)
    told = [
        type(body)
        for body in bodies(made, "JPN", Deferral | Release | Refusal)
        if (body.item, body.to, body.via) == (back.id, "KOR", None)
    ]
    assert told == [Deferral, Release if reply == "consent" else Refusal]
    heard = [
        held.sealed.item.body.retracts
        for held in bodies(made, "KOR", ItemHeld)
        if isinstance(held.sealed.item.body, Retraction)
    ]
    assert heard == ([name] if reply == "consent" else [])


def spoiled(made: World, kinds: Sequence[str], **changes: object) -> tuple[str, ...]:
    """Return what the checker says once Japan's last entry of these kinds is spoiled.

    It is taken out, or its body changed.
    """
    name = notice_of(made)
    journals = {
        party: [json.loads(encode_entry(entry)) for entry in entries(made, party)]
        for party in made.parties
    }
    journal = journals["JPN"]
    (place,) = [
        index
        for index, entry in enumerate(journal)
        if entry["kind"] in kinds and name in json.dumps(entry["body"])
    ]
    if changes:
        journal[place]["body"].update(changes)
    else:
        del journal[place]
    for seq, entry in enumerate(journal, 1):
        entry["seq"] = seq
    return check_delivery(journals).problems


def test_the_checker_finds_what_waits_though_it_was_taken_back() -> None:
    """Without the entry, or without a reason in it, the account does not close."""
    made = waiting()
    (said,) = spoiled(made, ("withdrawal",))
    assert "still waits for a consultation, and was retracted" in said
    (said,) = spoiled(made, ("withdrawal",), reason="")
    assert "was withdrawn while it waited, and nothing says why" in said
    (said,) = spoiled(made, ("deferral",))
    assert "was withdrawn, but never released" in said
