"""Doubting: which launches have no area, since one sensor alone shows them?

The rule is the one that files are asked by (``estimation.alone``); here stands when it
is asked, and of what, in the picture and in each own product by itself.

* Only a launch that one sensor alone shows, beside one that another sensor shows, is
  asked about at all. Where every radar shows every launch nothing is ever done.
* It is asked again when scans or answers have come, ``AGAIN_S`` apart, and never while
  an answer is being taken: what follows from an answer has been decided before.
* A launch flies an arc until answers have denied it for ``DENIED_S``, or from the first
  on: so a doubt stands before an area, and no area shows between two doubts.
* A doubt ends when another sensor shows the launch too, or the rule clears it beside
  that by which it arose. What has been closed says nothing more, and clears nobody.

Nothing is closed, moved or joined by a doubt: two launches stay two.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from beaconfire.estimation.alone import (
    Flown,
    Followed,
    Shown,
    doubt_of,
    shown_of,
    unbelieved,
)
from beaconfire.stages.fuse.evidence import shown_by, sources_of
from beaconfire.stages.fuse.launches import Launch
from beaconfire.vocabulary.cards import NodeProfile, OwnSensor
from beaconfire.vocabulary.flight import FlightEstimate
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.times import Instant

# A doubt takes ten seconds of looking.
AGAIN_S = 2.0
# About burn-out, and while a push begins, an arc is denied for some seconds.
DENIED_S = 30.0
# One costs a millisecond or two where long flights are followed.
LAUNCHES_A_STEP_MAX = 1
# A launch is held against so many others, the nearest first: a sensor that lies shows
# nothing of any that is near.
OTHERS_MAX = 4
# Of a sensor's plots of a launch the newest and, evenly, so many of those before.
NEWEST_TAKEN, OLDER_TAKEN = 12, 24

L = TypeVar("L", bound=Launch)


@dataclass(slots=True, kw_only=True)
class Doubting:
    """Which launches are still to be asked about, and when all last were."""

    todo: list[str] = field(default_factory=list)
    news: bool = False
    asked: Instant | None = None

    def due(self) -> Instant | None:
        """Return from when on a launch is to be asked about; ``None`` if none is."""
        if not self.todo and not self.news:
            return None
        if self.asked is None:
            return Instant(0)
        return self.asked if self.todo else self.asked.plus_s(AGAIN_S)


def note(doubting: Doubting, launches: Sequence[Launch]) -> None:
    """Take note that something has come which may raise a doubt, or end one."""
    doubting.news = doubting.news or bool(_suspects(launches))


def ask(
    doubting: Doubting, launches: Sequence[L], profile: NodeProfile, at: Instant
) -> Iterator[L]:
    """Ask about the launches that are due; yield those of which the doubt changed."""
    time = doubting.due()
    if time is None or time > at:
        return
    if not doubting.todo:
        doubting.todo = [launch.id for launch in _suspects(launches)]
        doubting.news, doubting.asked = False, at
    now, doubting.todo = (
        doubting.todo[:LAUNCHES_A_STEP_MAX],
        doubting.todo[LAUNCHES_A_STEP_MAX:],
    )
    asking = _Asking(at, {one.id: one for one in profile.sensors})
    for launch in launches:
        if launch.id not in now:
            continue
        before = launch.doubt
        _judge(launch, launches, asking)
        if launch.doubt != before:
            launch.pace.wish()  # an area that was withheld comes with the next answer
            yield launch


def believed(launch: Launch, estimate: FlightEstimate) -> FlightEstimate:
    """Return an estimate of a launch, without what is doubted of it."""
    return estimate if launch.doubt is None else unbelieved(estimate, launch.doubt)


def _suspects(launches: Sequence[L]) -> list[L]:
    """Return what one sensor alone shows beside another's, and what is doubted."""
    sources = [sources_of(launch.evidence) for launch in launches]
    return [
        launch
        for launch, mine in zip(launches, sources, strict=True)
        if launch.doubt is not None
        or (len(mine) == 1 and any(theirs - mine for theirs in sources))
    ]


@dataclass(frozen=True, slots=True)
class _Asking:
    """When it is asked, what is stated of our sensors, and what was worked out."""

    at: Instant
    stated: Mapping[str, OwnSensor]
    known: dict[str, Followed] = field(default_factory=dict)

    def followed(self, launch: Launch) -> Followed:
        """Return what is followed as a launch."""
        if launch.id not in self.known:
            shown = {
                name: _shown(plots, self.stated.get(name))
                for name, plots in shown_by(launch.evidence).items()
            }
            self.known[launch.id] = Followed(
                shown=shown,
                flown=_flown(launch, self.at),
                others=sources_of(launch.evidence) - frozenset(shown),
            )
        return self.known[launch.id]


def _judge(launch: Launch, launches: Sequence[Launch], asking: _Asking) -> None:
    """Say what is doubted of a launch now."""
    mine = asking.followed(launch)
    # Where its own arc does not hold it has no area, and nothing is withheld; when it
    # holds again none is given before the doubt.
    mine = replace(mine, flown=replace(mine.flown, holds=True))
    others = [
        other
        for other in launches
        if other is not launch and sources_of(other.evidence) - mine.sensors
    ]
    others.sort(key=lambda other: _apart_m(launch, other))
    for other in others[:OTHERS_MAX]:
        everything = (asking.followed(one) for one in launches)
        why = doubt_of(mine, asking.followed(other), everything)
        if why is not None:
            launch.doubt, launch.doubted_by = why, other.id
            return
    alone = len(mine.sensors) == 1
    if not alone or any(launch.doubted_by == other.id for other in launches):
        launch.doubt, launch.doubted_by = None, ""


def _flown(launch: Launch, at: Instant) -> Flown:
    """Return what a launch flies, be its arc denied for a moment."""
    flown, held = launch.flown, launch.held
    if flown is None:
        return Flown(holds=True)
    lately = held is not None and at.seconds_since(held) < DENIED_S
    return replace(flown, holds=flown.holds or lately)


def _shown(plots: Sequence[Plot], stated: OwnSensor | None) -> Shown:
    older, newest = plots[:-NEWEST_TAKEN], plots[-NEWEST_TAKEN:]
    step = max(math.ceil(len(older) / OLDER_TAKEN), 1)
    return shown_of(plots, stated, some=(*older[::step], *newest))


def _apart_m(one: Launch, other: Launch) -> float:
    """Return how far the newest motions of two launches are from each other."""
    newest = [
        max(launch.motions.values(), key=lambda m: m.time_ns, default=None)
        for launch in (one, other)
    ]
    a, b = newest
    if a is None or b is None:
        return math.inf
    return math.dist(a.position_ecef_m, b.position_ecef_m)
