"""The node bench: it reads real processes, and judges the largest of them."""

import asyncio
import os

import msgspec
import pytest

from beaconfire.exercise.bench import node
from beaconfire.exercise.bench.node import Memory, Observed
from beaconfire.exercise.scenario import load_scenario

NOBODY_PID = 2**22 + 1  # beyond the greatest number of a process


def memory(party, kind, now_mb, peak_mb=None):
    """Return what was read of one process."""
    return Memory(party=party, kind=kind, now_mb=now_mb, peak_mb=peak_mb)


def figures(*read, empty_s=(1.0, 2.0, 9.0), full_s=(4.0, 6.0, 7.0)):
    """Return the figures by name."""
    seen = Observed(
        party="JPN", empty_s=empty_s, full_s=full_s, turns=10, entries=50, memory=read
    )
    return {f.name: f for f in node.report(seen, "a-scenario", 60.0).figures}


def test_the_memory_of_a_process_is_the_systems_own_figure():
    """Of this very process: some megabytes, and never more than its peak."""
    read = node.read_memory("JPN", "node", os.getpid())
    assert read is not None
    assert 5.0 < read.now_mb < 5_000.0
    assert read.peak_mb is None or read.peak_mb >= 0.99 * read.now_mb
    assert node.read_memory("JPN", "node", NOBODY_PID) is None


def test_the_largest_node_of_all_nations_is_judged():
    """One nation within the goal does not hide another that is not."""
    rows = figures(
        memory("JPN", "node", 100.0, 120.0),
        memory("KOR", "node", 240.0, 260.0),
        memory("KOR", "solver", 900.0, 900.0),
    )
    now, peak = rows["node process, resident"], rows["node process, at its peak"]
    assert (now.measured, now.verdict) == (240.0, "met")
    assert (peak.measured, peak.verdict) == (260.0, "missed")
    assert rows["solver process, resident"].verdict == "-"


def test_a_node_that_was_not_read_is_no_small_node():
    """Nothing read is a goal missed, not a goal met with nothing."""
    assert figures()["node process, resident"].verdict == "missed"


def test_readiness_is_the_median_of_the_starts():
    """One slow start of a busy machine is not the figure, two of three are."""
    rows = figures()
    empty = rows["ready, empty journal, median of 3"]
    full = rows["ready, journal of 50 entries, median of 3"]
    assert (empty.measured, empty.verdict) == (2.0, "met")
    assert (full.measured, full.verdict) == (6.0, "missed")


@pytest.mark.servers
def test_a_short_flight_is_flown_and_the_node_started_again(tmp_path):
    """Small, on real nodes: every process is read and the journal is not empty."""
    shipped = load_scenario("2022-10-04")
    launch = msgspec.structs.replace(
        shipped.launch[0], apogee_km=60.0, range_km=150.0, powered_s=50.0
    )
    scenario = msgspec.structs.replace(
        shipped,
        launch=(launch,),
        sensor=(*shipped.sensors_of("JPN"), *shipped.sensors_of("KOR")[:1]),
        act=(),
        link=(),
    )
    bench = asyncio.run(
        node.measure(
            tmp_path / "nodes",
            scenario,
            party="JPN",
            speed=60.0,
            say=lambda text: None,
            starts=1,
        )
    )
    for figure in bench.figures:
        if "peak" not in figure.name:
            assert figure.measured is not None, figure.name
            assert figure.measured > 0.0, figure.name
    assert "2 nations" in bench.conditions[0]
