"""Sight: is an object still seen, was it lost, or has it set; is it one or several?

What is said here is of our own looking, never of where the object is: an object that
is not seen has no place, only an arc on which it was last seen.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from beaconfire.vocabulary.places import Text, Token
from beaconfire.vocabulary.times import Instant

SightState = Literal["seen", "lost", "set", "silent", "unsure"]


class MissedLooks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many looks of one sensor missed an object that was surely above its mask.

    Of an object that is ``silent`` they were to be taken, and are not known to have
    been. ``reports``: whether the sensor has told anything at all meanwhile. One that
    has not may itself be what failed.
    """

    sensor: Token
    looks: Annotated[int, Meta(ge=1)]
    reports: bool


class Sight(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an object stands to the looking of our own sensors.

    ``seen``: some sensor shows it, or its silence is still chance. ``lost``: missed
    where it was to be visible to one of our sensors at least, longer than chance
    allows, by looks that are known to have been taken. ``silent``: not seen as long,
    but the sensors that should see it are silent too, or nearly: they or their feeds
    may have failed; after a minute of it it is ``lost`` too, and the reason says so.
    ``set``: predicted below the horizon of all of ours; silence is expected.
    ``unsure``: not seen, and no prediction says surely that it should be.

    ``since`` is the newest sighting by anybody, but for ``set``: there it is when the
    prediction takes it below the last of our horizons, if that is later. ``chance`` is
    the probability that so many looks miss what is there; it stands where it was lost
    by looks that are known.
    """

    state: SightState
    since: Instant
    last_seen: Instant
    missed: Annotated[tuple[MissedLooks, ...], Meta(max_length=256)] = ()
    chance: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None
    reason: Text


class SensorCount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many plots of one sensor stand together in most of its newest scans."""

    sensor: Token
    count: Annotated[int, Meta(ge=1)]
    scans: Annotated[int, Meta(ge=1)]


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Objects that stand nearer to each other than a sensor can tell apart.

    There are ``at_least`` so many: what one echo hides is not counted. ``rests_on``
    says by which sensors; a sensor for which they stand apart is not among them.
    ``shared_with`` names other launches that are followed in the same group and are in
    the count.
    """

    at_least: Annotated[int, Meta(ge=2)]
    rests_on: Annotated[tuple[SensorCount, ...], Meta(min_length=1, max_length=256)]
    shared_with: Annotated[tuple[Token, ...], Meta(max_length=32)] = ()
    reason: Text
