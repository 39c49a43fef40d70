"""Acts in whole worlds: every party learns of every act, and nobody else learns of any.

Lines are cut for good, and nodes die; while the parties of an agreement can reach each
other at all, through whom of them it may be, they end with the same standing.
"""

import random
from collections.abc import Sequence

import pytest

from beaconfire.exercise.scenario_parts import Act as ScenarioAct
from beaconfire.exercise.scenario_parts import Link
from beaconfire.exercise.world import World
from beaconfire.journal.entry import encode_entry
from beaconfire.stages.link import handing, telling
from beaconfire.vocabulary.entries.carriage import HandOver
from beaconfire.vocabulary.entries.sightings import (
    Bell,
    ItemHeld,
    Quarantine,
    Rejection,
)
from tests.exercise.test_world_faults import HEALED_S, bad_lines, crashes
from tests.exercise.worlds import (
    APPROVALS,
    GSOMIA,
    PAIRS,
    PARTIES,
    TISA,
    act,
    approval,
    bodies,
    cut,
    entries,
    lines,
    sightings,
    world,
)

END_S = 90.0
FOR_EVER_S = 1e6
LINES = (("JPN", "KOR"), ("JPN", "USA"), ("KOR", "USA"))
RINGS = (("JPN", "KOR", "USA"), ("USA", "KOR", "JPN"))


def parted(*pairs: tuple[str, str]) -> list[Link]:
    """Return cuts, in both directions and for good, of the lines of ``pairs``."""
    return [
        cut(sender, to, -60.0, FOR_EVER_S)
        for a, b in pairs
        for sender, to in ((a, b), (b, a))
    ]


def disputes(draw: random.Random, agreement: str, *parties: str) -> list[ScenarioAct]:
    """Draw suspensions and restorations by each party, the last of either kind."""
    drawn = []
    for party in parties:
        at_s = draw.uniform(0.0, 10.0)
        for number in range(draw.randrange(1, 7)):
            does = "restore" if number % 2 else "suspend"
            drawn.append(act(at_s, party, does, agreement))
            at_s += draw.choice((0.001, 0.5, draw.uniform(1.0, 8.0)))
    return drawn


def known(made: World, party: str, agreement: str) -> list[tuple[str, str]]:
    """Return what a node holds to have been done, by whom, and when by the act."""
    views = made.node(party).stages.link.standing.views
    return [
        (recorded.entry, str(recorded.issued))
        for view in views
        if view.agreement == agreement
        for recorded in view.acts
    ]


def assert_one_standing(made: World, agreement: str, parties: Sequence[str]) -> int:
    """All parties hold exactly what was done, each act once; return how many acts."""
    done = {
        entry.id
        for party in parties
        for entry in entries(made, party)
        if entry.kind == "act"
        if (entry.body.agreement, entry.body.party) == (agreement, party)
    }
    first = known(made, parties[0], agreement)
    assert {entry for entry, _ in first} == done
    for party in parties:
        assert known(made, party, agreement) == first, party
        acts = [e.body for e in entries(made, party) if e.kind == "act"]
        assert len([a for a in acts if a.agreement == agreement]) == len(done)
        refused = bodies(made, party, Rejection)
        assert not [one for one in refused if one.what == "act"]
        stages = made.node(party).stages
        for state in (stages.ingest, stages.release, stages.desk):
            assert state.standing == stages.link.standing
    return len(done)


@pytest.mark.parametrize("away", [(), *LINES])
@pytest.mark.parametrize("seed", range(3))
def test_acts_reach_every_party_that_any_way_reaches(
    seed: int, away: tuple[str, str] | tuple[()]
) -> None:
    """One line cut for good, the others bad, nodes dying: one standing at the end."""
    draw = random.Random(seed)
    made = world(
        acts=disputes(draw, TISA, *PARTIES),
        links=[*bad_lines(draw), *(parted(away) if away else ())],
        seen=(),
        seed=seed,
    )
    for party, at_s, restart_s in crashes(draw, *PARTIES):
        made.crash(party, at_s, restart_s=min(restart_s, HEALED_S))
    made.run(END_S)
    assert assert_one_standing(made, TISA, PARTIES) > 1
    for party in PARTIES:
        assert not bodies(made, party, Quarantine)


@pytest.mark.parametrize("seed", range(3))
def test_a_partner_that_comes_back_learns_more_acts_than_may_wait_for_it(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Far beyond the bound, through deaths and on bad lines: from what we remember."""
    monkeypatch.setattr(telling, "ACTS_WAITING_MAX", 3)
    monkeypatch.setattr(handing, "WINDOW_MESSAGES", 2)
    draw = random.Random(seed)
    made = world(
        acts=(
            *disputes(draw, TISA, "JPN", "USA"),
            *(act(10.0 + n, "JPN", "suspend", TISA) for n in range(12)),
            approval("JPN", "KOR", at_s=24.0),
        ),
        links=[
            *bad_lines(draw),
            *(cut(one, "KOR", -30.0, 40.0) for one in ("JPN", "USA")),
        ],
        seen=(),
        seed=seed,
    )
    for party, at_s, restart_s in crashes(draw, "JPN", "KOR"):
        made.crash(party, at_s, restart_s=min(restart_s, HEALED_S))
    made.run(39.0)
    assert known(made, "KOR", TISA) == []
    for party in ("JPN", "USA"):
        korea = made.node(party).stages.link.partners["KOR"]
        assert korea.untold is not None
        assert len(korea.sending["notices"].acts) <= 3 + 2
        bells = [b for b in bodies(made, party, Bell) if "acts wait for KOR" in b.text]
        assert bells
    made.run(END_S)
    assert assert_one_standing(made, TISA, PARTIES) > 5
    for party in ("JPN", "USA"):
        assert made.node(party).stages.link.partners["KOR"].untold is None


@pytest.mark.parametrize("ring", RINGS)
def test_lines_that_carry_one_way_are_enough_in_a_ring(ring: tuple[str, ...]) -> None:
    """Each hears from one neighbour alone, and that is enough."""
    open_ = {(a, b) for a, b in zip(ring, (*ring[1:], ring[0]), strict=True)}
    links = [cut(a, b, -60.0, FOR_EVER_S) for a, b in PAIRS if (a, b) not in open_]
    made = world(
        acts=disputes(random.Random(5), TISA, *PARTIES),
        links=[*lines(), *links],
        seen=(),
    )
    made.run(END_S)
    assert_one_standing(made, TISA, PARTIES)


def test_lines_that_are_never_up_together_are_enough() -> None:
    """An act goes on when the next line comes up, though the first is down again."""
    made = world(
        acts=(act(0.0, "JPN", "suspend", TISA), act(1.0, "JPN", "restore", TISA)),
        links=[
            *lines(),
            *parted(("JPN", "KOR")),
            *(cut("JPN", "USA", 5.0, FOR_EVER_S), cut("USA", "JPN", 5.0, FOR_EVER_S)),
            *(cut("KOR", "USA", -60.0, 20.0), cut("USA", "KOR", -60.0, 20.0)),
        ],
        seen=(),
    )
    made.run(19.0)
    assert known(made, "KOR", TISA) == []
    made.run(END_S)
    assert assert_one_standing(made, TISA, PARTIES) == 2


@pytest.mark.parametrize("seed", range(3))
def test_after_a_restoration_heard_of_by_the_hub_nothing_it_relays_is_set_apart(
    seed: int,
) -> None:
    """Japan and Korea hear each other through the hub alone, acts and items alike."""
    made = world(
        acts=(
            *APPROVALS,
            act(20.0, "JPN", "suspend", TISA),
            act(26.0, "JPN", "restore", TISA),
        ),
        links=[*lines(jitter_ms=200.0, drop=0.6), *parted(("JPN", "KOR"))],
        seen=sightings(10, 40),
        seed=seed,
    )
    made.run(END_S)
    assert_one_standing(made, TISA, PARTIES)
    restored = {e.body.act: e.seq for e in entries(made, "KOR") if e.kind == "act"}
    after = [
        e.body
        for e in entries(made, "KOR")
        if e.seq > restored["restore"] and isinstance(e.body, ItemHeld | Quarantine)
        if isinstance(e.body, Quarantine) or e.body.carriage
    ]
    assert [one for one in after if isinstance(one, ItemHeld) and one.carriage.via]
    assert not [one for one in after if isinstance(one, Quarantine)]


@pytest.mark.parametrize("away", [(), ("JPN", "KOR")])
def test_nobody_outside_an_agreement_learns_that_there_was_an_act(
    away: tuple[str, str] | tuple[()],
) -> None:
    """Not a byte at the hub differs, even where the hub is the only way left."""
    links = [*lines(jitter_ms=30.0, drop=0.1), *(parted(away) if away else ())]
    quarrel = disputes(random.Random(2), GSOMIA, "JPN", "KOR")
    told, untold = (
        world(acts=acts, links=links, seen=sightings(10, 30))
        for acts in (sorted((*APPROVALS, *quarrel), key=lambda a: a.at_s), APPROVALS)
    )
    for made in (told, untold):
        made.run(END_S)
    both = [
        [encode_entry(entry) for entry in entries(made, "USA")]
        for made in (told, untold)
    ]
    assert both[0] == both[1]
    assert known(told, "JPN", GSOMIA)
    assert known(told, "KOR", GSOMIA)
    if not away:
        assert_one_standing(told, GSOMIA, ("JPN", "KOR"))


def test_an_act_is_told_to_each_partner_once_and_then_it_is_quiet() -> None:
    """Three parties and one act: four messages at most, and no more however long."""
    made = world(acts=(act(0.0, "JPN", "suspend", TISA),), links=lines(), seen=())
    made.run(END_S)
    handed = [
        (party, body.to, one)
        for party in PARTIES
        for body in bodies(made, party, HandOver)
        for one in body.acts
    ]
    assert len(handed) == len(set(handed)) <= 4
    turns = [len(made.turns(party)) for party in PARTIES]
    made.run(END_S + 3_600.0)
    assert [len(made.turns(party)) for party in PARTIES] == turns
