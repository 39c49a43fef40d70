"""Sightings: what ingest accepted and refused, what fuse believes, what warn drafts."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, field

from beaconfire.vocabulary.flight import TrackPoint
from beaconfire.vocabulary.label import Label, OwnMarking
from beaconfire.vocabulary.link import Lane, SealedItem
from beaconfire.vocabulary.motion import Cue, ImpactArea, Plot
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Text, Token
from beaconfire.vocabulary.reach import Condition, ReachableRegion, ReachCorridor
from beaconfire.vocabulary.sight import Group, Sight
from beaconfire.vocabulary.taking_back import TakingBack
from beaconfire.vocabulary.times import Instant


class PlotsHeard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One accepted scan of an own sensor."""

    KIND: ClassVar[str] = "plots"
    sensor: Token
    plots: tuple[Plot, ...]


class CueHeard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One accepted infrared cue of an own sensor."""

    KIND: ClassVar[str] = "cue"
    sensor: Token
    cue: Cue


class Carriage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a partner's item came: by which link and number, under which articles.

    ``history`` marks what was stale on arrival: it is kept, and rings nothing;
    ``no_further`` what is passed on to nobody. ``marking`` is how we keep it, the
    original marking in it. ``taken_under`` are the texts that permit it where another
    took the place of one of ``agreements`` on its way.
    """

    link: Party
    via: Party | None
    lane: Lane
    epoch: int
    number: int
    agreements: tuple[Token, ...]
    articles: tuple[Token, ...]
    approval: Token | None
    history: bool
    marking: OwnMarking | None = None
    no_further: bool = False
    taken_under: tuple[Token, ...] = ()


class ItemHeld(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item, our own or a partner's (``carriage``).

    ``audience`` limits an own item to partners who may know of all its sensors;
    ``None`` puts no limit.
    """

    KIND: ClassVar[str] = "item"
    sealed: SealedItem
    carriage: Carriage | None = None
    audience: tuple[Party, ...] | None = None


class TakenBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Our people take an own item back: its retraction follows.

    ``label``, ``lineage`` and ``audience`` are those of the item that is taken back.
    """

    KIND: ClassVar[str] = "taking-back"
    order: TakingBack
    label: Label
    lineage: tuple[Token, ...]
    audience: tuple[Party, ...] | None


class Rejection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that came in and was refused: from whom, why, and its beginning."""

    KIND: ClassVar[str] = "rejection"
    source: Token
    what: Token
    reason: str
    excerpt: Annotated[str, Meta(max_length=512)] = ""


class LaunchEvent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fused belief that one launch occurred. ``source`` is who told us first."""

    KIND: ClassVar[str] = "launch-event"
    launch_id: Token
    first_seen: Instant
    source: Party


class LaunchState(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the picture says of one launch apart from its flight, when that changes.

    Whether its object is still seen, was lost or has set (``None``: none of our sensors
    could say), whether it is several that cannot be told apart, and why it is doubted:
    one sensor alone shows it, and what others show contradicts that. While it is
    doubted no area that an estimate gives of it is believed.
    """

    KIND: ClassVar[str] = "launch-state"
    launch_id: Token
    sight: Sight | None
    group: Group | None
    doubt: Text | None = None


class EstimateRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole-arc solve is wanted. ``product`` is ``picture`` or an own product."""

    KIND: ClassVar[str] = "estimate-request"
    request: Token
    launch_id: Token
    product: Token


class AlertDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the nation's own people would be told: a draft, sent by nobody yet.

    ``version`` counts up with every draft of one launch. ``certainty`` is the CAP
    word. ``area`` is ``None`` while no impact can be predicted; ``why`` says so.
    ``corridor`` and ``reachable`` are what may be reached meanwhile; neither is an
    area, and neither narrows one. ``sight`` stands where it is not seen any more: of a
    lost object area and overflight are those of the arc on which it was last seen, not
    of where it is known to be. ``group`` stands where it is several.
    """

    KIND: ClassVar[str] = "alert-draft"
    launch_id: Token
    version: int
    certainty: Literal["Possible", "Likely", "Observed"]
    area: ImpactArea | None
    overflight: tuple[TrackPoint, ...]
    sources: tuple[Party, ...]
    why: str
    condition: Condition | None = None
    corridor: ReachCorridor | None = None
    reachable: ReachableRegion | None = None
    sight: Sight | None = None
    group: Group | None = None


class Quarantine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Items that came under an agreement known not to be in force: kept, unused.

    They are marked like any other: an agreement's rules outlive its end.
    """

    KIND: ClassVar[str] = "quarantine"
    originator: Party = field(name="from")
    to: Party
    via: Party | None
    lane: Lane
    epoch: int
    number: int
    items: tuple[Token, ...]
    agreement: Token | None
    act: Token | None
    reason: str
    sealed: tuple[SealedItem, ...]
    marking: OwnMarking | None = None


class Bell(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person is to be told now."""

    KIND: ClassVar[str] = "bell"
    role: Token
    text: str
