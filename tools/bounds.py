"""The bounds of the pure modules: constants that end in ``_MAX`` or ``_MIN``.

A bound's reason is the comment behind it, or else the one above it; constants that
follow each other without a gap share what stands above the first.
"""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).resolve().parent.parent / "src" / "beaconfire"
PACKAGES = ("agreements", "stages", "formats", "journal", "seals", "vocabulary")

_BOUND = re.compile(r"([A-Z][A-Z_]*_(?:MAX|MIN)) = [^#]*(?:#\s*(.*))?")
_CONSTANT = re.compile(r"_?[A-Z][A-Z_]* = ")


class Bound(NamedTuple):
    """One bound, where it stands, and why; ``reason`` is empty where nothing says."""

    module: str
    name: str
    value: int | float
    reason: str


def bounds() -> Iterator[Bound]:
    """Yield every public bound of the pure packages, module by module."""
    for package in PACKAGES:
        for path in sorted((SOURCE / package).rglob("*.py")):
            name = path.relative_to(SOURCE.parent).with_suffix("").as_posix()
            module = importlib.import_module(
                name.removesuffix("/__init__").replace("/", ".")
            )
            lines = path.read_text("utf-8").splitlines()
            for number, line in enumerate(lines):
                if found := _BOUND.fullmatch(line):
                    yield Bound(
                        path.relative_to(SOURCE).as_posix(),
                        found[1],
                        getattr(module, found[1]),
                        found[2] or _above(lines, number),
                    )


def _above(lines: list[str], number: int) -> str:
    number -= 1
    while number >= 0 and _CONSTANT.match(lines[number]):
        number -= 1
    said: list[str] = []
    while number >= 0 and lines[number].startswith("# "):
        said.insert(0, lines[number].removeprefix("# "))
        number -= 1
    return " ".join(said)
