"""The guide to scenarios cannot lie: its example runs and its tables are the code's."""

import re
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from beaconfire.exercise.scenario import parse_scenario
from beaconfire.exercise.scenario_parts import (
    Act,
    Launch,
    Link,
    Person,
    Scenario,
    Sensor,
)
from beaconfire.exercise.sensors import observe
from beaconfire.exercise.sky import fly_all

GUIDE = (Path(__file__).parents[2] / "docs/guides/scenarios.md").read_text("utf-8")


def section(heading: str) -> str:
    """Return the part of the guide under a heading of the second level."""
    (_, found) = GUIDE.split(f"\n## {heading}\n", 1)
    return found.split("\n## ", 1)[0]


def numbers(text: str) -> set[float]:
    """Return every number that a text states."""
    found = re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", text.replace(",", ""))
    return {float(number) for number in found}


def limits(kind: inspect.Type) -> set[float]:
    """Return the limits that a key's type states."""
    if isinstance(kind, inspect.UnionType):
        return set().union(*(limits(part) for part in kind.types))
    stated = (getattr(kind, name, None) for name in ("ge", "gt", "le", "lt"))
    return {float(limit) for limit in stated if isinstance(limit, int | float)}


@pytest.mark.parametrize(
    ("part", "heading"),
    [
        (Scenario, "The file"),
        (Launch, "`[[launch]]`"),
        (Sensor, "`[[sensor]]`"),
        (Act, "`[[act]]`"),
        (Link, "`[[link]]`"),
        (Person, "`[[person]]`"),
    ],
)
def test_every_key_stands_in_the_guide_with_its_limits(
    part: type[msgspec.Struct], heading: str
) -> None:
    """A table's rows are the keys, all of them and no other, in their true limits."""
    rows = {
        match[1]: match[2]
        for match in re.finditer(r"^\| `(\w+)` \|(.*?)\|", section(heading), re.M)
    }
    info = inspect.type_info(part)
    assert isinstance(info, inspect.StructType)

    assert set(rows) == {field.encode_name for field in info.fields}
    for field in info.fields:
        missing = limits(field.type) - numbers(rows[field.encode_name])
        assert not missing, f"`{field.encode_name}` lacks {missing}"


def test_the_example_of_the_guide_is_flown_and_observed() -> None:
    """What the guide shows works as written."""
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.S)

    scenario = parse_scenario(text, file="scenarios.md")
    flights = fly_all(scenario)
    sightings = observe(scenario, flights, scenario.seed)

    assert [flight.launch_id for flight in flights] == ["first", "second"]
    assert flights[1].burn_out_s == 80.0
    assert {s.stream for s in sightings} == {"plots", "cues"}
    assert scenario.policy.classification_of("JPN") == "秘"


def test_the_example_of_the_guide_uses_every_key_it_can() -> None:
    """A reader finds each key in use, but those that exclude one another."""
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.S)
    used = set(re.findall(r"(\w+) =", text))

    for part in (Launch, Sensor, Act, Link, Person):
        info = inspect.type_info(part)
        assert isinstance(info, inspect.StructType)
        assert {field.encode_name for field in info.fields} <= used
