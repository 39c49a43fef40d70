"""Workers: fresh processes for a bench that simulates, which never outlive it.

* Fresh, because the numerical threads of this process would not survive a fork.
* If the bench is ended, what waits is dropped and the cases under way are given up.
* If the bench is killed, each worker notices that its parent has gone, and goes too.
"""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process


@contextmanager
def workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """Lend so many processes."""
    context = get_context("spawn")
    before = set(active_children())
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_end_with_parent)
    whole = False
    try:
        yield pool
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
