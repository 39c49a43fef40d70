"""A command that is ended takes along what it started, however it is ended."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from beaconfire.runtime import processes

READY_S_MAX = 120.0
GONE_S_MAX = 40.0
STEP_S = 0.1


def started(arguments, folder):
    """Start a command that makes its own folders under ``folder``."""
    return subprocess.Popen(
        [sys.executable, "-m", "beaconfire", *arguments],
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def child_records(folder, count):
    """Return the processes of the nodes under ``folder`` once so many are ready."""
    for _ in range(round(READY_S_MAX / STEP_S)):
        files = [f for f in folder.rglob("run/ready.json") if f.stat().st_size]
        if len(files) >= count:
            notes = [json.loads(f.read_text("utf-8"))["processes"] for f in files]
            pids = [note["pid"] for one in notes for note in one]
            return [r for r in map(processes.record_of, pids) if r is not None]
        time.sleep(STEP_S)
    pytest.fail("the nodes did not become ready")


def gone(records):
    """Wait until none of these processes lives; say whether that came to pass."""
    for _ in range(round(GONE_S_MAX / STEP_S)):
        if not any(map(processes.is_alive, records)):
            return True
        time.sleep(STEP_S)
    return False


@pytest.mark.servers
@pytest.mark.parametrize(
    ("name", "nodes", "number"),
    [
        ("link", 2, signal.SIGINT),
        ("link", 2, signal.SIGHUP),
        ("suspend", 3, signal.SIGTERM),
    ],
)
def test_a_bench_that_is_told_to_end_leaves_no_process_and_no_folder(
    tmp_path, name, nodes, number
):
    """Nodes with their servers and solvers: asked to end, all of it is stopped."""
    bench = started(["bench", name], tmp_path)
    try:
        records = child_records(tmp_path, nodes)
        assert len(records) >= 4 * nodes  # itself, two servers, a solver
        bench.send_signal(number)
        _, said = bench.communicate(timeout=GONE_S_MAX)
    finally:
        bench.kill()
        bench.wait()
    assert bench.returncode == 1
    assert "stopped" in said
    assert gone(records)
    assert not list(tmp_path.glob("beaconfire-bench-*"))


@pytest.mark.servers
@pytest.mark.skipif(
    not processes.dying_with_parent(),
    reason="macOS, or a Linux without setpriv, cannot end a child with its parent",
)
def test_a_bench_that_is_killed_takes_its_nodes_along(tmp_path):
    """Nobody hears SIGKILL; the system itself then ends what was started."""
    bench = started(["bench", "link"], tmp_path)
    try:
        records = child_records(tmp_path, 2)
        assert records
    finally:
        bench.kill()
        bench.communicate()
    assert gone(records)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_bench_that_simulates_leaves_no_worker(tmp_path, number):
    """Workers that wait for a task of a parent that is gone would wait for ever."""
    bench = started(["bench", "sharing"], tmp_path)
    try:
        for _ in range(round(READY_S_MAX / STEP_S)):
            records = [r for r in map(processes.record_of, children(bench.pid)) if r]
            if len(records) >= 2:
                break
            time.sleep(STEP_S)
        assert len(records) >= 2
        time.sleep(2.0)  # past their start, at work
        bench.send_signal(number)
        bench.communicate(timeout=GONE_S_MAX)
    finally:
        bench.kill()
        bench.wait()
    assert gone(records)


def children(pid):
    """Return the processes whose parent is ``pid``."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [int(child) for child, parent in rows if int(parent) == pid]


def test_who_ignores_a_hang_up_goes_on_ignoring_it():
    """``nohup`` means that the command stays when the terminal goes."""
    code = (
        "import os, signal, time\n"
        "from beaconfire.runtime import ending\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with ending.as_interrupt():\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        time.sleep(5)\n"
        "    except KeyboardInterrupt:\n"
        "        print('interrupted')\n"
        "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, "interrupted\n"), ran.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="it needs /dev/full")
def test_output_that_cannot_be_written_is_told_in_a_sentence():
    """A full disk behind a redirection is the reader's to mend, no defect of ours."""
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            [sys.executable, "-m", "beaconfire", "exercise", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=READY_S_MAX,
            check=False,
        )
    assert process.returncode == 1
    assert process.stderr == "beaconfire: cannot go on: no space left on device\n"


@pytest.mark.servers
def test_an_interrupt_at_the_terminal_while_a_node_starts_is_not_a_traceback(tmp_path):
    """The terminal interrupts the whole group; only the node has something to say."""
    node = tmp_path / "node"
    for words in (["init", "--party", "JPN", *_free_ports()], ["card"]):
        command = [sys.executable, "-m", "beaconfire", "node", *words, "--node", node]
        subprocess.run(command, check=True, capture_output=True, timeout=READY_S_MAX)
    process = subprocess.Popen(
        [sys.executable, "-m", "beaconfire", "node", "run", "--node", node],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for _ in range(round(READY_S_MAX / STEP_S)):
        if (node / "run" / "orders.access").exists():
            break
        time.sleep(STEP_S)
    time.sleep(1.0)  # the solver has been started, and loads
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=GONE_S_MAX)
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said


def _free_ports():
    ports = []
    with socket.socket() as one, socket.socket() as two:
        for place in (one, two):
            place.bind(("127.0.0.1", 0))
            ports.append(str(place.getsockname()[1]))
    return ["--border-port", ports[0], "--journal-port", ports[1]]
