"""The small model: every order of what may happen to two items between three parties.

Whatever the order: nothing leaves without a standing release, nothing is released or
used twice, nothing that was withheld or sent is lost to the books, what a suspension
withheld is decided again once all have restored or another way opens, nothing waits for
a consent that is there or could open nothing, whoever uses what was taken back is told
so, and a party's own suspension stops both directions wherever it is known. The small
explorations are
complete: all steps, in every order, with every message, receipt, tick and crash between
them. The large ones go as far as a million states and say whether that was all.
"""

import pytest

from beaconfire.stages.link import answers, consulting, handing, receipts, withholding
from beaconfire.stages.release import stage
from beaconfire.vocabulary.item import Item
from tests.runtime.small_happenings import STEPS
from tests.runtime.small_model import Model, Seen

SMALL = {
    "consent given and withdrawn, a crash": (
        "item of JPN, ask, consent, withdraw, crash of JPN"
    ),
    "a question that ends unanswered": "item of JPN, ask, object, deadline",
    "an item that waits for a consent meets a suspension": (
        "item of JPN, ask, consent, suspend by KOR, restore by KOR"
    ),
    "the hub with leave given and taken back": (
        "item of JPN, approve, revoke, crash of USA"
    ),
    "suspension by both": (
        "item of KOR, suspend by KOR, restore by KOR, suspend by JPN, restore by JPN"
    ),
    "an item and its retraction meet a suspension": (
        "item of KOR, retraction of KOR, suspend by JPN, restore by JPN"
    ),
    "a retraction waits for an answer beyond its end": (
        "item of KOR, retraction of KOR, ask about retractions, "
        "consent to retractions, deadline"
    ),
    "another way opens while one is suspended": (
        "item of KOR, suspend by KOR, ask under second, consent under second"
    ),
    "two items and a suspension": (
        "item of JPN, item of KOR, approve, suspend by KOR, restore by KOR"
    ),
}
LARGE = {
    "consent, suspension and a crash": (
        "item of JPN, item of KOR, ask, consent, withdraw, suspend by KOR, "
        "restore by KOR, crash of JPN"
    ),
    "a retraction, suspension by both, a crash": (
        "item of KOR, retraction of KOR, suspend by KOR, restore by KOR, "
        "suspend by JPN, restore by JPN, crash of KOR, crash of JPN"
    ),
    "hub and consent": (
        "item of JPN, ask, consent, withdraw, approve, revoke, crash of USA"
    ),
    "suspension by both, two items, a crash": (
        "item of JPN, item of KOR, suspend by KOR, restore by KOR, suspend by JPN, "
        "restore by JPN, crash of KOR"
    ),
}


def explored(steps: str, *, states_max: int | None = None) -> Seen:
    """Explore with these steps."""
    names = frozenset(name.strip() for name in steps.split(","))
    assert names <= {step.name for step in STEPS}
    return Model(names).explore(states_max)


def told(name: str, seen: Seen) -> str:
    """Say what an exploration met."""
    end = "to the end" if seen.complete else "not to the end"
    return (
        f"{name}, {end}: {seen.states:,} states by {seen.steps:,} steps, "
        f"{seen.turns:,} different turns"
    )


@pytest.mark.parametrize("name", SMALL)
def test_no_order_of_a_few_happenings_breaks_the_books(name: str) -> None:
    """All states are met; the first that breaks a rule is named with its path."""
    seen = explored(SMALL[name])
    assert seen.flaw is None, (seen.flaw, seen.path)
    assert seen.complete
    assert seen.states > 100


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", LARGE)
def test_no_order_of_many_happenings_breaks_the_books(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Larger sets, nearest states first; how many were met, and if all, is printed."""
    seen = explored(LARGE[name], states_max=1_000_000)
    with capsys.disabled():
        print("\n" + told(name, seen))
    assert seen.flaw is None, (seen.flaw, seen.path)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_no_order_of_everything_breaks_the_books_as_far_as_one_gets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All steps together, nearest states first; how far it got is printed."""
    every = ", ".join(step.name for step in STEPS)
    seen = explored(every, states_max=300_000)
    with capsys.disabled():
        print("\n" + told("everything", seen))
    assert seen.flaw is None, (seen.flaw, seen.path)


FAULTS = {
    "what a suspension withheld is forgotten when it is restored": (
        "item of KOR, suspend by KOR, restore by KOR",
        (withholding, "look_again", lambda *_: []),
    ),
    "what another way allows is not given back": (
        "item of KOR, suspend by KOR, ask under second, consent under second",
        (consulting, "after_word", lambda *_, **__: []),
    ),
    "a retraction ends like any other item": (
        "item of KOR, retraction of KOR, ask about retractions, deadline",
        (Item, "is_over", lambda item, at: item.valid_until < at),
    ),
    "what a suspension withheld is not kept": (
        "item of KOR, suspend by KOR, restore by KOR",
        (withholding, "shelve", lambda *_, **__: []),
    ),
    "what crossed a suspension is not kept": (
        "item of KOR, retraction of KOR, suspend by JPN, restore by JPN",
        (receipts, "keep_units", lambda *_, **__: []),
    ),
    "what is sent is not judged at its hand-over": (
        "item of JPN, ask, consent, withdraw",
        (handing, "stands_remembered", lambda memo, release, **rest: None),
    ),
    "what waits for a consent is not decided again when an act comes": (
        "item of JPN, ask, suspend by KOR, restore by KOR",
        (stage, "_decide_anew", lambda *_: []),
    ),
    "what waits for a consultation is forgotten": (
        "item of JPN, ask",
        (answers, "keep_deferred", lambda state, body, at: None),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model can fail: each of these breaks a rule in some order."""
    steps, (where, what, instead) = FAULTS[name]
    monkeypatch.setattr(where, what, instead)
    seen = explored(steps)
    assert seen.flaw is not None, told(name, seen)
