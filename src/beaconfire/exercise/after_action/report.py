"""Report: the form of ``report.json``, told key by key in ``docs/reference/report.md``.

* Keys are stable: a key never changes its meaning, and none is left out but these two:
  a ``*_reason`` stands only beside a ``null``, and ``processes`` only in real mode.
* Seconds (``*_s``) count from the lift-off of the first launch.
* A simulated report holds no wall time, path, host or version.
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import Form

Reason = str | UnsetType
Outcome = Literal[
    "delivered", "refused", "waiting", "withdrawn", "sent-fate-unknown", "expired"
]
Mode = Literal["simulated", "real"]


class NationTimes(Struct, frozen=True, kw_only=True):
    """When a nation first knew, could say where, and could warn."""

    first_notice_s: float | None
    first_notice_s_reason: Reason = UNSET
    first_estimate_s: float | None
    first_estimate_s_reason: Reason = UNSET
    first_alert_draft_s: float | None
    first_alert_draft_s_reason: Reason = UNSET
    first_alert_sent_s: float | None
    first_alert_sent_s_reason: Reason = UNSET


class LaunchLine(Struct, frozen=True, kw_only=True):
    """One launch as one nation knew it: when, by how many events, how well."""

    launch: str
    nation: Party
    events: int
    first_notice_s: float | None
    first_notice_s_reason: Reason = UNSET
    first_estimate_s: float | None
    first_estimate_s_reason: Reason = UNSET
    last_miss_km: float | None
    last_miss_km_reason: Reason = UNSET
    with_sharing: bool


class EstimateLine(Struct, frozen=True, kw_only=True):
    """One estimate of a nation's picture that had an impact, held against the truth."""

    nation: Party
    launch: str
    t_s: float
    after_burnout_s: float
    miss_km: float | None
    miss_km_reason: Reason = UNSET
    area95_km2: float
    contains_truth: bool | None
    contains_truth_reason: Reason = UNSET
    with_sharing: bool


class ReleaseLine(Struct, frozen=True, kw_only=True):
    """How many units went one way, in one form, on these articles, and how it ended."""

    originator: Party = field(name="from")
    to: Party
    via: Party | None
    form: Form
    outcome: Outcome
    articles: tuple[str, ...]
    count: int


class DeliveryCount(Struct, frozen=True, kw_only=True):
    """The account of all sends, in units (item x partner x via)."""

    released: int
    delivered: int
    receipts: int
    lost: int
    duplicated: int
    leaked: int


class Spread(Struct, frozen=True, kw_only=True):
    """Percentiles of milliseconds, by nearest rank."""

    p50: float | None
    p50_reason: Reason = UNSET
    p99: float | None
    p99_reason: Reason = UNSET
    max: float | None
    max_reason: Reason = UNSET


class Latency(Struct, frozen=True, kw_only=True):
    """From hand-over to arrival, over all hops and for each (`A-B` = from A to B)."""

    p50: float | None
    p50_reason: Reason = UNSET
    p99: float | None
    p99_reason: Reason = UNSET
    max: float | None
    max_reason: Reason = UNSET
    hops: dict[str, Spread]


class SharingGain(Struct, frozen=True, kw_only=True):
    """What sharing gave a nation: seconds earlier, and area with over area without."""

    first_notice_s: float | None
    first_notice_s_reason: Reason = UNSET
    first_estimate_s: float | None
    first_estimate_s_reason: Reason = UNSET
    first_alert_draft_s: float | None
    first_alert_draft_s_reason: Reason = UNSET
    area95_ratio: float | None
    area95_ratio_reason: Reason = UNSET


class ProcessLine(Struct, frozen=True, kw_only=True):
    """One process of a real run."""

    party: Party
    kind: str
    pid: int
    port: int | None


class Report(Struct, frozen=True, kw_only=True):
    """The whole of ``report.json``."""

    v: Literal[1] = 1
    scenario: str
    seed: int
    mode: Mode
    nations: dict[Party, NationTimes]
    launches: tuple[LaunchLine, ...]
    estimates: tuple[EstimateLine, ...]
    releases: tuple[ReleaseLine, ...]
    delivery: DeliveryCount
    latency_ms: Latency
    sharing_gain: dict[Party, SharingGain]
    processes: tuple[ProcessLine, ...] | UnsetType = UNSET
