"""Pace: when a whole-arc solve of one launch and product is asked for.

At once when there is enough to solve; then at most every ``solve_interval_s``, less
often as the arc grows, since a long arc changes little in a second and costs more.
One is in flight at a time; what comes meanwhile is one wish, however much it is, and
is asked for when the answer is back.
"""

from dataclasses import dataclass

from beaconfire.vocabulary.times import Instant

# Of an arc of 100 s every 2 s, of 1,000 s every 20 s.
ARC_PART = 0.02


@dataclass(slots=True, kw_only=True)
class Pace:
    """What is in flight, what is wished, and when the last one was asked for."""

    in_flight: str | None = None
    wished: bool = False
    asked: Instant | None = None

    def wish(self) -> None:
        """Say that there is something new to solve with."""
        self.wished = True

    def due(self, arc_s: float, interval_s: float) -> Instant | None:
        """Return from when on a request may be made, or ``None`` while none may."""
        if self.in_flight is not None or not self.wished:
            return None
        if self.asked is None:
            return Instant(0)
        return self.asked.plus_s(max(interval_s, ARC_PART * arc_s))

    def ask(self, request: str, at: Instant) -> None:
        """Record that ``request`` is made now."""
        self.in_flight, self.wished, self.asked = request, False, at

    def answered(self, request: str) -> bool:
        """Take the answer to ``request``; say whether it was the one in flight."""
        if self.in_flight != request:
            return False
        self.in_flight = None
        return True
