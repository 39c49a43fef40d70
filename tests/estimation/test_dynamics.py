"""Free flight is what SciPy's DOP853 makes of independent formulas."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from beaconfire.estimation.descent import descend, impact_jacobian, land
from beaconfire.estimation.dynamics import acceleration, acceleration_and_partials
from beaconfire.estimation.geodesy import enu_axes, geodetic_from_ecef
from beaconfire.estimation.propagation import sample_arc

from .flying import FAR, STEEP, fall, fly, free_fall, height_of


def arcs():
    """States after burn-out: steep, far, and one that re-enters steeply and fast."""
    steep, far = fly(STEEP).state(121.0), fly(FAR).state(148.0)
    lofted = steep.copy()
    lofted[3:] *= 1.75
    return {"steep": steep, "far": far, "lofted": lofted}


ARCS = arcs()
DRAGS = (-1.0, 0.0, 1.0)


def partials(state, drag):
    """Return acceleration and its partials by r, v and s."""
    a, by_r, by_v = np.empty(3), np.empty((3, 3)), np.empty((3, 3))
    by_s = np.empty(3)
    acceleration_and_partials(state, drag, a, by_r, by_v, by_s)
    return a, by_r, by_v, by_s


def low_states():
    """States all the way down a re-entry."""
    flight = fly(STEEP)
    return [flight.state(flight.impact_s - back) for back in (1, 10, 20, 30, 60, 200)]


def test_acceleration_is_that_of_independent_formulas():
    """Gravity, J2, rotation and drag, from the ground to apogee."""
    for state in low_states():
        ours = np.empty(3)
        acceleration(state, 0.3, ours)
        assert ours == pytest.approx(free_fall(state, 0.3)[3:], rel=2e-5, abs=2e-5)


def test_partials_agree_with_central_differences():
    """By position, velocity and drag state, in thick air and in none."""
    for state in low_states():
        _, by_r, by_v, by_s = partials(state, 0.3)
        found = np.column_stack([by_r, by_v])
        for k in range(6):
            h = 2.0 if k < 3 else 0.05
            high, low = np.empty(3), np.empty(3)
            step = np.zeros(6)
            step[k] = h
            acceleration(state + step, 0.3, high)
            acceleration(state - step, 0.3, low)
            scale = np.abs(found[:, k]).max()
            assert found[:, k] == pytest.approx(
                (high - low) / (2.0 * h), rel=1e-4, abs=1e-4 * scale + 1e-12
            )
        high, low = np.empty(3), np.empty(3)
        acceleration(state, 0.301, high)
        acceleration(state, 0.299, low)
        assert by_s == pytest.approx((high - low) / 2e-3, rel=1e-5, abs=1e-12)


@pytest.mark.parametrize("name", ARCS)
def test_an_arc_stays_within_millimetres_of_dop853(name):
    """Sampled states, also between the integrator's own steps."""
    times = np.linspace(0.0, 600.0, 37)
    exact = solve_ivp(
        lambda t, y: free_fall(y), (0, 600), ARCS[name], method="DOP853", rtol=1e-12,
        atol=1e-6, t_eval=times,
    )  # fmt: skip
    states, _, reached = sample_arc(np.append(ARCS[name], 0.0), times)
    assert reached.all()
    assert np.abs(states[:, :3] - exact.y[:3].T).max() < 5e-3
    assert np.abs(states[:, 3:] - exact.y[3:].T).max() < 1e-3


@pytest.mark.parametrize("drag", DRAGS)
@pytest.mark.parametrize("name", ARCS)
def test_the_impact_is_within_a_metre_of_dop853(name, drag):
    """At rtol 1e-12 and with air; the instant to a millisecond."""
    exact = fall(ARCS[name], 0.0, drag, rtol=1e-12)
    landed, seconds, at, _, _ = descend(np.append(ARCS[name], drag))
    assert landed
    assert np.linalg.norm(at[:3] - exact.y[:3, -1]) < 1.0
    assert seconds == pytest.approx(exact.t[-1], abs=1e-3)


@pytest.mark.parametrize("name", ARCS)
def test_double_steps_cost_centimetres(name):
    """The quadrature over drag flies them, and must not move the area."""
    for drag in DRAGS:
        start = np.append(ARCS[name], drag)
        _, seconds, fine = land(start, 1.0)
        _, coarse_s, coarse = land(start, 2.0)
        assert np.linalg.norm(fine - coarse) < 0.5
        assert seconds == pytest.approx(coarse_s, abs=1e-3)


def test_the_highest_point_is_the_apogee():
    """From any state before it, within metres of the dense truth."""
    exact = fall(ARCS["steep"], 0.0)
    heights = [height_of(exact.sol(t)) for t in np.linspace(300, 700, 4001)]
    assert descend(np.append(ARCS["steep"], 0.0))[4] == pytest.approx(
        max(heights), abs=10.0
    )


@pytest.mark.parametrize("name", ARCS)
def test_the_transition_matrix_is_the_derivative_of_the_arc(name):
    """Forwards and backwards in time, all seven columns."""
    start = np.append(ARCS[name], 0.2)
    times = np.array([-3.0, 100.0, 300.0])
    _, phi, _ = sample_arc(start, times)
    for k, h in enumerate([20.0] * 3 + [0.02] * 3 + [1e-3]):
        step = np.zeros(7)
        step[k] = h
        high, low = (
            sample_arc(start + step, times)[0],
            sample_arc(start - step, times)[0],
        )
        slope = (high - low) / (2.0 * h)
        scale = np.abs(phi[:, :, k]).max() + 1e-9
        assert np.abs(slope - phi[:, :, k]).max() < 2e-4 * scale + 1e-6


@pytest.mark.parametrize("name", ARCS)
def test_the_impact_jacobian_is_the_derivative_of_the_impact(name):
    """East, north and time by all seven states, to a thousandth."""
    start = np.append(ARCS[name], 0.0)
    _, _, at, phi, _ = descend(start)
    axes = enu_axes(*geodetic_from_ecef(at[:3].copy())[:2])
    jacobian = impact_jacobian(at, phi, axes)
    for k, h in enumerate([20.0] * 3 + [0.02] * 3 + [0.01]):
        step = np.zeros(7)
        step[k] = h
        _, t_high, r_high = land(start + step, 1.0)
        _, t_low, r_low = land(start - step, 1.0)
        slope = np.append(axes[:2] @ (r_high - r_low), t_high - t_low) / (2.0 * h)
        scale = np.abs(slope).max()
        assert np.abs(jacobian[:, k] - slope).max() < 2e-3 * scale


def test_the_way_back_ends_where_no_arc_can_have_begun():
    """Climbing through thick air it was under thrust: the arc is not carried there."""
    _, _, reached = sample_arc(np.append(ARCS["steep"], 0.0), np.arange(-120.0, 1.0))
    assert reached[-1]
    assert not reached[0]
