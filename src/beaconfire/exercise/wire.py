"""Wire: simulated lines between nations: delay, jitter, loss, repeats, cuts.

Deterministic by seed; each direction of each pair draws from a stream of its own, so
that traffic on one line never changes another's. Times are seconds of exercise time
since the scenario's epoch.
"""

import hashlib

import numpy as np

from beaconfire.exercise.scenario_parts import Link
from beaconfire.vocabulary.party import Party

REORDER_EXTRA_S = 0.2  # a reordered message is late by up to this
NEVER_S = 1e12


class Wire:
    """One direction between two nations."""

    def __init__(
        self, links: tuple[Link, ...], sender: Party, to: Party, *, seed: int
    ) -> None:
        self._links = tuple(
            link for link in links if (link.from_, link.to) == (sender, to)
        )
        name = hashlib.sha256(f"wire {seed} {sender} {to}".encode()).digest()
        self._draw = np.random.default_rng(int.from_bytes(name[:8], "big"))

    def cut_until_s(self, at_s: float) -> float | None:
        """Return when the cut in force at ``at_s`` ends; ``None`` if the line is up."""
        until = at_s
        for _ in range(len(self._links)):
            ends = [
                link.until_s
                for link in self._links
                if link.cut and link.at_s <= until < link.until_s
            ]
            if not ends:
                break
            until = max(ends)
        return until if until > at_s else None

    def changes_s(self) -> tuple[float, ...]:
        """Return the instants at which a cut begins or ends."""
        edges = {
            t for link in self._links if link.cut for t in (link.at_s, link.until_s)
        }
        return tuple(sorted(edges))

    def delays_s(self, at_s: float) -> tuple[float, ...]:
        """Draw how long each copy of a message takes; empty if it is lost."""
        link = self._in_force(at_s)
        if link is None:
            return (0.0,)
        if self._draw.random() < link.drop:
            return ()
        copies = 2 if self._draw.random() < link.duplicate else 1
        return tuple(self._delay_s(link) for _ in range(copies))

    def _delay_s(self, link: Link) -> float:
        delay = link.delay_ms + link.jitter_ms * float(self._draw.random())
        late = self._draw.random() < link.reorder
        extra = REORDER_EXTRA_S * float(self._draw.random()) if late else 0.0
        return delay / 1000.0 + extra

    def _in_force(self, at_s: float) -> Link | None:
        # The last entry that covers the instant is the one meant, as in any table
        # where a special case follows the general one.
        covering = [
            link
            for link in self._links
            if not link.cut and link.at_s <= at_s < link.until_s
        ]
        return covering[-1] if covering else None
