"""Scenario rules: what several keys of a scenario must say together.

Each message ends with the path of the key to look at; ``scenario`` turns the path into
a line. A scenario that passes can be flown and observed, unless its figures contradict
physics, which only the flight itself can tell.
"""

from collections.abc import Sequence
from typing import NoReturn

from beaconfire.errors import BadInput
from beaconfire.exercise.scenario_parts import Act, Launch, Scenario, Sensor

# All radars together; ten times what the busiest link is asked to carry.
PLOTS_PER_S_MAX = 2_000.0
_SAME_S = 1.0
_RADAR_ALT_M_MAX = 20_000.0

_RADAR_NEEDS = (
    "rate_hz",
    "range_max_km",
    "elevation_min_deg",
    "sigma_range_m",
    "sigma_azimuth_mrad",
    "sigma_elevation_mrad",
)
_RADAR_ONLY = (
    *_RADAR_NEEDS,
    "bias_range_m",
    "bias_azimuth_mrad",
    "bias_elevation_mrad",
    "bias_id",
    "false_plots_per_scan",
)
_INFRARED_NEEDS = ("delay_s", "sigma_launch_m", "sigma_time_s")
_INFRARED_ONLY = (*_INFRARED_NEEDS, "sigma_azimuth_deg")


def check_whole(scenario: Scenario) -> None:
    """Check what no single key can be wrong about.

    Raises:
        BadInput: the first thing that does not fit together.
    """
    _unique([launch.id for launch in scenario.launch], "launch")
    _unique([sensor.id for sensor in scenario.sensor], "sensor")
    for index, launch in enumerate(scenario.launch):
        _check_launch(launch, f"launch[{index}]")
    for index, sensor in enumerate(scenario.sensor):
        _check_sensor(sensor, f"sensor[{index}]")
    for index, act in enumerate(scenario.act):
        _check_act(act, f"act[{index}]")
    for index, link in enumerate(scenario.link):
        if link.from_ == link.to:
            _refuse("a link joins two parties", f"link[{index}].to")
        if link.until_s <= link.at_s:
            _refuse("must be later than `at_s`", f"link[{index}].until_s")
    _check_parties(scenario)
    _check_load(scenario)


def _refuse(said: str, path: str) -> NoReturn:
    message = f"{said} at `{path}`"
    raise BadInput(message)


def _unique(ids: Sequence[str], what: str) -> None:
    for index, name in enumerate(ids):
        if name in ids[:index]:
            _refuse(f"`{name}` is used twice", f"{what}[{index}].id")


def _check_launch(launch: Launch, path: str) -> None:
    if launch.kind == "space":
        if launch.target is not None:
            _refuse("an orbital flight has no target", f"{path}.target")
        if launch.azimuth_true_deg is None:
            _refuse("missing key", f"{path}.azimuth_true_deg")
    elif launch.target is not None:
        for key in ("azimuth_true_deg", "range_km"):
            if getattr(launch, key) is not None:
                said = "give either `target` or `azimuth_true_deg` and `range_km`"
                _refuse(said, f"{path}.{key}")
    else:
        for key in ("azimuth_true_deg", "range_km"):
            if getattr(launch, key) is None:
                said = "missing key (or give `target` instead of azimuth and range)"
                _refuse(said, f"{path}.{key}")
    _check_failure(launch, path)
    _check_stages(launch, path)


def _check_failure(launch: Launch, path: str) -> None:
    if launch.kind != "failed":
        if launch.fails_at_s is not None:
            _refuse('only for kind = "failed"', f"{path}.fails_at_s")
        return
    if launch.fails_at_s is None:
        _refuse("missing key", f"{path}.fails_at_s")
    if launch.fails_at_s >= launch.powered_s:
        _refuse("must be earlier than `powered_s`", f"{path}.fails_at_s")


def _check_stages(launch: Launch, path: str) -> None:
    if not launch.stages:
        return
    whole_s = sum(burn_s + gap_s for burn_s, gap_s in launch.stages)
    # The gap after the last stage may be written or left at zero: nothing follows it.
    pushed_s = whole_s - launch.stages[-1][1]
    if min(abs(launch.powered_s - s) for s in (whole_s, pushed_s)) > _SAME_S:
        _refuse(
            f"burns and gaps add up to {pushed_s:g} s, `powered_s` says "
            f"{launch.powered_s:g} s",
            f"{path}.stages",
        )


def _check_sensor(sensor: Sensor, path: str) -> None:
    radar = sensor.kind == "radar"
    needs = _RADAR_NEEDS if radar else _INFRARED_NEEDS
    never = _INFRARED_ONLY if radar else _RADAR_ONLY
    for key in needs:
        if getattr(sensor, key) is None:
            _refuse("missing key", f"{path}.{key}")
    for key in never:
        if getattr(sensor, key) is not None:
            kind = "a radar" if radar else "an infrared sensor"
            _refuse(f"{kind} has no such key", f"{path}.{key}")
    if radar and sensor.alt_m > _RADAR_ALT_M_MAX:
        _refuse(f"a radar stands at most {_RADAR_ALT_M_MAX:g} m up", f"{path}.alt_m")
    if sensor.party in sensor.hidden_from:
        _refuse("a sensor is not hidden from its owner", f"{path}.hidden_from")


def _check_act(act: Act, path: str) -> None:
    if act.act == "approve":
        for key, name in (("to", "to"), ("class_", "class")):
            if getattr(act, key) is None:
                _refuse("an approval needs this key", f"{path}.{name}")
        if act.by in (act.to, act.via):
            _refuse("an approval lets somebody else have it", f"{path}.to")
    else:
        for key in ("to", "via", "class_", "expires_s"):
            if getattr(act, key) is not None:
                _refuse("only for approvals", f"{path}.{key.rstrip('_')}")
    if act.expires_s is not None and act.expires_s <= act.at_s:
        _refuse("must be later than `at_s`", f"{path}.expires_s")


def _check_parties(scenario: Scenario) -> None:
    """Refuse names that would silently mean nobody: a slip here hides nothing."""
    parties = scenario.parties
    for party in scenario.policy.classification:
        if party not in parties:
            _refuse("no such party in this scenario", f"policy.classification.{party}")
    for index, sensor in enumerate(scenario.sensor):
        for party in sensor.hidden_from:
            if party not in parties:
                said = f"no party `{party}` in this scenario"
                _refuse(said, f"sensor[{index}].hidden_from")


def _check_load(scenario: Scenario) -> None:
    plots_per_s = 0.0
    for index, sensor in enumerate(scenario.sensor):
        objects = len(scenario.launch) + (sensor.false_plots_per_scan or 0.0)
        plots_per_s += (sensor.rate_hz or 0.0) * objects
        if plots_per_s > PLOTS_PER_S_MAX:
            said = f"all radars together exceed {PLOTS_PER_S_MAX:g} plots a second"
            _refuse(said, f"sensor[{index}]")
