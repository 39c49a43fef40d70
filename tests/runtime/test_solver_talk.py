"""What is asked of the solver goes in parts and is whole again on the other side."""

import io
import os
from pathlib import Path

import numpy as np
import pytest

from beaconfire.runtime import solver_process
from beaconfire.runtime.solver_talk import (
    LENGTH,
    PART_PLOTS,
    READY,
    Solved,
    joined,
    parts_of,
    read,
    written,
)
from beaconfire.seals import codec
from beaconfire.vocabulary.flight import Observations
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.motion import Cue, CuedLaunch, Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.times import Instant
from tests.estimation.flying import STEEP, Radar, fly

EXAMPLES = Path(__file__).parents[2] / "examples" / "items"
START = Instant.parse("2022-10-03T22:24:00Z")
SITE = SensorSite(id="near", lat_deg=37.0, lon_deg=130.0, alt_m=0.0)


def held(count):
    """So many plots of a still object."""
    return Observations(
        plots=tuple(
            Plot(
                time=START.plus_s(float(second)), sensor=SITE, range_m=5e4,
                azimuth_deg=10.0, elevation_deg=5.0, sigma_range_m=30.0,
                sigma_azimuth_mrad=1.0, sigma_elevation_mrad=1.0,
            )
            for second in range(count)
        )
    )  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, PART_PLOTS, PART_PLOTS + 1, 5 * PART_PLOTS])
def test_the_parts_make_the_whole_again(count):
    """Nothing is lost, doubled or put out of order; no part is long."""
    whole = held(count)
    parts = list(parts_of(whole))
    assert parts
    assert joined(parts) == whole
    assert all(len(part.plots) <= PART_PLOTS for part in parts)


def test_what_is_read_is_what_was_written():
    """Down the pipe nothing changes: plots, tracklets, cues, to the bit."""
    track = item("TrackProduct")
    whole = Observations(
        plots=held(3).plots,
        tracklets=(track.tracklet,),
        cues=(
            Cue(
                time=START.plus_s(0.123456789), sensor=SITE, cue_id="one",
                launch=CuedLaunch(
                    lat_deg=40.0, lon_deg=126.0, sigma_m=5e3, time=START,
                    sigma_time_s=3.0,
                ),
            ),
        ),
    )  # fmt: skip
    assert whole.tracklets[0] is not None
    assert read(written(whole)) == whole


def item(body):
    """Return the report of a shipped example."""
    path = EXAMPLES / f"{body}.json"
    return codec.decode(path.read_bytes(), Item, what=body).body


def test_the_solver_answers_once_for_each_request_of_several_parts(monkeypatch):
    """Two requests, two answers: parts of one never run into the next."""
    monkeypatch.setattr(os, "nice", lambda by: by)  # this process goes on
    monkeypatch.setattr(solver_process, "warm_up", lambda: None)
    asked = []
    monkeypatch.setattr(
        solver_process,
        "estimate_flight",
        lambda observations: asked.append(len(observations.plots)),
    )
    requests = b""
    for count in (2 * PART_PLOTS + 3, 1):
        for part in parts_of(held(count)):
            data = written(part)
            requests += LENGTH.pack(len(data)) + data
        requests += LENGTH.pack(0)
    sink = io.BytesIO()
    solver_process.main(io.BytesIO(requests), sink)

    answer = codec.encode(Solved(estimate=None))
    framed = LENGTH.pack(len(answer)) + answer
    assert asked == [2 * PART_PLOTS + 3, 1]
    assert sink.getvalue() == LENGTH.pack(len(READY)) + READY + 2 * framed


@pytest.mark.parametrize("by_m", [700.0, 1_000.0])
def test_the_nodes_solver_gives_no_area_of_sensors_that_contradict_each_other(by_m):
    """Not of a file alone: what a node warns by is asked the same."""
    rng = np.random.default_rng(1)
    flight = fly(STEEP)
    plots = (
        *Radar("first", 38.0, 138.5).plots(
            flight, 60.0, 300.0, rng, bias=(by_m, 0.0, 0.0)
        ),
        *Radar("second", 41.0, 140.5, phase_s=0.4).plots(flight, 60.0, 300.0, rng),
    )
    parts = [written(part) for part in parts_of(Observations(plots=plots))]
    found = solver_process.solve(parts).estimate
    assert found.impact is None
    assert not found.model_holds
    assert "contradict each other" in found.reason
