"""The checker's teeth for restorations: each way to lose or leak a withheld item shows.

The journals are those of a seeded world in which Korea suspends and restores while
items are on their way to it; a test spoils the entries of one party and asks again.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from beaconfire.exercise.after_action.checker import Delivery, check_delivery
from beaconfire.journal.entry import encode_entry
from beaconfire.vocabulary.entries.carriage import Withdrawal
from beaconfire.vocabulary.entries.sightings import Quarantine
from tests.exercise.worlds import (
    APPROVALS,
    GSOMIA,
    PARTIES,
    act,
    assert_settled,
    bodies,
    cut,
    entries,
    lines,
    sightings,
    world,
)

Json = dict[str, Any]
Spoil = Callable[[list[Json]], list[Json]]


@cache
def journals(*, restored: bool = True) -> dict[str, list[Json]]:
    """Return what the world's nodes would export."""
    acts = [*APPROVALS, act(20.0, "KOR", "suspend")]
    if restored:
        acts.append(act(30.0, "KOR", "restore"))
    made = world(acts=acts, links=lines(delay_ms=100.0), seen=sightings(10, 40))
    made.run(75.0)
    return {
        party: [json.loads(encode_entry(entry)) for entry in entries(made, party)]
        for party in PARTIES
    }


def checked(spoil: Spoil, *, restored: bool = True, of: str = "KOR") -> Delivery:
    """Check with one party's journal spoiled, and numbered anew."""
    copy = json.loads(json.dumps(journals(restored=restored)))
    copy[of] = spoil(copy[of])
    for seq, entry in enumerate(copy[of], 1):
        entry["seq"] = seq
    return check_delivery(copy)


def without(kind: str) -> Spoil:
    """Take the first entry of a kind out."""

    def spoil(journal: list[Json]) -> list[Json]:
        gone = next(entry for entry in journal if entry["kind"] == kind)
        return [entry for entry in journal if entry is not gone]

    return spoil


def test_honest_journals_are_sound_and_leave_nothing_withheld() -> None:
    """Restored: all is decided. Not restored: all is kept, and said to be."""
    whole = checked(list)
    assert (whole.problems, whole.settled) == ((), True)
    assert (whole.withheld, whole.undecided) == (0, 0)
    still = checked(list, restored=False)
    assert (still.problems, still.settled) == ((), True)
    assert still.withheld > 10
    assert still.undecided == 0


def test_what_was_set_apart_and_then_withdrawn_is_no_fault() -> None:
    """It came by its first release; the second ended before it was read."""
    acts = [act(20.0, "KOR", "suspend"), act(30.0, "KOR", "restore")]
    made = world(
        acts=[*acts, act(31.0, "JPN", "suspend")],
        links=[*lines(delay_ms=100.0), cut("JPN", "KOR", 30.05, 33.0)],
        seen=sightings(10, 40, every_s=0.25),
    )
    made.run(75.0)
    apart = {i for one in bodies(made, "KOR", Quarantine) for i in one.items}
    gone = {i for one in bodies(made, "JPN", Withdrawal) for i in one.items}
    assert apart & gone
    assert_settled(made)


def test_what_is_never_given_back_is_not_settled() -> None:
    """Forgotten on the shelf after the restoration: counted as undecided."""

    def spoil(journal: list[Json]) -> list[Json]:
        back = [e for e in journal if e["kind"] == "reconsideration"]
        gone = {e["id"] for e in back}
        again = {e["id"] for e in journal if set(e["cause"]) & gone}
        return [e for e in journal if e["id"] not in gone | again]

    found = checked(spoil)
    assert found.undecided > 10
    assert not found.settled


def test_a_release_of_what_is_withheld_needs_its_being_given_back() -> None:
    """A way round the shelf would be a way round the suspension."""
    found = checked(without("reconsideration"))
    told = [one for one in found.problems if "released while it was withheld" in one]
    assert len(told) == 1


def test_what_nobody_withheld_is_not_given_back() -> None:
    """The refusal that would have put it on the shelf is missing."""

    def spoil(journal: list[Json]) -> list[Json]:
        gone = next(e for e in journal if e["body"].get("withheld") == [GSOMIA])
        return [e for e in journal if e is not gone]

    found = checked(spoil)
    assert any("nobody had withheld it" in one for one in found.problems)


def test_a_withdrawal_by_a_suspension_that_keeps_nothing_is_found() -> None:
    """What the act stopped at the window must come back: dropping it silently shows."""

    def spoil(journal: list[Json]) -> list[Json]:
        for entry in journal:
            if entry["kind"] == "refusal" and entry["body"]["withheld"]:
                entry["kind"], suspend = "withdrawal", entry["body"]["acts"][0]
                item = entry["body"].pop("item")
                entry["body"].update(items=[item], act=suspend, withheld=False)
                break
        return journal

    found = checked(spoil)
    assert any("is suspended, not kept" in one for one in found.problems)


@pytest.mark.parametrize("restored", [True, False])
def test_what_was_given_up_must_have_been_withheld(restored: bool) -> None:
    """A unit is given up once, and only from the shelf."""

    def spoil(journal: list[Json]) -> list[Json]:
        last = journal[-1]
        body = {"from": "KOR", "to": "JPN", "via": None, "items": ["x"], "reason": "y"}
        return [*journal, {**last, "kind": "foregone", "body": body, "id": "z"}]

    found = checked(spoil, restored=restored)
    assert any("was given up, but nobody had withheld it" in p for p in found.problems)


def apart(journal: list[Json]) -> list[Json]:
    """Return the receipts that say something was set apart there."""
    receipts = (e for e in journal if e["kind"] == "receipt")
    return [e for e in receipts if e["body"]["withheld"]]


def test_what_was_set_apart_and_is_not_kept_is_found() -> None:
    """Its sender's receipt must say by which agreements it is withheld."""

    def spoil(journal: list[Json]) -> list[Json]:
        apart(journal)[0]["body"]["withheld"] = []
        return journal

    found = checked(spoil, of="JPN")
    assert any(
        "set apart by its recipient, and is not kept" in p for p in found.problems
    )


def test_what_was_set_apart_and_is_never_given_back_is_not_settled() -> None:
    """Restored and forgotten: lost, though both wanted it."""

    def spoil(journal: list[Json]) -> list[Json]:
        back = [e for e in journal if e["body"].get("was") == "quarantined"]
        gone = {e["id"] for e in back}
        again = {e["id"] for e in journal if set(e["cause"]) & gone}
        return [e for e in journal if e["id"] not in gone | again]

    many = len([i for e in apart(journals()["JPN"]) for i in e["body"]["items"]])
    assert many > 0
    found = checked(spoil, of="JPN")
    assert found.undecided == many
    assert not found.settled


@pytest.mark.parametrize("restored", [True, False])
def test_what_was_set_apart_does_not_count_as_taken(restored: bool) -> None:
    """Also if the same item came again later, and was."""

    def spoil(journal: list[Json]) -> list[Json]:
        apart(journal)[0]["body"].update(withheld=[], quarantined=[])
        return journal

    found = checked(spoil, of="JPN", restored=restored)
    assert any("counts as taken, but KOR has set it apart" in p for p in found.problems)


def test_what_its_recipient_did_not_set_apart_is_not_said_to_be() -> None:
    """Taken in the message that brought it, and told again: one of the two is wrong."""

    def spoil(journal: list[Json]) -> list[Json]:
        where = next(i for i, e in enumerate(journal) if e["kind"] == "quarantine")
        return [*journal[:where], *journal[where + 1 :]]

    found = checked(spoil)
    assert any("set it apart, which it did not" in one for one in found.problems)


def test_what_was_retracted_is_not_released_any_more() -> None:
    """A retraction that stands before a release of its item makes that a fault."""

    def spoil(journal: list[Json]) -> list[Json]:
        at = next(i for i, e in enumerate(journal) if e["kind"] == "reconsideration")
        given = journal[at]["body"]["sealed"]
        back = json.loads(json.dumps(given))
        back["item"]["body"] = {
            "type": "Retraction",
            "retracts": given["item"]["id"],
            "reason": "wrong",
        }
        back["item"]["id"] = "a-retraction"
        body = {"sealed": back, "carriage": None, "audience": None}
        entry = {**journal[at], "kind": "item", "id": "z", "body": body}
        return [*journal[:at], entry, *journal[at:]]

    found = checked(spoil)
    assert any("released after it was retracted" in one for one in found.problems)
