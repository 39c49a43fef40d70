"""Clock: the only place where a node learns what time it is.

* A node's clock is the wall clock; in an exercise it is exercise time, epoch plus
  speed times the monotonic time since the start, which all nodes on one machine share.
* Liveness is measured on the monotonic clock, never on this one.
* A step of the wall clock is found by comparing it with the monotonic clock. Exercise
  time cannot step, since it is made from the monotonic clock.
"""

import time
from dataclasses import dataclass
from typing import Protocol

from beaconfire.vocabulary.times import NS_PER_S, Instant

STEP_S_MAX = 1.0  # a clock further off than this from its own past has stepped


class Clock(Protocol):
    """What time it is, for the ``at`` of a turn."""

    def now(self) -> Instant:
        """Return the node's time."""
        ...

    def stepped_s(self) -> float:
        """Return by how much the clock has stepped since it was last asked."""
        ...


class WallClock:
    """The machine's clock, watched against the monotonic one."""

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now(self) -> Instant:
        """Return the machine's time."""
        return Instant(time.time_ns())

    def stepped_s(self) -> float:
        """Return the step since the last call; slow drift is no step."""
        offset_ns = time.time_ns() - time.monotonic_ns()
        step_s = (offset_ns - self._offset_ns) / NS_PER_S
        self._offset_ns = offset_ns
        return step_s if abs(step_s) > STEP_S_MAX else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseClock:
    """Exercise time: ``epoch`` at ``start_monotonic_ns``, running ``speed`` times."""

    epoch: Instant
    speed: float
    start_monotonic_ns: int

    def now(self) -> Instant:
        """Return the exercise's time; before the start it stands at the epoch."""
        elapsed_ns = max(0, time.monotonic_ns() - self.start_monotonic_ns)
        return Instant(self.epoch.ns + round(elapsed_ns * self.speed))

    def stepped_s(self) -> float:
        """Return zero: the monotonic clock does not step."""
        return 0.0

    def wall_s_until(self, at: Instant) -> float:
        """Return the wall seconds from now until exercise time is ``at``."""
        start_s = (time.monotonic_ns() - self.start_monotonic_ns) / NS_PER_S
        return at.seconds_since(self.epoch) / self.speed - start_s


class AwaitedClock:
    """The clock of an exercise whose start is not known yet: it stands at the epoch."""

    def __init__(self, epoch: Instant) -> None:
        self._epoch = epoch
        self._clock: ExerciseClock | None = None

    @property
    def running(self) -> bool:
        """Whether the start is known."""
        return self._clock is not None

    def begin(self, clock: ExerciseClock) -> None:
        """Run from now on as ``clock`` says."""
        self._clock = clock

    def now(self) -> Instant:
        """Return the exercise's time."""
        return self._epoch if self._clock is None else self._clock.now()

    def stepped_s(self) -> float:
        """Return zero: it stands or runs, and does not step."""
        return 0.0
