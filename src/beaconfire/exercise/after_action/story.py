"""Story: what the pages show beside the report's numbers, gathered from the journals.

Who acted on which agreement and when each nation knew, what was refused and on which
articles, what arrived by which route and when. Nothing is judged here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from beaconfire.exercise.after_action.latency import Hop, hop_latencies_ms
from beaconfire.exercise.after_action.readings import (
    Reading,
    first_lift_off,
    read_all,
)
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.sky.flight import Flight
from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.carriage import Arrival
from beaconfire.vocabulary.entries.decisions import Refusal
from beaconfire.vocabulary.link import Lane
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

REFUSALS_SHOWN_MAX = 60
ACTS_SHOWN_MAX = 60

Journals = Mapping[Party, Sequence[Entry]]


@dataclass(slots=True, kw_only=True)
class RefusalTold:
    """Refusals of one way, form and reason: how many, from when to when."""

    originator: Party
    to: Party
    via: Party | None
    form: str
    articles: tuple[str, ...]
    reason: str
    count: int = 0
    first_s: float = 0.0
    last_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class ActTold:
    """One act, and when each nation had it in its journal."""

    act: Act
    known_s: dict[Party, float]

    @property
    def t_s(self) -> float:
        """When the first nation had it: its own people's."""
        return min(self.known_s.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A way by which items of one nation reach another."""

    originator: Party
    to: Party
    via: Party | None

    @property
    def title(self) -> str:
        """The route in words, as in ``KOR to JPN via USA``."""
        via = f" via {self.via}" if self.via else ""
        return f"{self.originator} to {self.to}{via}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything that the pages show beside the report. Seconds as in the report.

    ``with_sharing`` is empty when the run itself was without. ``arrived_s`` are the
    instants at which anything of a lane arrived by a route.
    """

    scenario: Scenario
    flights: tuple[Flight, ...]
    lift_off: Instant
    with_sharing: dict[Party, Reading]
    without: dict[Party, Reading]
    refusals: tuple[RefusalTold, ...]
    acts: tuple[ActTold, ...]
    arrived_s: dict[tuple[Route, Lane], list[float]]
    hops_ms: dict[Hop, list[float]]


def tell(
    scenario: Scenario,
    *,
    journals: Journals,
    journals_without: Journals | None,
    flights: Sequence[Flight],
    speed: float,
) -> Story:
    """Gather the story of a run; the arguments are those of the report."""
    lift_off = first_lift_off(flights)
    run = without = read_all(journals, flights)
    if journals_without is not None:
        without = read_all(journals_without, flights)
    refusals: dict[tuple[object, ...], RefusalTold] = {}
    acts: dict[str, ActTold] = {}
    arrived_s: dict[tuple[Route, Lane], list[float]] = {}
    for party, entries in sorted(journals.items()):
        for entry in entries:
            body, t_s = entry.body, entry.at.seconds_since(lift_off)
            if isinstance(body, Refusal):
                _refused(refusals, body, t_s)
            elif isinstance(body, Act):
                told = acts.setdefault(entry.id, ActTold(act=body, known_s={}))
                told.known_s.setdefault(party, t_s)
            elif isinstance(body, Arrival) and (body.items or body.repeated):
                route = Route(originator=body.originator, to=body.to, via=body.via)
                arrived_s.setdefault((route, body.lane), []).append(t_s)
    return Story(
        scenario=scenario,
        flights=tuple(flights),
        lift_off=lift_off,
        with_sharing={} if journals_without is None else run,
        without=without,
        refusals=tuple(sorted(refusals.values(), key=lambda told: -told.count)),
        acts=tuple(sorted(acts.values(), key=lambda told: told.t_s)),
        arrived_s=arrived_s,
        hops_ms=hop_latencies_ms(journals, speed=speed),
    )


def suspensions(story: Story) -> dict[str, list[tuple[float, float | None]]]:
    """Return, by agreement, from when to when some party held it suspended.

    ``None`` where it was not restored. Times are those of the party that acted.
    """
    held: dict[str, set[Party]] = {}
    spans: dict[str, list[tuple[float, float | None]]] = {}
    for told in story.acts:
        agreement, party = told.act.agreement, told.act.party
        parties = held.setdefault(agreement, set())
        if told.act.act == "suspend":
            if not parties:
                spans.setdefault(agreement, []).append((told.t_s, None))
            parties.add(party)
        elif told.act.act == "restore" and party in parties:
            parties.discard(party)
            if not parties:
                spans[agreement][-1] = (spans[agreement][-1][0], told.t_s)
    return spans


def _refused(
    refusals: dict[tuple[object, ...], RefusalTold], no: Refusal, t_s: float
) -> None:
    way = (no.originator, no.to, no.via, no.form, no.articles, no.reason)
    told = refusals.get(way)
    if told is None:
        told = refusals[way] = RefusalTold(
            originator=no.originator,
            to=no.to,
            via=no.via,
            form=no.form,
            articles=no.articles,
            reason=no.reason,
            first_s=t_s,
        )
    told.count += 1
    told.last_s = t_s
