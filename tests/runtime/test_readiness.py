"""What ``run/ready.json`` says is so for as long as it stands there."""

import asyncio
import json
import os
import signal
import time

import pytest

from beaconfire.runtime import processes
from beaconfire.runtime.effects import Solve
from beaconfire.runtime.readiness import Readiness
from beaconfire.runtime.solver import Solver
from beaconfire.vocabulary.entries.sightings import EstimateRequest
from beaconfire.vocabulary.flight import Observations
from tests.runtime.walk import RunningNode, done, free_port

AGAIN_S_MAX = 20.0


def listed(directory):
    """Return the process number of each kind, as the file says."""
    told = json.loads((directory / "run" / "ready.json").read_text("utf-8"))
    return {note["kind"]: note["pid"] for note in told["processes"]}


def test_the_file_stands_from_ready_to_stopped_and_follows_what_runs(tmp_path):
    """A part that starts again before the node is ready does not make it so."""
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    readiness = Readiness(run_dir, "JPN")
    readiness.runs("journal", 11, 7421)
    assert not list(run_dir.iterdir())
    readiness.tell()
    readiness.runs("journal", 12, 7421)
    readiness.runs("solver", 13)
    assert listed(tmp_path) == {"journal": 12, "solver": 13}
    readiness.take_back()
    readiness.runs("journal", 14, 7421)
    assert not list(run_dir.iterdir())


@pytest.mark.servers
@pytest.mark.parametrize("kind", ["border", "journal"])
def test_a_server_that_is_started_again_is_listed_by_its_new_number(tmp_path, kind):
    """Whoever reads a number there finds that process, and no stranger."""
    directory = tmp_path / "JPN"
    ports = ("--border-port", free_port(), "--journal-port", free_port())
    done("node", "init", "--party", "JPN", "--node", directory, *ports)
    done("node", "card", "--node", directory)
    node = RunningNode(directory)
    try:
        node.start()
        before = listed(directory)
        os.kill(before[kind], signal.SIGKILL)
        began = time.monotonic()
        now = before
        while now[kind] == before[kind] or not processes.record_of(now[kind]):
            assert time.monotonic() - began < AGAIN_S_MAX, node.log()
            time.sleep(0.05)
            now = listed(directory)
        assert {**now, kind: 0} == {**before, kind: 0}
        assert node.stop() == 0, node.log()
        assert not (directory / "run" / "ready.json").exists()
    finally:
        node.kill()


@pytest.mark.servers
def test_a_solver_that_is_started_again_tells_its_new_number():
    """It is one of the node's processes, too."""

    async def killed():
        told, answers = [], asyncio.Queue()
        solver = Solver(answers.put_nowait, report=lambda _: None, again=told.append)
        await solver.start()
        try:
            first = solver.pid
            os.kill(first, signal.SIGKILL)
            request = EstimateRequest(request="one", launch_id="one", product="launch")
            solver.submit(Solve(request, Observations(plots=(), cues=())))
            await answers.get()
            return first, solver.pid, told
        finally:
            await solver.stop()

    first, second, told = asyncio.run(killed())
    assert first != second
    assert told == [second]
