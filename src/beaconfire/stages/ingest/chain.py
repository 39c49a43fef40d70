"""Chain: a partner's message is ours to read, and continues its lane.

* Ours to read: well formed, signed by the partner's link key, from that partner, to us,
  in the lane that it was pulled from.
* It continues the chain: the next number of its epoch on the hash of the one before, or
  number 1 of a later epoch that says where the epoch before it ended.

What a message carries is judged by ``partners``, part by part.
"""

from beaconfire.errors import BadInput, Refused
from beaconfire.seals import codec
from beaconfire.seals.cards import require_valid
from beaconfire.seals.dsse import digest, open_envelope
from beaconfire.stages.ingest.state import IngestStage
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.entries.arrivals import LinkArrival
from beaconfire.vocabulary.link import (
    LINK_TYPE,
    ZERO_DIGEST,
    EpochHead,
    LinkHeader,
    LinkMessage,
)
from beaconfire.vocabulary.times import Instant


class OutOfChain(BadInput):
    """The message does not continue the lane."""


def card_of(state: IngestStage, party: str, at: Instant) -> Card:
    """Return a partner's card.

    Raises:
        BadInput: not a partner, or its card has ended or is revoked.
    """
    card = state.profile.partner(party)
    if card is None:
        message = f"`{party}` is not a partner of this node"
        raise BadInput(message)
    closed = state.standing.trust.closing(party)
    if closed is not None:
        raise BadInput(closed.refusal)
    try:
        require_valid(card, at)
    except Refused as error:
        raise BadInput(str(error)) from None
    return card


def open_message(
    state: IngestStage, card: Card, body: LinkArrival
) -> tuple[LinkMessage, LinkHeader, str]:
    """Return the message, its header, and the header's digest.

    Raises:
        BadInput: not well formed, not signed by the partner, or not for us.
    """
    message = codec.decode(body.message, LinkMessage, what="link message")
    payload = open_envelope(message.header, card.keys, payload_type=LINK_TYPE)
    header = codec.decode(payload, LinkHeader, what="link header")
    expected = (body.partner, state.profile.party, body.lane)
    if (header.sender, header.recipient, header.lane) != expected:
        text = (
            f"link message is {header.lane} from {header.sender} to "
            f"{header.recipient}, but was pulled as {body.lane} from {body.partner} "
            f"to {state.profile.party}"
        )
        raise BadInput(text)
    if len(header.parts) != len(message.inner):
        text = f"header names {len(header.parts)} parts, {len(message.inner)} came"
        raise BadInput(text)
    return message, header, digest(LINK_TYPE, payload)


def continues(
    state: IngestStage, header: LinkHeader, digest: str
) -> tuple[bool, EpochHead | None]:
    """Return whether it is a repeat, and the head of an epoch that it closes.

    Raises:
        OutOfChain: it does not continue the lane.
    """
    head = state.heads.get(header.sender, {}).get(header.lane)
    where = f"{header.lane} {header.epoch}/{header.number} from {header.sender}"
    if head is not None and header.epoch == head.epoch:
        if header.number <= head.number:
            if header.number == head.number and digest != head.hash:
                text = f"{where} came twice with different text"
                raise OutOfChain(text)
            return True, None
        if header.number != head.number + 1 or header.previous != head.hash:
            text = f"{where} does not continue {head.epoch}/{head.number}"
            raise OutOfChain(text)
        return False, None
    if head is not None and header.epoch < head.epoch:
        text = f"{where} belongs to an epoch that has ended"
        raise OutOfChain(text)
    if header.number != 1 or header.previous != ZERO_DIGEST:
        text = f"{where} opens an epoch in the middle"
        raise OutOfChain(text)
    if head is None:
        return False, None
    closes = header.closes
    if closes is None or closes.epoch != header.epoch - 1:
        text = f"{where} does not say where the epoch before it ended"
        raise OutOfChain(text)
    if closes.epoch == head.epoch and (
        closes.number < head.number
        or (closes.number == head.number and closes.hash != head.hash)
    ):
        text = f"{where} closes an epoch otherwise than it was received"
        raise OutOfChain(text)
    return False, head
