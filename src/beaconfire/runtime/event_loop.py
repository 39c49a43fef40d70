"""Event loop: the one that whatever waits for a server or a process runs on.

* It is uvloop's, which makes half again as many turns a second (ADR 0003).
* Who is told to end is not kept from it by an answer that comes at the same moment.
"""

import asyncio
import logging
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end and return its result."""
    # The loop's TLS layer remarks on every closed line; it means nothing.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    if sys.version_info < (3, 12):
        # Up to 3.11 it returns what arrives together with a cancellation, and forgets
        # the latter. The servers' client waits in no other way, so an interrupt at the
        # wrong moment was lost, and the command went on. Later versions do as below.
        asyncio.wait_for = _wait_for
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


async def _wait_for(fut: Any, timeout: float | None) -> Any:
    async with asyncio.timeout(timeout):
        return await fut
