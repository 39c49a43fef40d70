"""Node directory: where a node keeps what it is, and the one file that says so.

``DIR`` holds ``node.toml``, ``keys/`` (0700), ``partners/``, ``agreements/``,
``journal/``, ``run/`` and, once issued, the node's own signed card. ``node.toml`` is
written by ``node init`` and then belongs to the operator; unknown keys are refused,
so a slip of the pen never passes for a setting.

Left to others: what lies in ``keys/`` (``keys.py``) and ``partners/`` (``cards.py``).
"""

import ipaddress
import json
import os
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from beaconfire.errors import BadInput, NotReachable, Refused
from beaconfire.runtime.clock import Clock, ExerciseClock, WallClock
from beaconfire.runtime.named_files import opened, system_said
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import cards, codec
from beaconfire.seals.toml_text import text_of, toml_of
from beaconfire.vocabulary.cards import OwnSensor
from beaconfire.vocabulary.item import Status
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Token
from beaconfire.vocabulary.times import Instant

CONFIG_NAME = "node.toml"
PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600
_LOOKING = ("rate_hz", "range_max_km", "elevation_min_deg", "detection_probability")
SUBDIRS = ("keys", "partners", "agreements", "journal", "run")

Port = Annotated[int, Meta(ge=1, le=65535)]
Speed = Annotated[float, Meta(gt=0.0, le=1000.0)]


class BorderPlace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where partners find the border (``host``, in the card) and where it listens."""

    host: Token
    port: Port
    listen: Token = "127.0.0.1"


class JournalPlace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The journal's server listens on loopback and nowhere else."""

    port: Port


class ExerciseTime(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The exercise this node takes part in.

    With an ``epoch`` the node lives in exercise time: epoch + speed × monotonic time
    since ``start_monotonic_ns``; until that is set, time stands at the epoch.
    """

    id: Token | None = None
    epoch: Instant | None = None
    speed: Speed = 1.0
    start_monotonic_ns: Annotated[int, Meta(ge=0)] | None = None


class NodeConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``node.toml`` says."""

    v: Literal[1] = 1
    party: Party
    status: Status
    policy: Token
    classification: Token
    border: BorderPlace
    journal: JournalPlace
    exercise: ExerciseTime | None = None
    sensor: Annotated[tuple[OwnSensor, ...], Meta(max_length=256)] = ()

    @property
    def exercise_id(self) -> Token | None:
        """The exercise that items of this node name, or ``None``."""
        return None if self.exercise is None else self.exercise.id


def load_node(directory: Path) -> NodeConfig:
    """Read and check ``node.toml``.

    Raises:
        NotReachable: there is no node in ``directory``.
        BadInput: the file is not right; says where and why.
    """
    path = directory / CONFIG_NAME
    try:
        with opened(path) as file:
            data = file.read(SETTINGS.config_bytes_max + 1)
    except OSError as error:
        message = (
            f"no node in `{directory}`: `{CONFIG_NAME}` cannot be read "
            f"({system_said(error)}); make one with `beaconfire node init`"
        )
        raise NotReachable(message) from None
    if len(data) > SETTINGS.config_bytes_max:
        message = f"`{path}`: larger than {SETTINGS.config_bytes_max} bytes"
        raise BadInput(message)
    name = f"`{path}`"
    table = toml_of(text_of(data, file=name), file=name)
    config = codec.convert(table, NodeConfig, what=name)
    check_config(config, what=name)
    return config


def check_config(config: NodeConfig, *, what: str) -> None:
    """Check what the form alone does not say.

    Raises:
        BadInput: parts of ``config`` contradict each other.
    """
    cards.require_host(config.border.host, what=f"{what}: `border.host`")
    require_address(config.border.listen, what=f"{what}: `border.listen`")
    if config.border.port == config.journal.port:
        message = f"{what}: border and journal cannot share port {config.border.port}"
        raise BadInput(message)
    if config.status == "ACTUAL" and config.exercise is not None:
        message = f"{what}: a node whose status is ACTUAL takes part in no exercise"
        raise BadInput(message)
    seen: set[str] = set()
    for sensor in config.sensor:
        if sensor.id in seen:
            message = f"{what}: sensor `{sensor.id}` stands twice"
            raise BadInput(message)
        seen.add(sensor.id)
        if config.party in sensor.hidden_from:
            message = f"{what}: sensor `{sensor.id}` cannot be hidden from its own node"
            raise BadInput(message)


def require_address(text: str, *, what: str) -> None:
    """Check that ``text`` is an address to listen on.

    Raises:
        BadInput: it is not.
    """
    try:
        ipaddress.ip_address(text)
    except ValueError:
        message = f"{what}: `{text[:64]}` is not an address, as 127.0.0.1 is one"
        raise BadInput(message) from None


def make_node(directory: Path, config: NodeConfig) -> None:
    """Lay out a new node directory and write its ``node.toml``.

    Raises:
        Refused: ``directory`` already holds something; nothing was changed.
        BadInput: ``config`` contradicts itself, or the place cannot be written.
    """
    check_config(config, what="node")
    try:
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            message = f"`{directory}` is not empty; a node is never written over"
            raise Refused(message)
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(PRIVATE_DIR)
        for name in SUBDIRS:
            (directory / name).mkdir(mode=PRIVATE_DIR)
        write_private(directory / CONFIG_NAME, node_toml(config).encode())
    except OSError as error:
        message = f"cannot write `{directory}`: {error.strerror}"
        raise BadInput(message) from None


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that its owner alone can read; never over another.

    Raises:
        Refused: the file exists.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        handle = os.open(path, flags, PRIVATE_FILE)
    except FileExistsError:
        message = f"`{path}` exists; it is never written over"
        raise Refused(message) from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace_private(path: Path, data: bytes) -> None:
    """Put ``data`` where ``path`` is, in one step: a reader sees old or new."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    write_private(fresh, data)
    fresh.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clock_of(config: NodeConfig) -> Clock | None:
    """Return this node's clock, or ``None`` for an exercise that has not begun."""
    exercise = config.exercise
    if exercise is None or exercise.epoch is None:
        return WallClock()
    if exercise.start_monotonic_ns is None:
        return None
    return ExerciseClock(
        epoch=exercise.epoch,
        speed=exercise.speed,
        start_monotonic_ns=exercise.start_monotonic_ns,
    )


def node_now(config: NodeConfig) -> Instant:
    """Return what time it is for this node; before an exercise begins, its epoch."""
    clock = clock_of(config)
    epoch = None if config.exercise is None else config.exercise.epoch
    if clock is None:
        assert epoch is not None
        return epoch
    # A start that lies ahead must not let time run before the epoch.
    return clock.now() if epoch is None else max(epoch, clock.now())


def node_toml(config: NodeConfig) -> str:
    """Return the text of ``node.toml``; ``load_node`` reads back ``config``."""
    lines = [
        "# What this node is. Unknown keys are refused.",
        "v = 1",
        f"party = {_text(config.party)}",
        f"status = {_text(config.status)}",
        f"policy = {_text(config.policy)}",
        f"classification = {_text(config.classification)}",
        "",
        "# `host` and `port` stand in the card; `listen` is the address bound here.",
        "[border]",
        f"host = {_text(config.border.host)}",
        f"port = {config.border.port}",
        f"listen = {_text(config.border.listen)}",
        "",
        "# Loopback only.",
        "[journal]",
        f"port = {config.journal.port}",
        "",
    ]
    lines += _exercise_lines(config.exercise)
    if not config.sensor:
        lines += [
            "# One table for each own sensor:",
            "# [[sensor]]",
            '# id = "north-1"',
            '# kind = "radar"  # or "infrared"',
            '# bias_id = "north-1"',
            "# hidden_from = []",
            "# How a radar looks; its plots must show what is not stated:",
            "# rate_hz = 1.0",
            "# range_max_km = 3000.0",
            "# elevation_min_deg = 2.0",
            "# detection_probability = 0.9",
        ]
    for sensor in config.sensor:
        hidden = ", ".join(_text(party) for party in sensor.hidden_from)
        lines += ["[[sensor]]", f"id = {_text(sensor.id)}"]
        lines += [f"kind = {_text(sensor.kind)}"]
        if sensor.bias_id is not None:
            lines += [f"bias_id = {_text(sensor.bias_id)}"]
        lines += [f"hidden_from = [{hidden}]"]
        for name in _LOOKING:
            if (number := getattr(sensor, name)) is not None:
                lines += [f"{name} = {float(number)!r}"]
        lines += [""]
    return "\n".join(lines) + "\n"


def _exercise_lines(exercise: ExerciseTime | None) -> list[str]:
    if exercise is None:
        return []
    lines = ["[exercise]"]
    if exercise.id is not None:
        lines += [f"id = {_text(exercise.id)}"]
    if exercise.epoch is not None:
        lines += [f"epoch = {_text(str(exercise.epoch))}"]
    lines += [f"speed = {float(exercise.speed)!r}"]
    if exercise.start_monotonic_ns is not None:
        lines += [f"start_monotonic_ns = {exercise.start_monotonic_ns}"]
    return [*lines, ""]


def _text(value: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped too.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
