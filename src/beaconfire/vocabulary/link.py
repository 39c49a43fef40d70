"""Link: what stands on the wire between two nodes, inside and outside its seals.

A link message is one signed header and the inner envelopes that the header names by
digest, in order. A relay forwards inner bytes unchanged; what it adds (marking,
articles, the originator's approval) stands in the header's part.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from beaconfire.vocabulary.acts import Act, Signature
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.patterns import END
from beaconfire.vocabulary.places import Token
from beaconfire.vocabulary.report import Form
from beaconfire.vocabulary.times import Instant

Lane = Literal["notices", "tracks", "plots"]
LANES: tuple[Lane, ...] = ("notices", "tracks", "plots")
LANE_OF_FORM: dict[Form, Lane] = {
    "notice": "notices",
    "impact": "notices",
    "retraction": "notices",
    "report": "notices",
    "track": "tracks",
    "plots": "plots",
}

Epoch = Annotated[int, Meta(ge=1)]
Number = Annotated[int, Meta(ge=0)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}" + END)]

# Of one lane without a receipt. Both ends count on it: a sender hands over no more, a
# reader holds no more of them for one that is missing, and a border keeps no more.
WINDOW_MESSAGES = 32
REASON_MAX = 300  # characters of a reason in a receipt

ITEM_TYPE = "application/vnd.beaconfire.item+json"
ACT_TYPE = "application/vnd.beaconfire.act+json"
LINK_TYPE = "application/vnd.beaconfire.link+json"
RECEIPT_TYPE = "application/vnd.beaconfire.receipt+json"
CARD_TYPE = "application/vnd.beaconfire.card+json"
TAKING_BACK_TYPE = "application/vnd.beaconfire.taking-back+json"
CARD_REVOCATION_TYPE = "application/vnd.beaconfire.card-revocation+json"
CONSULTATION_TYPE = "application/vnd.beaconfire.consultation+json"


class Envelope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A DSSE envelope: payload in base64, its type, exactly one signature."""

    payload: Annotated[str, Meta(max_length=1_000_000)]
    payload_type: Token = field(name="payloadType")
    signatures: Annotated[tuple[Signature, ...], Meta(min_length=1, max_length=1)]


class SealedItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item and its originator's signature.

    ``payload`` keeps the exact signed text where another implementation's encoding
    differs from ours, so that inner bytes are relayed unchanged; otherwise ``None``.
    """

    item: Item
    signature: Signature
    payload: str | None = None


class EpochHead(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an epoch of a lane ended, or how far it was received."""

    epoch: Epoch
    number: Number
    hash: Digest


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One inner envelope: what it is, and under what it was sent.

    ``marking`` and ``approval`` are present on a relay, and only there; ``no_further``
    says that the recipient passes the item on to nobody.
    """

    kind: Literal["item", "act", "consultation"]
    id: Token
    digest: Digest
    agreements: Annotated[tuple[Token, ...], Meta(max_length=8)] = ()
    articles: Annotated[tuple[Token, ...], Meta(max_length=32)] = ()
    marking: Label | None = None
    approval: Act | None = None
    no_further: bool = False


class LinkHeader(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The signed outside of a link message.

    ``number`` counts from 1 without gaps in each lane and epoch; ``previous`` is the
    digest of the header before it (zeros before the first). The first header of an
    epoch after the first names in ``closes`` where the epoch before it ended.
    """

    v: Literal[1] = 1
    sender: Party
    recipient: Party
    originator: Party
    lane: Lane
    epoch: Epoch
    number: Annotated[int, Meta(ge=1)]
    previous: Digest
    closes: EpochHead | None = None
    sent: Instant
    parts: Annotated[tuple[Part, ...], Meta(max_length=50)] = ()


class LinkMessage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is put on the wire."""

    v: Literal[1] = 1
    header: Envelope
    inner: Annotated[tuple[Envelope, ...], Meta(max_length=50)] = ()


class RefusedPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part that the recipient refused, and why, in its own words of plain ASCII.

    The reason is empty where a receipt has no more room: the part is refused as much.
    """

    id: Token
    reason: Annotated[str, Meta(max_length=REASON_MAX, pattern=r"^[ -~]*" + END)] = ""


class ReceiptNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a recipient signs: everything up to ``head`` is stored, fsynced.

    ``sender`` and ``recipient`` are the ends of the link that it is about: the
    recipient signs this.
    ``closed`` are the heads at which the recipient closed earlier epochs of the lane,
    newest last: they settle what stood in a purged window. ``quarantined`` names items
    of this epoch's latest messages that are stored but will not be used; ``refused``
    parts of them that were not taken at all. Everything else of them is delivered.
    """

    v: Literal[1] = 1
    sender: Party
    recipient: Party
    lane: Lane
    head: EpochHead
    closed: Annotated[tuple[EpochHead, ...], Meta(max_length=8)] = ()
    quarantined: Annotated[tuple[Token, ...], Meta(max_length=2000)] = ()
    refused: Annotated[tuple[RefusedPart, ...], Meta(max_length=2000)] = ()


ZERO_DIGEST = "0" * 64
