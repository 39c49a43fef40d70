"""Consultations: what a party asks of another before it acts, and what is answered.

Each is signed by a person of the party that it names; the signature covers the
canonical encoding without it. A consultation is known everywhere by the id of its
question, which is taken over the same bytes. What these add up to is
``agreements/consultation.py``'s to say.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, field

from beaconfire.vocabulary.acts import Signature
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Text, Token
from beaconfire.vocabulary.times import Instant

Silence = Literal["no", "yes"]
Reply = Literal["consent", "consent-on-conditions", "object", "more-time"]

_Parties = Annotated[tuple[Party, ...], Meta(max_length=32)]
_Classes = Annotated[tuple[Token, ...], Meta(max_length=32)]


class Subject(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"
):
    """What every subject shares: its name in ``type``. The list is closed."""


class ReleaseOf(Subject, frozen=True, kw_only=True, tag="release"):
    """The asker's own items of a class, to these parties."""

    item_class: Token = field(name="class")
    to: Annotated[_Parties, Meta(min_length=1)]


class OnwardReleaseOf(Subject, frozen=True, kw_only=True, tag="onward-release"):
    """Another party's items of a class, passed on to these."""

    item_class: Token = field(name="class")
    originator: Party
    to: Annotated[_Parties, Meta(min_length=1)]


class PublicStatement(Subject, frozen=True, kw_only=True, tag="public-statement"):
    """Something that the asker would say in public."""

    text: Text


class DeclaredMeasure(Subject, frozen=True, kw_only=True, tag="measure"):
    """Something else that the asker would do, in its own words."""

    text: Text


ProposedAct = ReleaseOf | OnwardReleaseOf | PublicStatement | DeclaredMeasure


class Conditions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a consent goes. What is empty or absent narrows nothing."""

    recipients: _Parties = ()
    classes: _Classes = ()
    until: Instant | None = None
    no_further: bool = False


class _Signed(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"
):
    """What people sign about a consultation."""


class Consultation(_Signed, frozen=True, kw_only=True, tag="ask"):
    """A question: may ``party`` do this, which affects another party?

    It is asked under an agreement of both. ``silence`` says what no answer by the
    ``deadline`` means; ``extensions`` how often more time may be taken, each time as
    much as there was between ``issued`` and the first deadline, at most.
    """

    KIND: ClassVar[str] = "consultation"
    v: Literal[1] = 1
    agreement: Token
    party: Party
    affected: Party
    proposes: ProposedAct
    reason: Text
    deadline: Instant
    silence: Silence = "no"
    extensions: Annotated[int, Meta(ge=0, le=3)] = 1
    issued: Instant
    signature: Signature | None = None


class ConsultationAnswer(_Signed, frozen=True, kw_only=True, tag="answer"):
    """What the affected party answers. ``deadline`` is what more time would end at."""

    KIND: ClassVar[str] = "consultation-answer"
    v: Literal[1] = 1
    consultation: Token
    party: Party
    reply: Reply
    reason: Text = ""
    conditions: Conditions | None = None
    deadline: Instant | None = None
    issued: Instant
    signature: Signature | None = None


class ConsultationWithdrawal(_Signed, frozen=True, kw_only=True, tag="withdraw"):
    """The affected party takes its consent back, or the asker its question."""

    KIND: ClassVar[str] = "consultation-withdrawal"
    v: Literal[1] = 1
    consultation: Token
    party: Party
    reason: Text = ""
    issued: Instant
    signature: Signature | None = None


class ConsultationProceeding(_Signed, frozen=True, kw_only=True, tag="proceed"):
    """The asker now makes the statement, or takes the measure, that it asked about."""

    KIND: ClassVar[str] = "consultation-proceeding"
    v: Literal[1] = 1
    consultation: Token
    party: Party
    issued: Instant
    signature: Signature | None = None


Statement = (
    Consultation | ConsultationAnswer | ConsultationWithdrawal | ConsultationProceeding
)
