"""The fuse stage folded by hand, with a solver that answers at once or not at all."""

from collections.abc import Callable
from dataclasses import dataclass, field

from beaconfire.stages.fuse import FuseStage, begin, observations, step
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.sightings import (
    EstimateRequest,
    ItemHeld,
    LaunchEvent,
)
from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.item import Item
from tests.stages.sightings_made import (
    KEY,
    answer,
    area,
    entry,
    estimate_of,
    launch_point,
)

Solver = Callable[[EstimateRequest, Observations], FlightEstimate | None]


def solve(request: EstimateRequest, held: Observations) -> FlightEstimate:
    """Answer with something that depends on what is held, and on nothing else."""
    count = len(held.plots) + sum(t.plots for t in held.tracklets) + len(held.cues)
    return estimate_of(
        100.0 + count,
        impact=area(semi_major_m=1e6 / count),
        launch=launch_point(semi_major_m=1e5 / count),
        plots=max(1, count),
    )


@dataclass
class Folded:
    """A fuse stage, what it gave, and what its solver was asked."""

    profile: NodeProfile
    solver: Solver | None = solve
    solve_interval_s: float = 0.5
    out: list[tuple[float, EntryBody]] = field(default_factory=list)
    asked: list[tuple[float, EstimateRequest, Observations]] = field(
        default_factory=list
    )

    def __post_init__(self) -> None:
        self.state: FuseStage = begin(
            self.profile, opaque_key=KEY, solve_interval_s=self.solve_interval_s
        )
        self.number = 0

    def give(self, seconds: float, *bodies: EntryBody) -> list[EntryBody]:
        """Fold bodies, and the solver's answers to what they make it ask."""
        mine: list[EntryBody] = []
        queue = list(bodies)
        while queue:
            self.number += 1
            self.state, out = step(
                self.state, entry(queue.pop(0), seconds, self.number)
            )
            mine.extend(out)
            for body in out:
                if isinstance(body, EstimateRequest):
                    held = observations(self.state, body)
                    self.asked.append((seconds, body, held))
                    if self.solver is not None:
                        queue.append(answer(body, self.solver(body, held), None))
        self.out.extend((seconds, body) for body in mine)
        return mine

    def events(self) -> list[LaunchEvent]:
        """Return the launch events so far."""
        return [body for _, body in self.out if isinstance(body, LaunchEvent)]

    def held(self) -> list[ItemHeld]:
        """Return the own items so far, as they stand in the journal."""
        return [body for _, body in self.out if isinstance(body, ItemHeld)]

    def items(self, *kinds: type) -> list[Item]:
        """Return the own items so far, of some kinds or all."""
        items = [held.sealed.item for held in self.held()]
        return [item for item in items if not kinds or isinstance(item.body, kinds)]

    def for_party(self, party: str) -> list[Item]:
        """Return the own items that ``party`` is in the audience of."""
        return [
            held.sealed.item
            for held in self.held()
            if held.audience is None or party in held.audience
        ]
