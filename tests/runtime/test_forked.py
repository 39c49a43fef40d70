"""A copy of the process makes bytes of the moment it began, or says why it cannot."""

import asyncio
import os
import signal
import time

import pytest

from beaconfire.errors import BeaconfireError
from beaconfire.runtime.forked import Copy

LARGE = 3_000_000  # more than a pipe holds at once


def made(make, *, after=None):
    """Return what a copy makes, having called ``after`` once it is on its way."""

    async def tried():
        copy = Copy(make)
        if after is not None:
            after()
        return await copy.bytes_made()

    return asyncio.run(tried())


def test_the_bytes_are_of_the_memory_as_it_was():
    """What changes after the copy began is not in it, however long it takes."""
    memory = {"turn": 1}

    def make():
        time.sleep(0.05)
        return b"%d" % memory["turn"]

    assert made(make, after=lambda: memory.update(turn=2)) == b"1"


@pytest.mark.parametrize("size", [0, 1, LARGE])
def test_any_number_of_bytes_comes_whole(size):
    """A pipe holds 64 KiB; a node's memory takes more."""
    data = os.urandom(size)
    assert made(lambda: data) == data


def test_a_copy_that_fails_is_said_to_have_died():
    """No half of a checkpoint counts, and the copy never runs on as the node."""

    def make():
        raise MemoryError

    with pytest.raises(BeaconfireError, match="died before it was done"):
        made(make)


def test_a_copy_that_is_killed_is_said_to_have_died():
    """Whatever kills it, the node goes on and knows that it has no bytes."""

    def make():
        os.kill(os.getpid(), signal.SIGKILL)
        return b"never"

    with pytest.raises(BeaconfireError, match="died before it was done"):
        made(make)


def test_no_copy_is_left_behind():
    """Each is waited for: a node makes thousands in its life.

    One that is not stays a zombie and is found here; living children of other tests
    (a pool's tracker) are none of ours.
    """
    made(lambda: b"done")
    for _ in range(20):
        try:
            left, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        assert left == 0
        time.sleep(0.01)


def test_the_copy_lets_go_of_all_that_the_process_holds(tmp_path):
    """A lock must end with the process that took it, though a copy lives on a while."""
    with (tmp_path / "held").open("w") as held:

        def make():
            try:
                os.fstat(held.fileno())
            except OSError:
                return b"closed"
            return b"open"

        assert made(make) == b"closed"


def test_a_process_that_is_told_nothing_of_its_children_gets_the_bytes():
    """Started with SIGCHLD ignored, as by some supervisors, it waits for nobody."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert made(lambda: b"done") == b"done"
    finally:
        signal.signal(signal.SIGCHLD, before)
