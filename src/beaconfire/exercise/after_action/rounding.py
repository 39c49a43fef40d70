"""Rounding: one rule for every number of a report.

Three digits after the point: milliseconds of time, metres of distance, microseconds of
latency. Finer digits would be noise, and differ between machines.
"""

DIGITS = 3


def rounded(value: float, digits: int = DIGITS) -> float:
    """Return ``value`` as a report says it; minus zero is zero."""
    return round(value, digits) + 0.0
