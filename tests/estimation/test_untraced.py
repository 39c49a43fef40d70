"""A partner's track of unknown make helps, and never makes us surer than we may be."""

from functools import cache

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beaconfire.errors import BadInput
from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.untraced import CLAIM_WIDER, read_stated_track
from beaconfire.seals import codec
from beaconfire.vocabulary.flight import Observations, StatedTrack

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

replace = msgspec.structs.replace


def flown(seed, after_s=120.0, radars=(NEAR, SOUTH, EAST), from_s=125.0):
    """A flight and what each of some radars saw of it until so long after burn-out."""
    flight, rng = fly(STEEP), np.random.default_rng([70, seed])
    until = flight.burn_end_s + after_s
    return flight, [seen_by((radar,), flight, from_s, until, rng) for radar in radars]


def stated_by(plots):
    """The track that a partner's node would state of these plots."""
    made = estimate_flight(Observations(plots=plots))
    return StatedTrack(state=made.track, covariance=made.track_covariance)


def loose_of(plots):
    """Their tracklet, of which the lineage is lost."""
    return estimate_flight(Observations(plots=plots)).tracklet


def size_of(estimate):
    """The area of the ellipse, but for pi."""
    ellipse = estimate.impact.ellipse95
    return ellipse.semi_major_m * ellipse.semi_minor_m


def test_each_rule_lies_between_our_own_word_and_the_sum():
    """Independent radars: sum < inverse form < intersection < ours alone."""
    _, (near, south, _) = flown(1)
    asked = {
        "sum": Observations(plots=near + south),
        "inverse": Observations(plots=near, overlapping=(loose_of(south),)),
        "intersection": Observations(plots=near, tracks=(stated_by(south),)),
        "alone": Observations(plots=near),
    }
    sizes = {name: size_of(estimate_flight(held)) for name, held in asked.items()}
    assert sizes["sum"] < sizes["inverse"] < sizes["intersection"] < sizes["alone"]


def test_our_own_sightings_come_back_as_anothers_are_worth_nothing():
    """A rumour: the area is ours, to a percent, whichever way it was told."""
    _, (near, _, _) = flown(2)
    alone = estimate_flight(Observations(plots=near))
    for back in (
        Observations(plots=near, tracks=(stated_by(near),)),
        Observations(plots=near, overlapping=(loose_of(near),)),
    ):
        again = estimate_flight(back)
        assert size_of(again) == pytest.approx(size_of(alone), rel=0.02)
        assert again.tracklet == alone.tracklet


def test_a_tracklet_of_ours_never_rests_on_a_partners_word():
    """What is told to others is made of own plots, however they were joined."""
    _, (near, south, _) = flown(3)
    alone = estimate_flight(Observations(plots=near))
    joined = estimate_flight(Observations(plots=near, tracks=(stated_by(south),)))
    assert joined.tracklet == alone.tracklet
    assert joined.impact != alone.impact
    assert "covariance intersection" in joined.reason


def test_unshared_sensors_are_worth_their_whole():
    """Of what no partner ever heard the track holds nothing: it may be summed.

    Where all of ours is unshared the result is the sum of the two, but for what the
    track's claim is widened by.
    """
    _, (near, south, east) = flown(4)
    theirs = stated_by(south)
    kept = Observations(plots=near + east, tracks=(theirs,))
    some = estimate_flight(replace(kept, unshared=("east",)))
    assert "unshared sensors summed" in some.reason
    assert size_of(some) < size_of(estimate_flight(kept))
    whole = estimate_flight(replace(kept, unshared=("east", "near")))
    summed = estimate_flight(Observations(plots=near + east + south))
    assert 1.0 <= size_of(whole) / size_of(summed) <= CLAIM_WIDER


def test_an_unshared_sensor_on_a_shared_survey_is_not_apart():
    """Its error is the other's too, and a partner's track may hold that."""
    _, (near, _, east) = flown(5)
    _, (south,) = flown(5, radars=(SOUTH,))
    one_survey = tuple(replace(plot, bias_id="survey") for plot in near + east)
    kept = Observations(plots=one_survey, tracks=(stated_by(south),))
    joined = estimate_flight(replace(kept, unshared=("east",)))
    assert joined.impact == estimate_flight(kept).impact


def test_where_own_plots_show_no_arc_a_track_alone_gives_its_own_area():
    """Less than its sender claims; and no tracklet of ours comes of it."""
    flight, (near, south, _) = flown(6)
    alone = estimate_flight(Observations(tracks=(stated_by(south),)))
    theirs = estimate_flight(Observations(plots=south))
    wider = CLAIM_WIDER * size_of(theirs)
    assert size_of(alone) == pytest.approx(wider, rel=0.02)
    assert held_against(alone, flight).inside
    few = estimate_flight(Observations(plots=near[:3], tracks=(stated_by(south),)))
    assert few.phase == "ballistic"
    assert few.tracklet is None


def test_a_track_of_something_else_is_left_out_and_it_is_said():
    """Beyond what any relation between the errors allows it is another motion."""
    _, (near, south, _) = flown(7)
    told = stated_by(south)
    x, y, z = told.state.velocity_ecef_mps
    wrong = replace(
        told, state=replace(told.state, velocity_ecef_mps=(x + 900.0, y - 900.0, z))
    )
    alone = estimate_flight(Observations(plots=near))
    both = estimate_flight(Observations(plots=near, tracks=(wrong,)))
    assert both.impact == alone.impact
    assert "contradict" in both.reason


def test_what_we_see_of_thrust_no_partner_overrules():
    """While own plots climb under thrust a track of an older arc gives no area."""
    flight, rng = fly(STEEP), np.random.default_rng(78)
    climbing = seen_by((NEAR,), flight, 50.0, 115.0, rng)
    _, (south,) = flown(8, radars=(SOUTH,))
    told = stated_by(south)
    early = replace(told.state, epoch=LIFT_OFF.plus_s(90.0))
    held = Observations(plots=climbing, tracks=(replace(told, state=early),))
    assert estimate_flight(held).impact is None


def test_the_part_that_two_tracklets_share_is_counted_once():
    """(A, C) + (A, B) - A is A + B + C: state and area of all their plots."""
    _, (a, b, c) = flown(9, after_s=180.0)
    whole = estimate_flight(Observations(plots=a + b + c))
    twice = Observations(tracklets=(loose_of(a + c), loose_of(a + b)))
    once = estimate_flight(replace(twice, common=(loose_of(a),)))
    naive = estimate_flight(twice)
    assert size_of(once) == pytest.approx(size_of(whole), rel=0.02)
    assert once.impact.lat_deg == pytest.approx(whole.impact.lat_deg, abs=1e-3)
    assert size_of(naive) < 0.95 * size_of(whole)


def spoilt(told):
    """Tracks that nobody can have, with what is said of them."""
    names, rows = told.covariance.states, told.covariance.rows

    def with_rows(changed):
        return replace(told, covariance=replace(told.covariance, rows=changed))

    lopsided = ((rows[0][0], 9e9, *rows[0][2:]), *rows[1:])
    nothing = tuple(tuple(0.0 for _ in row) for row in rows)
    flat = tuple(tuple(1.0 for _ in row) for row in rows)
    inside = replace(told.state, position_ecef_m=(1.0, 2.0, 3.0))
    swapped = replace(told.covariance, states=names[::-1])
    return [
        (replace(told, covariance=swapped), "6 by 6"),
        (with_rows(rows[:5]), "6 by 6"),
        (with_rows((rows[0][:5], *rows[1:])), "6 by 6"),
        (with_rows(nothing), "positive"),
        (with_rows(((float("inf"), *rows[0][1:]), *rows[1:])), "finite"),
        (with_rows(lopsided), "symmetric"),
        (with_rows(flat), "without any error"),
        (replace(told, state=inside), "in the air"),
    ]


def test_an_impossible_track_is_refused_and_harms_nothing():
    """Each is refused in a sentence; our own estimate stands beside it."""
    _, (near, south, _) = flown(10)
    alone = estimate_flight(Observations(plots=near))
    for wrong, said in spoilt(stated_by(south)):
        with pytest.raises(BadInput, match=said):
            read_stated_track(wrong)
        both = estimate_flight(Observations(plots=near, tracks=(wrong,)))
        assert both.impact == alone.impact
        assert said in both.reason


def test_a_partner_without_lineage_helps_and_never_makes_us_too_sure():
    """Impacts of 48 drawn flights, whatever the partner's track was made of.

    Its own radar; ours as well; ours alone. Of 95 in 100 at least 43 lie inside, with
    one in 200 such rows falling below by chance.
    """
    flights, inside = drawn_flights(STEEP, 8), {}
    smaller = []
    for seed in range(48):
        flight, rng = flights[seed % 8], np.random.default_rng([71, seed])
        until = flight.burn_end_s + 90.0
        near, south = (
            seen_by((radar,), flight, 60.0, until, rng) for radar in (NEAR, SOUTH)
        )
        alone = estimate_flight(Observations(plots=near))
        for name, plots in (("apart", south), ("mixed", near + south), ("ours", near)):
            for held in (
                Observations(plots=near, tracks=(stated_by(plots),)),
                Observations(plots=near, overlapping=(loose_of(plots),)),
            ):
                estimate = estimate_flight(held)
                key = name, bool(held.tracks)
                inside.setdefault(key, []).append(held_against(estimate, flight).inside)
                if name == "apart":
                    smaller.append(size_of(estimate) / size_of(alone))
    assert {key: sum(row) >= 43 for key, row in inside.items()} == dict.fromkeys(
        inside, True
    ), {key: sum(row) for key, row in inside.items()}
    assert np.median(smaller) < 0.7


@settings(max_examples=12, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_what_is_given_changes_no_byte(random):
    """Plots, tracklets, cues and tracks late or mixed: the same answer, to the byte."""
    held = all_kinds()

    def mixed(things):
        return tuple(random.sample(things, len(things)))

    other = replace(
        held,
        plots=mixed(held.plots),
        tracklets=mixed(held.tracklets),
        overlapping=mixed(held.overlapping),
        tracks=mixed(held.tracks),
    )
    one, two = estimate_flight(held), estimate_flight(other)
    assert codec.encode(replace(one, rejected=())) == codec.encode(
        replace(two, rejected=())
    )
    assert {held.plots[r.index] for r in one.rejected} == {
        other.plots[r.index] for r in two.rejected
    }


@cache
def all_kinds():
    """Something of every kind: late, false, repeated, and two plots at one instant."""
    _, (near, south, east) = flown(11, after_s=60.0, from_s=60.0)
    astray = replace(near[30], range_m=near[30].range_m + 40_000.0)
    at_once = tuple(replace(plot, sensor=south[0].sensor) for plot in near[:2])
    return Observations(
        plots=(*near, astray, *at_once, near[7]),
        tracklets=(loose_of(south), loose_of(east)),
        overlapping=(loose_of(near), loose_of(south)),
        tracks=(stated_by(south), stated_by(east)),
    )
