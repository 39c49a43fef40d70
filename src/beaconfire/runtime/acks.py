"""Acks: telling a partner's border what is stored, some of it together.

* Each message has its own, but those of a short pause leave in one write: a write for
  every plot kept both ends busy with little else.
* The pause ends early when a part of a window waits: what is not acknowledged keeps a
  place at the border, and no more than a window is sent without.
* Nothing rests on an acknowledgement. What got none comes again, and is known. So what
  a line that takes nothing lets gather is bounded, and beyond that left out.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from beaconfire.runtime.settings import SETTINGS


class Acks:
    """What is to be acknowledged on one line, by the subjects that take it."""

    def __init__(self) -> None:
        """Nothing leaves before ``give_all`` runs."""
        self._due: list[str] = []
        self._some = asyncio.Event()
        self._enough = asyncio.Event()

    def put(self, subject: str) -> None:
        """Take what is stored now."""
        if len(self._due) < SETTINGS.acks_waiting_max:
            self._due.append(subject)
        self._some.set()
        if len(self._due) >= SETTINGS.pause_messages_max:
            self._enough.set()

    async def give_all(self, give: Callable[[str], Awaitable[None]]) -> None:
        """Give each, until cancelled."""
        while True:
            await self._some.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTINGS.ack_pause_s):
                    await self._enough.wait()
            self._some.clear()
            self._enough.clear()
            due, self._due = self._due, []
            for subject in due:
                await give(subject)
