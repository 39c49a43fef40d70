"""Event loop: the one that a node and whatever measures it run on.

It is uvloop's, which makes half again as many turns a second (ADR 0003).
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end and return its result."""
    # The loop's TLS layer remarks on every closed line; it means nothing.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
