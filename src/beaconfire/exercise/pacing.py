"""Pacing: the wall's time beside an exercise's.

``Pace`` lets a simulated exercise run no faster than somebody wants to watch it.
``Progress`` tells how far a run is whenever nothing else was told for a while. Neither
decides anything, and nothing that they do reaches a journal or a report.
"""

import threading
import time
from collections.abc import Callable
from types import TracebackType

SILENCE_S = 4.0  # wall; longer without a line, and one asks whether it has stopped
LOOK_S = 0.5  # wall; how often that is looked after

Say = Callable[[str], None]


class Pace:
    """Exercise seconds against the wall's. It only ever waits; it decides nothing."""

    def __init__(self, speed: float | None) -> None:
        """``speed`` exercise seconds a second; ``None`` never waits."""
        self._speed = speed
        self._began_s = time.monotonic()

    def keep(self, exercise_s: float) -> None:
        """Wait until the wall has come as far as the exercise."""
        if self._speed is None:
            return
        due_s = self._began_s + exercise_s / self._speed
        time.sleep(max(0.0, due_s - time.monotonic()))


class Progress:
    """Says what is under way, and how far it is after each silence; use as a context.

    A thread of its own says it, for much of the work lets nobody else speak for long.
    """

    def __init__(self, say: Say, *, silence_s: float = SILENCE_S) -> None:
        """``say`` prints one line, from whichever thread."""
        self._say = say
        self._silence_s = silence_s
        self._what = "starting"
        self._far = ""
        self._began_s = self._heard_s = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def say(self, what: str) -> None:
        """Say what begins now."""
        self._what, self._far = what, ""
        self._began_s = time.monotonic()
        self.heard()
        self._say(what)

    def reached(self, far: str) -> None:
        """Note how far it is, to be said if a silence falls."""
        self._far = far

    def heard(self) -> None:
        """Note that something else was just told."""
        self._heard_s = time.monotonic()

    def _watch(self) -> None:
        while not self._over.wait(LOOK_S):
            now_s = time.monotonic()
            if now_s - self._heard_s >= self._silence_s:
                self._heard_s = now_s
                far = self._far or f"{now_s - self._began_s:.0f} s so far"
                self._say(f"{self._what}: {far}")
