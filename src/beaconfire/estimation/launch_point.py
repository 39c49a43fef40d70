"""Launch point: from where and when it was launched."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beaconfire.estimation.burnout import ThrustTrack
from beaconfire.estimation.coasting import Coast
from beaconfire.estimation.impact import ellipse_of
from beaconfire.estimation.measurement import PlotTable
from beaconfire.vocabulary.motion import Cue, LaunchPoint


@dataclass(frozen=True, slots=True)
class Launch:
    """Where it was launched and heading where, or why it cannot be said."""

    point: LaunchPoint | None
    reason: str | None
    azimuth_deg: float | None


def find_launch(
    cues: Sequence[Cue],
    table: PlotTable | None,
    track: ThrustTrack | None,
    coast: Coast | None,
) -> Launch:
    """Return the launch as the most certain cue saw it."""
    if not cues:
        return Launch(None, "no infrared sensor saw the launch", None)
    cue = min(cues, key=lambda one: one.launch.sigma_m)
    seen = cue.launch
    point = LaunchPoint(
        lat_deg=seen.lat_deg,
        lon_deg=seen.lon_deg,
        time=seen.time,
        ellipse95=ellipse_of(np.eye(2) * seen.sigma_m**2),
    )
    return Launch(point, None, cue.azimuth_deg)
