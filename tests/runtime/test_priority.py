"""Who steps back does so where the system counts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

GROUPS = Path("/proc/self/autogroup")
TELL = """
import json, os, pathlib, sys
from beaconfire.runtime.priority import step_back
step_back(7)
group = pathlib.Path("/proc/self/autogroup")
said = group.read_text().split()[-1:] if group.exists() else []
print(json.dumps([os.getpriority(os.PRIO_PROCESS, 0), said]))
"""


def of_this_session():
    """Return the nice value of this session; none if the system's first one holds it.

    The file is then there and empty, as where a container has no session of its own.
    """
    return GROUPS.read_text().split()[-1:] if GROUPS.exists() else []


def told(*, leads):
    """Return the nice value of a process that stepped back, and of its session."""
    ran = subprocess.run(
        [sys.executable, "-c", TELL],
        capture_output=True,
        check=True,
        start_new_session=leads,
    )
    return json.loads(ran.stdout)


@pytest.mark.skipif(not GROUPS.exists(), reason="the system groups no sessions")
def test_a_solver_steps_back_with_its_whole_session():
    """Else it had half of a processor that the node wants, whatever its nice value."""
    nice, session = told(leads=True)
    assert nice >= 7
    assert session == ["7"]


def test_who_shares_a_session_steps_back_alone():
    """The others in it are not its to slow down."""
    nice, session = told(leads=False)
    assert nice >= 7
    assert session == of_this_session()
