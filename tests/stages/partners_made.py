"""A node of the exercise's cast, and link messages as its partners would sign them.

Every key is the cast's own, so that a message is right until a test makes it wrong in
one place. ``Line`` is the sending end of one lane: it numbers and chains what was
really sent, and leaves its place alone for what a test only tries.
"""

import json
from dataclasses import dataclass, field
from dataclasses import replace as changed
from functools import cache
from itertools import count
from typing import Any, TypeVar

from msgspec.structs import replace

from beaconfire.exercise.cast import Member, cast, node_of
from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.simulated import agreements_of
from beaconfire.journal.entry import Turn
from beaconfire.runtime.checkpoint import restore, save
from beaconfire.runtime.effects import Effect
from beaconfire.runtime.turns import Node
from beaconfire.seals import codec
from beaconfire.seals.acts import act_id, envelope_of_act, sign_act
from beaconfire.seals.dsse import (
    digest,
    envelope,
    envelope_digest,
    envelope_of,
    pae,
    sign,
    sign_item,
)
from beaconfire.seals.keys import SigningKey
from beaconfire.stages.link.state import LinkStage, Sending
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import LinkArrival, Order, ReceiptArrival
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.link import (
    LINK_TYPE,
    RECEIPT_TYPE,
    ZERO_DIGEST,
    Envelope,
    EpochHead,
    Lane,
    LinkHeader,
    LinkMessage,
    Part,
    ReceiptNote,
)
from beaconfire.vocabulary.motion import StateVector
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import LaunchNotice, TrackProduct
from beaconfire.vocabulary.times import Instant

GSOMIA, TISA = "gsomia-jpn-kor-2016", "tisa-2014"
JPN_USA, KOR_USA = "jpn-usa-2007", "kor-usa-1987"
SCENARIO = "2022-10-04"
T0 = load_scenario(SCENARIO).epoch
MARKING = {"JPN": "秘", "KOR": "군사III급비밀", "USA": "CONFIDENTIAL"}
# What each of two partners names when it gives its own item to the other.
UNDER = {
    frozenset({"JPN", "KOR"}): (GSOMIA,),
    frozenset({"JPN", "USA"}): (TISA, JPN_USA),
    frozenset({"KOR", "USA"}): (TISA, KOR_USA),
}
_numbers = count(1)
T = TypeVar("T")


def only(kind: type[T], bodies: list[EntryBody]) -> T:
    """Return the one body of a kind."""
    found = [body for body in bodies if isinstance(body, kind)]
    assert len(found) == 1, bodies
    return found[0]


@cache
def members() -> dict[str, Member]:
    """Return the exercise's nations with their keys."""
    return cast(load_scenario(SCENARIO), 1)


@cache
def strangers() -> dict[str, Member]:
    """Return nations of the same names with other keys, whom nobody knows."""
    return cast(load_scenario(SCENARIO), 2)


def at_s(seconds: float) -> Instant:
    """Return the instant ``seconds`` after the exercise's epoch."""
    return T0.plus_s(seconds)


def item_of(party: str = "KOR", *, created_s: float = 0.0, **changes: object) -> Item:
    """Return a launch notice of ``party``, valid for five minutes."""
    item = Item(
        id=f"{party.lower()}-item-{next(_numbers)}",
        originator=party,
        status="EXERCISE",
        exercise=SCENARIO,
        label=Label(policy="EXERCISE", classification=MARKING[party]),
        created=at_s(created_s),
        valid_until=at_s(created_s + 300.0),
        body=LaunchNotice(launch_id=f"{party}-launch", first_seen=at_s(created_s)),
    )
    return replace(item, **changes)


def track_of(party: str = "KOR", *, created_s: float = 0.0) -> Item:
    """Return a flight path of ``party``, which is shown and not fused."""
    where = StateVector(
        epoch=at_s(created_s),
        position_ecef_m=(-3_600_000.0, 3_300_000.0, 4_300_000.0),
        velocity_ecef_mps=(0.0, 1_000.0, 2_000.0),
    )
    path = TrackProduct(launch_id=f"{party}-launch", phase="boost", state=where)
    return item_of(party, created_s=created_s, body=path)


def act_of(
    verb: str,
    party: str = "KOR",
    *,
    agreement: str = GSOMIA,
    issued_s: float = 0.0,
    key: SigningKey | None = None,
    **changes: object,
) -> Act:
    """Return an act signed by a person of ``party``, or by ``key``."""
    act = Act(agreement=agreement, act=verb, party=party, issued=at_s(issued_s))
    return sign_act(replace(act, **changes), key or members()[party].people)


def approval_of(
    party: str = "KOR",
    *,
    to: str = "JPN",
    via: str = "USA",
    agreement: str = TISA,
    expires_s: float = 600.0,
    issued_s: float = -60.0,
    key: SigningKey | None = None,
    **changes: object,
) -> Act:
    """Return an approval to pass on launch warnings of ``party``."""
    said = {"item_class": "launch-warning", **changes}
    return act_of(
        "approve",
        party,
        agreement=agreement,
        issued_s=issued_s,
        key=key,
        to=to,
        via=via,
        expires=at_s(expires_s),
        **said,
    )


def carried(
    item: Item,
    *,
    agreements: tuple[str, ...],
    key: SigningKey | None = None,
    **changes: object,
) -> tuple[Part, Envelope]:
    """Return an item in its envelope, and the part that names it."""
    signer = key or members()[item.originator].sealer.items
    inner = envelope_of(sign_item(item, signer))
    part = Part(
        kind="item",
        id=item.id,
        digest=envelope_digest(inner),
        agreements=agreements,
        articles=("an article",),
    )
    return replace(part, **changes), inner


def relayed(
    item: Item, *, approval: Act | None, **changes: object
) -> tuple[Part, Envelope]:
    """Return a part as the hub passes it on: marked anew, with the approval."""
    said = {
        "agreements": (TISA, JPN_USA),
        "marking": Label(policy="EXERCISE", classification="CONFIDENTIAL"),
        "approval": approval,
        **changes,
    }
    return carried(item, **said)


def carried_act(act: Act, **changes: object) -> tuple[Part, Envelope]:
    """Return a signed act in its envelope, and the part that names it."""
    inner = envelope_of_act(act)
    part = Part(kind="act", id=act_id(act), digest=envelope_digest(inner))
    return replace(part, **changes), inner


@dataclass(frozen=True, kw_only=True)
class Made:
    """One link message: its text on the wire, its header and the header's digest."""

    text: str
    header: LinkHeader
    hash: str


@dataclass(kw_only=True)
class Line:
    """The sending end of one lane; ``make`` tries, ``send`` counts."""

    sender: str = "KOR"
    to: str = "JPN"
    lane: Lane = "notices"
    epoch: int = 1
    number: int = 0
    previous: str = ZERO_DIGEST
    closes: EpochHead | None = None

    def carry(self, item: Item) -> tuple[Part, Envelope]:
        """Return an own item under what the two ends have agreed."""
        return carried(item, agreements=UNDER[frozenset({self.sender, self.to})])

    def make(
        self,
        *contents: tuple[Part, Envelope],
        key: SigningKey | None = None,
        inner: tuple[Envelope, ...] | None = None,
        **changes: object,
    ) -> Made:
        """Return the next message, with ``changes`` to its header before signing."""
        header = LinkHeader(
            sender=self.sender,
            recipient=self.to,
            originator=self.sender,
            lane=self.lane,
            epoch=self.epoch,
            number=self.number + 1,
            previous=self.previous,
            closes=self.closes if self.number == 0 else None,
            sent=T0,
            parts=tuple(part for part, _ in contents),
        )
        header = replace(header, **changes)
        payload = codec.encode(header)
        signed = signed_header(payload, key or members()[self.sender].sealer.link)
        held = tuple(sealed for _, sealed in contents) if inner is None else inner
        return Made(
            text=codec.encode(LinkMessage(header=signed, inner=held)).decode(),
            header=header,
            hash=digest(LINK_TYPE, payload),
        )

    def send(self, *contents: tuple[Part, Envelope], **changes: object) -> Made:
        """Make the next message and go on from it."""
        made = self.make(*contents, **changes)
        self.number, self.previous = made.header.number, made.hash
        return made

    @property
    def head(self) -> EpochHead:
        """Where the lane stands."""
        return EpochHead(epoch=self.epoch, number=self.number, hash=self.previous)

    def open_epoch(self) -> None:
        """End the epoch, as a purge does."""
        self.closes = self.head
        self.epoch, self.number, self.previous = self.epoch + 1, 0, ZERO_DIGEST


def signed_header(payload: bytes, key: SigningKey) -> Envelope:
    """Return ``payload`` as a link header, signed by whatever key is given."""
    return envelope(LINK_TYPE, payload, key.sign_bytes(pae(LINK_TYPE, payload)))


def receipt_text(
    note: ReceiptNote, *, key: SigningKey | None = None, payload: bytes | None = None
) -> str:
    """Return a receipt as its recipient lays it at the border."""
    text = codec.encode(note) if payload is None else payload
    signer = key or members()[note.recipient].sealer.link
    signed = envelope(RECEIPT_TYPE, text, sign(RECEIPT_TYPE, text, signer))
    return codec.encode(signed).decode()


@dataclass
class Fed:
    """A node with all its turns, and what a partner or a person gives it."""

    party: str = "JPN"
    turns: list[Turn] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.node = self._fresh()
        self.seconds = 0.0
        self.give(self.node.given, seconds=-120.0)

    def fresh(self, **changes: Any) -> Node:
        """Return the node before its first turn, with ``changes`` to its member."""
        agreements = agreements_of(load_scenario(SCENARIO))
        member = changed(members()[self.party], **changes)
        return node_of(member, agreements, solve_interval_s=0.5)

    def _fresh(self) -> Node:
        return self.fresh()

    def give(
        self, body: EntryBody, *, seconds: float = 0.0, by: str = "runtime"
    ) -> list[EntryBody]:
        """Make a turn of one input; return what followed from it."""
        turn, effects = self.node.turn(body, by=by, at=at_s(seconds))
        self.turns.append(turn)
        self.effects = list(effects)
        return [entry.body for entry in turn.entries[1:]]

    def pull(
        self,
        made: Made | str,
        *,
        partner: str = "KOR",
        lane: Lane = "notices",
        seconds: float = 0.0,
    ) -> list[EntryBody]:
        """Give a message pulled from ``partner``; return what followed."""
        text = made if isinstance(made, str) else made.text
        body = LinkArrival(partner=partner, lane=lane, message=text)
        return self.give(body, seconds=seconds)

    def receipt(
        self, text: str, *, partner: str = "KOR", seconds: float = 0.0
    ) -> list[EntryBody]:
        """Give a receipt that ``partner`` laid down; return what followed."""
        return self.give(ReceiptArrival(partner=partner, message=text), seconds=seconds)

    def order(
        self, act: Act | str, *, verb: str | None = None, seconds: float = 0.0
    ) -> list[EntryBody]:
        """Lay an act before the desk; return what followed."""
        text = act if isinstance(act, str) else codec.encode(act).decode()
        said = verb or (act if isinstance(act, str) else act.act)
        return self.give(Order(verb=said, text=text), seconds=seconds, by="person")

    def memory(self) -> object:
        """Return all that the stages remember."""
        return json.loads(save(self.node))["stages"]

    def check_replay(self) -> None:
        """Fold the journal again: same decisions; and a checkpoint brings it back."""
        again = self._fresh()
        for turn in self.turns:
            again.fold(turn)
        assert save(again) == save(self.node)
        restored = self._fresh()
        restore(restored, save(self.node))
        assert save(restored) == save(self.node)


def receipt_note(sender: str, recipient: str, sending: Sending) -> ReceiptNote:
    """Return what a recipient signs that has stored all of a lane of notices."""
    return ReceiptNote(
        sender=sender,
        recipient=recipient,
        lane="notices",
        head=EpochHead(epoch=sending.epoch, number=sending.number, hash=sending.hash),
        closed=() if sending.closes is None else (sending.closes,),
    )


def waiting_count(state: LinkStage, party: Party) -> int:
    """Return how many units wait for a place in a window towards ``party``."""
    lanes = state.partners[party].sending.values()
    return sum(len(one.acts) + len(one.items) + len(one.held) for one in lanes)
