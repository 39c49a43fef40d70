"""Times: instants as UTC nanoseconds inside, RFC 3339 outside.

* An instant without an offset is refused: guessing a zone is how warnings go wrong.
* Offsets are read and converted; what is written always ends in ``Z``.
* Written with 3, 6 or 9 fractional digits, the fewest that lose nothing, so that one
  instant has one spelling.

No clock is read here; ``runtime/clock.py`` is the only place that may.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache, total_ordering

from beaconfire.errors import BadInput

NS_PER_S = 1_000_000_000
_SIGMAS95 = 1.96  # on either side, of a normal error
# Two nations' clocks may differ by this; what is dated further ahead is refused, or
# kept until its time has come.
AHEAD_S_MAX = 2.0

_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})",
    re.ASCII,
)
_FINER_THAN_SECONDS = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\.\d+Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@total_ordering
class Instant:
    """A point in time: whole nanoseconds since 1970-01-01T00:00:00Z, leap-free."""

    __slots__ = ("ns",)

    ns: int

    def __init__(self, ns: int) -> None:
        object.__setattr__(self, "ns", ns)

    def __setattr__(self, name: str, value: object) -> None:
        message = "an instant does not change"
        raise AttributeError(message)

    @classmethod
    def parse(cls, text: str) -> "Instant":
        """Read RFC 3339.

        Raises:
            BadInput: not RFC 3339, without an offset, or outside 1970-2199.
        """
        match = _RFC3339.fullmatch(text)
        if match is None:
            message = (
                f"`{text[:64]}` is not a time: write RFC 3339 with an offset, "
                "as in 2022-10-03T22:22:00Z"
            )
            raise BadInput(message)
        day, clock, fraction, offset = match.groups()
        try:
            seconds = _seconds(day, clock, "+00:00" if offset in "Zz" else offset)
        except (ValueError, OverflowError):
            message = f"`{text}` is not a time that exists"
            raise BadInput(message) from None
        ns = seconds * NS_PER_S
        if fraction:
            ns += int(fraction.ljust(9, "0"))
        if not 0 <= ns < _LATEST_NS:
            message = f"`{text}` lies outside the years 1970 to 2199"
            raise BadInput(message)
        return cls(ns)

    def plus_s(self, seconds: float) -> "Instant":
        """Return the instant ``seconds`` later, rounded to the nanosecond."""
        return Instant(self.ns + round(seconds * NS_PER_S))

    def seconds_since(self, other: "Instant") -> float:
        """Return this minus ``other`` in seconds."""
        return (self.ns - other.ns) / NS_PER_S

    def __str__(self) -> str:
        return _written(self.ns)

    def __repr__(self) -> str:
        return f"Instant({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Instant) and self.ns == other.ns

    def __lt__(self, other: "Instant") -> bool:
        return self.ns < other.ns

    def __hash__(self) -> int:
        return hash(self.ns)


# A turn's instant stands in each of its entries, a plot's in four.
@lru_cache(maxsize=4_096)
def _written(ns: int) -> str:
    seconds, part_ns = divmod(ns, NS_PER_S)
    stem = _to_the_second(seconds)
    if part_ns % 1_000_000 == 0:
        return f"{stem}.{part_ns // 1_000_000:03d}Z"
    if part_ns % 1_000 == 0:
        return f"{stem}.{part_ns // 1_000:06d}Z"
    return f"{stem}.{part_ns:09d}Z"


# Thousands of sightings share a second: the calendar is asked once for each.
@lru_cache(maxsize=4_096)
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=4_096)
def _seconds(day: str, clock: str, zone: str) -> int:
    delta = datetime.fromisoformat(f"{day}T{clock}{zone}") - _EPOCH
    return delta.days * 86_400 + delta.seconds


_LATEST_NS = 7_258_118_400 * NS_PER_S  # 2200-01-01T00:00:00Z
EARLIEST = Instant(0)
LATEST = Instant(_LATEST_NS - 1)


def whole_seconds(text: str) -> str:
    """Return ``text`` with every instant in it cut to its second, as people read it."""
    return _FINER_THAN_SECONDS.sub(r"\1Z", text)


def window95(time: Instant, sigma_s: float) -> tuple[Instant, Instant]:
    """Return from when to when it was, in 95 of 100, of a normal error."""
    early, late = time.plus_s(-_SIGMAS95 * sigma_s), time.plus_s(_SIGMAS95 * sigma_s)
    return max(early, EARLIEST), min(late, LATEST)
