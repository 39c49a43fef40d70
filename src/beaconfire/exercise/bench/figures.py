"""Figures: what a bench measured, beside its goal and beside its peer.

A figure says what it is, in which unit, what was wanted and what came out. The verdict
follows from goal and measurement alone; a figure without a goal has none, and one that
could not be measured is never met. Nothing is rounded before it is judged.
"""

import math
from collections.abc import Sequence
from statistics import median
from typing import Literal

from msgspec import Struct
from scipy.special import betaincinv

from beaconfire.errors import BadInput

Verdict = Literal["met", "missed", "-"]
_NOTHING = "-"


class Figure(Struct, frozen=True, kw_only=True):
    """One measured number. ``raw`` is the same number of the peer without our work.

    ``goal`` is a bound: from above unless ``at_least``. ``upto`` closes a band whose
    foot is ``goal``: a share that is too high is wrong as well. ``interval`` says, for
    a share of so many runs, between what the true share lies 19 times in 20; the
    verdict is of the measured one.
    """

    name: str
    unit: str
    measured: float | None
    goal: float | None = None
    at_least: bool = False
    upto: float | None = None
    raw: float | None = None
    interval: tuple[float, float] | None = None

    @property
    def ratio(self) -> float | None:
        """The measured number over the peer's."""
        if self.measured is None or not self.raw:
            return None
        return self.measured / self.raw

    @property
    def verdict(self) -> Verdict:
        """Whether the goal is met; a dash where there is none."""
        if self.goal is None:
            return "-"
        if self.measured is None:
            return "missed"
        held = (
            self.measured >= self.goal if self.at_least else self.measured <= self.goal
        )
        if self.upto is not None:
            held = held and self.measured <= self.upto
        return "met" if held else "missed"


class Bench(Struct, frozen=True, kw_only=True):
    """What one bench has to say: figures, under which conditions, and more to read."""

    bench: str
    figures: tuple[Figure, ...]
    conditions: tuple[str, ...] = ()
    text: str = ""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least ``share`` of all do not exceed.

    A value that was measured, not one between two: a tail is not smoothed.

    Raises:
        BadInput: there are no values.
    """
    if not values:
        message = "a percentile of nothing: no value was measured"
        raise BadInput(message)
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median_of(values: Sequence[float | None]) -> float | None:
    """Return the median of what was measured, or ``None`` if nothing was."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def share(
    name: str,
    happened: Sequence[bool],
    *,
    goal: float | None = None,
    at_least: bool = True,
    upto: float | None = None,
) -> Figure:
    """Return in how many percent of runs something happened, with its interval.

    The interval is that of Clopper and Pearson (Biometrika 26, 1934), exact for any
    number of runs and also where it happened never or always.
    """
    count, total = sum(happened), len(happened)
    return Figure(
        name=name,
        unit="%",
        measured=100.0 * count / total if total else None,
        goal=goal,
        at_least=at_least,
        upto=upto,
        interval=_clopper_pearson(count, total) if total else None,
    )


def _clopper_pearson(count: int, total: int) -> tuple[float, float]:
    """Return both ends in percent; 2.5 % lie beyond each, none beyond 0 and 100."""
    low = betaincinv(count, total - count + 1, 0.025) if count else 0.0
    high = betaincinv(count + 1, total - count, 0.975) if count < total else 1.0
    return 100.0 * float(low), 100.0 * float(high)


def as_json(bench: Bench) -> dict[str, object]:
    """Return the bench as one JSON value, verdicts and ratios included."""
    return {
        "v": 1,
        "bench": bench.bench,
        "conditions": list(bench.conditions),
        "figures": [
            {
                "name": figure.name,
                "unit": figure.unit,
                "goal": figure.goal,
                "at_least": figure.at_least,
                "upto": figure.upto,
                "measured": figure.measured,
                "raw": figure.raw,
                "ratio": figure.ratio,
                "interval": figure.interval,
                "verdict": figure.verdict,
            }
            for figure in bench.figures
        ],
    }


def as_text(bench: Bench) -> str:
    """Return the bench as a table; columns that hold nothing are left out."""
    head = ("figure", "goal", "measured", "interval", "raw", "ratio", "verdict")
    rows = [
        (
            f"{figure.name} ({figure.unit})" if figure.unit else figure.name,
            _goal(figure),
            _number(figure.measured),
            _interval(figure.interval),
            _number(figure.raw),
            _number(figure.ratio),
            figure.verdict,
        )
        for figure in bench.figures
    ]
    columns = [
        (head[at], *(row[at] for row in rows))
        for at in range(len(head))
        if any(row[at] != _NOTHING for row in rows)
    ]
    widths = [max(map(len, column)) for column in columns]
    lines = [f"bench {bench.bench}"]
    for first, *rest in zip(*columns, strict=True):
        cells = (f"{c:>{w}}" for c, w in zip(rest, widths[1:], strict=True))
        lines.append("  ".join((f"{first:<{widths[0]}}", *cells)))
    lines += [f"* {condition}" for condition in bench.conditions]
    if bench.text:
        lines += ["", bench.text]
    return "\n".join(lines)


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return _NOTHING
    if figure.upto is not None:
        return f"{_number(figure.goal)} to {_number(figure.upto)}"
    return f"{'>=' if figure.at_least else '<='} {_number(figure.goal)}"


def _interval(ends: tuple[float, float] | None) -> str:
    return _NOTHING if ends is None else f"{_number(ends[0])} to {_number(ends[1])}"


def _number(value: float | None) -> str:
    """Three digits that mean something; never an exponent."""
    if value is None:
        return _NOTHING
    if value == 0.0 or abs(value) >= 100.0:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
