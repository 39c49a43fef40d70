"""Scenario lines: in which line of a TOML text does a key stand?

TOML's reader forgets where it found things; an author wants the line. This looks again
with a plain pattern, and answers with the key's line, else that of its table, else
``None``. It only ever serves an error message, so being wrong about a text in which a
multi-line string imitates a table costs a wrong number there and nothing else.
"""

import re

_TABLES = re.compile(r"\s*\[\[\s*([A-Za-z0-9_.-]+)\s*\]\]")
_TABLE = re.compile(r"\s*\[\s*([A-Za-z0-9_.-]+)\s*\]")
_KEY = re.compile(r"""\s*["']?([^"'=\s#\[\]]+)["']?\s*=""")
_PART = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")


def line_of(text: str, path: str) -> int | None:
    """Return the line, from 1, of a ``path`` such as ``sensor[2].rate_hz``."""
    wanted = [(name, int(index or 0)) for name, index in _PART.findall(path)]
    # The longest beginning of the path that can be found: a key inside an inline table
    # has the line of that table, a missing key the line of the header above.
    for length in range(len(wanted), 0, -1):
        line = _find(text, wanted[:length])
        if line is not None:
            return line
    return None


def _find(text: str, wanted: list[tuple[str, int]]) -> int | None:
    counts: dict[str, int] = {}
    table: list[tuple[str, int]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _TABLES.match(line):
            name = match[1]
            counts[name] = counts.get(name, -1) + 1
            table = [(name, counts[name])]
        elif match := _TABLE.match(line):
            # A table below an array belongs to the array's newest element.
            table = [(part, counts.get(part, 0)) for part in match[1].split(".")]
        elif match := _KEY.match(line):
            if [*table, (match[1], 0)] == [*wanted[:-1], (wanted[-1][0], 0)]:
                return number
            continue
        if table == wanted:
            return number
    return None
