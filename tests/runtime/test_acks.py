"""Acknowledgements leave together, each once, and never wait for a full window."""

import asyncio

from beaconfire.runtime.acks import Acks
from beaconfire.runtime.settings import SETTINGS


def given(*, count, at_once):
    """Return when each of so many left, in pauses; ``at_once`` are put together."""

    async def tried():
        acks, left = Acks(), []
        loop = asyncio.get_running_loop()

        async def give(subject):
            left.append((subject, (loop.time() - begun_s) / SETTINGS.ack_pause_s))

        begun_s = loop.time()
        giving = asyncio.create_task(acks.give_all(give))
        for number in range(count):
            acks.put(str(number))
            if (number + 1) % at_once == 0:
                while len(left) < number + 1:
                    await asyncio.sleep(0)
        giving.cancel()
        assert [subject for subject, _ in left] == [str(n) for n in range(count)]
        return [pauses for _, pauses in left]

    return asyncio.run(tried())


def test_the_acknowledgements_of_a_pause_leave_together():
    """Each by itself was a write for every plot."""
    few = SETTINGS.pause_messages_max - 1
    times = given(count=3 * few, at_once=few)
    assert times[0] >= 0.9
    assert times[-1] >= 2.9


def test_a_part_of_a_window_does_not_wait_for_the_pause():
    """What is not acknowledged keeps a place at the border."""
    part = SETTINGS.pause_messages_max
    assert given(count=40 * part, at_once=part)[-1] < 40


def test_what_a_line_that_takes_nothing_lets_gather_is_bounded():
    """It is the partner's to make long, and comes again."""

    async def tried():
        acks, left = Acks(), []

        async def give(subject):
            left.append(subject)

        for number in range(2 * SETTINGS.acks_waiting_max):
            acks.put(str(number))
        giving = asyncio.create_task(acks.give_all(give))
        while len(left) < SETTINGS.acks_waiting_max:
            await asyncio.sleep(0)
        giving.cancel()
        assert left == [str(number) for number in range(SETTINGS.acks_waiting_max)]

    asyncio.run(tried())
