"""Turns: consequences stand before the next cause, and a journal folds to itself."""

import pytest
from msgspec.structs import replace

from beaconfire.errors import BeaconfireError
from beaconfire.journal.entry import Entry, Turn, make_turn
from beaconfire.runtime.effects import Answer, Publish, Purge
from beaconfire.runtime.turns import Node
from beaconfire.seals import codec
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.arrivals import SensorLines
from beaconfire.vocabulary.entries.carriage import EpochEnd, HandOver
from beaconfire.vocabulary.entries.decisions import Release
from beaconfire.vocabulary.entries.sightings import ItemHeld, Rejection
from tests.stages.partners_made import (
    KOR_USA,
    TISA,
    Fed,
    Line,
    act_of,
    approval_of,
    at_s,
    carried_act,
    item_of,
)
from tests.stages.sightings_made import cue


def told_hub() -> tuple[Fed, Line, Line]:
    """Return the hub after it handed to Korea an item of its own and one of Japan's."""
    hub = Fed("USA")
    jpn, kor = Line(sender="JPN", to="USA"), Line(sender="KOR", to="USA")
    leave = approval_of("JPN", to="KOR")
    hub.pull(jpn.send(carried_act(leave)), partner="JPN")
    hub.pull(jpn.send(jpn.carry(item_of("JPN"))), partner="JPN")
    see(hub, 40.0)
    assert window(hub) == [("JPN", "USA"), ("USA", None)]
    return hub, jpn, kor


def see(hub: Fed, seconds: float) -> list[object]:
    """Let the hub's own sensor see the launch."""
    line = codec.encode(cue("usa-infrared-1", seconds)).decode()
    body = SensorLines(sensor="usa-infrared-1", stream="cues", lines=(line,))
    return list(hub.give(body, seconds=seconds))


def window(hub: Fed) -> list[tuple[str, str | None]]:
    """Return whose items stand at the hub's border for Korea."""
    sending = hub.node.stages.link.partners["KOR"].sending["notices"]
    return [(u.originator, u.via) for message in sending.window for u in message.units]


def test_what_follows_from_an_act_stands_before_the_next_act() -> None:
    """What an act stops stands right behind it, before what came beside it.

    Otherwise what the first of two acts in one message let go again would stand behind
    the second, as if it had been handed over in spite of it.
    """
    hub, _, kor = told_hub()
    both = kor.send(
        carried_act(act_of("suspend", agreement=TISA)),
        carried_act(act_of("suspend", agreement=KOR_USA)),
    )
    hub.pull(both, seconds=41.0)
    entries = hub.turns[-1].entries
    first, second = (e for e in entries if isinstance(e.body, Act))
    follow = [e for e in entries if first.id in e.cause]
    assert any(isinstance(e.body, EpochEnd) for e in follow)
    assert max(e.seq for e in follow) < second.seq
    hub.check_replay()


def test_every_entry_stands_behind_its_cause_before_anything_else() -> None:
    """A turn is a tree: nothing comes between a cause and what follows from it."""
    for turn in busy():
        open_causes: list[str] = []
        for entry in turn.entries:
            if entry.cause:
                while open_causes[-1] != entry.cause[0]:
                    open_causes.pop()
            open_causes.append(entry.id)


def test_effects_follow_their_entries_in_order() -> None:
    """A purge comes before what is laid down anew, and nothing purged is laid down."""
    hub, _, kor = told_hub()
    hub.pull(kor.send(carried_act(act_of("suspend", agreement=TISA))), seconds=41.0)
    done = [e for e in hub.effects if isinstance(e, Publish | Purge) and e.to == "KOR"]
    assert [type(effect) for effect in done] == [Purge, Publish]
    assert (done[1].epoch, done[1].number) == (2, 1)


def test_a_turn_never_goes_back_in_time() -> None:
    """A clock that was set back does not put an entry before the one it follows."""
    fed = Fed()
    fed.give(fed.node.given, seconds=100.0)
    fed.give(fed.node.given, seconds=50.0)
    assert [turn.at for turn in fed.turns[-2:]] == [at_s(100.0), at_s(100.0)]


def test_an_order_is_answered_once() -> None:
    """Who gave an order hears what became of it: that act, or that reason."""
    fed = Fed()
    fed.order(act_of("suspend", "JPN"))
    answers = [effect for effect in fed.effects if isinstance(effect, Answer)]
    assert [answer.accepted for answer in answers] == [True]
    fed.order(act_of("suspend", "KOR"))
    answers = [effect for effect in fed.effects if isinstance(effect, Answer)]
    refused = fed.turns[-1].entries[-1]
    assert isinstance(refused.body, Rejection)
    said = "the act is KOR's; this desk is JPN's"
    assert answers == [Answer(False, said, refused.id)]


# Folding


def busy() -> tuple[Turn, ...]:
    """Return a journal with items, releases, hand-overs, a purge and receipts."""
    hub, jpn, kor = told_hub()
    hub.pull(kor.send(carried_act(act_of("suspend", agreement=TISA))), seconds=41.0)
    hub.pull(jpn.send(jpn.carry(item_of("JPN", created_s=41.0))), partner="JPN")
    return tuple(hub.turns)


def folded(turns: tuple[Turn, ...]) -> Node:
    """Return a node that has folded these turns."""
    fresh = Fed("USA")._fresh()
    for turn in turns:
        fresh.fold(turn)
    return fresh


def remade(turn: Turn, entries: list[Entry], **changes: object) -> Turn:
    """Close a turn anew over other entries, as one who forges a journal would."""
    made = make_turn(
        turn=turn.turn,
        at=turn.at,
        writer=turn.writer,
        previous=turn.previous,
        entries=tuple(entries),
    )
    return replace(made, **changes)


def test_a_folded_journal_has_the_same_end() -> None:
    """The same turns give the same place, and go on alike."""
    turns = busy()
    node = folded(turns)
    assert node.digest == turns[-1].digest
    assert node.turns == len(turns)
    again = folded(turns)
    one, _ = node.turn(node.given, by="runtime", at=at_s(60.0))
    other, _ = again.turn(again.given, by="runtime", at=at_s(60.0))
    assert one == other


def test_a_tampered_turn_is_refused_by_name() -> None:
    """Whatever is changed, left out, added or moved, its turn is named."""
    turns = busy()
    tampered = 0
    for index, turn in enumerate(turns):
        if len(turn.entries) < 3:
            continue
        entries = list(turn.entries)
        for change in (
            entries[:-1],
            [*entries, replace(entries[-1], id="more")],
            [entries[0], *entries[2:]],
            [entries[0], entries[2], entries[1], *entries[3:]],
            [entries[0], replace(entries[1], by="person"), *entries[2:]],
        ):
            if change == entries or len({kind(e) for e in entries[1:3]}) == 1:
                continue
            with pytest.raises(BeaconfireError, match=f"journal turn {turn.turn}: "):
                folded((*turns[:index], remade(turn, change)))
            tampered += 1
    assert tampered > 10


def kind(entry: Entry) -> tuple[str, str]:
    """Return what an entry is."""
    return entry.kind, str(entry.body)


def test_a_changed_decision_is_refused() -> None:
    """A release whose article was rewritten is not what the rules decide."""
    turns = busy()
    for index, turn in enumerate(turns):
        for place, entry in enumerate(turn.entries):
            if not isinstance(entry.body, Release):
                continue
            body = replace(entry.body, articles=("another:1",))
            entries = list(turn.entries)
            entries[place] = replace(entry, body=body)
            with pytest.raises(BeaconfireError, match=f"journal turn {turn.turn}: "):
                folded((*turns[:index], remade(turn, entries)))
            return
    pytest.fail("no release in the journal")


def test_turns_are_folded_one_after_the_other() -> None:
    """A turn left out, or one of another journal, does not follow and is named."""
    turns = busy()
    with pytest.raises(BeaconfireError, match="journal turn 3: turn 2 is expected"):
        folded((turns[0], turns[2]))
    foreign = replace(turns[1], previous="f" * 64)
    with pytest.raises(
        BeaconfireError, match="journal turn 2: it does not follow from the turn before"
    ):
        folded((turns[0], foreign))


def test_the_journal_has_what_the_tests_above_need() -> None:
    """Items, releases, hand-overs and an epoch's end stand in it."""
    kinds = {type(e.body) for turn in busy() for e in turn.entries}
    assert {ItemHeld, Release, HandOver, EpochEnd, Act} <= kinds
