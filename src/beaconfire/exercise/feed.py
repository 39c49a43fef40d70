"""Feed: the simulated sky and people, talking to real nodes at exercise time.

Every scan goes to its own nation's node at its own exercise instant, over the door
that any sensor would use; every act is signed by that nation's people and handed to
its own desk. A scan that is not answered (the node was killed, say) is sent again in
the same words until it is, as a sensor with a buffer would.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from beaconfire.errors import BeaconfireError, NotReachable
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.scenario_parts import Act as ScenarioAct
from beaconfire.exercise.sensors import Sighting
from beaconfire.exercise.staging import Staged
from beaconfire.runtime.clock import ExerciseClock
from beaconfire.runtime.door_client import DoorClient
from beaconfire.seals import codec
from beaconfire.seals.acts import sign_act
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.party import Party

RETRY_S = 0.25  # wall seconds between tries while a node does not answer
IN_FLIGHT_MAX = 16  # scans on their way to one node; they arrive in order


@dataclass(slots=True)
class Account:
    """What was sent to one nation's node and what it said."""

    sent: int = 0
    accepted: int = 0
    rejected: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)


class Feed:
    """Sends one nation's sightings and acts at their time."""

    def __init__(
        self, nation: Staged, scenario: Scenario, clock: ExerciseClock
    ) -> None:
        """Nothing is sent before ``run``."""
        self.account = Account()
        self._nation = nation
        self._scenario = scenario
        self._clock = clock
        self._client = DoorClient(nation.directory)

    async def run(self, sightings: tuple[Sighting, ...]) -> None:
        """Send the nation's sightings, each at its instant; return after the last."""
        own = deque(s for s in sightings if s.party == self._nation.party)
        tasks: deque[asyncio.Task[None]] = deque()
        try:
            while own:
                sighting = own.popleft()
                await self._until(sighting)
                if len(tasks) >= IN_FLIGHT_MAX:
                    await tasks.popleft()
                tasks.append(asyncio.create_task(self._send(sighting)))
            for task in tasks:
                await task
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def order(self, act: ScenarioAct) -> None:
        """Sign and hand in one act at its time, or now if its time has passed."""
        due = self._scenario.at(act.at_s)
        await asyncio.sleep(max(0.0, self._clock.wall_s_until(due)))
        expires = None if act.expires_s is None else self._scenario.at(act.expires_s)
        signed = sign_act(
            Act(
                agreement=act.agreement,
                act=act.act,
                party=self._nation.party,
                to=act.to,
                via=act.via,
                item_class=act.class_,
                expires=expires,
                issued=self._clock.now(),
            ),
            self._nation.people,
        )
        text = codec.encode(signed)
        answer = await self._ask(f"orders.{act.act}", text)
        self.account.orders.append(answer.decode())

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.close()

    async def _until(self, sighting: Sighting) -> None:
        wait_s = self._clock.wall_s_until(sighting.at)
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    async def _send(self, sighting: Sighting) -> None:
        self.account.sent += len(sighting.lines)
        subject = f"sensors.{sighting.sensor_id}.{sighting.stream}"
        data = "\n".join(sighting.lines).encode()
        answer = msgspec.json.decode(await self._ask(subject, data))
        self.account.accepted += answer.get("accepted", 0)
        self.account.rejected.extend(answer.get("rejected", ()))

    async def _ask(self, subject: str, data: bytes) -> bytes:
        while True:
            try:
                return await self._client.ask(subject, data)
            except NotReachable:
                await asyncio.sleep(RETRY_S)


def feed_of(feeds: dict[Party, Feed], act: ScenarioAct) -> Feed:
    """Return the feed of the nation that acts.

    Raises:
        BeaconfireError: the scenario names a nation that is not on stage.
    """
    if act.by not in feeds:
        message = f"`{act.by}` acts in the scenario but has no node"
        raise BeaconfireError(message)
    return feeds[act.by]
