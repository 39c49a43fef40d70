"""Told: times and states as people read them, on a terminal and on the page.

JSON keeps every nanosecond; people get whole seconds, and a date where seconds from
the launch would be years. Pure: whoever tells gives the instants.
"""

import math

from beaconfire.vocabulary.sight import SightState
from beaconfire.vocabulary.times import Instant, whole_seconds

FAR_S = 86_400.0  # a day: farther from the launch than this, the date is said
_MINUTE_S = 60

# What stands after `an object is`.
SIGHT: dict[SightState, str] = {
    "seen": "seen",
    "lost": "lost",
    "set": "below our horizon",
    "unsure": "not seen, and perhaps not to be seen",
    "silent": "unknown: our sensors are silent",
}


def instant(at: Instant) -> str:
    """Return an instant to the second."""
    return whole_seconds(str(at))


def is_far(seconds: float) -> bool:
    """Return whether so many seconds from the launch are better said as a date."""
    return abs(seconds) > FAR_S


def clock(at: Instant, lift_off: Instant) -> str:
    """Return an instant as minutes and seconds from lift-off, or as a date."""
    seconds = at.seconds_since(lift_off)
    if is_far(seconds):
        return instant(at)
    sign = "-" if seconds < 0 else "+"
    minutes, rest = divmod(math.floor(abs(seconds)), _MINUTE_S)
    return f"T{sign}{minutes:02d}:{rest:02d}"
