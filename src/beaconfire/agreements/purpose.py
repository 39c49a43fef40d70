"""Purpose: what an item is given for, as far as it says so itself.

A label's category ``purpose:<word>`` says it. A launch warning needs no such category:
its form says what it is for. Whatever else does not say, nobody guesses.
"""

from beaconfire.vocabulary.acts import LAUNCH_WARNING
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.report import (
    ImpactPrediction,
    LaunchNotice,
    Plots,
    Retraction,
    TrackProduct,
)

PREFIX = "purpose:"

_LAUNCH_WARNINGS = frozenset(
    (LaunchNotice, Plots, TrackProduct, ImpactPrediction, Retraction)
)


def purposes_of(item: Item) -> tuple[str, ...]:
    """Return the purposes that ``item`` was given for, none if it does not say."""
    stated = [one for one in item.label.categories if one.startswith(PREFIX)]
    if stated:
        return tuple(one.removeprefix(PREFIX) for one in stated)
    return (LAUNCH_WARNING,) if type(item.body) in _LAUNCH_WARNINGS else ()
