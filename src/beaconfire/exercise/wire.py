"""Wire: simulated lines between nations: delay, jitter, loss, repeats, cuts.

Deterministic by seed. What a line does to a message is drawn from the line, the lane
and the instant alone: neither traffic on another line nor another message on this one
changes it. Times are seconds of exercise time since the scenario's epoch.
"""

import hashlib
from collections.abc import Callable
from itertools import count

from beaconfire.exercise.scenario_parts import Link
from beaconfire.vocabulary.party import Party

REORDER_EXTRA_S = 0.2  # a reordered message is late by up to this


class Wire:
    """One direction between two nations."""

    def __init__(
        self, links: tuple[Link, ...], sender: Party, to: Party, *, seed: int
    ) -> None:
        self._links = tuple(
            link for link in links if (link.from_, link.to) == (sender, to)
        )
        self._name = f"wire {seed} {sender} {to}"

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

    def delays_s(self, at_s: float, lane: str) -> tuple[float, ...]:
        """Draw how long each copy of a message takes; empty if it is lost."""
        link = self._in_force(at_s)
        if link is None:
            return (0.0,)
        draw = _draws(f"{self._name} {lane} {at_s!r}")
        if draw() < link.drop:
            return ()
        copies = 2 if draw() < link.duplicate else 1
        return tuple(_delay_s(link, draw) for _ in range(copies))

    def _in_force(self, at_s: float) -> Link | None:
        # The last entry that covers the instant is the one meant, as in any table
        # where a special case follows the general one.
        covering = [
            link
            for link in self._links
            if not link.cut and link.at_s <= at_s < link.until_s
        ]
        return covering[-1] if covering else None


def _delay_s(link: Link, draw: Callable[[], float]) -> float:
    delay = link.delay_ms + link.jitter_ms * draw()
    late = draw() < link.reorder
    extra = REORDER_EXTRA_S * draw() if late else 0.0
    return delay / 1000.0 + extra


def _draws(name: str) -> Callable[[], float]:
    """Return numbers from 0 to 1, a function of ``name`` and of how many were taken."""
    number = count()

    def draw() -> float:
        text = f"{name} {next(number)}".encode()
        digest = hashlib.blake2b(text, digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    return draw
