"""The wall clock as a node takes it: watched, never back, never far at once."""

from dataclasses import dataclass

import pytest

from beaconfire.runtime.clock import WallClock
from beaconfire.runtime.settings import SETTINGS
from beaconfire.vocabulary.times import NS_PER_S, Instant

BEGIN_S = 1_700_000_000


@dataclass
class Machine:
    """A machine's two clocks, moved by hand."""

    wall_ns: int = BEGIN_S * NS_PER_S
    monotonic_ns: int = 5 * NS_PER_S

    def clock(self) -> WallClock:
        """Return a node's clock on this machine."""
        return WallClock(lambda: self.wall_ns, lambda: self.monotonic_ns)

    def wait(self, seconds: float, *, step_s: float = 0.0) -> None:
        """Let time pass, and the wall clock step."""
        self.monotonic_ns += round(seconds * NS_PER_S)
        self.wall_ns += round((seconds + step_s) * NS_PER_S)


def told_s(clock: WallClock) -> float:
    """Return the node's time in seconds since the beginning."""
    return clock.now().seconds_since(Instant(BEGIN_S * NS_PER_S))


def test_a_clock_that_drifts_is_followed_and_trusted() -> None:
    """A service that slews by less than a second at once makes no step."""
    machine = Machine()
    clock = machine.clock()
    for _ in range(100):
        machine.wait(1.0, step_s=0.01)
        assert clock.trusted
    assert told_s(clock) == pytest.approx(101.0)
    assert clock.stepped_s() == 0.0


@pytest.mark.parametrize("slew_s", [-1e-6, -0.01, -0.5])
def test_a_clock_that_is_slewed_back_stays_trusted(slew_s: float) -> None:
    """A correction of up to a second is no step: nothing waits for it."""
    machine = Machine()
    clock = machine.clock()
    for _ in range(3):
        machine.wait(0.001, step_s=slew_s / 3.0)
        clock.now()
        assert clock.trusted
    assert clock.stepped_s() == 0.0


def test_a_step_ahead_is_followed_when_the_clock_has_been_steady() -> None:
    """Until then the node's time goes on at its own pace."""
    machine = Machine()
    clock = machine.clock()
    machine.wait(1.0, step_s=3_600.0)
    assert told_s(clock) == pytest.approx(1.0)
    assert clock.stepped_s() == pytest.approx(3_600.0)
    assert clock.stepped_s() == 0.0
    machine.wait(SETTINGS.steady_s - 1.0)
    assert not clock.trusted
    assert told_s(clock) == pytest.approx(SETTINGS.steady_s)
    machine.wait(1.0)
    assert clock.trusted
    assert told_s(clock) == pytest.approx(SETTINGS.steady_s + 1.0 + 3_600.0)


def test_after_a_step_back_time_goes_on_at_half_its_pace_until_caught_up() -> None:
    """It never goes back and never stands, and is trusted when the clock is there."""
    machine = Machine()
    clock = machine.clock()
    machine.wait(10.0, step_s=-100.0)
    assert clock.stepped_s() == pytest.approx(-100.0)
    before = told_s(clock)
    for _ in range(180):
        machine.wait(1.0)
        assert told_s(clock) == pytest.approx(before + 0.5)
        before = told_s(clock)
        assert not clock.trusted
    machine.wait(30.0)
    assert clock.trusted
    assert told_s(clock) == pytest.approx(120.0)


def test_a_step_that_is_taken_back_leaves_the_time_as_it_was() -> None:
    """A time service that was wrong for ten seconds moves nothing."""
    machine = Machine()
    clock = machine.clock()
    machine.wait(1.0, step_s=3_600.0)
    machine.wait(10.0)
    assert told_s(clock) == pytest.approx(11.0)
    machine.wait(1.0, step_s=-3_600.0)
    assert told_s(clock) == pytest.approx(12.0)
    assert not clock.trusted
    machine.wait(SETTINGS.steady_s)
    assert clock.trusted


def test_a_start_behind_its_own_journal_is_a_step_back() -> None:
    """Turns are never dated before those that stand there."""
    machine = Machine()
    clock = machine.clock()
    clock.go_on_from(clock.now().plus_s(0.5))
    assert clock.trusted, "half a second is no step"
    assert clock.stepped_s() == 0.0
    machine.wait(2.0)
    ahead = clock.now().plus_s(500.0)
    clock.go_on_from(ahead)
    assert clock.now() >= ahead
    assert clock.stepped_s() == pytest.approx(-500.0)
    assert not clock.trusted
