"""Turns: how one input becomes a closed turn, and how a recorded one is taken over."""

from dataclasses import replace

import pytest

from beaconfire.errors import BeaconfireError
from beaconfire.exercise.cast import cast, node_of
from beaconfire.exercise.world import SOLVE_INTERVAL_S, World
from beaconfire.journal.entry import GENESIS, Entry, make_turn
from beaconfire.runtime import turns
from beaconfire.runtime.effects import GiveReceipt, Publish, Purge, Solve, Tell
from beaconfire.runtime.news import is_news
from beaconfire.runtime.turns import Node
from beaconfire.stages import warn
from beaconfire.vocabulary.entries.arrivals import SensorLines, Tick
from beaconfire.vocabulary.entries.carriage import EpochEnd, HandOver, Receipt
from beaconfire.vocabulary.entries.sightings import Bell, EstimateRequest
from tests.exercise.worlds import (
    APPROVALS,
    PARTIES,
    act,
    agreements,
    lines,
    plain,
    plot_line,
    sightings,
    world,
)

SEEN = sightings(10, 25)
EFFECT_OF = {
    HandOver: Publish,
    EpochEnd: Purge,
    Receipt: GiveReceipt,
    EstimateRequest: Solve,
}


def fresh(party: str) -> Node:
    """Return a nation's node that has made no turn."""
    member = cast(plain(), 1)[party]
    return node_of(member, agreements(), solve_interval_s=SOLVE_INTERVAL_S)


@pytest.fixture(scope="module")
def ran() -> World:
    """A short world with bad lines, a suspension and a node that dies."""
    made = world(
        acts=(*APPROVALS, act(15.2, "KOR", "suspend"), act(20.1, "KOR", "restore")),
        links=lines(drop=0.3, duplicate=0.2, jitter_ms=200.0),
        seen=SEEN,
    )
    made.crash("KOR", 17.0, restart_s=18.5)
    made.run(40.0)
    return made


@pytest.mark.parametrize("party", PARTIES)
def test_numbers_are_gapless_and_every_entry_has_its_cause(
    ran: World, party: str
) -> None:
    """``seq`` and ``turn`` count; ids are unique; a cause stands before in its turn."""
    seq, digest, at = 0, GENESIS, None
    seen: set[str] = set()
    for number, turn in enumerate(ran.turns(party), 1):
        assert (turn.turn, turn.previous) == (number, digest)
        assert at is None or turn.at >= at
        digest, at = turn.digest, turn.at
        here: set[str] = set()
        for index, entry in enumerate(turn.entries):
            seq += 1
            assert (entry.seq, entry.turn, entry.at) == (seq, number, turn.at)
            assert entry.id not in seen | here
            assert bool(entry.cause) == (index > 0)
            assert set(entry.cause) <= here
            here.add(entry.id)
        seen |= here


def test_effects_follow_entries_in_their_order() -> None:
    """Nothing happens outside that no entry of the very turn says, nor before it."""
    made = world(seen=SEEN)
    made.run(9.5)
    node = made.node("JPN")
    found = 0
    for second in range(10, 40):
        line = plot_line("jpn-radar", second)
        body = SensorLines(sensor="jpn-radar", stream="plots", lines=(line,))
        turn, effects = node.turn(body, by="runtime", at=plain().at(second))
        bodies = [entry.body for entry in turn.entries]
        expected = [
            Tell if is_news(body) else EFFECT_OF[type(body)]
            for body in bodies
            if is_news(body) or type(body) in EFFECT_OF
        ]
        assert [type(effect) for effect in effects] == expected
        assert [e.entry.body for e in effects if isinstance(e, Tell)] == [
            body for body in bodies if is_news(body)
        ]
        found += len(effects)
    assert found > 5


def test_an_instant_is_never_before_the_last_one() -> None:
    """A clock that steps back cannot turn the journal's time back."""
    node = fresh("JPN")
    node.turn(node.given, by="runtime", at=plain().at(10.0))
    turn, _ = node.turn(Tick(), by="runtime", at=plain().at(3.0))
    assert turn.at == plain().at(10.0)


def test_an_endless_exchange_between_stages_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two stages that answer each other are our mistake, and end loudly."""

    def answering(
        state: warn.WarnStage, entry: Entry
    ) -> tuple[warn.WarnStage, tuple[Bell, ...]]:
        return state, (Bell(role="watch officer", text="again"),)

    monkeypatch.setattr(turns.warn, "step", answering)
    few = replace(turns.SETTINGS, turn_entries_max=300)
    monkeypatch.setattr(turns, "SETTINGS", few)
    node = fresh("JPN")
    with pytest.raises(RuntimeError, match="turn 1 set off 301 entries without end"):
        node.turn(node.given, by="runtime", at=plain().epoch)


def test_a_turn_that_this_build_would_not_make_is_refused() -> None:
    """A dropped consequence is named with its turn; nothing is folded over it."""
    made = world(seen=SEEN)
    made.run(20.0)
    recorded = made.turns("JPN")
    number = next(n for n, turn in enumerate(recorded) if len(turn.entries) > 3)
    node = fresh("JPN")
    for turn in recorded[:number]:
        node.fold(turn)
    whole = recorded[number]
    short = make_turn(
        turn=whole.turn,
        at=whole.at,
        writer=whole.writer,
        previous=whole.previous,
        entries=whole.entries[:-1],
    )
    with pytest.raises(BeaconfireError, match=f"journal turn {whole.turn}"):
        node.fold(short)
