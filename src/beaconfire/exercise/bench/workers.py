"""Workers: one case after another, in as many processes as the machine has cores.

What is done to a case is a function of the case alone, so answers are the same for any
number of processes, and come in the order of the cases. Fresh processes: the numerical
threads of this one would not survive a fork.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
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
    """Work in so many processes, which end with it; one is this process itself."""
    if count == 1:
        yield Workers(None, say)
        return
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        try:
            yield Workers(pool, say)
        finally:
            pool.shutdown(cancel_futures=True)  # what was not begun is not wanted
