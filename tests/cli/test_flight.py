"""``beaconfire flight`` answers in the settled keys and exit codes."""

import json
import re
import shlex
from pathlib import Path

import pytest

from beaconfire.cli.commands import run

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "announced-flight-times.md"
EXAMPLE = re.compile(
    r"^```sh\n(beaconfire [^`]*?)^```\n+```text\n(.*?)^```", re.M | re.S
)
LOFTED = ["flight", "--apogee-km", "6248.5", "--range-km", "1090"]
KEYS = ["flight_time_s", "interval95_s", "vacuum_floor_s", "class", "announced_s",
        "closes", "reason"]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "code", "closes"),
    [
        ([], 0, None),
        (["--announced-s", "4260"], 0, True),
        (["--announced-s", "4052"], 3, False),
        (["--announced-s", "4052", "--from", "-10,20"], 3, False),
        (["--announced-s", "4230", "--azimuth-deg", "270"], 0, True),
    ],
)
def test_the_answer_has_the_settled_keys_and_codes(more, code, closes, capsys):
    """One JSON value, keys in order; 0 closes or nothing announced, 3 does not."""
    assert run([*LOFTED, *more, "--json"]) == code
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert list(answer) == KEYS
    assert answer["closes"] is closes
    low_s, high_s = answer["interval95_s"]
    assert answer["vacuum_floor_s"] <= low_s < answer["flight_time_s"] < high_s
    assert said.err == ""


def test_what_is_not_foretold_is_null(capsys):
    """A flight flown by lift: no time, no bounds, and the reason says so."""
    given = ["--apogee-km", "50", "--range-km", "850", "--announced-s", "660"]
    assert run(["flight", *given, "--json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert answer["flight_time_s"] is None
    assert answer["interval95_s"] is None
    assert answer["class"] == "manoeuvring"
    assert "not a ballistic flight" in answer["reason"]


def test_people_are_told_in_words(capsys):
    """Time, floor, class, verdict and why."""
    assert run([*LOFTED, "--announced-s", "4052"]) == 3
    said = capsys.readouterr().out
    assert "announced  4052 s: does not close" in said
    assert "floor      41" in said
    assert run(["flight", "--apogee-km", "50", "--range-km", "850"]) == 0
    assert "flight     not foretold" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--range-km", "1090"], "missing option '--apogee-km'"),
        (["--apogee-km", "6248.5"], "missing option '--range-km'"),
        (["--apogee-km", "-1", "--range-km", "1"], "apogee in km: `-1` is no figure"),
        (["--apogee-km", "0", "--range-km", "1"], "`0` is not between 10 and 10000"),
        (["--apogee-km", "nan", "--range-km", "1"], "`nan` is no figure"),
        (["--apogee-km", "500", "--range-km", "inf"], "range in km: `inf` is no"),
        (["--apogee-km", "500", "--range-km", "0"], "`0` is not between 1 and 18000"),
        (["--apogee-km", "500", "--range-km", "40000"], "is not between 1 and 18000"),
        (["--apogee-km", "500", "--range-km", "600", "--from", "39"], "no LAT,LON"),
        (["--apogee-km", "500", "--range-km", "600", "--from", "99,0"], "outside 90"),
        (["--apogee-km", "500", "--range-km", "600", "--azimuth-deg", "400"],
         "azimuth in deg: `400` is not between 0 and 360"),
        (["--apogee-km", "500", "--range-km", "600", "--announced-s", "0"],
         "announced time in s: `0` is not between 1 and 10800"),
        (["--apogee-km", "500", "--range-km", "600", "--speed", "3"], "no such option"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_its_reason(arguments, said, capsys):
    """Exit code 2, one sentence on standard error, nothing on standard output."""
    assert run(["flight", *arguments]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_the_examples_of_the_page_are_what_the_command_prints(capsys):
    """Whoever follows the page sees what it shows."""
    examples = EXAMPLE.findall(PAGE.read_text("utf-8"))
    assert len(examples) >= 3
    for line, shown in examples:
        run(shlex.split(line)[1:])
        printed = capsys.readouterr().out
        assert printed.split() == shown.split(), line
