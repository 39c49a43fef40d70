"""Handed: how much of one partner is given to the loop and not yet stored.

* There is room for the windows of all lanes, and for so many bytes; whoever has none
  waits, and takes no more from the partner's line meanwhile. An honest border sends no
  more than its windows, so it is never kept waiting for the number.
* The journal keeps what a refusal rests on, since a replay judges it again. So what is
  refused is taken at a bounded rate in the long run; before that a burst of as many
  bytes as may be handed over, which is what an honest partner's mistake takes.

Left to others: whose turn it is in the loop, and what is refused.
"""

import asyncio
from collections.abc import Callable

from beaconfire.runtime.settings import SETTINGS
from beaconfire.vocabulary.link import LANES

MESSAGES_MAX = len(LANES) * SETTINGS.window_messages_max
ENTRIES_BYTES = 1024  # what a refusal's entries take beside the text; measured 900


class Handed:
    """One partner's share of the loop."""

    def __init__(self, *, slowed: Callable[[], None]) -> None:
        """``slowed`` is called when what is refused has to wait for the rate."""
        self.messages = 0
        self.size_bytes = 0
        self._slowed = slowed
        self._less = asyncio.Event()
        self._refused_bytes = 0.0
        self._counted_s = 0.0

    async def take(self, size_bytes: int) -> None:
        """Wait until there is room for a message of this size, and take it."""
        while (wait_s := self._too_fast_s()) > 0:
            self._slowed()
            await asyncio.sleep(wait_s)
        while self._full(size_bytes):
            self._less.clear()
            await self._less.wait()
        self.messages += 1
        self.size_bytes += size_bytes

    def give_back(self, size_bytes: int, *, refused: bool) -> None:
        """Make the room free again: the message is stored."""
        self.messages -= 1
        self.size_bytes -= size_bytes
        self._less.set()
        if refused:
            self._refused_bytes += size_bytes + ENTRIES_BYTES

    def _full(self, size_bytes: int) -> bool:
        if self.messages >= MESSAGES_MAX:
            return True
        more = self.size_bytes + size_bytes > SETTINGS.handed_bytes_max
        return more and self.messages > 0

    def _too_fast_s(self) -> float:
        """Return how long to wait, so that refusals keep their rate."""
        now_s = asyncio.get_running_loop().time()
        past_s, self._counted_s = now_s - self._counted_s, now_s
        forgotten = past_s * SETTINGS.refused_bytes_a_s_max
        self._refused_bytes = max(0.0, self._refused_bytes - forgotten)
        over = self._refused_bytes - SETTINGS.handed_bytes_max
        return over / SETTINGS.refused_bytes_a_s_max
