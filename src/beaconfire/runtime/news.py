"""News: what whoever watches a running node is told, in lines, from its journal.

Pure: entries and the time go in, lines come out. Guarantees:

* Told are a launch notice, an alert's draft, its changes and its end, an act, a line to
  a partner that is up or down, and a bell; each as one sentence, and nothing else.
* What reads like the last that was told of the same launch or line is no news.
* Of one kind no more lines than a limit come in a window of time, so that a salvo does
  not scroll the rest away; how many were not shown is told when the window ends. What
  was not shown counts as not told: the next draft that says it is news.

A draft is an alert that nobody has sent. Left to others: printing, and escaping what
strangers wrote in it.
"""

from dataclasses import dataclass
from typing import NamedTuple

from beaconfire.journal.entry import Entry
from beaconfire.runtime.settings import SETTINGS
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import LinkState
from beaconfire.vocabulary.entries.sightings import AlertDraft, Bell, ItemHeld
from beaconfire.vocabulary.item import Status
from beaconfire.vocabulary.motion import ImpactArea
from beaconfire.vocabulary.places import place_told
from beaconfire.vocabulary.report import LaunchNotice
from beaconfire.vocabulary.times import Instant, whole_seconds

LAUNCHES_MAX = 64  # whose last sentence is remembered; the oldest gives way
ID_SHOWN = 8  # characters of a launch's id
WHOLE_KM = 10.0
# How the draft begins that ends an alert.
OVER = "the time for which anything was predicted has passed"

_OF: dict[Status, str] = {"EXERCISE": ", of an exercise", "TEST": ", of a test"}
_DONE = {
    "suspend": "SUSPENDED",
    "restore": "RESTORED",
    "notice": "NOTICE OF TERMINATION given",
    "notice-suspend": "notice of termination suspended",
    "withdraw": "notice of termination withdrawn",
    "contest": "its end contested",
    "approve": "approved",
    "revoke": "approval REVOKED",
    "declare": "declared",
}


def is_news(body: EntryBody) -> bool:
    """Say whether an entry may be news; asked of every entry, so it is cheap."""
    if isinstance(body, ItemHeld):
        return isinstance(body.sealed.item.body, LaunchNotice)
    return isinstance(body, AlertDraft | Act | LinkState | Bell)


def act_told(act: Act) -> str:
    """Return in words who did what to which agreement."""
    what = ""
    if act.record is not None:
        what = f": {type(act.record).__name__}"
    elif act.to is not None:
        passed = act.item_class or f"item `{act.item}`"
        until = "" if act.expires is None else f", until {act.expires}"
        what = f": {passed} to {act.to} via {act.via}{until}"
    return whole_seconds(f"{act.agreement} {_DONE[act.act]} by {act.party}{what}")


def link_told(body: LinkState) -> str:
    """Return in words whether a partner's line is up."""
    return f"link from {body.partner} {'up' if body.up else 'down'}"


class _Piece(NamedTuple):
    """A piece of news: ``kind`` counts together, ``about`` is what it is of."""

    kind: str
    about: str
    line: str


@dataclass(slots=True)
class _Window:
    """A window of one kind: when it ends, and what was and was not shown in it."""

    ends_s: float
    shown: int = 0
    hidden: int = 0


class News:
    """What was told so far. ``now_s`` is any clock that does not go back."""

    def __init__(self, status: Status) -> None:
        """Nothing was told yet; ``status`` is the node's."""
        self._status = status
        self._told: dict[str, str] = {}  # by launch or line
        self._windows: dict[str, _Window] = {}

    def see(self, entry: Entry, now_s: float) -> tuple[str, ...]:
        """Take one entry; return the lines to show now."""
        lines = self.due(now_s)
        piece = self._piece(entry)
        if piece is None or self._told.get(piece.about) == piece.line:
            return lines
        window = self._windows.setdefault(
            piece.kind, _Window(now_s + SETTINGS.news_window_s)
        )
        if window.shown >= SETTINGS.news_lines_max:
            window.hidden += 1
            return lines
        window.shown += 1
        self._remember(piece)
        return (*lines, piece.line)

    def due(self, now_s: float) -> tuple[str, ...]:
        """Return how many lines were not shown, of each kind whose window has ended."""
        over = [kind for kind, one in self._windows.items() if one.ends_s <= now_s]
        ended = [(kind, self._windows.pop(kind)) for kind in over]
        return tuple(
            f"{one.hidden} more not shown of: {kind} (in {SETTINGS.news_window_s:g} s; "
            "the journal has them)"
            for kind, one in ended
            if one.hidden
        )

    def rest(self) -> tuple[str, ...]:
        """Return how many lines were not shown in windows that have not ended."""
        return self.due(float("inf"))

    def _remember(self, piece: _Piece) -> None:
        if not piece.about:
            return
        self._told.pop(piece.about, None)
        self._told[piece.about] = piece.line
        if len(self._told) > LAUNCHES_MAX:
            del self._told[next(iter(self._told))]

    def _piece(self, entry: Entry) -> _Piece | None:
        body = entry.body
        if isinstance(body, AlertDraft):
            return self._alert(body)
        if isinstance(body, ItemHeld):
            return _notice(body)
        if isinstance(body, Act):
            return _Piece("acts", "", act_told(body))
        if isinstance(body, LinkState):
            told = f"{link_told(body)}: {body.reason}"
            return _Piece("links", f"link {body.partner}", told)
        if isinstance(body, Bell):
            text = whole_seconds(body.text)
            return _Piece("bells", "", f"bell for the {body.role}: {text}")
        return None

    def _alert(self, body: AlertDraft) -> _Piece:
        about = f"alert {body.launch_id}"
        of = f"{_OF.get(self._status, '')}, launch {body.launch_id[:ID_SHOWN]}"
        kind, word = "alerts changed", "changed"
        if body.why.startswith(OVER):
            kind, word = "alerts ended", "ended"
        elif body.version == 1:
            kind, word = "alerts", "drafted"
        where = "no place yet" if body.area is None else _area(body.area)
        told = f"alert {word}{of}: {body.certainty}, {where}; {body.why}"
        return _Piece(kind, about, whole_seconds(told))


def _notice(held: ItemHeld) -> _Piece | None:
    item, carriage = held.sealed.item, held.carriage
    body = item.body
    if not isinstance(body, LaunchNotice) or (carriage and carriage.history):
        return None
    whose = "drafted"
    if carriage is not None:
        via = f" via {carriage.via}" if carriage.via else ""
        whose = f"from {item.originator}{via}"
    of = f"{_OF.get(item.status, '')}, launch {body.launch_id[:ID_SHOWN]}"
    told = f"first seen at {body.first_seen}"
    if body.point is not None:
        place = place_told(body.point.lat_deg, body.point.lon_deg)
        told = f"launched at {place} at {body.point.time}; {told}"
    line = whole_seconds(f"launch notice {whose}{of}: {told}")
    return _Piece("launch notices", f"{item.originator} {body.launch_id}", line)


def _area(area: ImpactArea) -> str:
    size = area.ellipse95
    along, across = _km(size.semi_major_m), _km(size.semi_minor_m)
    first, last = area.time_window95
    return (
        f"down at {place_told(area.lat_deg, area.lon_deg)}, 95 % within "
        f"{along} x {across} km, at {area.time} "
        f"({_clock(first)} to {_clock(last)})"
    )


def _km(length_m: float) -> str:
    # To the hundred metres where it is short: no area is of no width.
    km = length_m / 1e3
    return f"{km:.0f}" if km >= WHOLE_KM else f"{km:.1f}"


def _clock(at: Instant) -> str:
    """Return the time of day, to the second."""
    return whole_seconds(str(at)).partition("T")[2]
