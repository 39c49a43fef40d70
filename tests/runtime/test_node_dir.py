"""What a node directory says, read back and refused where it is wrong."""

import stat

import pytest
from msgspec.structs import replace

from beaconfire.errors import BadInput, NotReachable, Refused
from beaconfire.runtime.node_dir import (
    BorderPlace,
    ExerciseTime,
    JournalPlace,
    NodeConfig,
    clock_of,
    load_node,
    make_node,
    node_now,
    node_toml,
)
from beaconfire.vocabulary.cards import OwnSensor
from beaconfire.vocabulary.times import Instant

EPOCH = Instant.parse("2022-10-03T22:00:00.123456789Z")

PLAIN = NodeConfig(
    party="JPN",
    status="EXERCISE",
    policy="JPN",
    classification='秘 "x" \\',
    border=BorderPlace(host="node.example", port=7422),
    journal=JournalPlace(port=7421),
)
FULL = replace(
    PLAIN,
    exercise=ExerciseTime(id="e", epoch=EPOCH, speed=20.0, start_monotonic_ns=5),
    sensor=(
        OwnSensor(
            id="r1",
            kind="radar",
            bias_id="b1",
            hidden_from=("KOR", "USA"),
            rate_hz=0.1,
            range_max_km=3000.0,
            elevation_min_deg=-1.0,
            detection_probability=0.9,
        ),
        OwnSensor(id="s1", kind="infrared"),
    ),
)


@pytest.mark.parametrize("config", [PLAIN, FULL], ids=["plain", "full"])
def test_what_is_written_is_read_back(tmp_path, config):
    """A node's file says exactly what the node was made with."""
    make_node(tmp_path / "node", config)

    assert load_node(tmp_path / "node") == config


def test_a_node_directory_is_private(tmp_path):
    """The directory and all in it are for their owner alone."""
    make_node(tmp_path / "node", PLAIN)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in [tmp_path / "node", *(tmp_path / "node").iterdir()]
    }

    assert modes.pop("node.toml") == 0o600
    assert set(modes.values()) == {0o700}
    assert set(modes) == {"node", "keys", "partners", "agreements", "journal", "run"}


def test_a_node_is_never_written_over(tmp_path):
    """Where anything lies, nothing is laid."""
    (tmp_path / "precious").write_text("x")

    with pytest.raises(Refused, match="is not empty; a node is never written over"):
        make_node(tmp_path, PLAIN)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("v = 1\nv = 2\n", "not TOML"),
        ('v = 1\nparty = "JPN"\n', "missing key `status`"),
        (node_toml(PLAIN).replace("v = 1", "v = 2"), "`v`"),
        (
            node_toml(PLAIN).replace("v = 1", "v = 1\ncolour = 3"),
            "unknown key `colour`",
        ),
        (node_toml(PLAIN).replace("port = 7422", "port = 70000"), "border.port"),
        (node_toml(PLAIN).replace("port = 7422", "port = 7421"), "cannot share port"),
        (node_toml(PLAIN).replace('"node.example"', '"a b"'), "not a host name"),
        (node_toml(PLAIN).replace('"127.0.0.1"', '"here"'), "not an address"),
        (
            node_toml(FULL).replace('"EXERCISE"', '"ACTUAL"'),
            "part in no exercise",
        ),
        (node_toml(FULL).replace('id = "s1"', 'id = "r1"'), "`r1` stands twice"),
        (node_toml(FULL).replace('["KOR"', '["JPN"'), "hidden from its own node"),
        (node_toml(FULL).replace('["KOR"', '["korea"'), "hidden_from"),
        (node_toml(FULL).replace("speed = 20.0", "speed = 0"), "speed"),
        (node_toml(FULL).replace("Z", ""), "write RFC 3339 with an offset"),
        ("#" * 300_000, "larger than"),
        ("a = " + "[" * 5_000, "nested too deep"),
        ("a = " + "9" * 5_000, "a number is too long"),
        (".".join("a" * 20_000) + " = 1", "more than 128 parts"),
        ("[" + ".".join("a" * 20_000) + "]", "more than 128 parts"),
        (".".join(['"a"'] * 9_000) + " = 1", "more than 128 parts"),
        ("a = {" + ".".join("a" * 9_000) + " = 1}", "more than 128 parts"),
        ("v = 2022-10-04T00:00:00Z", "a date with a time"),
    ],
)
def test_a_slip_of_the_pen_is_one_clear_sentence(tmp_path, written, said):
    """Whatever is wrong in node.toml, the sentence names the file and the place."""
    (tmp_path / "node.toml").write_text(written)

    with pytest.raises(BadInput, match=r"node\.toml`") as caught:
        load_node(tmp_path)
    assert said in str(caught.value)


def test_no_node_is_said_to_be_no_node(tmp_path):
    """A directory without a node is exit 4, and says how to make one."""
    with pytest.raises(NotReachable, match="make one with `beaconfire node init`"):
        load_node(tmp_path)


def test_before_an_exercise_begins_time_stands_at_its_epoch():
    """A node that has no start yet lives at the epoch, and then from it on."""
    waiting = replace(FULL, exercise=ExerciseTime(epoch=EPOCH))
    ahead = replace(FULL, exercise=ExerciseTime(epoch=EPOCH, start_monotonic_ns=2**62))
    begun = replace(FULL, exercise=ExerciseTime(epoch=EPOCH, start_monotonic_ns=0))

    assert node_now(waiting) == EPOCH
    assert clock_of(waiting) is None
    assert node_now(ahead) == EPOCH
    assert node_now(begun) > EPOCH
    assert node_now(PLAIN) > EPOCH


def test_what_is_no_text_at_all_is_said_without_the_names_of_codecs(tmp_path):
    """Whoever saved the file in another encoding is told where it shows."""
    (tmp_path / "node.toml").write_bytes(b"v = 1 # caf\xe9")
    with pytest.raises(BadInput, match=r"node\.toml`:1: not UTF-8$"):
        load_node(tmp_path)
