"""The report's numbers: defined once, measured against the truth, never guessed."""

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pymap3d.vincenty
import pytest
from msgspec.structs import replace

from beaconfire.exercise.after_action.accuracy import (
    area95_km2,
    estimate_lines,
    holds_point,
)
from beaconfire.exercise.after_action.figures import build_report
from beaconfire.exercise.after_action.readings import read_all
from beaconfire.exercise.after_action.report import ProcessLine
from beaconfire.exercise.after_action.rounding import rounded
from beaconfire.exercise.scenario import parse_scenario
from beaconfire.exercise.sky.flight import fly_all
from beaconfire.seals import codec
from beaconfire.vocabulary.entries.arrivals import Estimate
from beaconfire.vocabulary.motion import ErrorEllipse, LaunchPoint, StateVector

from .flown import SEED, answer, impact_area
from .reports_made import (
    FLIGHT,
    LIFT_OFF,
    draft,
    entries,
    estimated,
    event,
    flown_report,
    fresh_report,
    report_of,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"


def paths(value: Any, stem: str = "") -> set[str]:
    """Return every key of a report as the reference writes it."""
    if isinstance(value, dict):
        found = set()
        for key, inner in value.items():
            name = re.sub(r"^[A-Z]{3}-[A-Z]{3}$", "<A-B>", key)
            name = re.sub(r"^[A-Z]{3}$", "<P>", name)
            found |= paths(inner, f"{stem}.{name}".lstrip("."))
        return found
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {path for inner in value for path in paths(inner, f"{stem}[]")}
    return {stem}


def test_the_keys_are_the_published_ones():
    """`report.json` holds exactly the keys of the published format."""
    report = msgspec.json.decode(codec.encode(flown_report()))
    found = {path for path in paths(report) if not path.endswith("_reason")}
    nations = ("first_notice_s", "first_estimate_s", "first_alert_draft_s")
    estimates = ("nation", "t_s", "after_burnout_s", "miss_km", "area95_km2")
    estimates += ("contains_truth", "with_sharing")
    releases = ("from", "to", "via", "form", "outcome", "articles", "count")
    delivery = ("released", "delivered", "receipts", "lost", "duplicated", "leaked")
    wanted = {"v", "scenario", "seed", "mode"}
    wanted |= {f"nations.<P>.{key}" for key in (*nations, "first_alert_sent_s")}
    wanted |= {f"estimates[].{key}" for key in estimates}
    launches = ("launch", "nation", "events", "first_notice_s", "first_estimate_s")
    wanted |= {f"launches[].{key}" for key in (*launches, "last_miss_km")}
    wanted |= {"launches[].with_sharing", "estimates[].launch"}
    wanted |= {f"releases[].{key}" for key in releases}
    wanted |= {f"delivery.{key}" for key in delivery}
    wanted |= {f"latency_ms.{key}" for key in ("p50", "p99", "max")}
    wanted |= {f"latency_ms.hops.<A-B>.{key}" for key in ("p50", "p99", "max")}
    wanted |= {f"sharing_gain.<P>.{key}" for key in (*nations, "area95_ratio")}
    assert found == wanted


def test_every_key_is_documented():
    """The reference names every key that a report can hold, and no other."""
    text = (DOCS / "reference" / "report.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `([^`]+)`", text, re.MULTILINE))
    real = report_of((), (), "real", processes=(PROCESS,))
    found = paths(msgspec.json.decode(codec.encode(real)))
    found |= paths(msgspec.json.decode(codec.encode(flown_report())))
    found -= {"estimates", "releases"}  # empty lists of the run without journals
    assert {path for path in found if not path.endswith("_reason")} == documented


def test_what_never_happened_is_null_beside_its_reason():
    """A null without a reason tells nobody whether it failed or was forgotten."""

    def walk(value: Any) -> int:
        if isinstance(value, list):
            return sum(map(walk, value))
        if not isinstance(value, dict):
            return 0
        count = 0
        for key, inner in value.items():
            if inner is None and key != "via":
                assert value.get(f"{key}_reason"), key
                count += 1
            elif not key.endswith("_reason"):
                assert f"{key}_reason" not in value, key
            count += walk(inner)
        return count

    empty = msgspec.json.decode(codec.encode(report_of((), ())))
    assert walk(empty) == 17
    assert walk(msgspec.json.decode(codec.encode(flown_report()))) > 0


def test_each_launch_stands_by_itself_with_its_events():
    """One event is one; a second of the same launch would show as a split."""
    one = report_of(entries((40.0, event())))
    (line,) = [line for line in one.launches if line.with_sharing]
    assert (line.nation, line.events, line.first_notice_s) == ("JPN", 1, 40.0)
    two = report_of(entries((40.0, event()), (44.0, replace(event(), launch_id="b"))))
    (line,) = [line for line in two.launches if line.with_sharing]
    assert (line.events, line.first_notice_s) == (2, 40.0)


def test_seconds_count_from_lift_off_and_a_false_alarm_is_none():
    """What was believed before lift-off was no knowledge of the launch."""
    journal = entries(
        (-5.0, event()),
        (40.0239, event()),
        (41.0, draft()),
        (50.0, event()),
        (60.0, draft()),
    )
    times = report_of(journal).nations["JPN"]

    assert times.first_notice_s == 40.024
    assert times.first_alert_draft_s == 41.0


def test_the_first_estimate_is_the_pictures_first_with_an_impact():
    """Own products and estimates without an area do not count."""
    journal = entries(
        (90.0, estimated(None)),
        (91.0, estimated(product="own:0")),
        (150.5, estimated()),
        (151.0, estimated()),
    )
    report = report_of(journal)

    assert report.nations["JPN"].first_estimate_s == 150.5
    assert [line.t_s for line in report.estimates] == [150.5, 151.0]
    assert report.estimates[0].after_burnout_s == 3.5


def test_an_alert_is_never_said_to_be_sent():
    """Drafts are sent by nobody in this version, and the report says why."""
    times = report_of(entries((41.0, draft()))).nations["JPN"]

    assert times.first_alert_sent_s is None
    assert "two-person sending is not part of this version" in str(
        times.first_alert_sent_s_reason
    )


def test_the_miss_is_the_geodesic_to_the_true_impact():
    """Checked against another implementation of the geodesic."""
    truth = FLIGHT.impact
    assert truth is not None
    moved = {"lat_deg": truth.lat_deg + 0.4, "lon_deg": truth.lon_deg - 0.7}
    line = report_of(entries((200.0, estimated(**moved)))).estimates[0]

    wanted_m, _ = pymap3d.vincenty.vdist(
        moved["lat_deg"], moved["lon_deg"], truth.lat_deg, truth.lon_deg
    )
    assert line.miss_km == pytest.approx(float(wanted_m) / 1e3, abs=0.001)
    assert line.area95_km2 == rounded(math.pi * 10.0 * 5.0)


@pytest.mark.parametrize(
    ("bearing_deg", "distance_m", "inside"),
    [
        (30.0, 990.0, True),
        (30.0, 1_010.0, False),
        (210.0, 990.0, True),
        (120.0, 490.0, True),
        (120.0, 510.0, False),
        (300.0, 510.0, False),
        (0.0, 990.0, False),
    ],
)
def test_the_ellipse_holds_what_lies_in_it(bearing_deg, distance_m, inside):
    """The azimuth is that of the major axis, true, clockwise from north."""
    area = impact_area(0.0, 0.0, lift_off=LIFT_OFF, semi_major_m=1_000.0)
    bearing = math.radians(bearing_deg)
    east_m, north_m = distance_m * math.sin(bearing), distance_m * math.cos(bearing)

    assert holds_point(area, east_m, north_m) is inside


def test_an_ellipse_without_width_holds_its_centre_alone():
    """A degenerate area neither divides by nothing nor holds the neighbourhood."""
    area = impact_area(0.0, 0.0, lift_off=LIFT_OFF, semi_major_m=0.0)

    assert holds_point(area, 0.0, 0.0)
    assert not holds_point(area, 1.0, 0.0)
    assert area95_km2(area) == 0.0


def test_a_flight_that_stays_aloft_has_no_miss():
    """Where nothing came down there is nothing to compare, and that is said."""
    aloft = dataclasses.replace(FLIGHT, impact=None)
    journal = entries((200.0, estimated()))
    reading = read_all({"JPN": journal}, (aloft,))["JPN"]

    line = estimate_lines(reading, lift_off=LIFT_OFF, with_sharing=True)[0]

    assert line.miss_km is None
    assert line.contains_truth is None
    assert "did not come down" in str(line.miss_km_reason)
    assert line.area95_km2 > 0.0


TWO = """
name = "two"
epoch = 2022-10-03T22:22:00Z
[[launch]]
id = "first"
site = { lat_deg = 40.6, lon_deg = 126.4 }
at_s = 10.0
azimuth_true_deg = 84.0
apogee_km = 985.0
range_km = 4550.0
powered_s = 147.0
[[launch]]
id = "second"
site = { lat_deg = 40.6, lon_deg = 126.4 }
at_s = 310.0
azimuth_true_deg = 84.0
apogee_km = 600.0
range_km = 1000.0
powered_s = 100.0
[[sensor]]
party = "JPN"
id = "one"
kind = "infrared"
lat_deg = 0.0
lon_deg = 140.0
alt_m = 35786000.0
delay_s = 40.0
sigma_launch_m = 3000.0
sigma_time_s = 2.0
sigma_azimuth_deg = 5.0
"""


def test_of_several_launches_the_one_nearest_in_time_is_meant():
    """An estimate is held against its own flight, never against the kindest one."""
    scenario = parse_scenario(TWO, file="two.toml")
    flights = fly_all(scenario)
    second = flights[1]
    assert second.impact is not None
    circle = ErrorEllipse(semi_major_m=1.0, semi_minor_m=1.0, azimuth_deg=0.0)
    point = LaunchPoint(
        lat_deg=40.6,
        lon_deg=126.4,
        time=second.lift_off.plus_s(-30.0),
        ellipse95=circle,
    )
    where = (second.impact.lat_deg, second.impact.lon_deg)
    area = impact_area(*where, lift_off=second.lift_off, semi_major_m=1e3)
    made = Estimate(
        request="r",
        launch_id="l",
        product="picture",
        estimate=answer(area, epoch=LIFT_OFF, launch=point),
    )
    report = build_report(
        scenario,
        SEED,
        "simulated",
        journals={"JPN": entries((430.0, made))},
        journals_without=None,
        flights=flights,
    )

    line = report.estimates[0]
    assert line.miss_km == 0.0
    assert line.t_s == 420.0  # since the first lift-off, ten seconds after the epoch
    assert line.after_burnout_s == 20.0  # since this flight's own burn-out


@pytest.mark.parametrize("late_s", [None, 295.0])
def test_an_estimate_is_held_against_the_object_that_its_track_follows(late_s):
    """The path says which it is, also where no launch is stated, or a wrong one."""
    scenario = parse_scenario(TWO, file="two.toml")
    flights = fly_all(scenario)
    first = flights[0]
    assert first.impact is not None
    at_s = 320.0  # twenty seconds behind the second's lift-off
    seen = first.state_ecef(np.array(at_s)) + 500.0
    where = (first.impact.lat_deg, first.impact.lon_deg)
    area = impact_area(*where, lift_off=first.lift_off, semi_major_m=1e3)
    circle = ErrorEllipse(semi_major_m=1.0, semi_minor_m=1.0, azimuth_deg=0.0)
    point = LaunchPoint(
        lat_deg=40.6,
        lon_deg=126.4,
        time=first.lift_off.plus_s(late_s or 0.0),
        ellipse95=circle,
    )
    made = answer(
        area,
        epoch=first.lift_off.plus_s(at_s),
        launch=point if late_s is not None else None,
    )
    track = StateVector(
        epoch=first.lift_off.plus_s(at_s),
        position_ecef_m=tuple(seen[:3].tolist()),
        velocity_ecef_mps=tuple(seen[3:].tolist()),
    )
    told = Estimate(
        request="r",
        launch_id="l",
        product="picture",
        estimate=replace(made, track=track),
    )
    report = build_report(
        scenario,
        SEED,
        "simulated",
        journals={"JPN": entries((330.0, event()), (331.0, told))},
        journals_without=None,
        flights=flights,
    )

    assert (report.estimates[0].launch, report.estimates[0].miss_km) == ("first", 0.0)
    assert [line.events for line in report.launches] == [1, 0]


def test_sharing_gains_seconds_and_shrinks_the_area():
    """Positive when sharing is earlier; the area with over the area without."""
    with_ = entries(
        (40.0, event()), (41.0, draft()), (150.0, estimated(2e4)), (206.0, estimated())
    )
    without = entries(
        (103.5, event()),
        (104.0, draft()),
        (149.0, estimated(9e4)),
        (206.9, estimated(2e4)),
        (207.1, estimated(1.0)),
    )
    gain = report_of(with_, without).sharing_gain["JPN"]

    assert gain.first_notice_s == 63.5
    assert gain.first_alert_draft_s == 63.0
    assert gain.first_estimate_s == -1.0
    assert gain.area95_ratio == 0.25  # the newest ones at burn-out + 60 s


@pytest.mark.parametrize(
    ("with_", "without", "told"),
    [
        ((), (40.0,), "it never happened with sharing"),
        ((40.0,), (), "it never happened without sharing"),
        ((), (), "it never happened, with or without sharing"),
    ],
)
def test_a_gain_that_cannot_be_said_says_which_run_lacks_it(with_, without, told):
    """A gain needs both runs; the reason names the one that has nothing."""
    gain = report_of(
        entries(*((t_s, event()) for t_s in with_)),
        entries(*((t_s, event()) for t_s in without)),
    ).sharing_gain["JPN"]

    assert gain.first_notice_s is None
    assert gain.first_notice_s_reason == told


def test_a_run_without_sharing_is_compared_with_nothing():
    """Its own numbers are there; a gain would compare it with itself."""
    report = report_of(entries((103.5, event()), (200.0, estimated())), None)

    assert report.nations["JPN"].first_notice_s == 103.5
    assert [line.with_sharing for line in report.estimates] == [False]
    gain = report.sharing_gain["JPN"]
    assert gain.area95_ratio is None
    assert gain.area95_ratio_reason == "the run is without sharing"


PROCESS = ProcessLine(party="JPN", kind="node", pid=4711, port=40_001)


def test_only_a_real_report_tells_of_processes():
    """A simulated report holds nothing of the machine that made it."""
    real = msgspec.json.decode(
        codec.encode(report_of((), (), "real", processes=(PROCESS,)))
    )
    simulated = msgspec.json.decode(codec.encode(report_of((), ())))

    assert real["processes"] == [
        {"party": "JPN", "kind": "node", "pid": 4711, "port": 40_001}
    ]
    assert "processes" not in simulated
    assert simulated["mode"] == "simulated"


def test_equal_runs_give_equal_bytes():
    """One seed, one machine: byte for byte the same report."""
    assert codec.encode(fresh_report()) == codec.encode(flown_report())


def test_numbers_are_rounded_as_documented():
    """Three digits after the point, and no minus zero."""
    assert rounded(1.23456) == 1.235
    assert str(rounded(-0.0001)) == "0.0"
    assert rounded(0.123456, 4) == 0.1235


def test_sharing_is_worth_something_in_the_flown_scenario():
    """The shipped scenario shows what it is shipped for: Japan knows earlier."""
    report = flown_report()

    gain = report.sharing_gain["JPN"].first_notice_s
    assert gain is not None
    assert gain >= 30.0
    assert report.delivery.lost == report.delivery.leaked == 0
