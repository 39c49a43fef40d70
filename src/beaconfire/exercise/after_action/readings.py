"""Readings: what each nation knew and when, read off its journal.

Times are seconds from the lift-off of the first launch. What a nation believed before
that (a false alarm) was no knowledge of the launch and is passed over.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from geographiclib.geodesic import Geodesic

from beaconfire.exercise.sky.flight import Flight
from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.entries.arrivals import Estimate
from beaconfire.vocabulary.entries.sightings import (
    AlertDraft,
    ItemHeld,
    LaunchEvent,
    LaunchState,
)
from beaconfire.vocabulary.flight import FlightEstimate
from beaconfire.vocabulary.motion import ImpactArea, LaunchPoint, StateVector
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

# The product of an estimate that is made of everything a nation holds.
PICTURE = "picture"
# How wrong a launch point is beside its time: a kilometre a second along the track.
LIKE_S, LIKE_M = 20.0, 20_000.0
# A track is some hundred metres wrong, two kilometres while it is young.
LIKE_TRACK_M = 2_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """A picture estimate with an impact, when it was made, and its flight in truth."""

    t_s: float
    event: str
    area: ImpactArea
    flight: Flight


@dataclass(slots=True, kw_only=True)
class Known:
    """One launch event: when it was known, and of which flights its estimates are.

    ``flights`` counts, by launch, what the estimates of this event say themselves.
    """

    id: str
    t_s: float
    flights: Counter[str] = field(default_factory=Counter)

    @property
    def launch(self) -> str | None:
        """The launch that most of its estimates are of; ``None`` if it has none."""
        return max(self.flights, key=self.flights.__getitem__, default=None)


@dataclass(slots=True, kw_only=True)
class Reading:
    """One nation in one run. ``None`` where it never happened.

    ``drafts`` are (seconds, certainty, has an area) of each alert draft; ``told_s`` is
    when the first partner's item came; ``events`` are its launch events in their order,
    ``states`` what was written of how each is seen, and when; ``doubted`` are those of
    which no area is believed now.
    """

    party: Party
    notice_s: float | None = None
    told_s: float | None = None
    estimate_s: float | None = None
    draft_s: float | None = None
    predicted: list[Predicted] = field(default_factory=list)
    drafts: list[tuple[float, str, bool]] = field(default_factory=list)
    events: list[Known] = field(default_factory=list)
    states: list[tuple[float, LaunchState]] = field(default_factory=list)
    doubted: set[str] = field(default_factory=set)


def first_lift_off(flights: Sequence[Flight]) -> Instant:
    """Return the instant from which all seconds of a report count."""
    return min(flight.lift_off for flight in flights)


def read_all(
    journals: Mapping[Party, Iterable[Entry]], flights: Sequence[Flight]
) -> dict[Party, Reading]:
    """Read every nation's journal, in the order of their codes."""
    return {party: _read(party, journals[party], flights) for party in sorted(journals)}


def newest_by(reading: Reading, t_s: float) -> Predicted | None:
    """Return the newest prediction made at or before ``t_s``."""
    made = [one for one in reading.predicted if one.t_s <= t_s]
    return made[-1] if made else None


def _read(party: Party, entries: Iterable[Entry], flights: Sequence[Flight]) -> Reading:
    lift_off = first_lift_off(flights)
    reading = Reading(party=party)
    for entry in entries:
        if entry.at < lift_off:
            continue
        t_s, body = entry.at.seconds_since(lift_off), entry.body
        if isinstance(body, LaunchEvent):
            reading.notice_s = _first(reading.notice_s, t_s)
            reading.events.append(Known(id=body.launch_id, t_s=t_s))
        elif isinstance(body, LaunchState):
            reading.states.append((t_s, body))
            reading.doubted.discard(body.launch_id)
            if body.doubt is not None:
                reading.doubted.add(body.launch_id)
        elif isinstance(body, ItemHeld) and body.carriage is not None:
            reading.told_s = _first(reading.told_s, t_s)
        elif isinstance(body, AlertDraft):
            reading.draft_s = _first(reading.draft_s, t_s)
            reading.drafts.append((t_s, body.certainty, body.area is not None))
        elif isinstance(body, Estimate) and body.product == PICTURE and body.estimate:
            doubted = body.launch_id in reading.doubted
            area = None if doubted else body.estimate.impact
            flight = _flight_of(body.estimate, flights, entry.at)
            if body.estimate.launch is not None or body.estimate.track is not None:
                _count(reading, body.launch_id, flight)
            if area is not None:
                reading.estimate_s = _first(reading.estimate_s, t_s)
                predicted = Predicted(
                    t_s=t_s, event=body.launch_id, area=area, flight=flight
                )
                reading.predicted.append(predicted)
    return reading


def _first(known_s: float | None, t_s: float) -> float:
    return t_s if known_s is None else known_s


def _count(reading: Reading, event: str, flight: Flight) -> None:
    for known in reading.events:
        if known.id == event:
            known.flights[flight.launch_id] += 1


def _flight_of(
    estimate: FlightEstimate, flights: Sequence[Flight], at: Instant
) -> Flight:
    """Return the flight that an estimate is of: by its track, and by where it began.

    Nearest to where each was at the track's instant (``LIKE_TRACK_M``) and in launch
    time and place, ``LIKE_S`` counting as ``LIKE_M``; with neither, nearest in time.
    A track tells objects apart that began seconds from each other. Never the one
    nearest in impact: that would flatter a wrong estimate.
    """
    launch, track = estimate.launch, estimate.track
    if len(flights) == 1:
        return flights[0]
    if launch is None and track is None:
        return min(flights, key=lambda f: abs(f.lift_off.seconds_since(at)))

    def off(flight: Flight) -> float:
        began = 0.0 if launch is None else _began_off(launch, flight)
        return began if track is None else math.hypot(began, _track_off(track, flight))

    return min(flights, key=off)


def _began_off(launch: LaunchPoint, flight: Flight) -> float:
    _, lat_deg, lon_deg, _ = flight.ground_track(flight.end_s)[0].tolist()
    line = Geodesic.WGS84.Inverse(launch.lat_deg, launch.lon_deg, lat_deg, lon_deg)
    late_s = flight.lift_off.seconds_since(launch.time)
    return math.hypot(late_s / LIKE_S, line["s12"] / LIKE_M)


def _track_off(track: StateVector, flight: Flight) -> float:
    state = flight.state_ecef(np.array(track.epoch.seconds_since(flight.lift_off)))
    return math.dist(state[:3].tolist(), track.position_ecef_m) / LIKE_TRACK_M
