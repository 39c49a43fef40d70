"""Walk: the command line and real nodes, driven as their users would."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

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
