"""A small scenario that is right, for tests to change one thing in."""

GOOD = """\
name = "small"
epoch = 2024-01-01T00:00:00Z
seed = 7
status = "EXERCISE"

[[launch]]
id = "one"
site = { lat_deg = 39.0, lon_deg = 126.0, alt_m = 0.0 }
at_s = 10.0
azimuth_true_deg = 80.0
apogee_km = 400.0
range_km = 1000.0
powered_s = 90.0

[[sensor]]
party = "JPN"
id = "radar"
kind = "radar"
lat_deg = 37.0
lon_deg = 136.0
alt_m = 0.0
rate_hz = 1.0
range_max_km = 2500.0
elevation_min_deg = 2.0
sigma_range_m = 30.0
sigma_azimuth_mrad = 1.0
sigma_elevation_mrad = 1.0
bias_range_m = 20.0
bias_azimuth_mrad = 0.3
bias_elevation_mrad = 0.3

[[sensor]]
party = "USA"
id = "infrared"
kind = "infrared"
lat_deg = 0.0
lon_deg = 160.0
alt_m = 35786000.0
delay_s = 40.0
sigma_launch_m = 5000.0
sigma_time_s = 3.0
sigma_azimuth_deg = 5.0

[[act]]
at_s = -3600.0
by = "KOR"
agreement = "tisa-2014"
act = "approve"
to = "JPN"
via = "USA"
class = "launch-warning"
expires_s = 86400.0

[[link]]
from = "JPN"
to = "USA"
delay_ms = 20.0

[[person]]
party = "JPN"
role = "release-officer"
at_s = 60.0
does = "second-signature"
"""


def changed(old: str, new: str) -> str:
    """Return the good scenario with ``old`` replaced once."""
    assert old in GOOD
    return GOOD.replace(old, new, 1)
