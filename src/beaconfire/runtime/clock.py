"""Clock: the only place where a node learns what time it is.

* A node's clock is the wall clock; in an exercise it is exercise time, epoch plus
  speed times the monotonic time since the start, which all nodes on one machine share.
* Liveness is measured on the monotonic clock, never on this one.
* A step of the wall clock is found by comparing it with the monotonic clock. Exercise
  time cannot step, since it is made from the monotonic clock.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from beaconfire.runtime.settings import SETTINGS
from beaconfire.vocabulary.times import NS_PER_S, Instant


class Clock(Protocol):
    """What time it is, for the ``at`` of a turn."""

    @property
    def trusted(self) -> bool:
        """Whether it is steady, and not far behind the turns made by it."""
        ...

    def now(self) -> Instant:
        """Return the node's time."""
        ...

    def stepped_s(self) -> float:
        """Return by how much the clock has stepped since it was last asked."""
        ...

    def go_on_from(self, at: Instant) -> None:
        """Never say a time before ``at``, that of the newest turn."""
        ...


class WallClock:
    """The machine's clock, watched against the monotonic one.

    The node's time never goes back and does not jump at once. After a step ahead it
    goes on at its own pace until the clock has been steady, then follows. After a step
    back it goes on at half its pace until the clock has caught up. So what counts
    seconds, the warning of our own people first, goes on meanwhile.
    """

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall_ns, self._monotonic_ns = wall_ns, monotonic_ns
        self._seen_ns = monotonic_ns()
        self._said_ns = wall_ns()
        self._offset_ns = self._said_ns - self._seen_ns
        self._steady_from_ns = self._seen_ns
        self._step_ns = 0

    @property
    def trusted(self) -> bool:
        """Whether it is steady, and not far behind the turns made by it."""
        self.now()
        steady = self._seen_ns >= self._steady_from_ns
        # A time service that slews sets a clock back by microseconds again and again:
        # that is no step, and nothing may wait for it.
        behind_ns = self._said_ns - (self._seen_ns + self._offset_ns)
        return steady and behind_ns <= SETTINGS.step_s_max * NS_PER_S

    def now(self) -> Instant:
        """Return the node's time."""
        monotonic_ns, wall_ns = self._monotonic_ns(), self._wall_ns()
        step_ns = wall_ns - monotonic_ns - self._offset_ns
        self._offset_ns += step_ns
        if abs(step_ns) > SETTINGS.step_s_max * NS_PER_S:
            self._step_ns += step_ns
            self._steady_from_ns = monotonic_ns + round(SETTINGS.steady_s * NS_PER_S)
        passed_ns = monotonic_ns - self._seen_ns
        if wall_ns < self._said_ns + passed_ns // 2:
            self._said_ns += passed_ns // 2
        elif monotonic_ns < self._steady_from_ns:
            self._said_ns = min(wall_ns, self._said_ns + passed_ns)
        else:
            self._said_ns = wall_ns
        self._seen_ns = monotonic_ns
        return Instant(self._said_ns)

    def stepped_s(self) -> float:
        """Return the steps since the last call; slow drift is no step."""
        self.now()
        step_ns, self._step_ns = self._step_ns, 0
        return step_ns / NS_PER_S

    def go_on_from(self, at: Instant) -> None:
        """Never say a time before ``at``: a clock far behind it has stepped back."""
        behind_ns = at.ns - self.now().ns
        if behind_ns > 0:
            self._said_ns = at.ns
        if behind_ns > SETTINGS.step_s_max * NS_PER_S:
            self._step_ns -= behind_ns
            self._steady_from_ns = self._seen_ns + round(SETTINGS.steady_s * NS_PER_S)


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

    @property
    def trusted(self) -> bool:
        """Always: it is made from the monotonic clock."""
        return True

    def go_on_from(self, at: Instant) -> None:
        """Do nothing: its start decides where it stands."""

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

    @property
    def trusted(self) -> bool:
        """Always: it stands, or is made from the monotonic clock."""
        return True

    def go_on_from(self, at: Instant) -> None:
        """Do nothing: its start decides where it stands."""
