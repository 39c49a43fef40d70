"""The bench of estimates: its cases are what it says, and its rows are measured."""

import itertools
import math

import numpy as np
import pytest

from beaconfire.exercise.after_action.accuracy import offset_m
from beaconfire.exercise.bench.bound import Bound, Looks, each_second, least, vary
from beaconfire.exercise.bench.calibration import claimed_percent
from beaconfire.exercise.bench.estimation_announced import announced
from beaconfire.exercise.bench.estimation_areas import Told, areas, limits
from beaconfire.exercise.bench.estimation_case import (
    DRAGS,
    FOURTH_OCTOBER,
    REFERENCE,
    Watched,
    drawn_flights,
    gliding_flights,
    gone_on,
    middle_flight,
    radars,
    sensors,
    staged,
    watch,
)
from beaconfire.exercise.bench.estimation_departures import (
    departures,
    glides,
    under_s,
)
from beaconfire.exercise.bench.estimation_fusion import fusion
from beaconfire.exercise.bench.estimation_lies import Lie, lies, outcome
from beaconfire.exercise.bench.estimation_phases import stagings
from beaconfire.exercise.bench.workers import Workers
from beaconfire.exercise.sky.dynamics import AIRBORNE_S_MAX, Body


def silent(_text):
    """Say nothing of the progress."""


CREW = Workers(None, silent)


def test_drag_stands_evenly_over_its_prior():
    """So that a row of few seeds does not hang on the luck of one draw."""
    drawn = [
        math.log(f.ballistic_kg_per_m2 / 8_000.0) for f in drawn_flights(REFERENCE)
    ]
    assert len(drawn) == DRAGS
    assert np.mean(drawn) == pytest.approx(0.0, abs=0.01)
    assert np.std(drawn) == pytest.approx(0.5, abs=0.05)


def test_a_joined_flight_is_smooth_at_burn_out():
    """Powered part and fall are one motion, whatever the drag of the fall."""
    for flight in (*drawn_flights(REFERENCE)[:3], gliding_flights(REFERENCE, 2)[1]):
        times = flight.burn_out_s + np.array([-1e-3, 1e-3])
        before, after = flight.state_ecef(times)
        assert np.linalg.norm(after[:3] - before[:3]) < 10.0
        assert np.linalg.norm(after[3:] - before[3:]) < 1.0


def test_the_bound_of_the_impact_does_not_depend_on_the_longitude():
    """A step north is a step north: the whole case turned east has the same bound."""
    flight = middle_flight(REFERENCE)
    looks = each_second(flight, radars("ABC", biased=False), 60.0)
    best = least(vary(flight), looks)
    area_m2 = best.area95_km2 * 1e6
    # An ellipse of this area has its root of mean squares within the two axes.
    axes = best.semi_major_km * 1e3, best.semi_minor_km * 1e3
    assert math.pi * axes[0] * axes[1] == pytest.approx(area_m2, rel=1e-6)
    assert best.impact_rmse_m == pytest.approx(
        math.hypot(*axes) / math.sqrt(5.991464547), rel=1e-6
    )
    # Reference: 7.5 by 1.8 km at +30 s, 2.2 by 0.64 km at +60 s, three radars.
    assert best.semi_major_km == pytest.approx(2.2, rel=0.25)
    assert best.semi_minor_km == pytest.approx(0.64, rel=0.35)


def test_a_staged_flight_keeps_its_thrust_and_gains_a_gap():
    """Both stages together burn as long as the one of the case."""
    launch = staged(FOURTH_OCTOBER, 14.0)
    burns = sum(burn_s for burn_s, _ in launch.stages)
    assert burns == pytest.approx(FOURTH_OCTOBER.powered_s)
    assert launch.powered_s == pytest.approx(burns + 14.0)


def test_a_seed_is_one_set_of_plots():
    """The same seed repeats its plots, another does not."""
    flight = middle_flight(REFERENCE)
    one, same, other = (watch(flight, sensors("A"), seed) for seed in (1, 1, 2))
    assert one.plots == same.plots
    assert one.plots != other.plots


def test_published_areas_are_calibrated_and_near_the_bound():
    """A regression of accuracy or calibration fails here; 16 seeds, so wide margins."""
    found = {figure.name: figure.measured for figure in areas(16, CREW)}
    for names in ("1 radars", "3 radars"):
        for after_s in (60, 120, 300):
            row = f"{names}, +{after_s} s"
            assert found[f"{row}: area holds the impact"] >= 81.0
            assert found[f"{row}: window holds the time"] >= 81.0
            assert found[f"{row}: median area over the bound's"] <= 1.3
            # Chi squared of 32, over 32: within four sigmas of 1.
            assert 0.2 <= found[f"{row}: mean squared miss over the claimed"] <= 2.0
            assert found[f"{row}: an area was given"] == 100.0
    assert found["3 radars, +300 s: impact RMSE"] <= 0.25


def test_announced_times_close_but_for_the_one_that_is_disputed():
    """Each by the others, to half a percent in the median; KCNA's of 2022 does not."""
    found = {figure.name: figure for figure in announced(silent)}
    for row in ("median off", "worst off"):
        name = f"announced flight times, each by the others: {row}"
        assert found[name].verdict == "met"
    for name in (
        "24 March 2022 as KCNA had it: off, to be flagged",
        "single-stage flights of whole minutes: worst off",
        "15 June 2023, flown by lift: ballistic prediction refused",
    ):
        assert found[name].verdict == "met"
    japan = found["flight of 2022-03-24 Japan: expected over announced"].measured
    assert abs(japan) < 1.0
    # The sky shares no code with what is measured.
    assert found["the same pushes flown by the sky: worst apart"].measured < 1.0


def test_fusion_across_partners_stays_accurate_and_calibrated():
    """A regression fails here; 16 seeds, so the margins of the shares are wide.

    That a sum counts our plots twice is what makes the intersections worth a test.
    """
    found = {figure.name: figure.measured for figure in fusion(16, CREW)}
    told = "own plots and tracklets of 10 s, +300 s"
    assert found[f"{told}: impact RMSE over all plots'"] <= 1.05
    assert found[f"{told}: claimed area over all plots'"] <= 1.05
    assert found[f"{told}: area holds the impact"] >= 79.0
    for name, measured in found.items():
        if "track" in name and "holds" in name and "summed" not in name:
            assert measured >= 79.0, name
    for after_s in (60, 180):
        alone = found[f"+{after_s} s, own plots alone: area over all plots'"]
        stated = f"+{after_s} s, own A and a stated track of B: area over all plots'"
        assert found[stated] < 0.5 * alone
    cued = "1 radar and an infrared cue"
    assert found[f"{cued}, +20 s: area over that without the cue"] < 0.97


def told(squared_sigmas):
    """What one seed was told, as far as calibration asks."""
    bound = Bound(
        area95_km2=1.0, semi_major_km=1.0, semi_minor_km=1.0, impact_rmse_m=1.0,
        position_rmse_m=1.0,
    )  # fmt: skip
    return Told(
        miss_m=None, off_m=None, squared_sigmas=squared_sigmas, holds=None,
        in_window=None, area_km2=None, bound=bound,
    )  # fmt: skip


def test_a_claimed_probability_is_that_of_the_ellipse_that_reaches_the_truth():
    """Chi squared of two: 1.386 is the ellipse of 50 %, 5.991 that of 95 %."""
    claimed = claimed_percent([told(5.991464547), told(None), told(1.386294361)])
    assert claimed == pytest.approx([50.0, 95.0])


def test_the_bound_counts_the_looks_after_burn_out_that_see_it():
    """Looks before it tell nothing of the arc, nor do those below the mask."""
    flight = middle_flight(REFERENCE)
    varied, (radar,) = vary(flight), radars("A")
    after = flight.burn_out_s + np.arange(60.0)
    plain = least(varied, [Looks(radar, after)])
    early = least(varied, [Looks(radar, np.concatenate([after - 61.0, after]))])
    assert early.area95_km2 == pytest.approx(plain.area95_km2)
    late = np.concatenate([after, [flight.end_s - 1.0]])  # far below its horizon
    assert least(varied, [Looks(radar, late)]).area95_km2 == early.area95_km2
    longer = least(varied, [Looks(radar, flight.burn_out_s + np.arange(61.0))])
    assert longer.area95_km2 < plain.area95_km2


@pytest.mark.long
def test_errors_are_at_the_bound_without_bias():
    """RMSE over bound; 150 seeds show it within 12 %.

    The bound knows the plots after burn-out alone. While the arc is young the estimator
    uses the climb's last state beside them, so up to +60 s it may be below; that this
    is why, the next test shows.
    """
    for figure in limits(150, CREW):
        assert figure.measured is not None
        young = figure.name.endswith(("+30 s", "+60 s"))
        if "given" in figure.name:
            assert figure.measured == 100.0, figure.name
        elif young:
            assert figure.measured <= 1.15, figure.name
        else:
            assert 0.85 <= figure.measured <= 1.15, figure.name


@pytest.mark.long
@pytest.mark.parametrize("after_s", [30.0, 60.0])
def test_a_young_arc_is_at_the_bound_when_the_climb_was_not_seen(after_s):
    """Given the bound's own plots and no other, nothing is better than the bound.

    With the climb's plots the errors are some 0.7 of it at +30 s, 0.8 at +60 s.
    """
    flight, (radar,) = middle_flight(REFERENCE), radars("A", biased=False)
    best = least(vary(flight), each_second(flight, (radar,), after_s))
    squares, flights = [], drawn_flights(REFERENCE)
    for seed in range(1, 151):
        flight = flights[seed * 13 % DRAGS]
        seen = watch(flight, sensors("A", biased=False), seed)
        after = [at >= flight.burn_out_s for at in seen.times_s]
        coasting = Watched(
            flight,
            tuple(itertools.compress(seen.plots, after)),
            tuple(itertools.compress(seen.times_s, after)),
        )
        estimate = coasting.estimate(flight.burn_out_s + after_s)
        if estimate.impact is not None:
            off = offset_m(estimate.impact, flight.impact)
            squares.append(off[0] ** 2 + off[1] ** 2)
    # In the others burn-out is not yet beyond doubt.
    assert len(squares) > 75
    ratio = math.sqrt(np.mean(squares)) / best.impact_rmse_m
    assert 0.85 <= ratio <= 1.15


@pytest.mark.long
def test_stages_and_glides_are_found():
    """On a flat climb within seconds; a glide always, with a region that holds it."""
    for figure in stagings(4, CREW):
        if "4-october" in figure.name and "declared" in figure.name:
            assert figure.measured <= 6.0
    never, inside = glides(4, CREW)[1:]
    assert never.measured == 0.0
    assert inside.measured == 100.0


@pytest.mark.long
def test_pull_ups_and_break_ups_are_found():
    """Within ten seconds in the median; what is said of them then holds."""
    for figure in departures(4, CREW):
        if "median" in figure.name:
            assert 0.0 < figure.measured <= 10.0
        elif "region" in figure.name:
            assert figure.measured == 100.0


def test_a_flight_goes_on_as_another_body_where_it_is_cut():
    """Its motion is one and smooth, its apogee the highest of all, its end on land."""
    flight = drawn_flights(REFERENCE)[3]
    cut_s = under_s(flight)
    heavy, light = Body(8_000.0, pull_up_mps2=20.0), Body(800.0)
    gone = gone_on(flight, cut_s, ((heavy, cut_s + 5.0), (light, AIRBORNE_S_MAX)))
    for edge_s in (cut_s, cut_s + 5.0):
        before, after = gone.state_ecef(edge_s + np.array([-1e-3, 1e-3]))
        assert np.linalg.norm(after - before) < 10.0
    early = np.linspace(0.0, cut_s, 50)
    assert np.array_equal(gone.state_ecef(early), flight.state_ecef(early))
    assert gone.course.apogee_m == flight.course.apogee_m
    assert gone.end_s > flight.end_s + 20.0
    assert abs(gone.ground_track(1.0)[-1, 3]) < 300.0


@pytest.mark.parametrize("quantity", ["range", "azimuth", "elevation"])
def test_a_great_lie_of_one_of_three_radars_is_named(quantity):
    """Up or down, in any quantity; nobody else is named."""
    off = 5_000.0 if quantity == "range" else 20.0
    for seed in (1, 2):
        case = Lie(radars="ABC", quantity=quantity, off=off, seed=seed)
        found = outcome(case)
        assert found.named
        assert not found.another_named


def test_the_row_of_lies_accuses_no_honest_radar():
    """Whatever the size of the lie; two flights a size are all that a test can take."""
    figures = lies(2, CREW)
    accused = [one for one in figures if one.name.endswith("an honest one is named")]
    assert len(accused) == len(figures) // 6
    assert [one.name for one in accused if one.verdict != "met"] == []
