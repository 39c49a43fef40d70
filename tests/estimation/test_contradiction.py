"""A sensor that lies is named where others can tell, and believed nowhere else."""

import dataclasses
import math

import numpy as np
import pytest
from msgspec.structs import replace

from beaconfire.estimation.contradiction import doubted
from beaconfire.estimation.flight import estimate_flight
from beaconfire.vocabulary.flight import Observations

from .flying import (
    EAST,
    LIFT_OFF,
    NEAR,
    SOUTH,
    STEEP,
    Flight,
    Radar,
    drawn_bias,
    fall,
    fly,
    held_against,
    seen_by,
)

FROM_S, TO_S = 60.0, 300.0
# As far apart as radars of one coast are; 400 to 1,000 km from the flight.
FIRST = Radar("first", 38.0, 138.5)
SECOND = Radar("second", 41.0, 140.5, phase_s=0.31)
THIRD = Radar("third", 35.5, 133.0, phase_s=0.62)
FOURTH = Radar("fourth", 38.5, 134.0, phase_s=0.12)


def too_far(plot):
    """A constant error of five kilometres."""
    return replace(plot, range_m=plot.range_m + 5_000.0)


def stuck(plot):
    """An antenna that no longer turns."""
    return replace(plot, azimuth_deg=45.0)


def a_second_late(plot):
    """A clock that is wrong by one second."""
    return replace(plot, time=plot.time.plus_s(1.0))


def an_hour_late(plot):
    """A clock in another time zone."""
    return replace(plot, time=plot.time.plus_s(3_600.0))


def unrefracted(plot):
    """Elevation as the ray arrives, Bennett's formula: refraction left in."""
    apparent = plot.elevation_deg + 7.31 / (plot.elevation_deg + 4.4)
    return replace(
        plot,
        elevation_deg=plot.elevation_deg
        + 1.0 / (60.0 * math.tan(math.radians(apparent))),
    )


def seen(radars, lie=None, seed=5):
    """Return what radars see of one flight; ``lie`` is what the first makes of it."""
    rng = np.random.default_rng(seed)
    plots = seen_by(radars, fly(STEEP), FROM_S, TO_S, rng)
    return Observations(
        plots=tuple(
            lie(plot) if lie is not None and plot.sensor.id == NEAR.id else plot
            for plot in plots
        )
    )


@pytest.mark.parametrize("seed", [5, 6, 7])
@pytest.mark.parametrize("lie", [too_far, stuck, a_second_late])
def test_one_of_three_that_lies_is_named_and_left_out(lie, seed):
    """The two honest ones agree; the third is rejected with all its plots, by name."""
    found = estimate_flight(seen((NEAR, SOUTH, EAST), lie, seed))
    assert found.model_holds
    assert held_against(found, fly(STEEP)).miss_m < 3_000.0
    assert "sensor `near` rejected by consistency" in found.reason
    verdicts = {account.id: account.verdict for account in found.sensors}
    assert verdicts == {"near": "rejected", "south": "used", "east": "used"}
    named = {one.reason for one in found.rejected}
    assert any("contradicts all others" in reason for reason in named)


@pytest.mark.parametrize("lie", [too_far, stuck, a_second_late])
def test_two_that_contradict_each_other_give_no_area(lie):
    """Nothing tells which is wrong, so neither is believed."""
    found = estimate_flight(seen((NEAR, SOUTH), lie))
    assert found.impact is None
    assert not found.model_holds


def test_honest_sensors_are_all_used():
    """What agrees is left as it was found."""
    found = estimate_flight(seen((NEAR, SOUTH, EAST)))
    assert found.model_holds
    assert {account.verdict for account in found.sensors} == {"used"}


@pytest.mark.parametrize("seed", range(8))
def test_no_honest_sensor_is_named_while_it_is_early_to_tell_a_burnout(seed):
    """First seen when it coasts: chance lets some tell it sooner; that is no lie."""
    rng = np.random.default_rng(seed)
    flight = fly(STEEP)
    coasting_s = flight.burn_end_s + 13.0
    plots = seen_by(
        (NEAR, SOUTH, EAST, FOURTH), flight, coasting_s, coasting_s + 30.0, rng
    )
    for until_s in np.arange(coasting_s + 8.0, coasting_s + 30.0, 0.5):
        held = [one for one in plots if one.time <= LIFT_OFF.plus_s(until_s)]
        found = estimate_flight(Observations(plots=tuple(held)))
        assert "contradict" not in found.reason, until_s


def of_one_survey(plots, *names):
    """Return the plots as if these radars had one survey."""
    return tuple(
        replace(one, bias_id="shared") if one.sensor.id in names else one
        for one in plots
    )


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_two_of_one_survey_outvote_nobody(seed):
    """They agree with each other in what is wrong with both; the third is honest."""
    plots = seen((NEAR, SOUTH, EAST), too_far, seed).plots
    plots = tuple(too_far(p) if p.sensor.id == SOUTH.id else p for p in plots)
    found = estimate_flight(Observations(plots=of_one_survey(plots, "near", "south")))
    verdicts = {account.id: account.verdict for account in found.sensors}
    assert verdicts["east"] != "rejected"
    assert found.impact is None or held_against(found, fly(STEEP)).inside


def test_a_clock_that_is_wrong_is_one_sensors_own_whatever_it_shares():
    """Survey errors are shared, clocks are not: the other of the survey is used."""
    plots = seen((NEAR, SOUTH, EAST), a_second_late).plots
    found = estimate_flight(Observations(plots=of_one_survey(plots, "near", "south")))
    verdicts = {account.id: account.verdict for account in found.sensors}
    assert verdicts == {"near": "rejected", "south": "used", "east": "used"}


@pytest.mark.parametrize("seed", [2, 3, 4, 7, 8, 10])
def test_where_offsets_do_not_tell_the_agreement_of_the_others_does(seed):
    """A kilometre of one of three: without it, and only without it, the rest agree."""
    rng = np.random.default_rng(seed)
    plots = seen_by((FIRST, SECOND, THIRD), fly(STEEP), FROM_S, 200.0, rng)
    held = tuple(
        replace(one, range_m=one.range_m + 1_000.0) if one.sensor.id == "first" else one
        for one in plots
    )
    found = estimate_flight(Observations(plots=held))
    rejected = [one.id for one in found.sensors if one.verdict == "rejected"]
    assert rejected == ["first"]
    assert found.model_holds


@pytest.mark.parametrize("seed", range(4))
def test_of_two_the_one_that_contradicts_itself_is_left_out(seed):
    """Five kilometres make its own arc one that no body flies; the other's stands."""
    rng = np.random.default_rng(seed)
    plots = (
        *FIRST.plots(fly(STEEP), FROM_S, TO_S, rng, bias=(5_000.0, 0.0, 0.0)),
        *SECOND.plots(fly(STEEP), FROM_S, TO_S, rng),
    )
    found = estimate_flight(Observations(plots=plots))
    rejected = [one.id for one in found.sensors if one.verdict == "rejected"]
    assert rejected in ([], ["first"])
    assert bool(rejected) == (found.impact is not None)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("by_m", [-2_600.0, -2_000.0, 2_600.0])
def test_a_sensor_that_comes_late_and_lies_wins_over_nobody(by_m, seed):
    """It is nearer, so the arc may follow it and leave out what the other shows from
    then on: a third of all plots, though most of each sensor's are used."""
    burnt = np.array([-3.9927e6, -2.1479e6, 4.6103e6, -841.0, 401.0, 1_818.0])
    down = fall(burnt, 100.0)
    motor = dataclasses.replace(STEEP, burn_s=90.0)
    flight = Flight(motor, down.sol, down.sol, float(down.t[-1]), down.y[:3, -1])
    far = Radar("far", 45.6, -162.1, rate_s=2.0, mask_deg=1.0)
    late = Radar("late", 45.0, -154.3, phase_s=0.2)
    rng = np.random.default_rng(seed)
    plots = (
        *far.plots(flight, 101.0, 377.0, rng),
        *late.plots(flight, 240.0, 377.0, rng, bias=(by_m, 0.0, 0.0)),
    )
    found = estimate_flight(Observations(plots=plots))
    assert found.impact is None or held_against(found, flight).inside
    assert found.impact is not None or "contradict" in found.reason


def test_no_sensor_is_rejected_where_nothing_tells_which_is_wrong():
    """A fit follows one of two, which may be the liar: neither is accused."""
    found = estimate_flight(seen((NEAR, SOUTH), too_far))
    assert found.impact is None
    assert {one.verdict for one in found.sensors} <= {"used", "contradicted"}


def test_refraction_left_in_at_one_of_three_is_absorbed_or_named():
    """A small lie is a bias like any other: the area still holds."""
    found = estimate_flight(seen((NEAR, SOUTH, EAST), unrefracted))
    assert found.model_holds
    assert held_against(found, fly(STEEP)).miss_m < 3_000.0


def test_a_clock_that_is_an_hour_wrong_makes_no_second_area():
    """The same path at another time, by one sensor alone, is doubted and kept."""
    honest = seen((SOUTH, EAST))
    late = seen((NEAR,), an_hour_late)
    first, second = doubted(
        [(honest, estimate_flight(honest)), (late, estimate_flight(late))]
    )
    assert first.impact is not None
    assert second.impact is None
    assert "the clock of `near` may be wrong" in second.reason


def test_what_one_sensor_sees_beside_what_others_see_is_doubted():
    """It looked where the others' object stood, and did not see it."""
    honest = seen((SOUTH, EAST))
    alone = seen((NEAR,), too_far)
    first, second = doubted(
        [(honest, estimate_flight(honest)), (alone, estimate_flight(alone))]
    )
    assert first.impact is not None
    assert second.impact is None
    assert "sees nothing of what `east` and `south` see" in second.reason


def test_one_sensor_alone_contradicts_nobody():
    """A lie of the only sensor is not seen while some arc fits; nothing is invented."""
    held = seen((NEAR,), too_far)
    assert estimate_flight(held).impact is not None
    assert doubted([(held, estimate_flight(held))])[0].impact is not None


def test_a_feed_given_three_times_over_is_still_a_sensor_that_is_used():
    """A repeat says nothing against the sensor, nor against what was found."""
    once = seen((NEAR, SOUTH))
    thrice = Observations(plots=once.plots * 3)
    found = estimate_flight(thrice)
    assert found.impact == estimate_flight(once).impact
    assert {account.verdict for account in found.sensors} == {"used"}


def off_in_range(radars, by_m, seed):
    """Return what radars see of one flight, the first of them too far by so much."""
    rng = np.random.default_rng(seed)
    plots = []
    for radar in radars:
        bias = np.array(drawn_bias(rng))
        if radar is radars[0]:
            bias[0] += by_m
        plots.extend(radar.plots(fly(STEEP), FROM_S, TO_S, rng, bias=tuple(bias)))
    return Observations(plots=tuple(plots))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("by_m", [-5_000.0, -1_500.0, 1_000.0, 2_000.0])
@pytest.mark.parametrize("other", [SECOND, THIRD])
def test_two_far_apart_of_which_one_is_off_in_range_give_no_area(other, by_m, seed):
    """Though they agree on an arc, its offsets are not what their surveys state."""
    found = estimate_flight(off_in_range((FIRST, other), by_m, seed))
    assert found.impact is None
    assert not found.model_holds
    assert found.tracklet is None
    assert "contradict each other" in found.reason


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("by_m", [-5_000.0, -2_000.0, 1_000.0, 3_000.0])
def test_one_of_three_that_is_off_in_range_is_named(by_m, seed):
    """Whatever the size of its lie: too small for its plots to be taken for another's,
    or not."""
    found = estimate_flight(off_in_range((FIRST, SECOND, THIRD), by_m, seed))
    assert found.model_holds
    assert "sensor `first` rejected by consistency" in found.reason
    assert held_against(found, fly(STEEP)).miss_m < 3_000.0


@pytest.mark.parametrize("by_m", [-500.0, 300.0, 500.0])
@pytest.mark.parametrize("first", [FIRST, SECOND, THIRD])
def test_one_of_three_that_is_a_little_off_is_named_or_nothing_is_believed(first, by_m):
    """A lie too small to be sure whose it is costs the area, not the truth."""
    others = [radar for radar in (FIRST, SECOND, THIRD) if radar is not first]
    found = estimate_flight(off_in_range((first, *others), by_m, 3))
    if found.impact is None:
        assert "contradict each other" in found.reason
    else:
        assert f"sensor `{first.id}` rejected by consistency" in found.reason


def test_sensors_that_contradict_each_other_are_shown_with_their_offsets():
    """What a survey is off by is what its owner can look for."""
    found = estimate_flight(off_in_range((FIRST, SECOND), 550.0, 1))
    assert found.impact is None
    offsets = [account.bias.range_m for account in found.sensors]
    assert min(abs(offset) for offset in offsets) > 20.0


@pytest.mark.parametrize("radars", [(FIRST, SECOND), (FIRST, SECOND, THIRD)])
def test_honest_sensors_that_are_far_apart_give_their_area(radars):
    """As often as surveys are off by what they state, nobody is doubted for it."""
    for seed in range(10, 20):
        found = estimate_flight(off_in_range(radars, 0.0, seed))
        assert found.impact is not None
        assert "contradict" not in found.reason
        assert {account.verdict for account in found.sensors} == {"used"}


def test_a_stray_sensor_does_not_silence_the_one_that_sees_the_flight():
    """What shows no arc of its own contradicts nobody."""
    held = off_in_range((FIRST,), 0.0, 1)
    rng = np.random.default_rng(2)
    strays = tuple(
        replace(
            plot,
            azimuth_deg=float(rng.uniform(0.0, 360.0)),
            range_m=float(rng.uniform(3e5, 1e6)),
        )
        for plot in SECOND.plots(fly(STEEP), 200.0, 240.0, rng)
    )
    found = estimate_flight(Observations(plots=held.plots + strays))
    assert found.impact is not None
    assert held_against(found, fly(STEEP)).miss_m < 6_000.0


def test_a_pull_up_is_not_taken_for_a_sensor_that_lies():
    """A push, however soon which sensor sees it, is no constant offset."""
    flight = fly(dataclasses.replace(STEEP, pulse=(240.0, 260.0, 30.0)))
    for until_s in (243.0, 246.0, 249.0, 252.0, 258.0):
        rng = np.random.default_rng(4)
        plots = seen_by((FIRST, SECOND, THIRD), flight, FROM_S, until_s, rng)
        found = estimate_flight(Observations(plots=plots))
        assert "contradict" not in found.reason


def test_partners_tracklets_outweigh_the_own_sensor_that_lies():
    """Two partners' arcs agree; our one sensor is off, is named and is not used."""
    told = tuple(
        estimate_flight(off_in_range((radar,), 0.0, 5)).tracklet
        for radar in (SECOND, THIRD)
    )
    own = off_in_range((FIRST,), 1_500.0, 6)
    found = estimate_flight(Observations(plots=own.plots, tracklets=told))
    assert found.impact is not None
    assert "unused" in found.reason
    assert held_against(found, fly(STEEP)).miss_m < 3_000.0


def test_an_area_is_widened_for_a_lie_that_is_not_beyond_doubt():
    """What it is widened for is said; without it none of these areas held."""
    held, given = 0, 0
    for seed in range(40, 56):
        by_m = 500.0 if seed % 2 else -500.0
        found = estimate_flight(off_in_range((FIRST, THIRD), by_m, seed))
        if found.impact is None:
            continue
        if "may be off in range" in found.reason:
            assert "`first` or `third`" in found.reason
            assert found.model_holds
            given += 1
            held += held_against(found, fly(STEEP)).inside
    assert given >= 4
    assert held >= 0.75 * given


def test_one_of_two_that_fits_no_arc_by_itself_is_named():
    """Five kilometres are too much for the arc that one sensor shows for long."""
    rng = np.random.default_rng(7)
    flight = fly(STEEP)
    plots = (
        *FIRST.plots(flight, FROM_S, 420.0, rng, bias=(5_000.0, 0.0, 0.0)),
        *THIRD.plots(flight, FROM_S, 420.0, rng, bias=drawn_bias(rng)),
    )
    found = estimate_flight(Observations(plots=plots))
    assert "sensor `first` rejected by consistency" in found.reason
    assert held_against(found, flight).miss_m < 3_000.0


@pytest.mark.parametrize("by_m", [0.0, 3_000.0])
def test_sensors_that_claim_perfection_are_believed_until_they_contradict(by_m):
    """No offset is free then, so a lie shows at once."""
    rng = np.random.default_rng(8)
    plots = [
        plot
        for radar in (FIRST, SECOND, THIRD)
        for plot in radar.plots(
            fly(STEEP),
            FROM_S,
            TO_S,
            rng,
            bias=(by_m if radar is FIRST else 0.0, 0.0, 0.0),
            stated=(0.0, 0.0, 0.0),
        )
    ]
    found = estimate_flight(Observations(plots=tuple(plots)))
    if by_m:
        assert "sensor `first` rejected by consistency" in found.reason
    else:
        assert "contradict" not in found.reason
        assert "widened" not in found.reason
    assert held_against(found, fly(STEEP)).miss_m < 1_500.0
