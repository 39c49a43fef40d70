"""Scenario files: what is read, and what is refused with file, line and key."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from beaconfire.errors import BadInput
from beaconfire.exercise.scenario import (
    TEXT_BYTES_MAX,
    load_scenario,
    parse_scenario,
    shipped,
)
from beaconfire.vocabulary.times import Instant

from .scenario_text import GOOD, changed


def refusal(text: str) -> str:
    """Return the sentence with which a text is refused."""
    with pytest.raises(BadInput) as caught:
        parse_scenario(text, file="x.toml")
    return str(caught.value)


def test_a_good_scenario_is_read_whole() -> None:
    """Every key arrives where its word says, and times count from the epoch."""
    scenario = parse_scenario(GOOD, file="x.toml")

    (launch,) = scenario.launch
    assert scenario.epoch == Instant.parse("2024-01-01T00:00:00Z")
    assert scenario.lift_off(launch) == Instant.parse("2024-01-01T00:00:10Z")
    assert scenario.parties == ("JPN", "KOR", "USA")
    assert [s.id for s in scenario.sensors_of("JPN")] == ["radar"]
    assert scenario.act[0].class_ == "launch-warning"
    assert (scenario.link[0].from_, scenario.link[0].to) == ("JPN", "USA")
    assert scenario.person[0].does == "second-signature"


def test_parties_mark_in_their_own_words_unless_the_policy_says_otherwise() -> None:
    """Each nation's own sensors are labelled with that nation's marking."""
    plain = parse_scenario(GOOD, file="x.toml").policy
    told = parse_scenario(
        changed("[[launch]]", '[policy.classification]\nJPN = "極秘"\n\n[[launch]]'),
        file="x.toml",
    ).policy

    assert plain.name == "EXERCISE"
    assert plain.classification_of("JPN") == "秘"
    assert plain.classification_of("KOR") == "군사III급비밀"
    assert plain.classification_of("USA") == "CONFIDENTIAL"
    assert told.classification_of("JPN") == "極秘"


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ('name = "small"', 'name = "small"\nnme = 1', "nme", "unknown key"),
        ("at_s = 10.0", "at_s = 10.0\nspeed = 1", "launch[0].speed", "unknown key"),
        ("lon_deg = 136.0", "lon_deg = 136.0\nx = 1", "sensor[0].x", "unknown key"),
        ("[[link]]", "[[link]]\nloss = 1", "link[0].loss", "unknown key"),
        ("[[act]]", "[[act]]\nwhy = 1", "act[0].why", "unknown key"),
        ("[[person]]", "[[person]]\nname = 'x'", "person[0].name", "unknown key"),
        ("[[launch]]", "[policy]\nx = 1\n[[launch]]", "policy.x", "unknown key"),
        ("range_km = 1000.0\n", "", "launch[0].range_km", "missing key"),
        ("apogee_km = 400.0", "apogee_km = nan", "launch[0].apogee_km", "finite"),
        ("apogee_km = 400.0", "apogee_km = inf", "launch[0].apogee_km", "finite"),
        ("apogee_km = 400.0", "apogee_km = -4", "launch[0].apogee_km", ">= 10.0"),
        ("powered_s = 90.0", f"powered_s = 1{'0' * 400}", "launch[0].powered_s", ""),
        ("lat_deg = 39.0", "lat_deg = 91.0", "launch[0].site.lat_deg", "<= 90.0"),
        ("rate_hz = 1.0", "rate_hz = 0", "sensor[0].rate_hz", ">= 0.01"),
        ('party = "JPN"', 'party = "Jpn"', "sensor[0].party", "three capitals"),
        ('kind = "radar"', 'kind = "sonar"', "sensor[0].kind", "sonar"),
        ('id = "infrared"', 'id = "radar"', "sensor[1].id", "used twice"),
        ('status = "EXERCISE"', 'status = "ACTUAL"', "status", "ACTUAL"),
        ("sigma_range_m = 30.0\n", "", "sensor[0].sigma_range_m", "missing key"),
        ("delay_s = 40.0", "delay_s = 4\nrate_hz = 1", "sensor[1].rate_hz", "no such"),
        ("rate_hz = 1.0", "rate_hz = 1\ndelay_s = 1", "sensor[0].delay_s", "no such"),
        ("expires_s = 86400.0", "expires_s = -9e3", "act[0].expires_s", "later"),
        ('class = "launch-warning"\n', "", "act[0].class", "needs this key"),
        ('act = "approve"', 'act = "suspend"', "act[0].to", "only for approvals"),
        ('act = "approve"', 'act = "forget"', "act[0].act", "forget"),
        ('to = "USA"\ndelay', 'to = "JPN"\ndelay', "link[0].to", "two parties"),
        ("at_s = -3600.0", "at_s = -1e9", "act[0].at_s", ">="),
        ("rate_hz = 1.0", 'rate_hz = "1"', "sensor[0].rate_hz", "number"),
    ],
)
def test_what_is_wrong_is_said_with_file_line_and_key(
    old: str, new: str, place: str, said: str
) -> None:
    """The author of a scenario is led to the line and the key to mend."""
    text = changed(old, new)

    message = refusal(text)

    assert message.startswith("x.toml:")
    assert f"`{place}`" in message
    assert said in message
    assert "\n" not in message
    key = place.rsplit(".", 1)[-1]
    line = int(message.split(":")[1])
    if "missing" not in message and "needs" not in message:
        assert key in text.splitlines()[line - 1]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("target = { lat_deg = 40.0, lon_deg = 136.0 }\n", "either `target` or"),
        ("fails_at_s = 40.0\n", "only for kind"),
        ('kind = "failed"\n', "missing key"),
        ('kind = "failed"\nfails_at_s = 95.0\n', "earlier than `powered_s`"),
        ("stages = [[40.0, 5.0], [30.0, 0.0]]\n", "add up to 75 s"),
        ('kind = "space"\ntarget = { lat_deg = 1.0, lon_deg = 1.0 }\n', "no target"),
    ],
)
def test_a_launch_says_one_thing(lines: str, said: str) -> None:
    """A launch that could be read in two ways is not flown in one of them."""
    text = changed("powered_s = 90.0\n", f"powered_s = 90.0\n{lines}")

    assert said in refusal(text)


def test_a_target_may_stand_for_azimuth_and_range() -> None:
    """The format's alternative: where it lands instead of how far in which way."""
    text = changed(
        "azimuth_true_deg = 80.0\n", "target = { lat_deg = 40.0, lon_deg = 137.0 }\n"
    ).replace("range_km = 1000.0\n", "")

    (launch,) = parse_scenario(text, file="x.toml").launch

    assert launch.target is not None
    assert launch.range_km is None


def test_a_sensor_is_hidden_only_from_parties_that_exist() -> None:
    """A slip of the pen in `hidden_from` would hide the sensor from nobody."""
    typo = changed("rate_hz = 1.0", 'rate_hz = 1.0\nhidden_from = ["KRO"]')
    own = changed("rate_hz = 1.0", 'rate_hz = 1.0\nhidden_from = ["JPN"]')

    assert "no party `KRO`" in refusal(typo)
    assert "not hidden from its owner" in refusal(own)


def test_an_epoch_without_an_offset_is_refused() -> None:
    """Guessing a time zone is how exercises and warnings go wrong."""
    text = changed("2024-01-01T00:00:00Z", "2024-01-01T00:00:00")

    assert "offset" in refusal(text)
    assert refusal(text).startswith("x.toml:2: `epoch`")


def test_an_epoch_may_be_text_or_a_toml_time_with_any_offset() -> None:
    """Offsets are converted, never dropped."""
    text = changed("2024-01-01T00:00:00Z", '"2024-01-01T09:00:00.250+09:00"')
    bare = changed("2024-01-01T00:00:00Z", "2024-01-01T09:00:00.250+09:00")

    wanted = Instant.parse("2024-01-01T00:00:00.250Z")
    assert parse_scenario(text, file="x").epoch == wanted
    assert parse_scenario(bare, file="x").epoch == wanted


def test_radars_that_no_machine_could_follow_are_refused() -> None:
    """Everything that could grow has a limit, the plots of all radars too."""
    text = changed("rate_hz = 1.0", "rate_hz = 20.0\nfalse_plots_per_scan = 200.0")

    assert "plots a second" in refusal(text)


def test_a_text_that_is_too_long_is_refused_before_it_is_read() -> None:
    """A file of any size costs no more than its limit."""
    assert "longer than" in refusal(GOOD + "#" * TEXT_BYTES_MAX)


@pytest.mark.parametrize("text", ["name = ", "[[launch]", "a = 1\na = 2", "\x00"])
def test_what_is_not_toml_is_said_to_be_so(text: str) -> None:
    """A broken file is the author's to mend, and the sentence names the file."""
    assert re.match(r"x\.toml:[12]: not TOML: ", refusal(text))


@given(st.text(max_size=200))
def test_any_text_is_a_scenario_or_bad_input(text: str) -> None:
    """No text makes the reader fail in any other way."""
    with pytest.raises(BadInput):
        parse_scenario(text, file="x.toml")


def test_the_shipped_scenarios_are_these_and_each_is_whole() -> None:
    """The names on the command line, each with the sensors that were promised."""
    assert shipped() == (
        "2017-08-29",
        "2022-06-05-salvo",
        "2022-10-04",
        "2022-10-04-gsomia-suspended",
        "gsomia-2016-2023",
    )
    for name in shipped():
        scenario = load_scenario(name)
        radars = {
            party: [s for s in scenario.sensors_of(party) if s.kind == "radar"]
            for party in ("JPN", "KOR")
        }

        assert scenario.name == name
        assert scenario.status == "EXERCISE"
        assert len(radars["JPN"]) >= 3
        assert len(radars["KOR"]) == 2
        assert [s.kind for s in scenario.sensors_of("USA")] == ["infrared"]


def test_all_shipped_radars_are_of_one_class_at_invented_round_places() -> None:
    """No gain may come from giving one nation the better radars, nor a real site."""
    radars = [
        sensor
        for name in shipped()
        for sensor in load_scenario(name).sensor
        if sensor.kind == "radar"
    ]
    places = {"id", "party", "lat_deg", "lon_deg"}
    classes = {
        tuple(value for key, value in asdict(s).items() if key not in places)
        for s in radars
    }

    assert len(classes) == 1
    assert all((2 * s.lat_deg) % 1 == 0 == (2 * s.lon_deg) % 1 for s in radars)


def test_the_suspension_falls_between_burn_out_and_the_horizon() -> None:
    """The direct path stops while the flight is under way, and comes back."""
    plain = load_scenario("2022-10-04")
    disputed = load_scenario("2022-10-04-gsomia-suspended")

    added = [act for act in disputed.act if act not in plain.act]

    assert disputed.sensor == plain.sensor
    assert disputed.launch == plain.launch
    assert [(a.by, a.agreement, a.act) for a in added] == [
        ("KOR", "gsomia-jpn-kor-2016", "suspend"),
        ("KOR", "gsomia-jpn-kor-2016", "restore"),
    ]
    assert plain.launch[0].powered_s < added[0].at_s < added[1].at_s < 900.0


def test_a_scenario_that_does_not_exist_is_bad_input() -> None:
    """The answer lists what there is instead."""
    with pytest.raises(BadInput, match="2022-10-04-gsomia-suspended"):
        load_scenario("2022-10-05")


def test_a_path_is_read_like_a_shipped_name(tmp_path: Path) -> None:
    """Anybody's scenario file flies like those that come with the package."""
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")

    assert load_scenario(path).name == "small"
    with pytest.raises(BadInput):
        load_scenario(tmp_path / "binary.toml")
    with pytest.raises(BadInput):
        load_scenario(tmp_path)
