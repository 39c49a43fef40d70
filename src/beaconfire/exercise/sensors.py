"""Sensors: what the scenario's radars and infrared sensors report of the sky.

``observe`` turns true flights into the JSON lines that a sensor sends to its node, and
into nothing else. Guarantees:

* A line names no object, and plots of objects and false plots cannot be told apart by
  their ids, their order or the keys they carry.
* Equal scenario, flights and seed give equal lines. Every sensor has random streams of
  its own, and every launch its own within them: another sensor or another launch in the
  scenario changes no number that the others drew.

What a radar can see is ``radar``'s; what an infrared sensor tells is ``infrared``'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from beaconfire.exercise.infrared import cues
from beaconfire.exercise.radar import scans
from beaconfire.exercise.scenario_parts import Scenario, Sensor
from beaconfire.exercise.sky.flight import Flight
from beaconfire.seals.codec import encode
from beaconfire.vocabulary.motion import Cue, Plot
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one sensor sends at one instant: JSON lines for its own node.

    ``hidden_from`` is the sensor's setting, repeated for whoever sets the node up.
    """

    at: Instant
    party: Party
    sensor_id: str
    stream: Literal["plots", "cues"]
    lines: tuple[str, ...]
    hidden_from: tuple[Party, ...] = ()


def observe(scenario: Scenario, flights: Sequence[Flight], seed: int) -> list[Sighting]:
    """Return everything that the scenario's sensors report, by time and sensor.

    A scan without plots reports nothing.
    """
    sightings: list[Sighting] = []
    for sensor in scenario.sensor:
        if sensor.kind == "radar":
            for plots in scans(sensor, scenario.epoch, flights, seed):
                sightings.append(_sighting(sensor, "plots", plots[0].time, plots))
        else:
            for cue in cues(sensor, flights, seed):
                sightings.append(_sighting(sensor, "cues", cue.time, [cue]))
    return sorted(sightings, key=lambda s: (s.at, s.sensor_id))


def _sighting(
    sensor: Sensor,
    stream: Literal["plots", "cues"],
    at: Instant,
    reports: Sequence[Plot | Cue],
) -> Sighting:
    return Sighting(
        at=at,
        party=sensor.party,
        sensor_id=sensor.id,
        stream=stream,
        lines=tuple(encode(report).decode() for report in reports),
        hidden_from=sensor.hidden_from,
    )
