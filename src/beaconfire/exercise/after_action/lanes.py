"""Lanes: are the numbers of every link gapless, and do both ends tell the same?

* A sender numbers from 1 in each lane and epoch; an epoch ends by an ``epoch-end``
  that names its last number, and only then the next begins.
* A recipient takes 1, 2, 3 … of an epoch and never goes back to an earlier one. It may
  stop short of an epoch's end: what stood there was purged.
* Every message that a recipient took was handed over, with the same text.
"""

from beaconfire.exercise.after_action.holdings import Message
from beaconfire.exercise.after_action.ledger import Fact, Ledger


def sent_messages(ledger: Ledger) -> tuple[dict[Message, str], list[str]]:
    """Return each message that a nation handed over, by partner, with its digest.

    The first field of a key is the recipient here. The sentences say where the
    numbering has a hole.
    """
    sent: dict[Message, str] = {}
    flaws: list[str] = []
    heads: dict[tuple[str, str], tuple[int, int]] = {}
    for fact in ledger.facts:
        body = fact.body
        if fact.kind == "hand-over":
            lane = (body["to"], body["lane"])
            epoch, number = heads.get(lane, (1, 0))
            found = (body["epoch"], body["number"])
            if found != (epoch, number + 1):
                way = f"{ledger.party} to {body['to']}"
                flaws.append(_hole(way, body["lane"], found, (epoch, number)))
            heads[lane] = found
            sent[(*lane, *found)] = body["hash"]
        elif fact.kind == "epoch-end":
            lane = (body["to"], body["lane"])
            head = (body["head"]["epoch"], body["head"]["number"])
            if head != heads.get(lane, (1, 0)):
                flaws.append(
                    f"{ledger.party} to {body['to']}: {body['lane']} ends its epoch at "
                    f"{head[0]}/{head[1]}, which is not its newest message"
                )
            heads[lane] = (head[0] + 1, 0)
    return sent, flaws


def taken_in_order(ledger: Ledger) -> list[str]:
    """Return where a nation took a partner's messages out of order or with a hole."""
    flaws: list[str] = []
    heads: dict[tuple[str, str], tuple[int, int]] = {}
    for fact in ledger.facts:
        if fact.kind != "arrival" or fact.body["again"]:
            continue
        lane = _lane(fact)
        found = (fact.body["epoch"], fact.body["number"])
        before = heads.get(lane, (1, 0))
        same = found == (before[0], before[1] + 1)
        later = found[0] > before[0] and found[1] == 1
        if not same and not later:
            flaws.append(
                _hole(f"{ledger.party} from {lane[0]}", lane[1], found, before)
            )
        heads[lane] = found
    return flaws


def _lane(arrival: Fact) -> tuple[str, str]:
    body = arrival.body
    return (body["via"] or body["from"], body["lane"])


def _hole(
    where: str, lane: str, found: tuple[int, int], before: tuple[int, int]
) -> str:
    return (
        f"{where}: {lane} has {found[0]}/{found[1]} after {before[0]}/{before[1]}: "
        "a hole in the numbering"
    )
