"""Orders: what a person asks of the running node, signed, by request and reply.

What is signed goes to ``orders.<verb>`` at the node's doors; its desk judges it, and
the answer means that it, or its rejection, is stored. If the node is stopped nothing is
sent.

``standing_in`` reads what the acts in a node's journal have made of its agreements,
whether the node runs or not.
"""

from collections.abc import Callable
from pathlib import Path

from beaconfire.agreements.consultation import Outcome
from beaconfire.agreements.standing import Standing
from beaconfire.errors import NotReachable
from beaconfire.runtime import event_loop
from beaconfire.runtime.door_client import DoorClient
from beaconfire.runtime.doors import Judged
from beaconfire.runtime.journal_server import access_to, stored_journal
from beaconfire.runtime.server_config import ORDERS
from beaconfire.runtime.store_files import stream_dir
from beaconfire.seals import codec
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.consultations import Statement
from beaconfire.vocabulary.entries.arrivals import NodeStart
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.revoking import CardRevocation
from beaconfire.vocabulary.taking_back import TakingBack

Signed = Act | Statement | TakingBack | CardRevocation


def order(directory: Path, verb: str, signed: Signed) -> Judged:
    """Send what a person signed to the node at ``directory``; return its desk's word.

    Raises:
        NotReachable: the node is not running, so nothing was changed; or it took the
            act and did not answer, and its journal tells what became of it.
    """
    try:
        access_to(directory, ORDERS)
    except NotReachable:
        message = f"node at `{directory}` is not running: nothing was changed"
        raise NotReachable(message) from None
    return event_loop.run(_order(directory, verb, signed))


async def _order(directory: Path, verb: str, signed: Signed) -> Judged:
    doors = DoorClient(directory)
    try:
        answer = await doors.ask(f"orders.{verb}", codec.encode(signed))
    except NotReachable as error:
        message = f"{error}: its journal tells whether the order was carried out"
        raise NotReachable(message) from None
    finally:
        await doors.close()
    return codec.decode(answer, Judged, what="the desk's answer")


def standing_in(directory: Path, progress: Callable[[str], None]) -> Standing:
    """Return the standing after every act and start in the journal of ``directory``.

    A node that has never run has an empty one.

    Raises:
        BeaconfireError: the journal cannot be read, or is damaged: what came after
            the break is not known, so neither is the standing.
    """
    if not stream_dir(directory / "journal").is_dir():
        return Standing()
    return event_loop.run(_standing_in(directory, progress))


async def _standing_in(directory: Path, progress: Callable[[str], None]) -> Standing:
    standing = Standing()
    async with stored_journal(directory, progress=progress) as stored:
        async for turn in stored.journal.read():
            for entry in turn.entries:
                if isinstance(entry.body, Act):
                    standing = standing.after(entry.id, entry.body, entry.at)
                elif isinstance(entry.body, Statement | Outcome):
                    standing = standing.consulted(entry.id, entry.body, entry.at)
                elif isinstance(entry.body, CardRevoked):
                    standing = standing.distrusting(entry.id, entry.body)
                elif isinstance(entry.body, NodeStart) and entry.body.profile:
                    standing = standing.with_cards(entry.body.profile.partners)
    return standing
