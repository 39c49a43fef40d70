"""Tracklets are worth the plots they were made of, and no prior counts twice."""

import math

import msgspec
import numpy as np
import pytest

from beaconfire.errors import BadInput
from beaconfire.estimation.arc import fit_arc
from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.measurement import tabulate
from beaconfire.estimation.tracklet import make_tracklet, read_tracklet
from beaconfire.seals import codec
from beaconfire.vocabulary.flight import Observations
from beaconfire.vocabulary.motion import Tracklet

from .flying import (
    EAST,
    LIFT_OFF,
    NEAR,
    SOUTH,
    STEEP,
    drawn_flights,
    fly,
    held_against,
    seen_by,
)

RADARS = (NEAR, SOUTH, EAST)


def table_of(plots):
    """All plots as one table."""
    return tabulate(plots, range(len(plots)))


def start_of(table, flight):
    """A state good enough to begin a fit with."""
    true = flight.state(table.epoch.seconds_since(LIFT_OFF))
    return np.append(true + np.array([300.0, 200.0, -200.0, 5.0, -5.0, 5.0]), 0.0)


def parts_of(groups, flight):
    """Each group's plots fitted alone and shared as a tracklet."""
    made = []
    for plots in groups:
        table = table_of(plots)
        fit = fit_arc(table, start_of(table, flight), table.epoch)
        made.append(make_tracklet(fit, table))
    return made


@pytest.mark.parametrize("after_s", [60.0, 180.0])
def test_tracklets_of_three_radars_equal_their_plots(after_s):
    """State, biases and covariance of A + B + C are those of one fit of all plots."""
    flight, rng = fly(STEEP), np.random.default_rng(51)
    until = flight.burn_end_s + after_s
    groups = [seen_by((r,), flight, 125.0, until, rng) for r in RADARS]
    table = table_of([plot for group in groups for plot in group])
    central = fit_arc(table, start_of(table, flight), table.epoch)
    parts = [read_tracklet(one) for one in parts_of(groups, flight)]
    fused = fit_arc(None, central.state, table.epoch, tracklets=parts)
    sigma = np.sqrt(np.diag(central.covariance))
    order = [fused.bias_priors.index(prior) for prior in central.bias_priors]
    assert np.all(np.abs(fused.state - central.state) < 0.02 * sigma[:7] + 1e-9)
    assert np.all(
        np.abs(fused.biases[order] - central.biases).ravel() < 0.02 * sigma[7:]
    )
    assert np.sqrt(np.diag(fused.covariance))[:7] == pytest.approx(sigma[:7], rel=3e-3)


def test_own_plots_with_partners_tracklets_are_as_good_as_all_plots():
    """Through the front door: RMSE of the impact within 2 % of central fusion's."""
    flights, squares = drawn_flights(STEEP, 4), {"plots": [], "mixed": [], "parts": []}
    for seed in range(24):
        flight, rng = flights[seed % 4], np.random.default_rng([52, seed])
        until = flight.burn_end_s + 180.0
        groups = [seen_by((r,), flight, 125.0, until, rng) for r in RADARS]
        parts = tuple(
            estimate_flight(Observations(plots=group)).tracklet for group in groups
        )
        asked = {
            "plots": Observations(plots=sum(groups, ())),
            "mixed": Observations(plots=groups[0], tracklets=parts[1:]),
            "parts": Observations(tracklets=parts),
        }
        for name, held in asked.items():
            verdict = held_against(estimate_flight(held), flight)
            squares[name].append(verdict.miss_m**2)
    rmse = {name: math.sqrt(np.mean(values)) for name, values in squares.items()}
    assert rmse["mixed"] <= 1.02 * rmse["plots"]
    assert rmse["parts"] <= 1.02 * rmse["plots"]


def test_a_shared_bias_is_fixed_once():
    """Two tracklets of one survey share its states: their sum is that of all plots.

    Marginalising the bias inside each tracklet would use its prior twice.
    """
    flight, rng = fly(STEEP), np.random.default_rng(53)
    early = NEAR.plots(flight, 125.0, 184.0, rng)
    late = NEAR.plots(flight, 185.0, 245.0, rng)
    table = table_of(early + late)
    central = fit_arc(table, start_of(table, flight), table.epoch)
    parts = [read_tracklet(one) for one in parts_of([early, late], flight)]
    fused = fit_arc(None, central.state, table.epoch, tracklets=parts)
    assert len(fused.bias_priors) == 1
    assert np.sqrt(np.diag(fused.covariance)) == pytest.approx(
        np.sqrt(np.diag(central.covariance)), rel=2e-3
    )


def test_the_order_of_tracklets_changes_nothing_that_matters():
    """Sums commute: the same answer to a millimetre, whoever arrives first."""
    flight, rng = fly(STEEP), np.random.default_rng(54)
    groups = [seen_by((r,), flight, 125.0, 245.0, rng) for r in RADARS]
    parts = tuple(parts_of(groups, flight))
    one = estimate_flight(Observations(tracklets=parts)).impact
    other = estimate_flight(Observations(tracklets=parts[::-1])).impact
    assert one.lat_deg == pytest.approx(other.lat_deg, abs=1e-5)
    assert one.ellipse95.semi_major_m == pytest.approx(
        other.ellipse95.semi_major_m, rel=1e-3
    )


def test_a_tracklet_survives_the_wire():
    """JSON and back, and it means the same."""
    flight = fly(STEEP)
    plots = NEAR.plots(flight, 125.0, 185.0, np.random.default_rng(55))
    (made,) = parts_of([plots], flight)
    again = codec.decode(codec.encode(made), Tracklet, what="tracklet")
    assert again == made
    assert made.plots == len(plots)
    assert made.sensors == ("near",)
    assert made.interval == (plots[0].time, plots[-1].time)
    assert np.array_equal(read_tracklet(again).matrix, read_tracklet(made).matrix)


def test_the_front_door_shares_coasting_plots_only():
    """Of a flight seen from the climb the tracklet begins at burn-out."""
    flight = fly(STEEP)
    plots = seen_by((NEAR,), flight, 50.0, 200.0, np.random.default_rng(56))
    made = estimate_flight(Observations(plots=plots)).tracklet
    began = made.interval[0].seconds_since(LIFT_OFF)
    assert abs(began - flight.burn_end_s) <= 4.0
    assert made.plots < len(plots)


def test_partners_may_find_the_arc_that_we_cannot_yet():
    """Own plots of a few seconds and a partner's tracklet: an area, no tracklet.

    What rests on a partner's word must not leave as our own sensors'.
    """
    flight, rng = fly(STEEP), np.random.default_rng(57)
    theirs = seen_by((SOUTH, NEAR), flight, 50.0, 170.0, rng)
    tracklet = estimate_flight(Observations(plots=theirs)).tracklet
    ours = seen_by((EAST,), flight, 165.0, 170.0, rng)
    assert estimate_flight(Observations(plots=ours)).impact is None
    both = estimate_flight(Observations(plots=ours, tracklets=(tracklet,)))
    assert both.phase == "ballistic"
    assert held_against(both, flight).miss_m < 20_000.0
    assert both.tracklet is None


def test_own_plots_overrule_a_tracklet_of_something_else():
    """A partner's arc that our plots contradict is left out, and it is said."""
    flight, rng = fly(STEEP), np.random.default_rng(58)
    plots = seen_by((NEAR,), flight, 125.0, 245.0, rng)
    (made,) = parts_of([seen_by((SOUTH,), flight, 125.0, 245.0, rng)], flight)
    x, y, z = made.reference.velocity_ecef_mps
    moved = msgspec.structs.replace(
        made.reference, velocity_ecef_mps=(x + 900.0, y - 900.0, z)
    )
    wrong = msgspec.structs.replace(made, reference=moved)
    alone = estimate_flight(Observations(plots=plots))
    both = estimate_flight(Observations(plots=plots, tracklets=(wrong,)))
    assert both.impact == alone.impact
    assert "contradict" in both.reason


def spoilt(made):
    """Tracklets that no set of plots can have made, with what is said of them."""
    upper, vector = made.information_upper, made.information_vector
    replace = msgspec.structs.replace
    inside = replace(made.reference, position_ecef_m=(1.0, 2.0, 3.0))
    return [
        (replace(made, states=made.states[::-1]), "states"),
        (replace(made, information_upper=upper[:-1]), "information_upper"),
        (replace(made, information_vector=vector[:-1]), "information_vector"),
        (replace(made, information_upper=(-1.0, *upper[1:])), "not negative"),
        (replace(made, information_upper=(upper[0], 1e9, *upper[2:])), "negative"),
        (replace(made, information_vector=(math.inf, *vector[1:])), "finite"),
        (replace(made, reference=inside), "inside the Earth"),
        (replace(made, reference_drag=1e3), "drag"),
    ]


def test_an_impossible_tracklet_is_refused_and_harms_nothing():
    """Each is refused in a sentence; the plots' own estimate stands beside it."""
    flight, rng = fly(STEEP), np.random.default_rng(59)
    plots = seen_by((NEAR,), flight, 125.0, 245.0, rng)
    (made,) = parts_of([plots], flight)
    alone = estimate_flight(Observations(plots=plots))
    for wrong, said in spoilt(made):
        with pytest.raises(BadInput, match=said):
            read_tracklet(wrong)
        both = estimate_flight(Observations(plots=plots, tracklets=(wrong,)))
        assert both.impact == alone.impact
        assert said in both.reason


def test_a_tracklet_of_another_day_is_left_out():
    """An epoch years away would cost years of integration; it is passed over."""
    flight, rng = fly(STEEP), np.random.default_rng(60)
    plots = seen_by((NEAR,), flight, 125.0, 245.0, rng)
    (made,) = parts_of([plots], flight)
    moved = msgspec.structs.replace(made.reference, epoch=LIFT_OFF.plus_s(4e8))
    wrong = msgspec.structs.replace(made, reference=moved)
    both = estimate_flight(Observations(plots=plots, tracklets=(wrong,)))
    assert both.impact == estimate_flight(Observations(plots=plots)).impact
    assert "three hours" in both.reason
