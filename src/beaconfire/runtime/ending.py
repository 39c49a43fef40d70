"""Ending: told from outside to end, a command ends as if a person had interrupted it.

* What a command started is stopped where it was started, in a ``finally`` or a stack.
  The system's own answer to SIGTERM and SIGHUP runs none of these: nodes, servers and
  folders would stay behind. So both become the interrupt that Python raises.
* Who was told to ignore a signal (``nohup``) goes on ignoring it.
* A node's own loop takes the signals over while it runs.

Left to others: SIGKILL, which nobody hears. What must not outlive it is started so that
the system ends it (``processes.dying_with_parent``).
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def as_interrupt() -> Iterator[None]:
    """Turn what would end this process at once into ``KeyboardInterrupt``."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    taken = [one for one in _SIGNALS if signal.getsignal(one) is signal.SIG_DFL]
    for one in taken:
        signal.signal(one, _interrupt)
    try:
        yield
    finally:
        for one in taken:
            signal.signal(one, signal.SIG_DFL)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # By the signal and not by raising here: an event loop takes the interrupt over,
    # and cancels its work in order.
    signal.raise_signal(signal.SIGINT)
