"""Solver: the node's side of the solver process.

* A solve never blocks the node's loop; its answer comes back as an input.
* If the process dies or does not answer in time, the request is answered as failed
  and a new process is started, a bounded number of times.
* Requests queue one behind another: each launch and product has at most one.
"""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress

from beaconfire.errors import BadInput, BeaconfireError
from beaconfire.runtime.effects import Solve
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.solver_talk import LENGTH, READY, Solved, parts_of, written
from beaconfire.seals import codec
from beaconfire.vocabulary.entries.arrivals import Estimate
from beaconfire.vocabulary.flight import Observations

Deliver = Callable[[Estimate], None]
_FIRST = "the first start on a machine compiles it"


class Solver:
    """One solver process and the requests before it."""

    def __init__(
        self,
        deliver: Deliver,
        *,
        report: Callable[[str], None],
        again: Callable[[int], None],
    ) -> None:
        """``again`` is told the process id of one that was started for another."""
        self._deliver = deliver
        self._report = report
        self._again = again
        self._requests: asyncio.Queue[Solve] = asyncio.Queue()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._starts = 0

    async def start(self) -> None:
        """Start the process and wait until it has compiled.

        Raises:
            BeaconfireError: it does not become ready in time.
        """
        await self._launch()
        self._task = asyncio.create_task(self._serve())

    def submit(self, solve: Solve) -> None:
        """Ask for a solve; the answer is given to ``deliver``."""
        self._requests.put_nowait(solve)

    async def failed(self) -> None:
        """Raise what ended the solver; otherwise wait for ever."""
        assert self._task is not None
        await asyncio.shield(self._task)

    @property
    def pid(self) -> int | None:
        """The process id, for the node's own account of itself."""
        return self._process.pid if self._process else None

    async def stop(self) -> None:
        """End the process."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._end()

    async def _launch(self) -> None:
        self._starts += 1
        if self._starts > SETTINGS.solver_starts_max:
            message = f"the solver died {self._starts - 1} times: see above for why"
            raise BeaconfireError(message)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "beaconfire.runtime.solver_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # An interrupt at the terminal is the node's; it ends the solver.
            start_new_session=True,
        )
        answer = asyncio.create_task(self._read())
        try:
            ready = await self._becomes_ready(answer)
        finally:
            # Also where the start is given up: nobody else would hear what it ends in.
            answer.cancel()
            await asyncio.gather(answer, return_exceptions=True)
        if not ready:
            await self._end()
            message = "the solver process did not become ready: see its messages above"
            raise BeaconfireError(message)

    async def _becomes_ready(self, answer: "asyncio.Task[bytes]") -> bool:
        waited_s = 0.0
        while waited_s < SETTINGS.solver_ready_s_max:
            await asyncio.wait({answer}, timeout=SETTINGS.progress_s)
            if answer.done():
                return answer.exception() is None and answer.result() == READY
            waited_s += SETTINGS.progress_s
            self._report(f"readying the estimator: {waited_s:.0f} s ({_FIRST})")
        return False

    async def _serve(self) -> None:
        while True:
            solve = await self._requests.get()
            self._deliver(await self._answer(solve))

    async def _answer(self, solve: Solve) -> Estimate:
        request = solve.request
        solved: Solved
        try:
            async with asyncio.timeout(SETTINGS.solve_s_max):
                answer = await self._ask(solve.observations)
            solved = codec.decode_repeating(answer, Solved, what="answer")
        except (TimeoutError, asyncio.IncompleteReadError, OSError):
            self._report("the solver did not answer; starting it again")
            await self._end()
            await self._launch()
            assert self._process is not None
            self._again(self._process.pid)
            solved = Solved(estimate=None, failed="the solver process did not answer")
        except BadInput as error:
            # An answer that cannot be told costs itself, not the node.
            solved = Solved(estimate=None, failed=f"the solver's answer: {error}")
        return Estimate(
            request=request.request,
            launch_id=request.launch_id,
            product=request.product,
            estimate=solved.estimate,
            failed=solved.failed,
        )

    async def _ask(self, observations: Observations) -> bytes:
        assert self._process is not None
        sink = self._process.stdin
        assert sink is not None
        for part in parts_of(observations):
            data = written(part)
            sink.write(LENGTH.pack(len(data)) + data)
            await sink.drain()
            await asyncio.sleep(0)  # between two parts the node's other work goes on
        sink.write(LENGTH.pack(0))
        await sink.drain()
        return await self._read()

    async def _read(self) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        head = await self._process.stdout.readexactly(LENGTH.size)
        (length,) = LENGTH.unpack(head)
        return await self._process.stdout.readexactly(length)

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(SETTINGS.stop_s_max):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
