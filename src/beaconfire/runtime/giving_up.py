"""Giving up: a node that is told to end is gone within a bound, whatever it waits for.

Nothing is lost by it: what was answered for is stored, and the servers end with the
node or are ended by its next start. Where it waited is said, since a stop that hangs is
a defect of ours.
"""

import asyncio
import inspect
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from beaconfire.runtime.settings import SETTINGS

GAVE_UP = 1  # the exit code: something broke
LAST_WORDS_S = 0.5  # until they are written, by whoever does that


def give_up_later(ending: asyncio.Task[Any], say: Callable[[str], None]) -> None:
    """End this process if ``ending`` has not ended it in time."""

    def give_up() -> None:
        if not ending.done():
            limit_s = SETTINGS.node_stop_s_max
            say(f"not stopped within {limit_s:g} s: waiting at {waits_at(ending)}")
            time.sleep(LAST_WORDS_S)
            os._exit(GAVE_UP)

    asyncio.get_running_loop().call_later(SETTINGS.node_stop_s_max, give_up)


def waits_at(task: asyncio.Task[Any]) -> str:
    """Return the chain of places at which a task waits, the innermost last."""
    places = []
    awaited: object = task.get_coro()
    while inspect.iscoroutine(awaited) and awaited.cr_frame is not None:
        frame = awaited.cr_frame
        places.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}")
        awaited = awaited.cr_await
    return " > ".join(places) or "nothing"
