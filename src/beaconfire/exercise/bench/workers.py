"""Workers: one case after another, in as many processes as the machine has cores.

* What is done to a case is a function of the case alone, so answers are the same for
  any number of processes, and come in the order of the cases.
* Processes are fresh, because the numerical threads of this one would not survive a
  fork, and never outlive the bench. If it is ended, what waits is dropped and the cases
  under way are given up; if it is killed, each notices that its parent has gone.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context, parent_process
from typing import TypeVar

WORKERS_MAX = 2
_TOLD = 5  # times that a row speaks of its progress

C = TypeVar("C")
R = TypeVar("R")
Say = Callable[[str], None]


def cores() -> int:
    """Return in how many processes to work."""
    return min(WORKERS_MAX, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Workers:
    """Whoever does the cases, and hears how far they are."""

    pool: ProcessPoolExecutor | None
    say: Say

    def each(
        self, what: str, work: Callable[[C], R], cases: Sequence[C], *, at_once: int = 1
    ) -> Iterator[R]:
        """Yield what ``work`` makes of each case, in their order.

        ``at_once`` are handed to a process together: more where a case is short.
        """
        done: Iterator[R] = map(work, cases)
        if self.pool is not None:
            done = self.pool.map(work, cases, chunksize=at_once)
        told = max(1, len(cases) // _TOLD)
        for number, answer in enumerate(done, 1):
            yield answer
            if number % told == 0 or number == len(cases):
                self.say(f"{what}: {number} of {len(cases)}")


@contextmanager
def workers(count: int, say: Say) -> Iterator[Workers]:
    """Lend so many processes; one is this process itself."""
    if count == 1:
        yield Workers(None, say)
        return
    context = get_context("spawn")
    before = set(active_children())
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_end_with_parent)
    whole = False
    try:
        yield Workers(pool, say)
        whole = True
    finally:
        if not whole:
            for process in set(active_children()) - before:
                process.terminate()
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = parent_process()
    assert parent is not None, "a worker has a parent"
    parent.join()
    os._exit(1)
