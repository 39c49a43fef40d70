"""Withheld: what a suspension kept from leaving is listed, whole and once.

The journals are those of a world with bad lines; what must be in the list is counted
from the sensors' scans and the entries by themselves.
"""

import random

import pytest

from beaconfire.exercise.world import World
from beaconfire.journal.entry import Entry
from beaconfire.runtime.withheld import read, withheld
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.carriage import FateUnknown, HandOver, Withdrawal
from beaconfire.vocabulary.entries.decisions import Refusal
from tests.exercise.test_world_crossing import crossed
from tests.exercise.test_world_faults import bad_lines
from tests.exercise.worlds import (
    APPROVALS,
    GSOMIA,
    TISA,
    act,
    bodies,
    entries,
    sightings,
    world,
)
from tests.stages.partners_made import Fed
from tests.stages.test_restoring import acted
from tests.stages.test_set_apart import crossing


def suspended(seed: int) -> World:
    """Return a world in which Korea suspends at 20 s and restores at 30 s."""
    made = world(
        acts=(*APPROVALS, act(20.0, "KOR", "suspend"), act(30.0, "KOR", "restore")),
        links=bad_lines(random.Random(seed)),
        seen=sightings(10, 40),
        seed=seed,
    )
    made.run(75.0)
    return made


def test_what_crossed_stands_in_the_lists_of_both_ends() -> None:
    """Set apart and kept, then released again, by its sender; come again, here."""
    made, _, back = crossed("KOR", [(20.0, "suspend"), (30.0, "restore")])
    journal = entries(made, "JPN")
    opened = next(e.seq for e in journal if e.kind == "act" and e.body.act == "restore")
    (one,) = withheld(journal[: opened - 1], GSOMIA)
    (kept,) = [way for way in one.kept if way.to == "KOR" and back in way.set_apart]
    assert set(kept.set_apart) <= set(kept.kept)
    assert "set apart on arrival" in read((one,), GSOMIA)
    (one,) = withheld(journal, GSOMIA)
    (kept,) = [way for way in one.kept if way.to == "KOR" and back in way.set_apart]
    assert set(kept.set_apart) <= set(kept.released_again)
    (here,) = withheld(entries(made, "KOR"), GSOMIA)
    (came,) = [way for way in here.kept if way.to == "KOR"]
    assert back in came.set_apart
    assert set(came.came_again) == set(came.set_apart) == set(kept.set_apart)
    assert " came again" in read((here,), GSOMIA)


def test_a_receipt_that_comes_before_the_act_stands_under_no_act_until_then() -> None:
    """It is kept, and the list says that nobody knows yet by what."""
    node, kor, _, back = crossing()
    found = withheld(journal_of(node), GSOMIA)
    assert [one.act for one in found] == [None]
    assert found[0].kept[0].kept == (back.id,)
    assert read(found, GSOMIA).startswith(f"{GSOMIA}, by an act that has not come yet")
    acted(node, kor, "suspend", 3.0)
    (one,) = withheld(journal_of(node), GSOMIA)
    assert one.act == next(e.id for e in journal_of(node) if e.kind == "act")
    acted(node, kor, "restore", 5.0)
    (one,) = withheld(journal_of(node), GSOMIA)
    assert one.kept[0].set_apart == one.kept[0].released_again == (back.id,)
    assert one.until is not None


def journal_of(node: Fed) -> list[Entry]:
    """Return all that a node has journalled."""
    return [entry for turn in node.turns for entry in turn.entries]


@pytest.mark.parametrize("seed", range(2))
def test_the_list_is_what_did_not_leave_and_nothing_else(seed: int) -> None:
    """Refused, withdrawn, purged: each of the journal's is there, in one column."""
    made = suspended(seed)
    for party, to in (("KOR", "JPN"), ("JPN", "KOR")):
        found = withheld(entries(made, party), GSOMIA)
        assert len(found) == 1, read(found, GSOMIA)
        (kept,) = [one for one in found[0].kept if one.via is None and one.to == to]
        left = [*kept.refused, *kept.withdrawn, *kept.set_apart]
        listed = [*left, *kept.fate_unknown, *kept.delivered]
        assert len(set(listed)) == len(listed)
        refused = {
            r.item for r in bodies(made, party, Refusal) if found[0].act in r.acts
        }
        assert set(kept.refused) == refused
        by_act = [w for w in bodies(made, party, Withdrawal) if w.act == found[0].act]
        purged = {i for f in bodies(made, party, FateUnknown) for i in f.items}
        assert set(kept.withdrawn) >= {i for w in by_act for i in w.items}
        assert set(kept.delivered) <= purged
        assert not kept.fate_unknown  # every line carries again before the end
        handed = {
            item
            for entry in entries(made, party)
            if isinstance(entry.body, HandOver)
            if entry.body.to == to and entry.body.via is None
            if entry.at < found[0].until
            for item in entry.body.items
        }
        assert not set(kept.refused) & handed
        assert sorted(kept.released_again) == sorted(left)
        assert not kept.kept
        opened = [
            entry.at
            for entry in entries(made, party)
            if isinstance(entry.body, Act) and entry.body.act == "restore"
        ]
        assert found[0].until == opened[0]


def test_an_agreement_that_was_never_closed_has_withheld_nothing() -> None:
    """Another agreement's suspension is not this one's; the sentence says so."""
    found = withheld(entries(suspended(0), "KOR"), TISA)
    assert found == ()
    assert read(found, TISA) == f"{TISA} has withheld nothing"


def test_the_list_reads_as_sentences() -> None:
    """Act, instants, way and how many of each kind."""
    text = read(withheld(entries(suspended(1), "KOR"), GSOMIA), GSOMIA)
    assert text.startswith(f"{GSOMIA}, by act `")
    assert " until 2022-10-03T22:22:" in text
    assert "\n  KOR to JPN: " in text
    assert " refused" in text
    assert " released again" in text


def test_while_it_is_suspended_the_list_says_what_is_kept_and_then_what_became() -> (
    None
):
    """Every withheld item stands in one column of what came of it, and in one only."""
    made = suspended(0)
    journal = entries(made, "KOR")
    opened = next(e.seq for e in journal if e.kind == "act" and e.body.act == "restore")
    for upto, column in ((opened - 1, "kept"), (journal[-1].seq, "released_again")):
        (one,) = withheld([e for e in journal if e.seq <= upto], GSOMIA)
        for kept in (way for way in one.kept if way.to != "KOR"):
            columns = {
                name: getattr(kept, name)
                for name in ("kept", "released_again", "refused_again", "for_good")
            }
            assert columns.pop(column)
            assert not any(columns.values())
