"""Ordering: a signed order to the running node, and what its desk made of it.

Every command by which people bid the node do something goes this way, so that each says
the same to a program: the verb, the document as it was signed, and the entry of the
journal that carries it out. What the desk refuses is an error, and prints no value.
"""

from collections.abc import Mapping
from pathlib import Path

from beaconfire.cli.printing import put, put_json
from beaconfire.errors import Refused
from beaconfire.runtime import keys
from beaconfire.runtime.doors import Judged
from beaconfire.runtime.orders import Signed, order
from beaconfire.seals.keys import SigningKey


def people_key(node: Path) -> SigningKey:
    """Return the key with which this node's people sign."""
    return keys.load_signing_key(node / "keys" / "people.key", "people")


def carry_out(
    node: Path,
    verb: str,
    signed: Signed,
    *,
    as_json: bool,
    read: str = "{reason}",
    more: Mapping[str, object] | None = None,
) -> None:
    """Send an order, and print what it led to; ``read`` is how people are told.

    ``more`` is what this command's value holds besides.

    Raises:
        Refused: the desk refused it; nothing was changed.
        NotReachable: the node does not run.
    """
    judged = order(node, verb, signed)
    if not judged.accepted:
        raise Refused(f"the desk of {signed.party} refused: {judged.reason}")
    if as_json:
        put_json({**_value(verb, signed, judged), **(more or {})})
    else:
        put(f"{signed.party}: {read.format(reason=judged.reason)}")


def _value(verb: str, signed: Signed, judged: Judged) -> dict[str, object]:
    return {
        "v": 1,
        "verb": verb,
        "party": signed.party,
        "entry": judged.entry,
        "reason": judged.reason,
        "signed": signed,
    }
