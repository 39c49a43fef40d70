"""Sight told: what a draft says of an object that is not seen any more, or is several.

* Nobody is told where a lost object is: the area and the path stay, and are said to be
  those of the arc on which it was last seen. So too where our sensors are silent.
* Silence is no sign that it came down, broke up or missed: nothing is ended, narrowed
  or made less certain by it. Nor is a published area narrowed in its place meanwhile;
  one that has moved or grown is told as always.
* A loss, silent sensors, the end of either and a new count are told at once; that it
  has set was expected, and stands in whatever is told next.
"""

from beaconfire.vocabulary.sight import Group, Sight


def is_missing(sight: Sight | None) -> bool:
    """Say whether it was to be seen and is not: lost, or our sensors are silent."""
    return sight is not None and sight.state in ("lost", "silent")


def is_news(
    told: tuple[Sight | None, Group | None], now: tuple[Sight | None, Group | None]
) -> bool:
    """Say whether a change of sight or group must be told now."""
    before, after = (
        sight.state if sight is not None and is_missing(sight) else None
        for sight, _ in (told, now)
    )
    counts = [0 if group is None else group.at_least for _, group in (told, now)]
    return before != after or counts[0] != counts[1]


def sight_words(sight: Sight | None, *, has_area: bool) -> str:
    """Return what is added to a draft's reason; nothing while it is seen."""
    if sight is None or sight.state == "seen":
        return ""
    if sight.state == "set":
        return (
            f"; below our horizon since {sight.since}, as was predicted: that it is "
            "not seen is no sign that it came down"
        )
    if sight.state == "unsure":
        return (
            f"; not seen since {sight.last_seen}, and nothing says surely that it "
            "should be: that is no sign that it came down"
        )
    kept = (
        "area and path are those of the arc on which it was last seen, not of where it "
        "is known to be; "
        if has_area
        else ""
    )
    since = "lost" if sight.state == "lost" else "sensors silent"
    return (
        f"; {since} since {sight.last_seen}: {sight.reason}; {kept}"
        "that it is not seen is no sign that it came down"
    )


def group_words(group: Group | None) -> str:
    """Return what is added where it is several objects."""
    return "" if group is None else f"; {group.reason}"
