"""Walk: the command line and real nodes, driven as their users would."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path

from beaconfire.exercise.scenario import parse_scenario
from beaconfire.exercise.sensors import observe
from beaconfire.exercise.sky.flight import fly_all
from beaconfire.runtime.door_client import DoorClient
from beaconfire.vocabulary.times import Instant

READY_S_MAX = 180.0


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def beaconfire(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "beaconfire", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def done(*arguments: object) -> str:
    """Run one command that must succeed; return what it printed."""
    result = beaconfire(*arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


class RunningNode:
    """A node's process; ended by its own id."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        ready = self.directory / "run" / "ready.json"
        ready.unlink(missing_ok=True)
        command = ("node", "run", "--node", str(self.directory))
        with (self.directory / "run" / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "beaconfire", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        began = time.monotonic()
        while not ready.exists():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() - began < READY_S_MAX, self.log()
            time.sleep(0.05)

    def log(self) -> str:
        """Return what the node said."""
        return (self.directory / "run" / "node.log").read_text("utf-8")

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def kill(self) -> None:
        """End it with no warning."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=30)


def sky_scans(count):
    """Return the newest scans of one radar that watches a launch of a minute ago."""
    now = Instant(time.time_ns())
    shipped = resources.files("beaconfire.exercise") / "scenarios"
    text = (shipped / "2022-10-04.toml").read_text("utf-8")
    scenario = parse_scenario(text, file="2022-10-04.toml")
    sightings = [
        s
        for s in observe(scenario, fly_all(scenario, seed=1), 1)
        if s.stream == "plots" and s.party == "JPN" and s.sensor_id.endswith("1")
    ][:count]
    shift_ns = now.ns - sightings[-1].at.ns
    scans = []
    for sighting in sightings:
        plots = [json.loads(line) for line in sighting.lines]
        for plot in plots:
            plot["time"] = str(Instant(Instant.parse(plot["time"]).ns + shift_ns))
            plot["sensor"]["id"] = "radar-1"
            plot["bias_id"] = None
        scans.append("\n".join(map(json.dumps, plots)))
    return scans


def ask(node, subject, *texts):
    """Send messages to a node's door one after another; return the answers."""

    async def talk():
        client = DoorClient(node)
        try:
            return [json.loads(await client.ask(subject, t.encode())) for t in texts]
        finally:
            await client.close()

    return asyncio.run(talk())


def entries(node):
    """Return a node's journal as `journal export` writes it."""
    return [json.loads(line) for line in done("journal", "export", node).splitlines()]


def wait_for(node, wanted, seconds=20.0):
    """Return the journal once an entry is as wanted."""
    began = time.monotonic()
    while True:
        found = entries(node)
        if any(map(wanted, found)):
            return found
        assert time.monotonic() - began < seconds, "the entry did not come"
        time.sleep(0.3)
