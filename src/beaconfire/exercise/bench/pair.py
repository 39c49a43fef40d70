"""Pair: two nations on this machine, with real nodes, for measuring the line.

KOR has radars and JPN has none; both signed the agreement of 2016 and each admitted
the other's card. Their nodes are made as an operator would make them, with status
TEST, on the wall clock: nothing of them can be taken for an exercise or for real.

The plots are those that invented radars would report of the published flight of
4 October 2022, moved in time so that it is under way now: one message is one scan, and
the radars turn each in its own phase, as radars do.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from beaconfire.exercise.cast import own_sensors
from beaconfire.exercise.radar import scans
from beaconfire.exercise.scenario import Scenario, load_scenario
from beaconfire.exercise.scenario_parts import Sensor
from beaconfire.exercise.sky.flight import Flight, fly_all
from beaconfire.exercise.staging import LOOPBACK, Staged, free_ports, lay_out
from beaconfire.runtime.agreement_files import AgreementFile
from beaconfire.runtime.node_dir import BorderPlace, JournalPlace, NodeConfig
from beaconfire.seals import codec
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

SCENARIO = "2022-10-04"
SENDER, RECEIVER = "KOR", "JPN"
RADAR_HZ = 20.0  # a fast radar's; more plots a second need more radars
RADARS_MAX = 60
SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What one radar sends at one instant, and the names of its plots."""

    at: Instant
    sensor: str
    data: bytes
    plot_ids: tuple[str, ...]

    @property
    def subject(self) -> str:
        """Where the sensor sends it."""
        return f"sensors.{self.sensor}.plots"


def pair_scenario(rate_hz: float) -> Scenario:
    """Return the shipped scenario with as many KOR radars as give so many plots/s."""
    shipped = load_scenario(SCENARIO)
    count = min(RADARS_MAX, max(1, math.ceil(rate_hz / RADAR_HZ)))
    model = next(s for s in shipped.sensors_of(SENDER) if s.kind == "radar")
    return msgspec.structs.replace(
        shipped,
        sensor=tuple(_radar(model, i, rate_hz / count) for i in range(count)),
        act=(),
        link=(),
        person=(),
    )


def _radar(model: Sensor, index: int, rate_hz: float) -> Sensor:
    row, column = divmod(index, 6)
    return msgspec.structs.replace(
        model,
        id=f"bench-radar-{index + 1}",
        lat_deg=34.5 + 0.4 * row,
        lon_deg=126.5 + 0.5 * column,
        rate_hz=rate_hz,
        bias_id=None,
    )


def stage_pair(
    scenario: Scenario,
    out: Path,
    *,
    now: Instant,
    parties: tuple[Party, ...] = (SENDER, RECEIVER),
    texts: tuple[AgreementFile, ...] | None = None,
) -> dict[Party, Staged]:
    """Make both nodes under ``out``, or those of other ``parties`` and ``texts``."""
    ports = iter(free_ports(2 * len(parties)))
    return lay_out(
        tuple(
            NodeConfig(
                party=party,
                status="TEST",
                policy=scenario.policy.name,
                classification=scenario.policy.classification_of(party),
                border=BorderPlace(host=LOOPBACK, port=next(ports), listen=LOOPBACK),
                journal=JournalPlace(port=next(ports)),
                sensor=own_sensors(scenario, party),
            )
            for party in parties
        ),
        out,
        begins=now,
        texts=texts,
    )


def flown(scenario: Scenario) -> Flight:
    """Fly the scenario's launch once; ``moved`` puts it where it is wanted."""
    return fly_all(scenario, seed=SEED)[0]


def moved(flight: Flight, *, second: float, at: Instant) -> Flight:
    """Return the flight as if its ``second`` were at ``at``."""
    return replace(flight, lift_off=at.plus_s(-second))


def scans_between(
    scenario: Scenario,
    flight: Flight,
    begin: Instant,
    end: Instant,
    *,
    false_plots: float = 0.0,
) -> list[Scan]:
    """Return what the radars report between two instants, in the order of time."""
    end_s = min(flight.end_s, end.seconds_since(flight.lift_off))
    cut = replace(flight, end_s=end_s)
    found = [
        scan
        for sensor in scenario.sensor
        for scan in _scans(sensor, cut, begin, end, false_plots)
    ]
    return sorted(found, key=lambda scan: (scan.at, scan.sensor))


def _scans(
    sensor: Sensor, flight: Flight, begin: Instant, end: Instant, false_plots: float
) -> Iterator[Scan]:
    # Another seed for another window: plots of two windows must not share an id. It
    # would draw another survey error too, and a radar that moves is one that lies: its
    # estimates would cost what those of liars do.
    busy = msgspec.structs.replace(
        sensor,
        false_plots_per_scan=false_plots,
        bias_range_m=0.0,
        bias_azimuth_mrad=0.0,
        bias_elevation_mrad=0.0,
    )
    seed = SEED + begin.ns % (1 << 31)
    for plots in scans(busy, begin, [flight], seed):
        if plots[0].time < end:
            yield Scan(
                at=plots[0].time,
                sensor=sensor.id,
                data=b"\n".join(map(codec.encode, plots)),
                plot_ids=tuple(map(_id, plots)),
            )


def _id(plot: Plot) -> str:
    assert plot.plot_id is not None
    return plot.plot_id
