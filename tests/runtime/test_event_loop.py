"""On our loop whoever is told to end does so."""

import asyncio

import pytest

from beaconfire.runtime import event_loop


async def cancelled_as_its_answer_comes(timeout_s):
    """Wait with a bound for an answer that comes in one moment with a cancellation."""
    answer = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(asyncio.wait_for(answer, timeout_s))
    await asyncio.sleep(0)
    answer.set_result("late")
    waiting.cancel()
    await asyncio.wait([waiting])
    return waiting.cancelled()


@pytest.mark.parametrize("timeout_s", [5.0, None])
def test_a_cancellation_is_not_forgotten_for_an_answer(timeout_s):
    """An interrupt that is lost leaves a command and its nodes running for ever."""
    assert event_loop.run(cancelled_as_its_answer_comes(timeout_s))


def test_waiting_with_a_bound_still_ends_at_it():
    """The bound is what it is for."""

    async def scene():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.01)
        return await asyncio.wait_for(asyncio.sleep(0, "done"), 5.0)

    assert event_loop.run(scene()) == "done"
