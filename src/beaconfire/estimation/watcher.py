"""Watcher: how one radar looks, by what is stated of it and what its plots show.

A line of plots says where a radar stands and how well it measures, and nothing of how
often it looks, how low, how far and how surely. What the node's profile states
(``rate_hz``, ``elevation_min_deg``, ``range_max_km``, ``detection_probability``)
counts; for the rest the plots themselves bound it, on the side that claims less:

* The scan interval is the middle one of the newest gaps between its scans: looks that
  it missed make it longer.
* It surely looks no farther and no lower than it has shown something; and where no
  mask is stated, what is between ``SURELY_ABOVE_DEG`` and ``BELOW_DEG`` is in doubt.

That it looked at all is known of the scans in which it told something, be it of another
object or of nothing (a scan without plots), and of the few between two such. A feed
that stalls says nothing either.

Plain Python: it runs in the node's own process.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from beaconfire.vocabulary.cards import OwnSensor
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.times import NS_PER_S, Instant

# Below what any radar is bought for (0.8 to 0.95), so that silence counts for half of
# what it would. In scenarios and profiles it is stated.
DETECTION_PROBABILITY = 0.5
# Nothing is certain to be seen: a blind sector, a beam that is busy elsewhere.
DETECTION_PROBABILITY_MAX = 0.99
# Without a stated mask: hills and clutter hide what is lower than this from most sites
# on land, and hardly any radar looks below the second.
SURELY_ABOVE_DEG, BELOW_DEG = 5.0, 2.0
# Beyond the farthest that it has shown, so much: 1.7 dB less of an echo.
FARTHER = 1.1
# Gaps between scans that are kept, and the least: before that it has no rate.
GAPS_KEPT, GAPS_MIN = 15, 3
# Between two scans that told something so many intervals at most are taken for looks: a
# radar that works misses what else it sees for two scans now and then. Longer, it may
# as well not have looked.
INTERVALS_BRIDGED = 3.0
# Stretches of looking that are kept: of a radar that tells something every fifth scan
# those of two minutes at least, and of one that tells something in each of them all.
STRETCHES_KEPT = 32

Stretch = tuple[int, int]  # from and until when it looked, ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """How a radar looks. Above ``surely_above_deg`` and within range it should see.

    ``range_stated``: whether it certainly does not look farther. ``looked`` are the
    stretches of time in which it is known to have looked, in order. ``heard_ns`` is
    when its newest scan came in, whenever that was taken.
    """

    site: SensorSite
    scan_s: float
    surely_above_deg: float
    below_deg: float
    range_max_m: float
    range_stated: bool
    detection_probability: float
    looked: tuple[Stretch, ...] = ()
    heard_ns: int = 0


@dataclass(slots=True, kw_only=True)
class Heard:
    """What the scans of one radar have shown of it so far."""

    site: SensorSite
    newest_ns: int
    farthest_m: float = 0.0
    lowest_deg: float = 90.0
    gaps_s: list[float] = field(default_factory=list)
    looked: list[Stretch] = field(default_factory=list)
    heard_ns: int = 0

    def scan_s(self, stated: OwnSensor | None) -> float | None:
        """Return its scan interval, ``None`` while nothing says how often it looks."""
        if stated is not None and stated.rate_hz is not None:
            return 1.0 / stated.rate_hz
        if len(self.gaps_s) < GAPS_MIN:
            return None
        return sorted(self.gaps_s)[len(self.gaps_s) // 2]


def hear(
    heard: Heard | None,
    scan: Sequence[Plot],
    stated: OwnSensor | None = None,
    *,
    at: Instant | None = None,
) -> Heard:
    """Take a scan of at least one plot of one radar; begin where nothing was heard.

    ``at`` is when it came in.
    """
    first_ns = min(plot.time.ns for plot in scan)
    if heard is None:
        heard = Heard(site=scan[0].sensor, newest_ns=first_ns)
    elif first_ns > heard.newest_ns:
        heard.gaps_s.append((first_ns - heard.newest_ns) / NS_PER_S)
        del heard.gaps_s[:-GAPS_KEPT]
        heard.newest_ns, heard.site = first_ns, scan[0].sensor
    for plot in scan:
        heard.farthest_m = max(heard.farthest_m, plot.range_m)
        heard.lowest_deg = min(heard.lowest_deg, plot.elevation_deg)
    _look(heard, first_ns, stated)
    heard.heard_ns = max(heard.heard_ns, first_ns if at is None else at.ns)
    return heard


def hear_nothing(heard: Heard, stated: OwnSensor | None, at: Instant) -> None:
    """Take a scan without plots that came in just now: the radar looked."""
    _look(heard, at.ns, stated)
    heard.heard_ns = max(heard.heard_ns, at.ns)


def _look(heard: Heard, ns: int, stated: OwnSensor | None) -> None:
    scan_s = heard.scan_s(stated)
    if scan_s is not None:
        looked_at(heard.looked, ns, scan_s)
        del heard.looked[:-STRETCHES_KEPT]


def looked_at(looked: list[Stretch], ns: int, scan_s: float) -> None:
    """Add a scan that told something to the stretches of looking, in order of time."""
    from_ns, until_ns = looked[-1] if looked else (0, 0)
    if ns <= until_ns:
        return
    if looked and ns - until_ns <= INTERVALS_BRIDGED * scan_s * NS_PER_S:
        looked[-1] = (from_ns, ns)
    else:
        looked.append((max(until_ns, ns - round(scan_s * NS_PER_S)), ns))


def watcher_of(heard: Heard, stated: OwnSensor | None = None) -> Watcher | None:
    """Return how a radar looks, ``None`` while nothing says how often."""
    scan_s = heard.scan_s(stated)
    if scan_s is None:
        return None
    mask_deg = None if stated is None else stated.elevation_min_deg
    range_km = None if stated is None else stated.range_max_km
    chance = None if stated is None else stated.detection_probability
    lowest_deg = max(heard.lowest_deg, 0.0)
    return Watcher(
        site=heard.site,
        scan_s=scan_s,
        surely_above_deg=(
            min(SURELY_ABOVE_DEG, lowest_deg) if mask_deg is None else mask_deg
        ),
        below_deg=min(BELOW_DEG, lowest_deg) if mask_deg is None else mask_deg,
        range_max_m=(
            FARTHER * heard.farthest_m if range_km is None else 1e3 * range_km
        ),
        range_stated=range_km is not None,
        detection_probability=min(
            DETECTION_PROBABILITY if chance is None else chance,
            DETECTION_PROBABILITY_MAX,
        ),
        looked=tuple(heard.looked),
        heard_ns=heard.heard_ns,
    )
