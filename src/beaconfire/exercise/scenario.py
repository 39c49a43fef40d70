"""Scenario: reading one exercise from a file, or saying what is wrong with the file.

What the words mean, with units and limits, is in ``docs/guides/scenarios.md``. Nothing
is flown or drawn here. Guarantees:

* Unknown keys, numbers outside their limits and numbers that are not finite are refused
  with the file, the line and the key.
* A scenario that was read is whole (``scenario_rules``): ids are unique, a launch says
  where it goes in exactly one way, a sensor has the keys of its kind and no others.
* ``parse_scenario`` is a function of its text; ``load_scenario`` alone opens files.
"""

import math
import os
import re
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from beaconfire.errors import BadInput
from beaconfire.exercise.scenario_lines import line_of
from beaconfire.exercise.scenario_parts import Launch, Scenario, Sensor
from beaconfire.exercise.scenario_rules import check_whole
from beaconfire.runtime.named_files import read_named
from beaconfire.seals.codec import convert
from beaconfire.seals.toml_text import text_of, toml_of

__all__ = [
    "TEXT_BYTES_MAX",
    "Launch",
    "Scenario",
    "Sensor",
    "load_scenario",
    "parse_scenario",
    "shipped",
]

TEXT_BYTES_MAX = 1_048_576

# No key of a scenario means a number beyond this; the seed alone may be larger.
_NUMBER_MAX = 10**15

_SUFFIX = ".toml"
_SHIPPED = resources.files("beaconfire.exercise") / "scenarios"
_PLACE = re.compile(r"^(?P<said>.*?)(?: at `(?P<path>[^`]*)`)?$", re.DOTALL)
# The other form in which a message names its place, see seals/told.py.
_NOT_ALLOWED = re.compile(
    r"^`(?P<path>[^`]*)` (?P<said>is .*; (?:allowed|this node reads) .*)$", re.DOTALL
)
_UNKNOWN = re.compile(r"^unknown key `(?P<key>[^`]*)`")


def shipped() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the package, sorted."""
    names = (entry.name for entry in _SHIPPED.iterdir())
    return tuple(sorted(n.removesuffix(_SUFFIX) for n in names if n.endswith(_SUFFIX)))


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Read a shipped scenario by its name, or any scenario by its path.

    A shipped name wins over a file of the same name; write ``./name`` for the file.

    Raises:
        BadInput: no such scenario, or not a scenario.
    """
    name = str(name_or_path)
    if name in shipped():
        file = f"{name}{_SUFFIX}"
        return parse_scenario((_SHIPPED / file).read_text("utf-8"), file=file)
    if not os.path.exists(name):  # noqa: PTH110 - false for a name too long, too
        message = (
            f"`{name[:200]}` is neither a shipped scenario ({', '.join(shipped())}) "
            "nor a file that is there"
        )
        raise BadInput(message)
    data = read_named(
        Path(name), bytes_max=TEXT_BYTES_MAX, empty=": it needs a scenario"
    )
    return parse_scenario(text_of(data, file=name), file=name)


def parse_scenario(text: str, *, file: str) -> Scenario:
    """Read the text of a scenario; ``file`` names it in errors.

    Raises:
        BadInput: not TOML, or not a scenario; says in which line and why.
    """
    if len(text.encode()) > TEXT_BYTES_MAX:
        message = f"{file}: longer than {TEXT_BYTES_MAX} bytes"
        raise BadInput(message)
    table = toml_of(text, file=file)
    try:
        scenario = convert(_as_json(table, ""), Scenario, what="scenario")
        check_whole(scenario)
    except BadInput as error:
        raise BadInput(_placed(str(error), text, file)) from None
    return scenario


def _as_json(value: Any, path: str) -> Any:
    """Return TOML's values as JSON's, and refuse numbers that no key can mean."""
    if isinstance(value, dict):
        stem = f"{path}." if path else ""
        return {key: _as_json(inner, f"{stem}{key}") for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner, f"{path}[{i}]") for i, inner in enumerate(value)]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        message = f"expected a finite number, not {value} at `{path}`"
        raise BadInput(message)
    if isinstance(value, int) and abs(value) > _NUMBER_MAX and path != "seed":
        message = f"expected a number within its limits at `{path}`"
        raise BadInput(message)
    return value


def _placed(message: str, text: str, file: str) -> str:
    """Say file, line and key before what is wrong there."""
    whole = message.removeprefix("scenario: ")
    match = _NOT_ALLOWED.match(whole) or _PLACE.match(whole)
    assert match is not None, "the pattern matches every text"
    said, path = match["said"], match["path"] or ""
    unknown = _UNKNOWN.match(said)
    if unknown is not None:
        path = f"{path}.{unknown['key']}".removeprefix(".")
        said = "unknown key"
    line = line_of(text, path) if path else None
    where = f"{file}:{line}" if line is not None else file
    return f"{where}: `{path}`: {said}" if path else f"{where}: {said}"
