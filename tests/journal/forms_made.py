"""Forms of journal for tests: something that opens each of them on an empty store."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from beaconfire.journal.journal import Journal
from beaconfire.journal.memory import MemoryJournal, MemoryStore

Opener = Callable[[], Awaitable[Journal]]

FORMS = (pytest.param("memory", id="memory"),)


def run_on(form: str, folder: Path, claim: Callable[[Opener], Awaitable[None]]) -> None:
    """Run ``claim`` with what opens a journal of this form, as often as it likes."""
    assert form == "memory"
    store = MemoryStore()

    async def opened() -> Journal:
        return MemoryJournal(store)

    async def run() -> None:
        await claim(opened)

    asyncio.run(run())
