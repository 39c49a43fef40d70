"""Matrix: what may go to whom now, every form to every partner, directly and by relay.

Each cell is the decision itself, asked with an item that is nothing but its form, its
originator and its marking, so the table cannot say otherwise than a real send would.
What a real item adds (a narrower label, an approval of that one item) is not in it.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.decision import decide
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.ways import may_relay
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.motion import ErrorEllipse, ImpactArea, StateVector
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import (
    Body,
    ImpactPrediction,
    LaunchNotice,
    Plots,
    Retraction,
    TrackProduct,
)
from beaconfire.vocabulary.times import Instant


class Cell(Struct, frozen=True, kw_only=True):
    """One form of one originator to one partner; ``via`` is the sender if it relays."""

    originator: Party
    via: Party | None
    to: Party
    form: str
    decision: Release | Refusal


def parties_of(agreements: Sequence[Agreement]) -> tuple[Party, ...]:
    """Return all parties to any of ``agreements``, in order of their codes."""
    return tuple(sorted({party for one in agreements for party in one.parties}))


def matrix(
    sender: Party,
    *,
    marking: str,
    at: Instant,
    agreements: Sequence[Agreement],
    standing: Standing,
) -> tuple[Cell, ...]:
    """Return every form to every partner of ``sender`` at ``at``.

    Own items are marked ``marking``. What ``sender`` may relay is asked for each pair
    of others whose agreement foresees it, marked alike.
    """
    others = tuple(party for party in parties_of(agreements) if party != sender)
    routes = [(sender, to) for to in others]
    routes += [
        (originator, to)
        for originator in others
        for to in others
        if originator != to
        and may_relay(agreements, originator=originator, relay=sender, to=to)
    ]
    return tuple(
        Cell(
            originator=originator,
            via=None if originator == sender else sender,
            to=to,
            form=type(body).__name__,
            decision=_decided(
                bare_item(originator, body, marking, at),
                sender=sender,
                to=to,
                at=at,
                agreements=agreements,
                standing=standing,
            ),
        )
        for originator, to in routes
        for body in one_of_each(at)
    )


def bare_item(originator: Party, body: Body, marking: str, at: Instant) -> Item:
    """Return an item that is nothing but its originator, form and marking."""
    return Item(
        id="any",
        originator=originator,
        status="TEST",
        label=Label(policy="any", classification=marking),
        created=at,
        valid_until=at,
        body=body,
    )


def one_of_each(at: Instant) -> tuple[Body, ...]:
    """Return one body of each form; what stands in them no article can ask."""
    nowhere = (0.0, 0.0, 0.0)
    state = StateVector(epoch=at, position_ecef_m=nowhere, velocity_ecef_mps=nowhere)
    area = ImpactArea(
        lat_deg=0.0,
        lon_deg=0.0,
        time=at,
        time_window95=(at, at),
        ellipse95=ErrorEllipse(semi_major_m=0.0, semi_minor_m=0.0, azimuth_deg=0.0),
        covariance_en_t=(nowhere, nowhere, nowhere),
    )
    return (
        LaunchNotice(launch_id="any", first_seen=at),
        Plots(sensor_id="any", plots=()),
        TrackProduct(launch_id="any", phase="unknown", state=state),
        ImpactPrediction(launch_id="any", area=area),
        Retraction(retracts="any", reason="any"),
    )


def _decided(item: Item, **asked: Any) -> Release | Refusal:
    # A table has no time to wait: what waits for a consultation may not go today.
    decision = decide(item, **asked, may_wait=False)
    assert not isinstance(decision, Deferral)
    return decision
