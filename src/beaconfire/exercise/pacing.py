"""Pacing: let a simulated exercise run no faster than somebody wants to watch it."""

import time


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
