"""Fuse: what our own sensors show, for partners; and what all we hold shows, for us.

Two things that never touch: own products (``own``), made of own sensors and sent to
those partners who may know of these sensors; and the picture (``picture``), made of
everything and sent to nobody. Both ask for whole-arc solves by an entry; the answers
come back as entries. No number is computed here that an estimator should compute.

The state is owned by the stage and changed in place: the caller keeps no old one.
"""

from beaconfire.stages.fuse.stage import (
    FuseStage,
    begin,
    due,
    know_sensors,
    observations,
    step,
)

__all__ = ["FuseStage", "begin", "due", "know_sensors", "observations", "step"]
