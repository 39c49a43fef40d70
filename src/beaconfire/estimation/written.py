"""Written: what a published figure says, with the rounding that its digits show.

``6248.5`` may have been anything from 6248.45 to 6248.55, ``4550`` anything from 4549.5
to 4550.5; who knows of a wider one writes the interval, ``4500-4600``. Signs, powers of
ten and separators are refused, because they hide how a figure was rounded.
"""

import re
from dataclasses import dataclass

from beaconfire.errors import BadInput

# Nothing was ever announced outside these; a wrong unit usually is.
APOGEE_KM = (10.0, 10_000.0)
RANGE_KM = (1.0, 18_000.0)  # short of the antipode, where no bearing means anything
ANNOUNCED_S = (1.0, 10_800.0)  # what stays aloft longer is in orbit
AZIMUTH_DEG = (0.0, 360.0)
TEXT_CHARACTERS_MAX = 48  # more digits than any instrument has

# A time that is a whole number of minutes was counted in minutes, mostly between two
# readings of a clock: either end may be off by one.
_MINUTE_S = 60.0
_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
_FIGURE = re.compile(rf"({_NUMBER})(?:-({_NUMBER}))?\Z", re.ASCII)
_PLACE = re.compile(rf"([+-]?{_NUMBER}),\s?([+-]?{_NUMBER})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Written:
    """One figure: its value, and between what it may have been before rounding."""

    low: float
    value: float
    high: float


def exactly(value: float) -> Written:
    """Return a figure that was not rounded."""
    return Written(value, value, value)


def read_figure(text: str, name: str, bounds: tuple[float, float]) -> Written:
    """Read a figure or an interval ``low-high``; digits say how it was rounded.

    Raises:
        BadInput: it is no such figure, or nothing that was ever announced.
    """
    found = _FIGURE.match(text) if len(text) <= TEXT_CHARACTERS_MAX else None
    if found is None:
        message = (
            f"{name}: `{text[:TEXT_CHARACTERS_MAX]}` is no figure; write digits as "
            "in 6248.5, or an interval as in 970-1000"
        )
        raise BadInput(message)
    low, high = float(found[1]), float(found[2] or found[1])
    if high < low:
        message = f"{name}: the interval `{text}` ends before it begins"
        raise BadInput(message)
    if not (bounds[0] <= low and high <= bounds[1]):
        message = f"{name}: `{text}` is not between {bounds[0]:g} and {bounds[1]:g}"
        raise BadInput(message)
    half = 0.0 if found[2] else 0.5 * 10.0 ** -len(found[1].partition(".")[2])
    return Written(low - half, 0.5 * (low + high), high + half)


def read_time(text: str) -> Written:
    """Read an announced time of flight; whole minutes are read as such.

    Raises:
        BadInput: it is no figure, or no time of flight.
    """
    time = read_figure(text, "announced time in s", ANNOUNCED_S)
    if text.isdigit() and time.value % _MINUTE_S == 0.0:
        return Written(time.value - _MINUTE_S, time.value, time.value + _MINUTE_S)
    return time


def read_place(text: str) -> tuple[float, float]:
    """Read ``LAT,LON`` in degrees, north and east positive.

    Raises:
        BadInput: it is no place.
    """
    found = _PLACE.match(text) if len(text) <= TEXT_CHARACTERS_MAX else None
    if found is None:
        message = (
            f"place: `{text[:TEXT_CHARACTERS_MAX]}` is no LAT,LON; write "
            "degrees as in 39.2,125.7"
        )
        raise BadInput(message)
    lat_deg, lon_deg = float(found[1]), float(found[2])
    if abs(lat_deg) > 90.0 or abs(lon_deg) > 180.0:
        message = f"place: `{text}` lies outside 90 degrees north or 180 east"
        raise BadInput(message)
    return lat_deg, lon_deg
