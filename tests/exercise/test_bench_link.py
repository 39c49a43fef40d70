"""The link bench: what it times is what passed, and it accounts for every plot."""

import pytest

from beaconfire.exercise.bench import link, pair
from beaconfire.exercise.bench.figures import as_text
from beaconfire.exercise.bench.link import Load, Measured, report
from beaconfire.exercise.bench.passage import Passages
from beaconfire.vocabulary.times import Instant

NOW = Instant.parse("2030-01-01T00:00:00Z")
MS = 1_000_000


def passages(*ways_ms):
    """One plot a message, sent at once; ``None`` never came."""
    out = Passages()
    for number, way_ms in enumerate(ways_ms):
        name = f"plot-{number}"
        out.messages[name] = number
        out.sent_ns[name] = 0
        if way_ms is not None:
            out.kept_ns[name] = MS
            out.stored_ns[name] = out.seen_ns[name] = round(way_ms * MS)
    return out


def test_rates_run_from_the_first_sent_to_the_last_stored():
    """Four plots in two messages within half a second: 4 messages/s, 8 plots/s."""
    out = passages(100, 200, 300, 500)
    out.messages.update({f"plot-{n}": n // 2 for n in range(4)})
    assert out.rates() == (4.0, 8.0)
    assert passages(None).rates() == (0.0, 0.0)


def test_a_plot_that_never_came_is_counted_and_misses_the_goal():
    """It has no latency, so it must not vanish from the figures altogether."""
    ours = Measured([passages(1, 2, None)], [passages(1)], [passages(1)])
    theirs = Measured([passages(1, 1, 1)], [passages(1)], [passages(1)])
    rows = {f.name: f for f in report(Load(rounds=1), ours, theirs, ()).figures}
    lost = rows["plots that did not arrive"]
    assert (lost.measured, lost.raw, lost.verdict) == (1.0, 0.0, "missed")
    assert rows["whole way at 200 plots/s, p50"].measured == 1.0
    assert rows["whole way at 200 plots/s, worst"].measured == 2.0


@pytest.mark.parametrize("rate_hz", [20.0, 200.0, 1_000.0])
def test_the_radars_together_report_as_many_plots_as_asked(rate_hz):
    """A second of the sky holds the rate, each plot with a name of its own."""
    scenario = pair.pair_scenario(rate_hz)
    flight = pair.moved(pair.flown(scenario), second=200.0, at=NOW)
    scans = pair.scans_between(scenario, flight, NOW, NOW.plus_s(2.0))
    names = [name for scan in scans for name in scan.plot_ids]
    assert len(names) == pytest.approx(2 * rate_hz, rel=0.06)
    assert len(set(names)) == len(names)
    assert all(NOW <= scan.at < NOW.plus_s(2.0) for scan in scans)


def test_two_windows_share_no_name():
    """A plot that was sent twice would be timed by its first arrival."""
    scenario = pair.pair_scenario(20.0)
    flight = pair.moved(pair.flown(scenario), second=200.0, at=NOW)
    windows = [
        pair.scans_between(scenario, flight, NOW.plus_s(shift_s), NOW.plus_s(1.0))
        for shift_s in (0.0, 1e-6)
    ]
    one, other = ({i for s in scans for i in s.plot_ids} for scans in windows)
    assert one
    assert other
    assert not one & other


@pytest.mark.servers
def test_nodes_and_the_raw_peer_bring_every_plot(tmp_path):
    """Small, on real servers: all arrives by both ways and every figure is there."""
    load = Load(seconds=1.0, rounds=1, burst=60, burst_full=6, warm_s=2.0)
    bench = link.run(tmp_path, load, say=lambda text: None)
    rows = {figure.name: figure for figure in bench.figures}
    lost = rows.pop("plots that did not arrive")
    assert (lost.measured, lost.raw) == (0.0, 0.0)
    for figure in rows.values():
        assert figure.measured, figure.name
        assert figure.raw, figure.name
    # A way through two journals cannot be shorter than the way to the first.
    near = rows["of it: to the sender's journal, p50"].measured
    far = rows["of it: to the receiver's journal, p50"].measured
    whole = rows["whole way at 200 plots/s, p50"].measured
    assert near < far <= whole
    assert "whole way at 200 plots/s, p99" in as_text(bench)
