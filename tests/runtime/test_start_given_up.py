"""A start that cannot be finished is given up in one sentence, and nothing is left."""

import asyncio
import re
import socket
import sys

import pytest

from beaconfire.errors import BeaconfireError
from beaconfire.runtime.solver import Solver
from tests.runtime.walk import beaconfire, done, free_port


@pytest.mark.parametrize("busy", ["border", "journal"])
def test_a_node_whose_port_is_taken_says_so_and_nothing_else(tmp_path, busy):
    """The solver, which compiles beside it, was given up with a traceback."""
    ports = {"border": free_port(), "journal": free_port()}
    node = ("--node", tmp_path / "node")
    places = (f"--{name}-port={port}" for name, port in ports.items())
    done("node", "init", *node, "--party", "JPN", "--status", "TEST", *places)
    done("node", "card", *node)
    with socket.socket() as other:
        other.bind(("127.0.0.1", ports[busy]))
        other.listen()
        result = beaconfire("node", "run", *node)
    assert result.returncode == 2
    *before, last = result.stderr.splitlines()
    assert last.startswith("beaconfire: ")
    assert f"cannot listen on 127.0.0.1:{ports[busy]}" in last
    # Before it stands only what the start said on its way, with the seconds it took.
    assert all(re.match(r" +\d+\.\d\d s  [a-z]", line) for line in before)


def test_a_solver_that_ends_at_once_is_said_in_one_sentence(monkeypatch):
    """What it had to say stands above; that nothing could be read does not help."""
    monkeypatch.setattr(sys, "executable", "false")

    async def start():
        solver = Solver(lambda _: None, report=lambda _: None, again=lambda _: None)
        await solver.start()

    with pytest.raises(BeaconfireError, match="did not become ready"):
        asyncio.run(start())
