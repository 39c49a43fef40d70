"""Consultations: what people signed about them, and the id it has in every node.

* The signature covers the canonical encoding with ``signature`` null, as DSSE type
  ``consultation``, and verifies under a people's key of the named party alone.
* An id is taken over the same bytes, so that every holder computes it alike. The id of
  the question is the id of the consultation.

Left to others: whether the party may say it now (``agreements/consultation.py``).
"""

from typing import TypeVar

from msgspec.structs import replace

from beaconfire.errors import BadInput
from beaconfire.seals import codec, dsse
from beaconfire.seals.keys import SigningKey
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.consultations import Statement
from beaconfire.vocabulary.link import CONSULTATION_TYPE, Envelope

S = TypeVar("S", bound=Statement)

_ID_DIGITS = 32


def statement_payload(statement: Statement) -> bytes:
    """Return the canonical bytes without the signature: what is signed."""
    return codec.encode(replace(statement, signature=None))


def statement_id(statement: Statement) -> str:
    """Return the id of ``statement``, the same whoever computes it."""
    payload = statement_payload(statement)
    return dsse.digest(CONSULTATION_TYPE, payload)[:_ID_DIGITS]


def sign_statement(statement: S, key: SigningKey) -> S:
    """Return ``statement`` signed by a person's key."""
    payload = statement_payload(statement)
    return replace(statement, signature=dsse.sign(CONSULTATION_TYPE, payload, key))


def verify_statement(statement: Statement, card: Card) -> None:
    """Verify that a person of ``statement.party``, whose card is given, signed it.

    Raises:
        BadInput: unsigned, another party's, or signed by no such person.
    """
    if statement.party != card.party:
        message = (
            f"{statement.KIND}: is by `{statement.party}`, the card given is that of "
            f"{card.party}"
        )
        raise BadInput(message)
    if statement.signature is None:
        message = f"{statement.KIND}: has no `signature`: only signed ones are taken"
        raise BadInput(message)
    payload = statement_payload(statement)
    dsse.verify(CONSULTATION_TYPE, payload, statement.signature, card.keys)


def envelope_of_statement(statement: Statement) -> Envelope:
    """Return a signed statement in the form that stands on the wire."""
    if statement.signature is None:
        message = "a statement is signed before it is sent"
        raise RuntimeError(message)
    payload = statement_payload(statement)
    return dsse.envelope(CONSULTATION_TYPE, payload, statement.signature)


def read_statement(data: bytes | str, *, what: str) -> Statement:
    """Read a statement, signed or not.

    Raises:
        BadInput: not such a thing; says where and why.
    """
    # A union is not a type to the checker, though the decoder takes it.
    statement: Statement = codec.decode(data, Statement, what=what)  # type: ignore[arg-type]
    return statement


def open_statement(sealed: Envelope, card: Card) -> Statement:
    """Verify and read a statement from the wire, signed by a person of ``card``.

    Raises:
        BadInput: not such a thing, or not in the canonical encoding.
    """
    payload = dsse.unverified_payload(sealed, payload_type=CONSULTATION_TYPE)
    statement = read_statement(payload, what="consultation")
    # It is kept without its text, so it must have but one.
    if statement_payload(statement) != payload:
        message = (
            "consultation: not in the canonical encoding: keys in order, every key "
            "present"
        )
        raise BadInput(message)
    signed = replace(statement, signature=sealed.signatures[0])
    verify_statement(signed, card)
    return signed
