"""Sensors' lines: every bad one is refused by itself, and no good one is lost."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.seals import codec
from beaconfire.stages.ingest.sensors import LINES_MAX, hear
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import SensorLines
from beaconfire.vocabulary.entries.sightings import CueHeard, PlotsHeard, Rejection
from tests.stages.sightings_made import at_s, infrared, profile, radar

NODE = profile(radar("r1"), radar("r2", bias_id="survey-2"), infrared("ir1"))
NOW = at_s(100.0)


def plot_line(**changes: object) -> str:
    """Return a plot line that is right but for ``changes``."""
    line: dict[str, object] = {
        "time": "2022-10-03T22:23:39.5Z",
        "sensor": {"id": "r1", "lat_deg": 37.0, "lon_deg": 137.0, "alt_m": 10.0},
        "range_m": 900_000.0,
        "azimuth_deg": 290.0,
        "elevation_deg": 4.0,
        "sigma_range_m": 30.0,
        "sigma_azimuth_mrad": 1.0,
        "sigma_elevation_mrad": 1.0,
        "plot_id": "p1",
    }
    return json.dumps({**line, **changes})


def cue_line(**changes: object) -> str:
    """Return a cue line that is right but for ``changes``."""
    line: dict[str, object] = {
        "v": 1,
        "time": "2022-10-03T22:23:39Z",
        "sensor": {"id": "ir1", "lat_deg": 0.0, "lon_deg": 140.0, "alt_m": 3.57e7},
        "launch": {
            "lat_deg": 40.6,
            "lon_deg": 126.4,
            "sigma_m": 3000.0,
            "time": "2022-10-03T22:22:59Z",
            "sigma_time_s": 2.0,
        },
        "azimuth_deg": 80.0,
        "sigma_azimuth_deg": 3.0,
        "cue_id": "c1",
    }
    return json.dumps({**line, **changes})


def plots(*lines: str, sensor: str = "r1") -> tuple[EntryBody, ...]:
    """Return what a scan of plots gives."""
    body = SensorLines(sensor=sensor, stream="plots", lines=lines)
    return hear(NODE, body, NOW)


def cues(*lines: str, sensor: str = "ir1") -> tuple[EntryBody, ...]:
    """Return what lines of cues give."""
    return hear(NODE, SensorLines(sensor=sensor, stream="cues", lines=lines), NOW)


def test_a_good_scan_is_one_entry_with_its_plots_in_order():
    """One scan, one entry; a good scan has no rejection beside it."""
    (heard,) = plots(plot_line(), plot_line(plot_id="p2", range_m=910_000.0))
    assert isinstance(heard, PlotsHeard)
    assert [plot.plot_id for plot in heard.plots] == ["p1", "p2"]


def test_the_bias_id_of_the_profile_goes_into_the_plots():
    """Which sensors share a survey is the node's knowledge, not the sensor's."""
    other = {"id": "r2", "lat_deg": 37.0, "lon_deg": 137.0, "alt_m": 10.0}
    (heard,) = plots(plot_line(sensor=other), sensor="r2")
    assert isinstance(heard, PlotsHeard)
    assert heard.plots[0].bias_id == "survey-2"


BAD_PLOTS = [
    ("{", "not JSON"),
    ("[1]", "expected an object"),
    (plot_line(range_m="far"), "expected a number, got text at `range_m`"),
    (plot_line(range_m=-1.0), "`range_m`"),
    (plot_line(range_m=9e7), "`range_m`"),
    (plot_line().replace("900000.0", "NaN"), "not JSON"),
    (plot_line().replace("900000.0", "1e999"), "number out of range at `range_m`"),
    (plot_line(azimuth_deg=361.0), "`azimuth_deg`"),
    (plot_line(elevation_deg=-91.0), "`elevation_deg`"),
    (plot_line(sigma_range_m=0.0), "`sigma_range_m`"),
    (plot_line(object_id=7), "unknown key `object_id`"),
    (plot_line(v=2), "`v`"),
    (plot_line(time="2022-10-03T22:23:39.5"), "write RFC 3339 with an offset"),
    (plot_line(time="2022-10-03T22:23:42.1Z"), "2.100 s ahead of the node's clock"),
    (plot_line(time="2022-10-03T22:13:30Z"), "610 s back, more than 600 s"),
    (plot_line(sensor={"id": "r1", "lat_deg": 95.0}), "`sensor.lat_deg`"),
    (
        plot_line(sensor={"id": "r2", "lat_deg": 37, "lon_deg": 137, "alt_m": 0}),
        "names sensor `r2` but came from `r1`",
    ),
    (plot_line(plot_id="x" * 5000), "more than 4096"),
    (plot_line(plot_id="p\x00"), "one line without hidden characters at `plot_id`"),
    (plot_line().replace('"plot_id"', '"range_m": 1.0, "plot_id"'), "`range_m` stands"),
    (cue_line(), "unknown key `launch`"),
    ("\udc80", "not JSON"),
]


@pytest.mark.parametrize(("line", "why"), BAD_PLOTS)
def test_a_bad_plot_line_is_refused_with_its_reason(line, why):
    """Each says what is wrong, from whom it came and how it began; and can be kept."""
    heard, rejection = plots(plot_line(plot_id="good"), line)
    assert isinstance(heard, PlotsHeard)
    assert [plot.plot_id for plot in heard.plots] == ["good"]
    assert isinstance(rejection, Rejection)
    assert why in rejection.reason
    assert (rejection.source, rejection.what) == ("r1", "plot line")
    assert len(rejection.excerpt) <= 512
    assert codec.decode(codec.encode(rejection), Rejection, what="x") == rejection


BAD_CUES = [
    (cue_line(azimuth_deg=None), "both, or neither"),
    (cue_line(time="2022-10-03T22:25:00Z"), "ahead of the node's clock"),
    (cue_line(v=3), "`v`"),
    (cue_line(launch=None), "`launch`"),
    (
        cue_line(time="2022-10-03T22:22:00Z"),
        "the launch it reports lies after the cue's own time",
    ),
    (
        cue_line().replace("22:22:59Z", "21:22:59Z"),
        "the launch it reports lies 3640 s before the cue",
    ),
    (plot_line(), "cue line: unknown key `range_m`"),
]


@pytest.mark.parametrize(("line", "why"), BAD_CUES)
def test_a_bad_cue_line_is_refused_with_its_reason(line, why):
    """As with plots: alone, with a reason, and the good one beside it is kept."""
    heard, rejection = cues(cue_line(cue_id="good"), line)
    assert isinstance(heard, CueHeard)
    assert heard.cue.cue_id == "good"
    assert isinstance(rejection, Rejection)
    assert why in rejection.reason
    assert rejection.what == "cue line"


@pytest.mark.parametrize(
    ("sensor", "stream", "why"),
    [
        ("r9", "plots", "`r9` is not one of this node's sensors: all 3 lines"),
        ("", "plots", "is not one of this node's sensors"),
        ("ir1", "plots", "`ir1` is infrared and sends cues"),
        ("r1", "cues", "`r1` is a radar and sends plots"),
    ],
)
def test_what_is_wrong_with_the_whole_scan_is_one_rejection(sensor, stream, why):
    """A stranger cannot fill the journal by sending many lines."""
    body = SensorLines(sensor=sensor, stream=stream, lines=(plot_line(),) * 3)
    (rejection,) = hear(NODE, body, NOW)
    assert isinstance(rejection, Rejection)
    assert why in rejection.reason


def test_a_repeat_in_one_scan_is_refused_with_and_without_an_id():
    """The same id, or the same values without one, is the same plot."""
    heard, one, two = plots(
        plot_line(), plot_line(), plot_line(plot_id=None), plot_line(plot_id=None)
    )
    assert isinstance(heard, PlotsHeard)
    assert len(heard.plots) == 2
    assert isinstance(one, Rejection)
    assert one.reason == "it repeats plot `p1` of the same scan"
    assert isinstance(two, Rejection)
    assert two.reason == "it repeats plot of the same scan"


def test_two_plots_of_one_instant_without_an_id_are_two():
    """A scan may hold several things at one instant."""
    (heard,) = plots(plot_line(plot_id=None), plot_line(plot_id=None, range_m=5e5))
    assert isinstance(heard, PlotsHeard)
    assert len(heard.plots) == 2


def test_of_an_overlong_scan_the_first_lines_are_kept():
    """The limit is said once, and what lies within it is not lost."""
    lines = [plot_line(plot_id=f"p{n}", range_m=1e5 + n) for n in range(LINES_MAX + 5)]
    heard, rejection = plots(*lines)
    assert isinstance(heard, PlotsHeard)
    assert len(heard.plots) == LINES_MAX
    assert isinstance(rejection, Rejection)
    assert f"has {LINES_MAX + 5} lines" in rejection.reason


def test_an_empty_scan_gives_nothing():
    """No plots are not a sighting, and not an error."""
    assert plots() == ()


@given(st.lists(st.one_of(st.text(max_size=80), st.integers(0, 30)), max_size=12))
def test_nothing_good_is_lost_whatever_stands_beside_it(lines):
    """Every line comes out once: as a plot, or as a rejection."""
    texts = [
        plot_line(plot_id=f"p{line}") if isinstance(line, int) else line
        for line in lines
    ]
    wanted = list(dict.fromkeys(f"p{n}" for n in lines if isinstance(n, int)))
    out = plots(*texts)
    heard = [e for e in out if isinstance(e, PlotsHeard)]
    refused = [e for e in out if isinstance(e, Rejection)]
    got = [plot.plot_id for scan in heard for plot in scan.plots]
    assert got == wanted
    assert len(got) + len(refused) == len(lines)
