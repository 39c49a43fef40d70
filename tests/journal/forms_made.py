"""Forms of journal for tests: something that opens each of them on an empty store."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from beaconfire.journal.jetstream import open_writer
from beaconfire.journal.journal import Journal
from beaconfire.journal.memory import MemoryJournal, MemoryStore
from beaconfire.runtime.journal_server import start_journal_server
from beaconfire.runtime.settings import journal_limits

Opener = Callable[[], Awaitable[Journal]]

FORMS = (
    pytest.param("memory", id="memory"),
    pytest.param("jetstream", id="jetstream", marks=pytest.mark.servers),
)


def run_on(form: str, folder: Path, claim: Callable[[Opener], Awaitable[None]]) -> None:
    """Run ``claim`` with what opens a journal of this form, as often as it likes."""
    asyncio.run(_on_memory(claim) if form == "memory" else _on_server(folder, claim))


async def _on_memory(claim: Callable[[Opener], Awaitable[None]]) -> None:
    store = MemoryStore()

    async def opened() -> Journal:
        return MemoryJournal(store)

    await claim(opened)


async def _on_server(folder: Path, claim: Callable[[Opener], Awaitable[None]]) -> None:
    running = await start_journal_server(folder)
    journals: list[Journal] = []

    async def opened() -> Journal:
        journals.append(await open_writer(running.writer, journal_limits()))
        return journals[-1]

    try:
        await claim(opened)
    finally:
        for journal in journals:
            await journal.close()
        await running.stop()
