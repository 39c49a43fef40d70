"""Restored: what is suspended now, and what would hold were it restored.

A suspension withholds; it does not say no. So who refuses on account of one asks what
the answer would be without it: only what would then leave is worth keeping until the
agreement is restored. What a termination or a term has ended is final, and what is not
yet in force was never open: neither is kept.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.status import status_of
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

_ABOUT_SUSPENSION = ("suspend", "restore")


def is_suspended(
    name: str, agreements: Sequence[Agreement], standing: Standing, at: Instant
) -> bool:
    """Say whether the agreement of that name can be opened by a restoration alone."""
    under = next((one for one in agreements if one.id == name), None)
    return under is not None and status_of(under, standing, at).state == "suspended"


def suspended_between(
    agreements: Sequence[Agreement],
    sender: Party,
    to: Party,
    *,
    standing: Standing,
    at: Instant,
) -> tuple[str, ...]:
    """Return the suspended agreements that bind both, in the order given."""
    if not any(view.suspension for view in standing.views):
        return ()
    return tuple(
        under.id
        for under in agreements
        if under.binds(sender, to) and is_suspended(under.id, agreements, standing, at)
    )


def if_restored(standing: Standing) -> Standing:
    """Return the standing as it were if nobody had ever suspended anything."""
    return replace(
        standing,
        views=tuple(
            replace(
                view,
                acts=tuple(a for a in view.acts if a.act.act not in _ABOUT_SUSPENSION),
            )
            for view in standing.views
        ),
    )
