"""A node that is told to end is gone in time, and says what it waited for."""

import subprocess
import sys

STUCK = """
import asyncio, sys
from beaconfire.runtime import event_loop, giving_up

class Limits:
    node_stop_s_max = 0.2

giving_up.SETTINGS = Limits

async def for_ever():
    await asyncio.Event().wait()

async def node():
    say = lambda text: print(text, file=sys.stderr, flush=True)
    giving_up.give_up_later(asyncio.current_task(), say)
    if "stuck" in sys.argv:
        await for_ever()
    await asyncio.sleep(0)

event_loop.run(node())
"""


def ran(*words):
    """Run a node that is told to end, and hangs if it is to."""
    return subprocess.run(
        [sys.executable, "-c", STUCK, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_stop_that_hangs_ends_all_the_same_and_says_where():
    """Else whoever stops a node would wait for ever, and nobody could mend it."""
    process = ran("stuck")
    assert process.returncode == 1
    (line,) = process.stderr.splitlines()
    assert line.startswith("not stopped within 0.2 s: waiting at <string>:")
    assert "locks.py" in line  # the innermost: what never comes


def test_who_ends_in_time_is_not_given_up():
    """The bound is for what hangs alone."""
    process = ran()
    assert (process.returncode, process.stderr) == (0, "")
