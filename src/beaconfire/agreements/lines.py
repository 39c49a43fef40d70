"""Lines: on which line of a TOML text a key stands, so that a mistake can be found.

The parser of the standard library tells the line of a broken text, not that of a
value it has read. ``KeyLines`` scans a text that is known to be well formed for its
tables and keys. Keys inside an inline table stand where the table begins.

``longest_key`` needs no well-formed text: it guards the parser, which takes memory in
the square of a dotted key's parts. Both take one pass.
"""

import re

KeyPath = tuple[str | int, ...]

_KEY_PART = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*\.?""")
_OPENING = {"[": 1, "{": 1, "]": -1, "}": -1}


class KeyLines:
    """The line of every key and table, by path, as in ``("article", 2, "when")``."""

    def __init__(self, text: str) -> None:
        self._lines: dict[KeyPath, int] = {}
        self._tables: dict[str, int] = {}
        self._scan(text)

    def of(self, path: KeyPath) -> int:
        """Return the line of ``path``, or of the nearest thing that contains it."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 1

    def _scan(self, text: str) -> None:
        table: KeyPath = ()
        depth, quote = 0, ""
        for number, line in enumerate(text.split("\n"), start=1):
            if depth == 0 and not quote:
                stripped = line.lstrip()
                if stripped.startswith("["):
                    table = self._header(stripped, number)
                    continue
                self._lines.setdefault((*table, *_key(stripped)), number)
            depth, quote, _ = _after(line, depth, quote)

    def _header(self, line: str, number: int) -> KeyPath:
        name, *rest = _key(line.lstrip("["))
        path: KeyPath
        if line.startswith("[["):
            count = self._tables.get(name, -1) + 1
            self._tables[name] = count
            path = (name, count, *rest)
        elif name in self._tables:
            path = (name, self._tables[name], *rest)
        else:
            path = (name, *rest)
        for parts in range(1, len(path) + 1):
            self._lines.setdefault(path[:parts], number)
        return path


def _key(text: str) -> tuple[str, ...]:
    """Return the parts of the key that a well-formed line begins with, if any."""
    parts, start = [], 0
    while match := _KEY_PART.match(text, start):
        part = match[1]
        parts.append(part[1:-1] if part[0] in "\"'" else part)
        start = match.end()
    return tuple(parts)


def longest_key(text: str) -> tuple[int, int]:
    """Return the most parts that a key could have, and the line where it stands."""
    most, where, quote = 1, 1, ""
    for number, line in enumerate(text.split("\n"), start=1):
        _, quote, dots = _after(line, 0, quote)
        if dots + 1 > most:
            most, where = dots + 1, number
    return most, where


def _after(line: str, depth: int, quote: str) -> tuple[int, str, int]:
    """Return bracket depth, open multi-line quote and most dots in one key or value."""
    place, dots, dots_most = 0, 0, 0
    while place < len(line):
        if quote:
            end = _string_end(line, place, quote)
            if end is None:
                break
            place, quote = end, ""
            continue
        char = line[place]
        if char == "#":
            break
        if char in "\"'":
            quote = char * 3 if line.startswith(char * 3, place) else char
            place += len(quote)
            continue
        if char in "=,[]{}":
            dots = 0
        dots += char == "."
        dots_most = max(dots_most, dots)
        depth += _OPENING.get(char, 0)
        place += 1
    # Only a multi-line string goes on after the end of the line.
    return depth, quote if len(quote) == 3 else "", dots_most


def _string_end(line: str, place: int, quote: str) -> int | None:
    while place < len(line):
        if line[place] == "\\" and quote[0] == '"':
            place += 2
        elif line.startswith(quote, place):
            return place + len(quote)
        else:
            place += 1
    return None
