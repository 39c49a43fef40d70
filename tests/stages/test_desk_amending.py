"""Desk, amending: a consent after which nothing could leave is refused, on record."""

from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from beaconfire.exercise.cast import node_of
from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.simulated import agreements_of
from beaconfire.runtime.turns import Node
from beaconfire.vocabulary.records import Amendment
from tests.stages.partners_made import GSOMIA, SCENARIO, act_of, at_s, members
from tests.stages.test_desk import Ordered

# Texts of the same words that begin after one another, none of them yet.
LATER = {"text-b": 5_000.0, "text-c": 6_000.0, "text-d": 7_000.0}


@dataclass
class Holding(Ordered):
    """Japan's desk, which holds the texts that are to follow as well."""

    def _fresh(self) -> Node:
        held = agreements_of(load_scenario(SCENARIO))
        first = next(text for text in held if text.id == GSOMIA)
        more = [
            replace(first, id=name, in_force_from=at_s(since_s))
            for name, since_s in LATER.items()
        ]
        return node_of(members()[self.party], (*held, *more), solve_interval_s=0.5)


def consent(old: str, new: str, *, issued_s: float) -> object:
    """Return what Japan's people sign: the new text takes the old one's place."""
    record = Amendment(text=new, since=at_s(LATER[new]))
    return act_of("declare", "JPN", agreement=old, issued_s=issued_s, record=record)


@pytest.mark.parametrize("ring", [("text-b", "text-c"), ("text-b", "text-c", "text-d")])
def test_texts_in_each_others_place_are_refused_though_none_has_begun(
    ring: tuple[str, ...],
) -> None:
    """All of it lies ahead, so no status shows it yet: the consents themselves do."""
    desk = Holding()
    for second, (old, new) in enumerate(pairwise(ring)):
        desk.accepts(consent(old, new, issued_s=second), seconds=second)
    told = desk.refuses(consent(ring[-1], ring[0], issued_s=10.0), seconds=10.0)
    for text in ring:
        assert f"`{text}`" in told
    assert told.startswith(
        "JPN has consented that `text-c` takes the place of `text-b`"
    )
    assert told.endswith("nothing could leave")
    if len(ring) == 2:  # another text may follow all the same
        desk.accepts(consent("text-c", "text-d", issued_s=11.0), seconds=11.0)
    desk.check_replay()


def test_a_text_in_its_own_place_is_refused() -> None:
    """With the sentence that goes back to whoever ordered it."""
    desk = Holding()
    told = desk.refuses(consent("text-b", "text-b", issued_s=0.0))
    assert told == "text-b cannot take its own place"
    desk.check_replay()
