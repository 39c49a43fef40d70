"""Priority: a process steps back behind those that must not wait for it.

Linux may share processors among sessions first (``sched_autogroup_enabled``, on most
machines), and a nice value then counts only inside its own. So a process that leads a
session steps back with the whole of it.
"""

import os
from contextlib import suppress
from pathlib import Path

_SESSION = Path("/proc/self/autogroup")


def step_back(nice: int) -> None:
    """Run this process below others by ``nice``, and its session too if it leads one.

    Does nothing more than ``os.nice`` where the system knows no such groups.
    """
    os.nice(nice)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            _SESSION.write_text(str(nice), "ascii")
