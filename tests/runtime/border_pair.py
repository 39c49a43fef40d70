"""Borders and partners for the tests: real servers on loopback, bounded waits."""

import asyncio
import contextlib
import hashlib
import ssl
from contextlib import asynccontextmanager

import nats
import nats.errors

from beaconfire.runtime import border_config, keys
from beaconfire.runtime.border import Border, BorderSite
from beaconfire.runtime.node_dir import BorderPlace
from beaconfire.runtime.pinned import Identity
from beaconfire.runtime.pull import PartnerPull
from beaconfire.runtime.servers import find_nats_server, free_port
from beaconfire.seals.keys import SigningKey
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.times import Instant

WAIT_S = 15.0  # for what takes milliseconds; reached only by a failure
BEGIN = Instant.parse("2020-01-01T00:00:00Z")
END = Instant.parse("2199-01-01T00:00:00Z")


def signer(party, role):
    """Return the key that this party always has in this role."""
    seed = hashlib.sha256(f"{party} {role}".encode()).digest()
    return SigningKey.from_seed(seed, role)


def card_of(party, leaf_pem, port):
    """Return a party's card, with any certificate."""
    roles = ("items", "link", "people")
    return Card(
        party=party,
        number=1,
        status="EXERCISE",
        valid_from=BEGIN,
        valid_until=END,
        root=signer(party, "root").public_text,
        keys=tuple(signer(party, role).public for role in roles),
        border_host="127.0.0.1",
        border_port=port,
        certificate_pem=leaf_pem,
    )


async def until(condition, *, what):
    """Wait until ``condition()`` holds; say what never came if it does not."""
    try:
        async with asyncio.timeout(WAIT_S):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        message = f"never came: {what}"
        raise AssertionError(message) from None


class Sky:
    """Japan's border, and whoever comes to it."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.identities = {}
        self.receipts = []
        self.troubles = []
        self.before_answer = None  # awaited while a receipt is being stored
        self.states = {}
        self.border = Border(
            BorderSite(
                own="JPN",
                place=BorderPlace(host="127.0.0.1", port=self.port),
                identity=self.identity("JPN"),
                run_dir=folder / "run",
                binary=find_nats_server(),
            ),
            on_receipt=self._receive,
            on_trouble=self.troubles.append,
        )

    def identity(self, party, version=1):
        """Return a party's certificate and key, made once for each version."""
        if (party, version) not in self.identities:
            key, leaf = keys.make_leaf(keys.party_urn(party), host="127.0.0.1")
            self.identities[party, version] = self.kept(f"{party}{version}", key, leaf)
        return self.identities[party, version]

    def kept(self, name, key, leaf):
        """Write a certificate and its key; return where they lie."""
        identity = Identity(
            leaf=self.folder / f"{name}.pem", key=self.folder / f"{name}.key"
        )
        identity.key.write_bytes(key)
        identity.leaf.write_bytes(leaf)
        return identity

    def card(self, party, version=1):
        """Return a party's card; every border in it is Japan's."""
        pem = self.identity(party, version).leaf.read_text()
        return card_of(party, pem, self.port)

    def cards(self, *parties):
        """Return the cards of parties."""
        return [self.card(party) for party in parties]

    async def _receive(self, party, data):
        if self.before_answer is not None:
            await self.before_answer()
        self.receipts.append((party, data))

    async def requests(self, party, lane):
        """Return how many requests of a partner the server would answer in a lane."""
        jetstream = self.border._jetstream()
        name = border_config.stream_name(party, lane)
        info = await jetstream.consumer_info(name, border_config.CONSUMER)
        return info.num_waiting

    @asynccontextmanager
    async def pulling(self, party, version=1):
        """Run a partner's own end of the line until the block ends."""
        told = self.states.setdefault(party if version == 1 else (party, version), [])
        pull = PartnerPull(
            self.card("JPN"),
            self.identity(party, version),
            on_state=lambda up, reason: told.append((up, reason)),
        )
        running = asyncio.create_task(pull.run())
        try:
            yield pull
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    async def raw(self, identity, *, errors=None, port=None):
        """Connect as a partner with a client of its own, for what ours never does."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.identity("JPN").leaf)
        if identity is not None:
            context.load_cert_chain(identity.leaf, identity.key)
        said = [] if errors is None else errors

        async def note(error):
            said.append(str(error))

        return await nats.connect(
            f"tls://127.0.0.1:{port or self.port}",
            tls=context,
            tls_handshake_first=True,
            allow_reconnect=False,
            connect_timeout=5,
            error_cb=note,
        )


@asynccontextmanager
async def sky(folder, *partners):
    """Start Japan's border, open to ``partners``; end it with the block."""
    world = Sky(folder)
    await world.border.start(world.cards(*partners))
    try:
        yield world
    finally:
        await world.border.stop()


async def take(pull, count, *, ack=True):
    """Take ``count`` messages from a partner's end; return lanes and bytes."""
    taken = []
    async with asyncio.timeout(WAIT_S):
        async for message in pull.messages():
            taken.append((message.lane, message.data))
            if ack:
                await message.ack()
            if len(taken) == count:
                return taken
    return taken


async def refused(connecting):
    """Say whether a connection was refused; close it if it was not."""
    try:
        client = await connecting
    except (OSError, nats.errors.Error):
        return True
    await client.close()
    return False
