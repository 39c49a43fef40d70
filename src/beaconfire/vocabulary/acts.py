"""Acts: what a party does to an agreement, and approvals, signed by people.

An act is verified under a people's key of the party that it names, never under a
node's key. The signature covers the canonical encoding of the act without it, so
``issued`` and ``party`` cannot be changed; an act signed for one agreement says
nothing about another.
"""

from typing import Literal

from msgspec import Struct, field

from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Token
from beaconfire.vocabulary.records import Record
from beaconfire.vocabulary.report import FORM
from beaconfire.vocabulary.times import Instant

ActName = Literal[
    "suspend",
    "restore",
    "notice",
    "notice-suspend",
    "withdraw",
    "contest",
    "approve",
    "revoke",
    "declare",
]

# What an approval's class may name: one body type, or the three elements together.
LAUNCH_WARNING = "launch-warning"
THREE_ELEMENTS = ("LaunchNotice", "TrackProduct", "ImpactPrediction")
CLASSES = (LAUNCH_WARNING, *(body.__name__ for body in FORM))


class Signature(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An Ed25519 signature and the key it verifies under (base64 both)."""

    keyid: Token
    sig: Token


# Stands where the runtime will put a signature before the turn is stored. It verifies
# under no key, so forgetting to sign is refused by every reader.
UNSIGNED = Signature(keyid="unsigned", sig="unsigned")


class Act(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act. An approval says which ``item`` or ``class`` may go ``to`` whom ``via``.

    ``declare`` puts its ``record`` on file; ``expires`` is then the record's end.

    ``issued`` and ``signature`` may be absent in a file that a person wrote for
    ``decide``; a running node refuses an act without them.
    """

    agreement: Token
    act: ActName
    party: Party
    item: Token | None = None
    to: Party | None = None
    via: Party | None = None
    item_class: Token | None = field(default=None, name="class")
    expires: Instant | None = None
    issued: Instant | None = None
    record: Record | None = None
    signature: Signature | None = None
