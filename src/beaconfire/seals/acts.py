"""Acts: what people signed, and the id that an act has in every node.

* The signature covers the canonical encoding of the act with ``signature`` null, as
  DSSE type ``act``, and verifies under a people's key of the act's own party alone.
* An act's id is taken over the same bytes: every holder of the act computes it alike,
  and signing one act twice does not make it two.

Left to others: whether the party may do it (``agreements``), whether the card is
valid at that instant (``cards``).
"""

from msgspec.structs import replace

from beaconfire.errors import BadInput
from beaconfire.seals import codec, dsse
from beaconfire.seals.keys import SigningKey
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.link import ACT_TYPE, Envelope

_ID_DIGITS = 32


def act_payload(act: Act) -> bytes:
    """Return the canonical bytes of ``act`` without its signature: what is signed."""
    return codec.encode(replace(act, signature=None))


def act_id(act: Act) -> str:
    """Return the id of ``act``, the same whoever computes it."""
    return dsse.digest(ACT_TYPE, act_payload(act))[:_ID_DIGITS]


def act_id_in(sealed: Envelope) -> str:
    """Return the id that the act in ``sealed`` has, whoever signed it or nobody.

    Raises:
        BadInput: it holds no act.
    """
    payload = dsse.unverified_payload(sealed, payload_type=ACT_TYPE)
    return dsse.digest(ACT_TYPE, payload)[:_ID_DIGITS]


def sign_act(act: Act, key: SigningKey) -> Act:
    """Return ``act`` signed by a person's key."""
    if act.issued is None:
        message = "an act is dated before it is signed"
        raise RuntimeError(message)
    return replace(act, signature=dsse.sign(ACT_TYPE, act_payload(act), key))


def verify_act(act: Act, card: Card) -> None:
    """Verify that a person of ``act.party``, whose card is given, signed ``act``.

    Raises:
        BadInput: undated, unsigned, another party's, or signed by no such person.
    """
    name = f"act `{act.act}` on `{act.agreement}`"
    if act.party != card.party:
        message = f"{name}: is by `{act.party}`, the card given is that of {card.party}"
        raise BadInput(message)
    if act.issued is None:
        message = f"{name}: has no `issued`: a node takes only dated acts"
        raise BadInput(message)
    if act.signature is None:
        message = f"{name}: has no `signature`: a node takes only signed acts"
        raise BadInput(message)
    dsse.verify(ACT_TYPE, act_payload(act), act.signature, card.keys)


def envelope_of_act(act: Act) -> Envelope:
    """Return a signed act in the form that stands on the wire."""
    if act.signature is None:
        message = "an act is signed before it is sent"
        raise RuntimeError(message)
    return dsse.envelope(ACT_TYPE, act_payload(act), act.signature)


def open_act(sealed: Envelope, card: Card) -> Act:
    """Verify and read an act from the wire, signed by a person of ``card``'s party.

    Raises:
        BadInput: not such an act, or not in the canonical encoding.
    """
    payload = dsse.unverified_payload(sealed, payload_type=ACT_TYPE)
    act = codec.decode(payload, Act, what="act")
    # An act is kept without its text, so it must have but one.
    if act_payload(act) != payload:
        message = "act: not in the canonical encoding: keys in order, every key present"
        raise BadInput(message)
    signed = replace(act, signature=sealed.signatures[0])
    verify_act(signed, card)
    return signed
