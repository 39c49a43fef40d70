"""Workers: the same answers, in the same order, whoever makes them."""

import pytest

from beaconfire.exercise.bench.workers import Workers, workers


def squared(number):
    """Stand for the work; at the top of a module, so that a process finds it."""
    if number < 0:
        message = f"{number} has no root"
        raise ValueError(message)
    return number * number


def test_two_processes_answer_as_one_does_and_say_how_far_they_are():
    """A figure must not depend on how many cores a machine has."""
    told = []
    with workers(2, told.append) as crew:
        done = list(crew.each("squares", squared, range(23), at_once=3))
    assert done == list(Workers(None, told.append).each("squares", squared, range(23)))
    assert told.count("squares: 23 of 23") == 2
    assert told[0] == "squares: 4 of 23"


def test_what_fails_in_a_process_fails_here():
    """A case that cannot be flown is told, not left out of the figures."""
    with (
        pytest.raises(ValueError, match="-1 has no root"),
        workers(2, lambda _text: None) as crew,
    ):
        list(crew.each("squares", squared, [1, -1, 2]))
