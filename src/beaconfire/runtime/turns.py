"""Turns: one input, run through the stages until nothing new comes, closed as a turn.

Pure: no clock, disk or network. The loop of a node (``runtime/run.py``) and the seeded
world (``exercise/world.py``) drive this same object.

* Every stage sees every entry, in the order of the journal, stages in a fixed order.
* What follows from an entry is sealed and stands right behind it, before whatever else
  waits: an act and all that it stops, and only then the next act. So the journal never
  shows behind an act what was decided before it, nor a number behind the next one.
* What must happen outside once the turn is stored is named here (``effects``), and
  carried out elsewhere.
* ``fold`` takes a recorded turn instead of making one: it advances the stages over the
  entries as recorded, checks that they would decide the same again, and computes no
  estimate and no signature.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.entitled import notice_told
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.text import parse_agreement, print_agreement
from beaconfire.errors import BeaconfireError
from beaconfire.journal.entry import GENESIS, By, Entry, Turn, make_turn
from beaconfire.runtime.effects import (
    Answer,
    CloseLink,
    Effect,
    GiveReceipt,
    Publish,
    Purge,
    Solve,
    Tell,
)
from beaconfire.runtime.news import is_news
from beaconfire.runtime.sealing import Sealer
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals.acts import act_id
from beaconfire.seals.consultations import statement_id
from beaconfire.seals.dsse import envelope
from beaconfire.stages import desk, fuse, ingest, link, release, warn
from beaconfire.vocabulary.acts import UNSIGNED, Act
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.consultations import Statement
from beaconfire.vocabulary.entries import EntryBody, kind_of
from beaconfire.vocabulary.entries.arrivals import Estimate, NodeStart, Order
from beaconfire.vocabulary.entries.carriage import (
    EpochEnd,
    HandOver,
    Receipt,
    Reconsideration,
)
from beaconfire.vocabulary.entries.consulting import ConsultationHeard
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.entries.sightings import (
    EstimateRequest,
    ItemHeld,
    Rejection,
    TakenBack,
)
from beaconfire.vocabulary.link import (
    LANES,
    RECEIPT_TYPE,
)
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

# What the link stage says that the release stage may answer with leave to send.
_SETS_OFF = (Reconsideration, ConsultationHeard)


class _Waiting(NamedTuple):
    """What a stage emitted, by which stage, and the entry it follows from."""

    by: By
    cause: tuple[str, ...]
    body: EntryBody


class Place(Struct, frozen=True, kw_only=True):
    """Where a journal stands: its newest turn, entry, digest and instant."""

    turn: int
    seq: int
    digest: str
    at: Instant


@dataclass(slots=True, kw_only=True)
class Stages:
    """The states of the six stages, in the order in which they see an entry."""

    ingest: ingest.IngestStage
    fuse: fuse.FuseStage
    release: release.ReleaseStage
    link: link.LinkStage
    warn: warn.WarnStage
    desk: desk.DeskStage


class Node:
    """A node without its shell: takes inputs, makes turns, names effects."""

    def __init__(
        self,
        profile: NodeProfile,
        agreements: tuple[Agreement, ...],
        *,
        sealer: Sealer,
        opaque_key: bytes,
        solve_interval_s: float,
        writer: str,
    ) -> None:
        standing = Standing()
        # Partners come with the starts in the journal: it must fold alike whatever
        # cards lie in the node's folder now, and in whatever order they came there.
        nobody = replace(profile, partners=())
        self.profile = profile
        self.agreements = agreements
        self.writer = writer
        self._given = NodeStart(
            party=profile.party,
            writer=writer,
            profile=profile,
            agreements=tuple(print_agreement(a) for a in agreements),
            solve_interval_s=solve_interval_s,
        )
        self._sealer = sealer
        self._turn = 0
        self._seq = 0
        self._digest = GENESIS
        self._at = Instant(0)
        self.asked: dict[str, EstimateRequest] = {}
        self._start = self._given
        self.stages = Stages(
            ingest=ingest.begin(profile, agreements, standing=standing),
            fuse=fuse.begin(
                profile, opaque_key=opaque_key, solve_interval_s=solve_interval_s
            ),
            release=release.begin(profile, agreements, standing=standing),
            link=link.begin(nobody, agreements, standing=standing),
            warn=warn.begin(profile),
            desk=desk.begin(profile, agreements, standing=standing),
        )

    @property
    def given(self) -> NodeStart:
        """The entry that takes up the journal with what this node was given."""
        return self._given

    @property
    def start(self) -> NodeStart:
        """The newest start that was made or folded: what the node now is."""
        return self._start

    def take_up(self, start: NodeStart) -> None:
        """Be what ``start`` says, keeping all that is remembered."""
        self._start = start
        if start.profile is None or start.solve_interval_s is None:
            self.stages.link.profile = self.profile
            link.know_partners(self.stages.link)
            return
        self.profile = start.profile
        self.agreements = tuple(
            parse_agreement(text, file=f"agreement {number} of the start")
            for number, text in enumerate(start.agreements, 1)
        )
        stages = self.stages
        for state in (stages.ingest, stages.link, stages.release, stages.desk):
            state.profile = self.profile
            state.agreements = self.agreements
            state.standing = state.standing.with_cards(self.profile.partners)
        stages.warn.profile = self.profile
        link.know_partners(stages.link)
        fuse.know_sensors(
            stages.fuse, self.profile, solve_interval_s=start.solve_interval_s
        )

    @property
    def turns(self) -> int:
        """How many turns were made or folded."""
        return self._turn

    @property
    def digest(self) -> str:
        """The digest of the newest turn."""
        return self._digest

    @property
    def at(self) -> Instant:
        """The instant of the newest turn."""
        return self._at

    @property
    def clock_trusted(self) -> bool:
        """Whether the node's clock was trusted at the newest turn."""
        return self.stages.link.untrusted is None

    @property
    def place(self) -> Place:
        """Where the journal stands after the newest turn."""
        return Place(turn=self._turn, seq=self._seq, digest=self._digest, at=self._at)

    def resume(self, place: Place, asked: dict[str, EstimateRequest]) -> None:
        """Go on from a place whose state was put into ``stages``."""
        self._turn, self._seq = place.turn, place.seq
        self._digest, self._at = place.digest, place.at
        self.asked = asked

    def due(self) -> Instant | None:
        """Return when a tick is next needed; ``None`` while nothing waits on time."""
        stages = self.stages
        times = (
            ingest.due(stages.ingest),
            fuse.due(stages.fuse),
            link.due(stages.link),
            release.due(stages.release),
            warn.due(stages.warn),
            desk.due(stages.desk),
        )
        return min((time for time in times if time is not None), default=None)

    def unanswered(self) -> tuple[Solve, ...]:
        """Return the solves that were asked for and not answered, to ask again.

        After a restart the answers that were on their way are lost with the process.
        """
        return tuple(
            Solve(request, fuse.observations(self.stages.fuse, request))
            for request in self.asked.values()
        )

    def standing(self, to: Party) -> Iterator[Publish]:
        """Return what a partner's lanes at our border must hold.

        Signed with the key of now: a partner that has our newest card knows no other,
        and refused the first of a lane would be a hole in it.
        """
        for lane in LANES:
            kept = link.standing_messages(self.stages.link, to, lane)
            for epoch, number, message in kept:
                header = self._sealer.signed_now(message.header)
                now = replace(message, header=header)
                yield Publish(to, lane, epoch, number, now)

    def receipts(self, to: Party) -> Iterator[GiveReceipt]:
        """Return our latest receipts for a partner's lanes, signed as ``standing``."""
        for lane, receipt in link.receipts_given(self.stages.link, to):
            yield GiveReceipt(to, lane, self._sealer.signed_now(receipt))

    def turn(
        self, body: EntryBody, *, by: By, at: Instant
    ) -> tuple[Turn, tuple[Effect, ...]]:
        """Run one input to its end; return the closed turn and its effects.

        ``at`` is the clock's; the turn's instant is never before the last one's.
        """
        at = max(at, self._at)
        number = self._turn + 1
        entries: list[Entry] = []
        effects: list[Effect] = []
        waiting: deque[_Waiting] = deque([_Waiting(by, (), body)])
        while waiting:
            stage, cause, emitted = waiting.popleft()
            sealed = self._sealer.seal(emitted)
            entry = self._entry(number, len(entries), at, stage, cause, sealed)
            entries.append(entry)
            if len(entries) > SETTINGS.turn_entries_max:
                message = f"turn {number} set off {len(entries)} entries without end"
                raise RuntimeError(message)
            follows = [_Waiting(s, (entry.id,), b) for s, b in self._step(entry)]
            waiting.extendleft(reversed(follows))
            effects.extend(self._effects(entry, entries[0]))
        turn = make_turn(
            turn=number,
            at=at,
            writer=self.writer,
            previous=self._digest,
            entries=tuple(entries),
        )
        self._turned(turn)
        return turn, tuple(effects)

    def fold(self, turn: Turn) -> None:
        """Take over a recorded turn.

        Raises:
            BeaconfireError: the rules of this build would have decided otherwise; the
                message names the turn and the first entry that differs.
        """
        self._follows(turn)
        expected: deque[tuple[By, EntryBody]] = deque()
        for index, entry in enumerate(turn.entries):
            if index > 0:
                self._same(turn, entry, expected)
            expected.extendleft(reversed(self._step(entry)))
        if expected:
            message = (
                f"journal turn {turn.turn}: this build would have added "
                f"{len(expected)} entries, the next of kind `{kind_of(expected[0][1])}`"
            )
            raise BeaconfireError(message)
        self._turned(turn)

    def _follows(self, turn: Turn) -> None:
        if turn.turn != self._turn + 1:
            message = f"journal turn {turn.turn}: turn {self._turn + 1} is expected"
            raise BeaconfireError(message)
        if turn.previous != self._digest:
            message = (
                f"journal turn {turn.turn}: it does not follow from the turn before"
            )
            raise BeaconfireError(message)

    def _same(
        self, turn: Turn, entry: Entry, expected: deque[tuple[By, EntryBody]]
    ) -> None:
        by, body = expected.popleft() if expected else ("runtime", None)
        if body is None or by != entry.by or _unsigned(entry.body) != _unsigned(body):
            message = (
                f"journal turn {turn.turn}: entry `{entry.id}` is not what this build "
                "would have recorded; run the version that wrote it"
            )
            raise BeaconfireError(message)

    def _turned(self, turn: Turn) -> None:
        self._turn = turn.turn
        self._seq = turn.entries[-1].seq
        self._digest = turn.digest
        self._at = turn.at

    def _entry(
        self,
        turn: int,
        index: int,
        at: Instant,
        by: By,
        cause: tuple[str, ...],
        body: EntryBody,
    ) -> Entry:
        # An act keeps one id in every journal, so that partners cite the same thing.
        own = f"{turn}.{index}"
        if isinstance(body, Act):
            own = act_id(body)
        elif isinstance(body, Statement):
            own = statement_id(body)
        return Entry(
            turn=turn,
            seq=self._seq + index + 1,
            id=own,
            at=at,
            by=by,
            kind=kind_of(body),
            cause=cause,
            body=body,
        )

    def _step(self, entry: Entry) -> list[tuple[By, EntryBody]]:
        if isinstance(entry.body, NodeStart):
            self.take_up(entry.body)
        stages = self.stages
        if isinstance(entry.body, EstimateRequest):
            self.asked[entry.body.request] = entry.body
        elif isinstance(entry.body, Estimate):
            self.asked.pop(entry.body.request, None)
        out: list[tuple[By, EntryBody]] = []
        stages.ingest, emitted = ingest.step(stages.ingest, entry)
        out.extend(("ingest", body) for body in emitted)
        stages.desk, emitted = desk.step(stages.desk, entry)
        out.extend(("desk", body) for body in emitted)
        stages.fuse, emitted = fuse.step(stages.fuse, entry)
        out.extend(("fuse", body) for body in emitted)
        stages.warn, emitted = warn.step(stages.warn, entry)
        out.extend(("warn", body) for body in emitted)
        # Link stands before release: it must hold an item when leave to send it comes.
        stages.link, emitted = link.step(stages.link, entry)
        out.extend(("link", body) for body in emitted)
        stages.release, emitted = release.step(stages.release, entry)
        out.extend(("release", body) for body in emitted)
        return _numbered_first(out)

    def _effects(self, entry: Entry, first: Entry) -> list[Effect]:
        body = entry.body
        if isinstance(body, HandOver):
            message = link.message_of(self.stages.link, body)
            if message is None:
                return []  # purged again within this very turn
            return [Publish(body.to, body.lane, body.epoch, body.number, message)]
        if isinstance(body, EpochEnd):
            return [Purge(body.to, body.lane)]
        if isinstance(body, Receipt) and body.to == self.profile.party:
            assert body.signature is not None  # the sealer ran before
            receipt = envelope(RECEIPT_TYPE, body.note.encode(), body.signature)
            return [GiveReceipt(body.via or body.originator, body.lane, receipt)]
        if isinstance(body, EstimateRequest):
            return [Solve(body, fuse.observations(self.stages.fuse, body))]
        others: list[Effect] = []
        if isinstance(body, CardRevoked):
            others.append(CloseLink(body.order.partner))
        if isinstance(first.body, Order) and entry.cause == (first.id,):
            others.extend(self._answer(entry))
        if is_news(body):
            others.append(Tell(entry))
        return others

    def _answer(self, entry: Entry) -> Iterator[Answer]:
        """Say to who gave an order what it has become."""
        body, own = entry.body, entry.id
        if isinstance(body, Act):
            yield Answer(True, self._accepted(body, own), own)
        elif isinstance(body, CardRevoked):
            yield Answer(True, f"card {body.number} revoked: entry {own}", own)
        elif isinstance(body, Statement | TakenBack):
            yield Answer(True, f"{body.KIND}: entry {own}", own)
        elif isinstance(body, Rejection):
            yield Answer(False, body.reason, own)

    def _accepted(self, act: Act, entry_id: str) -> str:
        told = f"{act.act} {act.agreement}: entry {entry_id}"
        under = next((a for a in self.agreements if a.id == act.agreement), None)
        if act.act != "notice" or under is None:
            return told
        return f"{told}; {notice_told(under, act)}"


def _numbered_first(out: list[tuple[By, EntryBody]]) -> list[tuple[By, EntryBody]]:
    """Put what has its link number before what may set off the next one.

    Each entry is followed to its end before the one beside it is recorded.
    """
    if not any(isinstance(body, HandOver) for _, body in out):
        return out
    return sorted(
        out, key=lambda one: one[0] != "link" or isinstance(one[1], _SETS_OFF)
    )


def _unsigned(body: EntryBody) -> EntryBody:
    """Return ``body`` with every signature that a sealer puts in taken out."""
    if isinstance(body, ItemHeld) and body.carriage is None:
        return replace(body, sealed=replace(body.sealed, signature=UNSIGNED))
    if isinstance(body, HandOver | Receipt):
        return replace(body, signature=UNSIGNED)
    return body
