"""Amending: one text takes the place of another while items flow.

GSOMIA and a second text of the same words are held by Japan and Korea. Both declare
that the second takes the first's place at an instant; on any line, with nodes that die,
each item goes under one of them and nothing is lost.
"""

import random
from dataclasses import replace

import pytest

from beaconfire.exercise.cast import cast
from beaconfire.exercise.world import World
from beaconfire.journal.memory import CrashPoint
from beaconfire.seals.acts import sign_act
from beaconfire.seals.codec import encode
from beaconfire.seals.people_orders import sign_people_order
from beaconfire.stages.release.waiting import AGAIN_MAX
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.consultations import ReleaseOf
from beaconfire.vocabulary.entries.arrivals import Order
from beaconfire.vocabulary.entries.carriage import HandOver
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld, Quarantine, Rejection
from beaconfire.vocabulary.records import Amendment
from beaconfire.vocabulary.report import LaunchNotice, Retraction
from beaconfire.vocabulary.taking_back import TakingBack
from tests.exercise.test_world_consulting import asks
from tests.exercise.test_world_faults import HEALED_S, bad_lines, crashes
from tests.exercise.test_world_restoring import delivered, fates
from tests.exercise.worlds import (
    APPROVALS,
    GSOMIA,
    PARTIES,
    act,
    agreements,
    assert_settled,
    bodies,
    cut,
    entries,
    lines,
    plain,
    scenario,
    sightings,
    solve,
)

SECOND = "gsomia-jpn-kor-second"
SINCE_S, END_S = 30.0, 75.0
SEEN = sightings(10, 50)


def texts(parties=("JPN", "KOR")):
    """Return the texts of the small world, and the one that is to follow GSOMIA."""
    held = agreements()
    first = next(text for text in held if text.id == GSOMIA)
    since = plain().at(SINCE_S)
    return (*held, replace(first, id=SECOND, parties=parties, in_force_from=since))


def consent(party, at_s, seed, *, old=GSOMIA, by=SECOND, since=None):
    """Return what a nation's people order, signed."""
    consents = Act(
        agreement=old, act="declare", party=party, issued=plain().at(at_s),
        record=Amendment(text=by, since=since or plain().at(SINCE_S)),
    )  # fmt: skip
    people = cast(scenario(acts=APPROVALS), seed)[party].people
    return Order(verb="declare", text=encode(sign_act(consents, people)).decode())


def amending(*consents, links=None, seed=1, dies=(), held=None, acts=()):
    """Run a world in which nations consent at these seconds."""
    shown = scenario(acts=(*APPROVALS, *acts), links=links or lines())
    made = World(shown, held or texts(), SEEN, seed=seed, solver=solve)
    for party, at_s in consents:
        made.give(party, at_s, consent(party, at_s, seed), "person")
    for party, at_s, restart_s in dies:
        made.crash(party, at_s, restart_s=restart_s)
    made.run(END_S)
    return made


def relied(made, party, to):
    """Return (seconds, agreements) of each item handed over directly, in order."""
    rests: dict[str, tuple[str, ...]] = {}
    found = []
    for entry in entries(made, party):
        body = entry.body
        if isinstance(body, Release) and body.to == to and body.via is None:
            rests[body.item] = body.agreements
        elif isinstance(body, HandOver) and body.to == to and body.originator == party:
            at_s = entry.at.seconds_since(plain().epoch)
            found += [(at_s, rests[item]) for item in body.items]
    return found


def test_what_flows_changes_its_text_at_the_instant_and_loses_nothing():
    """Before it rests on the first, from then on the second; both directions."""
    made = amending(("JPN", 15.0), ("KOR", 20.0))
    assert_settled(made)
    for party, to in (("JPN", "KOR"), ("KOR", "JPN")):
        sent = relied(made, party, to)
        assert {GSOMIA} <= set().union(*(on for at_s, on in sent if at_s < SINCE_S))
        assert SECOND in set().union(*(on for at_s, on in sent if at_s > SINCE_S))
        assert not [on for at_s, on in sent if at_s >= SINCE_S and GSOMIA in on]
        assert not [on for at_s, on in sent if at_s < SINCE_S and SECOND in on]


@pytest.mark.parametrize("last_s", [20.0, 40.0])
@pytest.mark.parametrize("crash", [None, *CrashPoint])
def test_what_is_on_the_way_at_the_instant_is_used_and_counted_once(last_s, crash):
    """Over slow lines, also by a node that dies just then.

    What a sender hands over before it has heard of a late consent is set apart.
    """
    made = World(
        scenario(acts=APPROVALS, links=lines(delay_ms=1_500.0, jitter_ms=400.0)),
        texts(), SEEN, seed=3, solver=solve,
    )  # fmt: skip
    for party, at_s in (("JPN", 15.0), ("KOR", last_s)):
        made.give(party, at_s, consent(party, at_s, 3), "person")
    over_s = max(SINCE_S, last_s)
    if crash is not None:
        made.crash("JPN", over_s + 0.3, restart_s=over_s + 1.5, during=crash)
    made.run(END_S)
    audited = assert_settled(made)
    crossed = [
        held
        for party in ("JPN", "KOR")
        for held in bodies(made, party, ItemHeld)
        if held.carriage and held.carriage.taken_under
    ]
    assert crossed
    assert {held.carriage.taken_under for held in crossed} == {(SECOND,)}
    late = late_by_s(made, over_s)
    assert all(late)
    assert bool(late) == bool(audited.quarantined) == (last_s > SINCE_S)


def late_by_s(made, over_s):
    """Say of each item set apart whether it was handed over when the text had ended."""
    found = []
    for party, by in (("JPN", "KOR"), ("KOR", "JPN")):
        sent = {
            (entry.body.lane, entry.body.epoch, entry.body.number): entry.at
            for entry in entries(made, by)
            if isinstance(entry.body, HandOver) and entry.body.to == party
        }
        for apart in bodies(made, party, Quarantine):
            assert f"`{SECOND}` has taken the place of {GSOMIA}" in apart.reason
            at = sent[apart.lane, apart.epoch, apart.number]
            found.append(at >= plain().at(over_s))
    return found


def test_one_consent_changes_nothing():
    """The other has not agreed: the first text goes on after the instant."""
    made = amending(("JPN", 15.0))
    assert_settled(made)
    late = [on for at_s, on in relied(made, "KOR", "JPN") if at_s > SINCE_S + 1.0]
    assert late
    assert any(GSOMIA in on for on in late)


@pytest.mark.parametrize("seed", range(8))
def test_on_any_line_and_through_any_death_each_item_has_one_text(seed):
    """No hand-over rests on a text that its own journal knows to have ended."""
    draw = random.Random(seed)
    dies = [
        (party, at_s, min(restart_s, HEALED_S))
        for party, at_s, restart_s in crashes(draw, *PARTIES)
    ]
    made = amending(
        ("JPN", draw.uniform(12.0, 28.0)), ("KOR", draw.uniform(12.0, 34.0)),
        links=bad_lines(draw), seed=seed, dies=dies,
    )  # fmt: skip
    assert_settled(made)
    said = [
        body
        for party in ("JPN", "KOR")
        for body in bodies(made, party, Act)
        if isinstance(body.record, Amendment)
    ]
    ended_s = [one.issued.seconds_since(plain().epoch) for one in said]
    assert all(late_by_s(made, max(SINCE_S, *ended_s)))
    for party in ("JPN", "KOR"):
        consents = set()
        rests: dict[str, tuple[str, ...]] = {}
        for entry in entries(made, party):
            body = entry.body
            if isinstance(body, Act) and isinstance(body.record, Amendment):
                consents.add(body.party)
            elif isinstance(body, Release):
                rests[f"{body.item} {body.to} {body.via}"] = body.agreements
            elif isinstance(body, HandOver) and len(consents) == 2:
                over = entry.at >= plain().at(SINCE_S)
                for item in body.items if over else ():
                    assert GSOMIA not in rests[f"{item} {body.to} {body.via}"]


@pytest.mark.parametrize("last_s", [25.0, 40.0])
def test_what_a_suspension_withheld_is_decided_again_under_the_new_text(last_s):
    """Whether its instant ends the suspended text, or a consent that comes after it."""
    made = amending(("JPN", 15.0), ("KOR", last_s), acts=(act(20.0, "KOR", "suspend"),))
    audited = assert_settled(made)
    assert audited.withheld == 0
    for party in ("JPN", "KOR"):
        found = fates(made, party)
        assert len(found) > 20
        assert set(found.values()) == {"Release"}
        came = delivered(made, party)
        assert {came[unit] for unit in found} == {1}


def test_what_waited_under_the_old_text_is_decided_again_under_the_new():
    """Behind a line that is down just then: whoever was misled hears the retraction."""
    down = [cut(*pair, 24.0, 34.0) for pair in (("JPN", "KOR"), ("KOR", "JPN"))]
    others = [one for one in lines() if {one.from_, one.to} != {"JPN", "KOR"}]
    shown = scenario(acts=(), links=(*others, *down))
    made = World(shown, texts(), SEEN, seed=1, solver=solve)
    made.give("JPN", 15.0, consent("JPN", 15.0, 1), "person")
    made.give("KOR", 20.0, consent("KOR", 20.0, 1), "person")
    made.run(27.0)
    wrong = next(
        held.sealed.item.id
        for held in bodies(made, "KOR", ItemHeld)
        if held.carriage and isinstance(held.sealed.item.body, LaunchNotice)
    )
    said = TakingBack(party="JPN", item=wrong, reason="?", issued=plain().at(28.0))
    order = sign_people_order(said, cast(shown, 1)["JPN"].people)
    made.give("JPN", 28.0, Order(verb="retract", text=encode(order).decode()), "person")
    made.run(END_S)
    assert assert_settled(made).withheld == 0
    for party in ("JPN", "KOR"):
        found = fates(made, party)
        assert len(found) > 5
        assert set(found.values()) == {"Release"}
        came = delivered(made, party)
        assert {came[unit] for unit in found} == {1}
    back = {
        held.sealed.item.body.retracts
        for held in bodies(made, "KOR", ItemHeld)
        if isinstance(held.sealed.item.body, Retraction)
    }
    assert back == {wrong}


@pytest.mark.parametrize("crash", [None, *CrashPoint])
def test_what_waits_for_a_word_leaves_when_the_new_text_asks_for_none(crash):
    """At the instant, also by a node that dies just then; and nothing waits on."""
    made = World(scenario(acts=APPROVALS), texts(), SEEN, seed=1, solver=solve)
    about = ReleaseOf(item_class="launch-warning", to=("KOR",))
    made.consult("JPN", 2.0, asks("JPN", "KOR", about=about))
    for party, at_s in (("JPN", 15.0), ("KOR", 20.0)):
        made.give(party, at_s, consent(party, at_s, 1), "person")
    if crash is not None:
        made.crash("JPN", SINCE_S - 0.001, restart_s=SINCE_S + 1.0, during=crash)
    made.run(END_S)
    assert assert_settled(made).deferred == 0
    waited: set[str] = set()
    left: dict[str, Release] = {}
    for body in bodies(made, "JPN", Deferral | Release):
        if body.to == "KOR" and isinstance(body, Deferral):
            waited.add(body.item)
        elif body.to == "KOR" and body.item in waited:
            left[body.item] = body
    assert left
    assert {one.agreements for one in left.values()} == {(SECOND,)}
    at_s = [one.at.seconds_since(plain().epoch) for one in left.values()]
    assert min(at_s) == SINCE_S if crash is None else min(at_s) <= SINCE_S + 2.0
    assert max(at_s) <= min(at_s) + len(left) / AGAIN_MAX  # a tick each second
    came = delivered(made, "JPN")
    assert {came[item, "KOR", None] for item in left} == {1}
    refused = [one for one in bodies(made, "JPN", Refusal) if one.item in waited]
    assert not [one for one in refused if one.to == "KOR"]


def test_nobody_consents_to_a_text_that_is_not_there():
    """The desk says what would be left: nothing."""
    made = amending(("JPN", 15.0), held=agreements())
    (refused,) = bodies(made, "JPN", Rejection)
    assert refused.what == "order declare"
    assert "nothing could leave after" in refused.reason


def test_nobody_consents_to_a_text_that_has_ended_itself():
    """Back to the first, whose place the second has taken: neither would be open."""
    made = World(scenario(acts=APPROVALS), texts(), SEEN, seed=1, solver=solve)
    first = next(text for text in texts() if text.id == GSOMIA)
    for party, at_s in (("JPN", 15.0), ("KOR", 20.0)):
        made.give(party, at_s, consent(party, at_s, 1), "person")
        back = consent(
            party, at_s + 20.0, 1, old=SECOND, by=GSOMIA, since=first.in_force_from
        )
        made.give(party, at_s + 20.0, back, "person")
    made.run(END_S)
    late = [on for at_s, on in relied(made, "KOR", "JPN") if at_s > 45.0]
    assert any(SECOND in on for on in late)
    for party in ("JPN", "KOR"):
        (refused,) = bodies(made, party, Rejection)
        assert f"`{SECOND}` has taken the place of {GSOMIA}" in refused.reason
