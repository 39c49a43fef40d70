"""Own: the products made of our own sensors, and the items that say what they show.

Everything here is a function of what one product's sensors saw, of this product's own
estimates and of the turns' instants. No partner's item, no picture, no link ever comes
near it: that is why nothing that a partner told us can come back to a partner, and
why a sensor that is hidden from a partner changes nothing that this partner gets.

* A launch is opened by a cue, or by a radar's path that is of no open launch, and told
  at once in a ``LaunchNotice``; a better launch point is told again, a limited number
  of times.
* While any is open each scan of each radar is one ``Plots`` item, cut by the scan: it
  may hold several objects, and which is which is for each nation to find.
* A launch that plots alone told of, and to which no estimate ever gave a path, is
  taken back when it closes: each of its notices.
* Each estimate is told as ``TrackProduct`` and, where the ballistic model holds, as
  ``ImpactPrediction``. When a push begins on a coasting arc, or the launch is doubted
  beside another of this product, what was told of the arc is retracted in that turn.
* All that is told from the first launch's opening until none is open any more bears
  one token: it rests on the sightings of one set of sensors.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import UNSET

from beaconfire.estimation.ground import distance_m
from beaconfire.estimation.grouping import group_of
from beaconfire.seals.opaque import opaque
from beaconfire.stages.fuse.audience import Product
from beaconfire.stages.fuse.belonging import of_path, of_sighting
from beaconfire.stages.fuse.crossing import uncross
from beaconfire.stages.fuse.doubting import Doubting, ask, believed
from beaconfire.stages.fuse.evidence import add_cue, add_own_plots, take_back
from beaconfire.stages.fuse.follower import Carried
from beaconfire.stages.fuse.launches import (
    HOMES_MAX,
    OPEN_MAX,
    OPEN_S,
    STRAY,
    Launch,
    Sighting,
    count,
    follow,
    learn,
    remember,
    take_estimate,
)
from beaconfire.vocabulary.acts import UNSIGNED
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.entries.sightings import ItemHeld, TakenBack
from beaconfire.vocabulary.flight import FlightEstimate
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.link import SealedItem
from beaconfire.vocabulary.motion import Cue, LaunchPoint, Plot
from beaconfire.vocabulary.report import (
    Body,
    ImpactPrediction,
    LaunchNotice,
    Plots,
    Retraction,
    TrackProduct,
)
from beaconfire.vocabulary.times import Instant

# How long each kind of item is worth sending; later it is history.
PLOTS_VALID_S = 120.0
TRACK_VALID_S = 300.0
IMPACT_VALID_S = 600.0
NOTICE_VALID_S = 3_600.0
# The first notice and the better ones after it, of one launch.
NOTICES_MAX = 8
# Said of a launch that radars alone told of, when its time has passed.
NEVER_BORNE_OUT = "plots alone told of it, and no path could ever be fitted to them"
# Tokens beside its own in an item's lineage: one for each product of fewer sensors.
PARTS_MAX = 32
# A launch point is worth telling again when its ellipse has this part of the area, or
# when it has moved out of the ellipse that was told.
BETTER_AREA_PART = 0.5
# Of a sensor: longer than the beginning of any path.
SCANS_REMEMBERED = 128


@dataclass(slots=True, kw_only=True)
class OwnLaunch(Launch):
    """A launch as one product has it.

    ``borne_out``: a cue, or a path that was fitted to the plots, has shown that
    something flew. ``told_arc``: the newest items that rest on its being on a coasting
    arc.
    """

    azimuth_deg: float | None = None
    notices: int = 0
    told: LaunchPoint | None = None
    told_arc: tuple[str, ...] = ()
    borne_out: bool = False
    notice_ids: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class OwnBook:
    """The state of one own product. The counts go into keyed hashes only.

    ``homes`` says which launch each sensor's path is of, ``told`` which scans of a
    sensor were told, by their first instant. ``parts`` are the tokens that products of
    fewer sensors have for what these saw: a relay gets both, and must not count the
    same plots twice.
    """

    product: Product
    profile: NodeProfile
    opaque_key: bytes
    open: list[OwnLaunch] = field(default_factory=list)
    launches: int = 0
    items: int = 0
    token: str = ""
    homes: dict[str, str] = field(default_factory=dict)
    told: dict[str, dict[str, str]] = field(default_factory=dict)
    parts: dict[str, None] = field(default_factory=dict)
    doubting: Doubting = field(default_factory=Doubting)


def take_path(
    book: OwnBook, sensor: str, carried: Carried, at: Instant
) -> tuple[ItemHeld, ...]:
    """Take a path's plots to its launch; a path of none opens one, which is told."""
    key, plots, opened = f"{sensor}:{carried.path}", carried.plots, False
    home = book.homes.get(key)
    launch = next((one for one in book.open if one.id == home), None)
    if carried.begun or home == STRAY:
        launch = of_path(book.open, sensor, carried)
        plots = tuple(fix.plot for fix in carried.fixes)
        if launch is None and len(book.open) >= OPEN_MAX:
            launch = book.open[-1]
        if launch is None and carried.begun:
            launch, opened = open_launch(book, carried.plots[0].time, at), True
        remember(book.homes, key, STRAY if launch is None else launch.id, HOMES_MAX)
    if launch is None:
        return ()  # its launch is over, or it strays
    strayed = follow(launch, sensor, carried)
    if strayed is not None:
        take_back(launch.evidence, sensor, strayed)
        book.homes[key] = STRAY
        return ()
    count(launch, sensor, carried, book.homes)
    if add_own_plots(launch.evidence, sensor, plots):
        launch.pace.wish()
    uncross(book.open, sensor, book.homes)
    return tell_launch(book, launch, at) if opened else ()


def cue_launch(book: OwnBook, sighting: Sighting) -> OwnLaunch | None:
    """Return the launch that a cue belongs to, or ``None`` if it is a new one."""
    launch = of_sighting(book.open, sighting)
    if launch is None and len(book.open) >= OPEN_MAX:
        return book.open[-1]
    return launch


def open_launch(book: OwnBook, first_seen: Instant, at: Instant) -> OwnLaunch:
    """Open a launch; the caller tells of it once its evidence is in."""
    book.launches += 1
    name = (book.product.seed, str(book.launches), str(at.ns))
    if not book.open:
        book.token = opaque(book.opaque_key, "observations", *name)
        book.told.clear()
        book.parts.clear()
    launch = OwnLaunch(
        id=opaque(book.opaque_key, "launch", *name),
        opened=at,
        first_seen=min(first_seen, at),
        closes=at.plus_s(OPEN_S),
    )
    book.open.append(launch)
    return launch


def close_past(book: OwnBook, at: Instant) -> Iterator[ItemHeld]:
    """Close what has ended; take back what nothing has ever borne out.

    Only this book's own sensors, answers and the clock may be when this is asked: the
    instant of a retraction is the partner's to see.
    """
    for launch in [launch for launch in book.open if launch.closes < at]:
        book.open.remove(launch)
        if launch.borne_out:
            continue
        for told in launch.notice_ids:
            body = Retraction(retracts=told, reason=NEVER_BORNE_OUT)
            yield _item(book, body, NOTICE_VALID_S, at)


def forget_told(book: OwnBook, item: str) -> None:
    """Take note that people have taken an item back."""
    for launch in book.open:
        launch.notice_ids = [told for told in launch.notice_ids if told != item]
        launch.told_arc = tuple(told for told in launch.told_arc if told != item)


def retraction(
    profile: NodeProfile, opaque_key: bytes, taken: TakenBack, at: Instant
) -> ItemHeld:
    """Return the retraction that people ordered, for those who may know of the item.

    Its id is keyed by the item's, which no two products share; so that it was ordered
    moves no other name, and shows to nobody else.
    """
    item = Item(
        id=opaque(opaque_key, "taken back", taken.order.item),
        originator=profile.party,
        status=profile.status,
        exercise=profile.exercise,
        label=taken.label,
        created=at,
        valid_until=at.plus_s(NOTICE_VALID_S),
        lineage=taken.lineage,
        body=Retraction(retracts=taken.order.item, reason=taken.order.reason),
    )
    return ItemHeld(
        sealed=SealedItem(item=item, signature=UNSIGNED), audience=taken.audience
    )


def closing(book: OwnBook) -> Instant | None:
    """Return when something is next to be taken back, ``None`` if nothing can be."""
    ends = [launch.closes for launch in book.open if not launch.borne_out]
    # Open to the very end of its time.
    return Instant(min(ends).ns + 1) if ends else None


def join_parts(touched: list[OwnBook]) -> None:
    """Note which products that share sensors rest on the same sightings.

    ``touched`` are those that took the same scan or cue.
    """
    for book in touched:
        sensors = set(book.product.sensors)
        for other in touched:
            if set(other.product.sensors) < sensors and len(book.parts) < PARTS_MAX:
                book.parts[other.token] = None


def tell_scans(
    book: OwnBook, sensor: str, scans: tuple[tuple[Plot, ...], ...], at: Instant
) -> Iterator[ItemHeld]:
    """Return whole scans as items: which plots matter is for each nation to find.

    The last scan is the new one. Those before it are the beginning of a path, and are
    told unless they were told when they came.
    """
    told = book.told.setdefault(sensor, {})
    for scan in scans:
        key = str(scan[0].time.ns)
        if key in told and scan is not scans[-1]:
            continue
        remember(told, key, "", SCANS_REMEMBERED)
        yield _item(book, Plots(sensor_id=sensor, plots=scan), PLOTS_VALID_S, at)


def tell_cue(
    book: OwnBook, launch: OwnLaunch, cue: Cue, sighting: Sighting, at: Instant
) -> tuple[ItemHeld, ...]:
    """Add a cue to the launch and return the notice, if it says something new."""
    if not add_cue(launch.evidence, cue):
        return ()
    launch.borne_out = True
    launch.pace.wish()
    learn(launch, sighting)
    if launch.azimuth_deg is None:
        launch.azimuth_deg = cue.azimuth_deg
    point = sighting.point
    if launch.notices == 0 or (point is not None and _better(launch.told, point)):
        return tell_launch(book, launch, at)
    return ()


def tell_launch(book: OwnBook, launch: OwnLaunch, at: Instant) -> tuple[ItemHeld, ...]:
    """Return a notice of what is known now of the launch, while any may be given."""
    if launch.notices >= NOTICES_MAX:
        return ()
    launch.notices += 1
    launch.told = launch.point
    body = LaunchNotice(
        launch_id=launch.id,
        first_seen=launch.first_seen,
        point=launch.point,
        time=launch.time,
        azimuth_true_deg=launch.azimuth_deg,
    )
    notice = _item(book, body, NOTICE_VALID_S, at)
    launch.notice_ids.append(notice.sealed.item.id)
    return (notice,)


def tell_estimate(
    book: OwnBook, launch: OwnLaunch, estimate: FlightEstimate, at: Instant
) -> tuple[ItemHeld, ...]:
    """Return the items that an own estimate gives: notice, track, impact.

    An arc that was told and does not hold any more, or on which a push has begun, is
    taken back at once: a partner would go on predicting from it.
    """
    take_estimate(launch, estimate, at)
    # A flight that manoeuvres or breaks up holds to no model, and flies all the same.
    fitted = estimate.model_holds or estimate.track is not None
    launch.borne_out = launch.borne_out or fitted
    estimate = believed(launch, estimate)
    out: list[ItemHeld] = []
    if estimate.departure is not None or not estimate.model_holds:
        out.extend(_take_arc_back(book, launch, estimate.reason, at))
    if estimate.launch is not None:
        if estimate.launch_azimuth_deg is not None:
            launch.azimuth_deg = estimate.launch_azimuth_deg
        if _better(launch.told, estimate.launch):
            out.extend(tell_launch(book, launch, at))
    ballistic = estimate.model_holds and estimate.phase != "boost"
    if estimate.track is not None:
        track = TrackProduct(
            launch_id=launch.id,
            phase=estimate.phase,
            state=estimate.track,
            tracklet=estimate.tracklet if ballistic else None,
            group=group_of(launch.together) or UNSET,
        )
        out.append(_item(book, track, TRACK_VALID_S, at, tuple(book.parts)))
    if estimate.impact is not None and ballistic:
        impact = ImpactPrediction(
            launch_id=launch.id,
            area=estimate.impact,
            condition=estimate.impact_condition,
        )
        out.append(_item(book, impact, IMPACT_VALID_S, at))
    arc = [held.sealed.item for held in out if _rests_on_arc(held.sealed.item.body)]
    if arc:
        launch.told_arc = tuple(item.id for item in arc)
    return tuple(out)


def tell_doubts(book: OwnBook, at: Instant) -> Iterator[ItemHeld]:
    """Take back what was told of the arc of a launch that has come to be doubted."""
    for launch in ask(book.doubting, book.open, book.profile, at):
        if launch.doubt is not None:
            yield from _take_arc_back(book, launch, launch.doubt, at)


def _take_arc_back(
    book: OwnBook, launch: OwnLaunch, reason: str, at: Instant
) -> Iterator[ItemHeld]:
    for told in launch.told_arc:
        body = Retraction(retracts=told, reason=reason)
        yield _item(book, body, IMPACT_VALID_S, at)
    launch.told_arc = ()


def _rests_on_arc(body: Body) -> bool:
    if isinstance(body, TrackProduct):
        return body.tracklet is not None
    return isinstance(body, ImpactPrediction)


def _better(told: LaunchPoint | None, point: LaunchPoint) -> bool:
    if told is None:
        return True
    smaller = _area_m2(point) <= BETTER_AREA_PART * _area_m2(told)
    return smaller or distance_m(told, point) > told.ellipse95.semi_major_m


def _area_m2(point: LaunchPoint) -> float:
    return point.ellipse95.semi_major_m * point.ellipse95.semi_minor_m


def _item(
    book: OwnBook, body: Body, valid_s: float, at: Instant, parts: tuple[str, ...] = ()
) -> ItemHeld:
    profile = book.profile
    book.items += 1
    item = Item(
        # The instant stands beside the count, so that a journal begun anew under the
        # same key never gives an old item's id to a new one.
        id=opaque(
            book.opaque_key, "item", book.product.seed, str(book.items), str(at.ns)
        ),
        originator=profile.party,
        status=profile.status,
        exercise=profile.exercise,
        # A partner that relays the item must not bring it to one from whom its sensors
        # are hidden; that it does not is on the label.
        label=Label(
            policy=profile.policy,
            classification=profile.classification,
            releasable_to=book.product.releasable_to,
        ),
        created=at,
        valid_until=at.plus_s(valid_s),
        lineage=(book.token, *parts),
        body=body,
    )
    return ItemHeld(
        sealed=SealedItem(item=item, signature=UNSIGNED),
        audience=book.product.audience,
    )
