"""What a partner causes again and again is told once, and counted."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import nats.errors
import pytest

from beaconfire.runtime import seldom
from beaconfire.runtime.pinned import why
from beaconfire.runtime.seldom import SENTENCES_MAX, Seldom
from beaconfire.runtime.settings import SETTINGS


@pytest.fixture
def _hasty(monkeypatch):
    monkeypatch.setattr(seldom, "SETTINGS", replace(SETTINGS, told_again_s=0.05))


@pytest.mark.usefixtures("_hasty")
def test_a_flood_is_one_line_and_then_its_count():
    """Twenty thousand receipts were as many lines of the log."""

    async def scene():
        said = []
        tell = Seldom(said.append)
        for _ in range(20_000):
            tell("border: a message was dropped")
        tell("another")
        assert said == ["border: a message was dropped", "another"]
        await asyncio.sleep(0.2)
        counted = "border: a message was dropped (19999 times in 0.05 s)"
        assert said[2:] == [counted]
        tell("another")
        assert said[3:] == ["another"]

    asyncio.run(scene())


def test_sentences_that_always_differ_are_not_all_told():
    """What cannot be told apart any more counts as one."""

    async def scene():
        said = []
        tell = Seldom(said.append)
        for number in range(1_000):
            tell(f"trouble {number}")
        assert len(said) == SENTENCES_MAX + 1

    asyncio.run(scene())


def test_what_is_dropped_unread_is_said_without_an_object_of_the_client():
    """The client's own sentence shows where in memory its subscription lies."""
    error = nats.errors.SlowConsumerError(
        subject="x", reply="", sid=1, sub=SimpleNamespace(subject="receipt.KOR")
    )
    assert why(error) == "more came on `receipt.KOR` than is kept; the rest was dropped"
