"""Picture: what a watch officer of each nation would see, folded from the journals.

Read from entries alone, so it shows the same for simulated and real runs. Pure: it
neither prints nor asks what time it is. ``live`` draws it.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from beaconfire.exercise.told import SIGHT
from beaconfire.journal.entry import Entry
from beaconfire.runtime.news import act_told, link_told
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.arrivals import Estimate, LinkState
from beaconfire.vocabulary.entries.carriage import (
    EpochEnd,
    Expiry,
    Receipt,
    Withdrawal,
)
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.entries.sightings import (
    AlertDraft,
    Bell,
    ItemHeld,
    LaunchEvent,
    LaunchState,
    Quarantine,
    Rejection,
)
from beaconfire.vocabulary.motion import ImpactArea
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import FORM
from beaconfire.vocabulary.times import Instant, whole_seconds

DRAFTS_TOLD = 2  # alert drafts that are news, a launch; others show in their place
LINES_KEPT = 200  # of what happened, for the nation's own list


@dataclass(slots=True)
class Nation:
    """What one nation knows and did so far."""

    party: Party
    first_seen: Instant | None = None
    told_by: Party | None = None
    phase: str = "nothing seen"
    area: ImpactArea | None = None
    areas: set[str] = field(default_factory=set)  # launches that have one now
    doubted: set[str] = field(default_factory=set)  # launches that may have none
    alert: str = ""
    drafts: dict[str, list[str]] = field(default_factory=dict)  # told, by launch
    links: dict[Party, bool] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)
    released: Counter[tuple[Party, str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[Party, str, str]] = field(default_factory=Counter)
    receipted: Counter[Party] = field(default_factory=Counter)
    received: Counter[tuple[Party, str]] = field(default_factory=Counter)
    quarantined: int = 0
    withdrawn: int = 0
    expired: int = 0
    rejected: int = 0
    entries: int = 0
    told: set[tuple[str, ...]] = field(default_factory=set)
    happened: deque[tuple[Instant, str]] = field(
        default_factory=lambda: deque(maxlen=LINES_KEPT)
    )


@dataclass(slots=True)
class Picture:
    """All nations; ``news`` are lines that were not taken yet."""

    nations: dict[Party, Nation]
    news: list[tuple[Instant, Party, str]] = field(default_factory=list)

    @classmethod
    def of(cls, parties: tuple[Party, ...]) -> "Picture":
        """Return the picture before anything happened."""
        return cls(nations={party: Nation(party) for party in parties})

    def see(self, party: Party, entry: Entry) -> None:
        """Fold one entry of one nation's journal."""
        nation = self.nations[party]
        nation.entries += 1
        said = whole_seconds(_fold(nation, entry))
        if said:
            nation.happened.append((entry.at, said))
            self.news.append((entry.at, party, said))

    def take_news(self) -> list[tuple[Instant, Party, str]]:
        """Return and forget the lines that were not taken yet, by their time."""
        news, self.news = self.news, []
        return sorted(news, key=lambda told: told[0])


def _fold(nation: Nation, entry: Entry) -> str:
    """Take one entry; return a line for people if it is worth one."""
    fold = _FOLDS.get(type(entry.body))
    return fold(nation, entry.body) if fold is not None else ""


def _receipted(nation: Nation, body: Receipt) -> str:
    if body.to != nation.party:
        nation.receipted[body.to] += len(body.items)
    for part in body.refused if body.to != nation.party else ():
        why = part.reason or "its journal says why"
        return f"{body.to} refused `{part.id}`: {why}"
    return ""


def _quarantined(nation: Nation, body: Quarantine) -> str:
    nation.quarantined += len(body.items)
    key = (body.originator, body.act or "")
    if key in nation.told:
        return ""
    nation.told.add(key)
    return f"quarantined an item of {body.originator}: {body.reason}"


def _withdrawn(nation: Nation, body: Withdrawal) -> str:
    nation.withdrawn += len(body.items)
    return ""


def _expired(nation: Nation, body: Expiry) -> str:
    nation.expired += len(body.items)
    if not _news(nation, ("expired", body.to)):
        return ""
    return f"an item expired before {body.to} could have it"


def _rejected(nation: Nation, body: Rejection) -> str:
    nation.rejected += 1
    return f"refused a {body.what} from {body.source}: {body.reason}"


def _known(nation: Nation, body: LaunchEvent) -> str:
    if nation.first_seen is not None:
        return ""
    nation.first_seen = body.first_seen
    nation.told_by = body.source
    own = body.source == nation.party
    return f"launch known, by {'own sensors' if own else body.source}"


def _stated(nation: Nation, body: LaunchState) -> str:
    sight, group = body.sight, body.group
    parts = []
    if body.doubt is None:
        nation.doubted.discard(body.launch_id)
    elif body.launch_id not in nation.doubted:
        nation.doubted.add(body.launch_id)
        nation.areas.discard(body.launch_id)
        nation.area = None
        parts.append(f"a launch is doubted: {body.doubt}")
    if sight is not None:
        silent = sight.state == "silent"
        what = (
            "our sensors are silent" if silent else f"an object is {SIGHT[sight.state]}"
        )
        parts.append(f"{what}: {sight.reason}")
    if group is not None and _news(nation, ("group", body.launch_id)):
        parts.append(f"at least {group.at_least} objects in one")
    return "; ".join(parts)


def _drafted(nation: Nation, body: AlertDraft) -> str:
    said = f"{body.certainty}: {body.why}"
    nation.alert = whole_seconds(f"v{body.version} {said}")
    told = nation.drafts.setdefault(body.launch_id, [])
    # A version that says the same again has moved a time or an area: no news.
    if said in told or len(told) >= DRAFTS_TOLD:
        return ""
    told.append(said)
    return f"alert draft {nation.alert}"


def _linked(nation: Nation, body: LinkState) -> str:
    before = nation.links.get(body.partner)
    nation.links[body.partner] = body.up
    return link_told(body) if before != body.up else ""


def _purged(nation: Nation, body: EpochEnd) -> str:
    return f"window to {body.to} ({body.lane}) purged: {body.reason}"


def _rung(nation: Nation, body: Bell) -> str:
    return f"bell for the {body.role}: {body.text}"


def _released(nation: Nation, body: Release) -> str:
    articles = ", ".join(body.articles)
    key = (body.to, body.form, articles)
    nation.released[key] += 1
    if not _news(nation, ("released", *key)):
        return ""
    relayed = f" of {body.originator}" if body.via else ""
    return f"released {body.form}{relayed} to {body.to} under {articles}"


def _refused(nation: Nation, body: Refusal) -> str:
    # Without an article it may be the item's label, or no article at all: it says so.
    articles = ", ".join(body.articles) or whole_seconds(body.reason)
    key = (body.to, body.form, articles)
    nation.refused[key] += 1
    if not _news(nation, ("refused", *key)):
        return ""
    return f"refused {body.form} to {body.to}: {articles}"


def _held(nation: Nation, body: ItemHeld) -> str:
    if body.carriage is None:
        return ""
    item = body.sealed.item
    form = FORM[type(item.body)]
    key = (item.originator, form)
    nation.received[key] += 1
    if not _news(nation, ("received", *key, body.carriage.via or "")):
        return ""
    via = f" via {body.carriage.via}" if body.carriage.via else ""
    return f"received {form} of {item.originator}{via}"


def _news(nation: Nation, key: tuple[str, ...]) -> bool:
    """Return whether it is the first of its kind since an agreement last changed."""
    if key in nation.told:
        return False
    nation.told.add(key)
    return True


def _acted(nation: Nation, body: Act) -> str:
    if body.act in ("suspend", "restore"):
        nation.told.clear()
    if body.act == "suspend":
        nation.suspended.add(body.agreement)
    elif body.act == "restore":
        nation.suspended.discard(body.agreement)
    return act_told(body)


def _estimated(nation: Nation, body: Estimate) -> str:
    if body.product != "picture":
        return ""
    if body.estimate is None:
        return f"no estimate: {body.failed}"
    nation.phase = body.estimate.phase
    doubted = body.launch_id in nation.doubted
    nation.area = None if doubted else body.estimate.impact
    if nation.area is None:
        nation.areas.discard(body.launch_id)
        return ""
    first = body.launch_id not in nation.areas
    nation.areas.add(body.launch_id)
    return "impact area known" if first else ""


_FOLDS: dict[type, Callable[[Nation, Any], str]] = {
    Release: _released,
    Refusal: _refused,
    Receipt: _receipted,
    ItemHeld: _held,
    Act: _acted,
    Estimate: _estimated,
    Quarantine: _quarantined,
    Withdrawal: _withdrawn,
    Expiry: _expired,
    Rejection: _rejected,
    LaunchEvent: _known,
    LaunchState: _stated,
    AlertDraft: _drafted,
    LinkState: _linked,
    EpochEnd: _purged,
    Bell: _rung,
}
