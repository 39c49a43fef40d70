"""Raw: the peer's two processes, started and ended like nodes.

See ``raw_process`` for what they do. Each has a directory of its own, laid out as a
node's, so that servers, certificates and addresses are exactly those of a node.
"""

import asyncio
import signal
import sys
from pathlib import Path

from beaconfire.errors import BeaconfireError
from beaconfire.exercise.bench.raw_process import Role
from beaconfire.exercise.node_process import STOP_S_MAX
from beaconfire.runtime.processes import dying_with_parent
from beaconfire.runtime.readiness import READY_FILE

READY_S_MAX = 60.0
READY_POLL_S = 0.05
LOG_NAME = "raw.log"


class RawProcess:
    """One end of the raw peer."""

    def __init__(self, role: Role, directory: Path) -> None:
        """Nothing runs before ``start``."""
        self._role = role
        self._directory = directory
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and return when it is ready.

        Raises:
            BeaconfireError: it ended, or is not ready in time.
        """
        run_dir = self._directory / "run"
        with (run_dir / LOG_NAME).open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *dying_with_parent(),
                sys.executable,
                "-m",
                "beaconfire.exercise.bench.raw_process",
                self._role,
                str(self._directory),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        waited_s = 0.0
        while not (run_dir / READY_FILE).exists():
            if self._process.returncode is not None or waited_s > READY_S_MAX:
                await self.stop()
                said = (run_dir / LOG_NAME).read_text("utf-8", "replace").strip()
                message = f"the raw {self._role} does not start: {said[-400:]}"
                raise BeaconfireError(message)
            await asyncio.sleep(READY_POLL_S)
            waited_s += READY_POLL_S

    async def stop(self) -> None:
        """Stop it and wait until it has gone; killed if it does not go."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S_MAX):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
