"""Contradiction: which sensor says what no other sensor can confirm?

A sensor whose clock, survey or mounting is wrong by more than it states contradicts the
others, and a fit of them all belongs to nobody. What can be said depends on how many
there are (``reconciled``):

* One sensor alone contradicts nobody. Its constant lie is seen only where it makes the
  arc one that no body flies.
* Of two that contradict each other, one is wrong, and nothing tells which, unless one
  of them contradicts itself.
* Of three or more one is named and left out: the survey that strains (``strain``), or
  the only sensor without which the rest agree.
* An object that one sensor alone shows where another's should be seen has no area
  (``doubted``; the rule is ``alone``'s).

A push that one sensor sees sooner than the others looks like a lie for some seconds.
And while it is too early to tell a burn-out, chance lets all but one sensor tell it a
moment sooner. So where no plots are refused a lie is spoken of only if constant offsets
put all of them on one arc, and these are beyond what the surveys allow.

Left to others: which plots are of one object, and what one object's plots say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from beaconfire.estimation.alone import (
    Followed,
    accusing_nobody,
    doubt_of,
    flown_of,
    shown_of,
    unbelieved,
)
from beaconfire.estimation.coasting import PLOTS_MIN, Coast
from beaconfire.estimation.measurement import PlotTable
from beaconfire.estimation.selection import REPEATED
from beaconfire.estimation.strain import SURVEYS_TO_NAME_MIN, Strain, weigh_freed
from beaconfire.vocabulary.flight import (
    FlightEstimate,
    Observations,
    RejectedPlot,
    SensorAccount,
)
from beaconfire.vocabulary.motion import Plot

# One object's own fit leaves out a few plots in a hundred; that of mixed objects, or of
# sensors that contradict each other, some half.
LEFT_OUT_PART = 0.1
# Leaving out each sensor costs a solve; more than so many are not one file's.
SENSORS_TRIED_MAX = 16
REASON_MAX = 500  # the vocabulary holds 512 characters


@dataclass(frozen=True, slots=True)
class Solved:
    """An estimate, and what it rests on: the table of all plots, the arc, the strain.

    ``strain`` is there only if it is what the arc was not believed for.
    """

    estimate: FlightEstimate
    table: PlotTable | None
    coast: Coast | None
    strain: Strain | None

    def explains(self, plots: int) -> bool:
        """Say whether one object's fit explains so many plots."""
        left_out = sum(one.reason != REPEATED for one in self.estimate.rejected)
        return self.estimate.model_holds and left_out <= LEFT_OUT_PART * plots


Solve = Callable[[Observations], Solved]
Sensors = frozenset[str]


def reconciled(held: Observations, solve: Solve) -> FlightEstimate:
    """Return the estimate, without the one sensor that contradicts all others.

    Where sensors contradict each other and nothing tells which is wrong, the estimate
    has no area, and that as its reason.
    """
    one = solve(held)
    strained = one.strain is not None
    unsolved = accusing_nobody(one.estimate) if strained else one.estimate
    if one.strain is not None and one.strain.culprit is not None:
        cleared = _without_survey(held, one.strain.culprit, solve)
        if cleared is not None:
            return cleared
    sensors = sorted({plot.sensor.id for plot in held.plots})
    unheard = _unheard(one.estimate)
    if not 1 < len(sensors) <= SENSORS_TRIED_MAX:
        return unsolved
    doubtful = _left_its_arc(one.estimate) or _left_much_out(one, held)
    if not strained and not unheard and not doubtful:
        return unsolved
    suspects = _suspects(held, offsets=strained)
    found = {some: solve(_rest(held, some)) for some in suspects}
    agreeing = [some for some, rest in found.items() if _agree(rest, held, some)]
    freed = _freed(one.table, [found[some] for some in agreeing])
    lied = strained or (freed is not None and freed.declared)
    if not agreeing or not (lied or unheard):
        return unsolved
    liars = _named(held, freed, agreeing)
    if liars is None and len(sensors) == 2 and len(agreeing) == 1:
        (other,) = (some for some in found if some != agreeing[0])
        liars = agreeing[0] if found[other].strain is not None else None
    if liars is not None:
        return _without(held, liars, found[liars].estimate)
    if len(agreeing) < 2 and not any(unheard - some for some in agreeing):
        return unsolved
    names = ", ".join(f"`{sensor}`" for sensor in sensors)
    return unbelieved(
        one.estimate, f"{names} contradict each other, and nothing tells which is wrong"
    )


def _suspects(held: Observations, *, offsets: bool) -> list[Sensors]:
    """Return who may lie together: the sensors of a survey, and each of them alone.

    Where offsets tell that somebody lies it is a whole survey: one of its sensors alone
    has a clock or an antenna that is wrong.
    """
    surveys: dict[str, set[str]] = {}
    for plot in held.plots:
        surveys.setdefault(plot.bias_id or plot.sensor.id, set()).add(plot.sensor.id)
    some = {frozenset(shared) for shared in surveys.values()}
    if not offsets:
        some |= {frozenset({one}) for shared in surveys.values() for one in shared}
    return sorted(some, key=sorted)


def _agree(rest: Solved, held: Observations, left_out: Sensors) -> bool:
    plots = sum(plot.sensor.id not in left_out for plot in held.plots)
    return plots > 0 and rest.explains(plots)


def _named(
    held: Observations, freed: Strain | None, agreeing: Sequence[Sensors]
) -> Sensors | None:
    """Return who lies, if three sensors or more tell: the offsets, or all who agree.

    Without the liars all agree. That must hold of them alone, or of more than them:
    sensors of one lying survey agree with each other too, and without the others.
    """
    if len({plot.sensor.id for plot in held.plots}) < SURVEYS_TO_NAME_MIN:
        return None
    survey = freed.culprit if freed is not None else None
    if survey is not None and (liars := _of_survey(held, survey)) in agreeing:
        return liars
    least = min(agreeing, key=len)
    return least if all(least <= some for some in agreeing) else None


def _without_survey(
    held: Observations, survey: str, solve: Solve
) -> FlightEstimate | None:
    """Return what the sensors of all surveys but one say; ``None`` if they disagree."""
    liars = _of_survey(held, survey)
    rest = _rest(held, liars)
    found = solve(rest)
    if not liars or not found.explains(len(rest.plots)):
        return None
    return _without(held, liars, found.estimate)


def _of_survey(held: Observations, survey: str) -> Sensors:
    """Return the sensors whose offsets are those of one survey."""
    return frozenset(
        p.sensor.id for p in held.plots if (p.bias_id or p.sensor.id) == survey
    )


def _rest(held: Observations, left_out: Sensors) -> Observations:
    kept = tuple(plot for plot in held.plots if plot.sensor.id not in left_out)
    return replace(held, plots=kept)


def _unheard(estimate: FlightEstimate) -> set[str]:
    """Return the sensors of whose plots most were taken for another object's."""
    return {
        account.id
        for account in estimate.sensors
        if account.verdict == "rejected" and account.plots >= PLOTS_MIN
    }


def _left_much_out(one: Solved, held: Observations) -> bool:
    """Say whether an arc was found that much of what is held does not lie on.

    A sensor that comes late and lies may win over what the others have just shown.
    """
    return one.estimate.model_holds and not one.explains(len(held.plots))


def _left_its_arc(estimate: FlightEstimate) -> bool:
    return not estimate.model_holds and estimate.departure is None


def _freed(table: PlotTable | None, agreeing: Sequence[Solved]) -> Strain | None:
    """Weigh the offsets that put all coasting plots on the longest arc of some."""
    arcs = [one.coast for one in agreeing if one.coast is not None]
    if table is None or not arcs:
        return None
    coast = max(arcs, key=lambda one: len(one.table.times_s))
    began = coast.table.epoch.plus_s(float(coast.table.times_s[0]))
    since_s = began.seconds_since(table.epoch)
    after = table.select(np.flatnonzero(table.times_s >= since_s))
    return weigh_freed(after, coast.own.state, coast.own.epoch)


def _without(
    held: Observations, liars: Sensors, found: FlightEstimate
) -> FlightEstimate:
    """Count what was found without ``liars`` by the plots of all."""
    kept = [k for k, plot in enumerate(held.plots) if plot.sensor.id not in liars]
    named = {
        liar: f"sensor `{liar}` rejected by consistency: it contradicts all others"
        for liar in sorted(liars)
    }
    rejected = [
        *(replace(one, index=kept[one.index]) for one in found.rejected),
        *(
            RejectedPlot(index=k, reason=named[plot.sensor.id])
            for k, plot in enumerate(held.plots)
            if plot.sensor.id in liars
        ),
    ]
    accounts = [
        SensorAccount(
            id=liar,
            plots=sum(plot.sensor.id == liar for plot in held.plots),
            bias=None,
            verdict="rejected",
        )
        for liar in named
    ]
    return replace(
        found,
        rejected=tuple(sorted(rejected, key=lambda one: one.index)),
        sensors=tuple(sorted((*found.sensors, *accounts), key=lambda one: one.id)),
        reason="; ".join([found.reason, *named.values()])[:REASON_MAX],
    )


def doubted(
    objects: Sequence[tuple[Observations, FlightEstimate]],
) -> list[FlightEstimate]:
    """Return the estimates, without an area where one sensor stands against others."""
    followed = [_followed(held, estimate) for held, estimate in objects]
    result = []
    for mine, (_, estimate) in zip(followed, objects, strict=True):
        others = (other for other in followed if other is not mine)
        said = (doubt_of(mine, other, followed) for other in others)
        why = next((one for one in said if one is not None), None)
        result.append(estimate if why is None else unbelieved(estimate, why))
    return result


def _followed(held: Observations, estimate: FlightEstimate) -> Followed:
    of: dict[str, list[Plot]] = {}
    for plot in held.plots:
        of.setdefault(plot.sensor.id, []).append(plot)
    shown = {sensor: shown_of(plots) for sensor, plots in of.items()}
    return Followed(shown=shown, flown=flown_of(estimate))
