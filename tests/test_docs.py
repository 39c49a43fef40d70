"""Documentation that cannot lie: what it names exists, what exists is named."""

import base64
import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import typing
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from beaconfire.agreements.agreement import LASTING, OBLIGATIONS
from beaconfire.agreements.conditions import CONDITIONS
from beaconfire.agreements.text import parse_agreement
from beaconfire.cli import decide
from beaconfire.cli.commands import COMMANDS
from beaconfire.exercise.scenario_parts import Act
from beaconfire.vocabulary.entries import BODIES
from tests.runtime.walk import RunningNode, free_port

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def page_id(path):
    """Name a page in a test's id."""
    return path.relative_to(ROOT).as_posix()


def reference():
    """Load the generator of the reference."""
    path = ROOT / "tools" / "reference.py"
    sys.path.insert(0, str(path.parent))  # as when it runs as a script
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shell_commands(path):
    """Return every beaconfire command line that a page shows, joined over breaks."""
    for language, text in BLOCK.findall(path.read_text("utf-8")):
        if language not in ("sh", "console", "bash", ""):
            continue
        for line in text.replace("\\\n", " ").splitlines():
            words = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
            if words.startswith("beaconfire "):
                yield words


def test_the_generated_reference_is_what_the_code_says(tmp_path):
    """Commands, limits and schemas: `make docs` writes them, nobody edits them."""
    reference().main(tmp_path)
    for fresh in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        name = fresh.relative_to(tmp_path)
        kept = ROOT / "docs" / "reference" / name
        assert kept.read_text("utf-8") == fresh.read_text("utf-8"), f"make docs: {name}"


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_every_command_a_page_shows_exists_with_its_options(path):
    """A reader types what the page says; it must be taken."""
    for line in shell_commands(path):
        words = shlex.split(line, comments=True)[1:]
        name = words[0]
        assert name in COMMANDS or name.startswith("--"), line
        if name.startswith("--"):
            continue
        module = importlib.import_module(f"beaconfire.cli.{COMMANDS[name][0]}")
        command = typer.main.get_command(module.app)
        if hasattr(command, "commands"):
            assert words[1] in command.commands, line
            command = command.commands[words[1]]
        known = {opt for p in command.params for opt in (*p.opts, *p.secondary_opts)}
        used = {word.split("=")[0] for word in words if word.startswith("--")}
        assert used - {"--help"} <= known, line


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_every_decision_that_a_page_asks_for_is_answered(path, monkeypatch):
    """Release or refusal, from the project's root: a reader types it as it stands."""
    monkeypatch.chdir(ROOT)
    for line in shell_commands(path):
        words = shlex.split(line, comments=True)[1:]
        if words[0] == "decide":
            answer = CliRunner().invoke(decide.app, words[1:])
            assert answer.exit_code in (0, 3), (line, answer.output)


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_every_link_inside_the_project_leads_somewhere(path):
    """A page that points at a file points at one that is there."""
    for target in LINK.findall(path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


def test_every_command_is_in_the_reference():
    """What can be typed is written down."""
    text = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
    for name in COMMANDS:
        assert f"## `beaconfire {name}`" in text


def test_what_every_command_prints_for_programs_is_in_the_reference():
    """Each by its words, and none that there is not."""
    text = (ROOT / "docs" / "reference" / "json.md").read_text("utf-8")
    orders, node, others = text.split("\n## ")[1:]
    listed = set(re.findall(r"`([a-z -]+)`", orders.partition("\n| key")[0]))
    verbs = re.findall(r"^\| (`.*?`) \|", others, re.MULTILINE)
    listed |= {word for row in verbs for word in re.findall(r"`([a-z -]+)`", row)}
    listed |= {"node run"} if "`node run --json`" in node else set()
    known = set()
    for name, (module, _) in COMMANDS.items():
        app = importlib.import_module(f"beaconfire.cli.{module}").app
        below = getattr(typer.main.get_command(app), "commands", None)
        known |= {name} if below is None else {f"{name} {sub}" for sub in below}
    # An order's family is said once before its verbs.
    families = {f"{name} {one}" for name in ("agreement", "consult") for one in listed}
    assert known - listed - families == set()
    assert {one for one in listed if " " in one} <= known


def test_every_option_in_the_reference_says_what_it_is_for():
    """Help without words helps nobody."""
    text = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
    assert not [
        line for line in text.splitlines() if re.fullmatch(r"\| `.*\|\s+\|", line)
    ]


def test_every_kind_of_entry_is_in_the_reference():
    """Whoever reads a journal finds each kind explained, once."""
    text = (ROOT / "docs" / "reference" / "wire.md").read_text("utf-8")
    _, _, journal = text.partition("## Journal entries")
    for kind in BODIES:
        assert journal.count(f"\n| `{kind}` |") == 1, kind


def test_every_decision_record_is_numbered_and_has_a_state():
    """Each has its own number, says whether it holds, and is in the index."""
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text("utf-8")
    records = sorted(set(folder.glob("*.md")) - {folder / "README.md"})
    assert index.count("\n| [") == len(records)
    numbers = [path.name.partition("-")[0] for path in records]
    assert len(set(numbers)) == len(numbers)
    for number, path in zip(numbers, records, strict=True):
        text = path.read_text("utf-8")
        assert re.fullmatch("[0-9]{4}", number)
        assert text.startswith(f"# {number}. ")
        assert "State: " in text
        title = text.partition("\n")[0].removeprefix(f"# {number}. ")
        assert f"| [{number}]({path.name}) | {title} |" in index


def test_every_condition_and_obligation_is_in_the_reference():
    """Whoever writes a text finds every word that it may use."""
    text = (ROOT / "docs" / "reference" / "conditions.md").read_text("utf-8")
    for name in (*CONDITIONS, *OBLIGATIONS, *LASTING):
        assert f"| `{name}` |" in text, name


def test_the_agreement_that_the_guide_shows_can_be_read():
    """The example is a text that the node would take."""
    guide = (ROOT / "docs" / "guides" / "agreements.md").read_text("utf-8")
    (text,) = [text for language, text in BLOCK.findall(guide) if language == "toml"]
    assert parse_agreement(text, file="guide").parties == ("JPN", "KOR")


def test_every_guide_that_types_commands_says_how_they_are_found():
    """Commands stand bare on a page; its head puts them on the path."""
    for path in sorted(ROOT.glob("docs/guides/*.md")):
        text = path.read_text("utf-8")
        if any(shell_commands(path)):
            assert re.search(r"^\. \.venv(-bench)?/bin/activate$", text, re.M), (
                path.name
            )


def test_every_act_of_a_scenario_is_in_its_guide():
    """Whoever writes a scenario finds all that a party can do."""
    guide = (ROOT / "docs" / "guides" / "scenarios.md").read_text("utf-8")
    (row,) = re.findall(r"^\| `act` \| (`suspend`.*?) \|", guide, re.M)
    acts = typing.get_args(typing.get_type_hints(Act)["act"])
    assert set(re.findall(r"`(.*?)`", row)) == set(acts)


class Reader:
    """Somebody who types what the guides show, in a folder of their own.

    Ports are free ones, fingerprints and ids are looked up, the radar sends ten plots
    instead of 75, and a node that is to run is started, or started again, till the end.
    """

    def __init__(self, place):
        self.place = place
        self.nodes = {}
        self.others = []
        self.ports = {}
        shutil.copytree(ROOT / "examples", place / "examples")
        plots = place / "examples" / "radar" / "plots.jsonl"
        plots.write_text("".join(plots.read_text().splitlines(keepends=True)[:10]))
        (place / ".venv" / "bin").mkdir(parents=True)
        (place / ".venv" / "bin" / "activate").touch()  # the path is set here:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = os.environ | {"PATH": path, "PYTHONPATH": "examples"}

    def reads(self, name):
        """Type every line of a guide, from its head to its end."""
        page = (ROOT / "docs" / "guides" / name).read_text("utf-8")
        for language, text in BLOCK.findall(page):
            if language == "toml" and text.startswith("[[sensor]]"):
                with (self.place / "jpn" / "node.toml").open("a") as stream:
                    stream.write(f"\n{text}")
            if language == "sh":
                for line in text.replace("\\\n", " ").splitlines():
                    self.types(line)

    def types(self, line):
        """Run one line; what it shows works, or is a decision that refuses."""
        line = re.sub(r"(?<=port )(\d+)", self.port, line)
        line = re.sub(r"FINGERPRINT-OF-(\w+)", self.fingerprint, line)
        line = line.replace("ITEM-ID", self.arrived() if "ITEM-ID" in line else "")
        if line.startswith("beaconfire node run --node "):
            self.runs_node(line.split()[-1])
        elif line.startswith("python -m other_node run "):
            self.others.append(subprocess.Popen(**self.shell(f"exec {line}")))
            assert self.others[-1].stdout.readline() == "ready\n"
        else:
            result = subprocess.run(**self.shell(line), timeout=120, check=False)
            said = result.stdout + result.stderr
            allowed = (0, 3) if line.startswith("beaconfire decide ") else (0,)
            assert result.returncode in allowed, f"{line}\n{said}"

    def shell(self, line):
        """Return how a line is run."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        words = {"args": ["sh", "-c", line], "cwd": self.place}
        return words | pipes | {"env": self.environment}

    def runs_node(self, name):
        """Start a node; one that runs is stopped first."""
        node = self.nodes.setdefault(name, RunningNode(self.place / name))
        if node.process is not None:
            node.stop()
        node.start()

    def port(self, found):
        """Return a free port for one that a guide names."""
        return str(self.ports.setdefault(found[1], free_port()))

    def fingerprint(self, found):
        """Return what is printed below the newest card of a party."""
        (card,) = (p for p in self.place.glob(f"*/{found[1]}.card"))
        party = json.loads(card.read_bytes())["card"]["payload"]
        root = base64.b64decode(json.loads(base64.b64decode(party))["root"])
        return hashlib.sha256(root).hexdigest()

    def arrived(self, node="kor", kind="JPN LaunchNotice"):
        """Return the id of what a partner told a node, once it is there."""
        line = f"beaconfire journal export {node} | python examples/radar/arrived.py"
        for _ in range(30):
            said = subprocess.run(**self.shell(line), timeout=60, check=True).stdout
            if found := re.search(rf"Z  (\w+)  {kind}", said):
                return found[1]
            time.sleep(0.5)
        raise AssertionError(said)

    def stops(self):
        """End all that was started, by its own id."""
        for other in self.others:
            other.send_signal(signal.SIGINT)
            other.communicate(timeout=30)
        for node in self.nodes.values():
            node.kill()


@pytest.fixture
def reader(tmp_path):
    """A reader who ends what they started."""
    reader = Reader(tmp_path)
    try:
        yield reader
    finally:
        reader.stops()


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.servers
def test_two_nodes_can_be_made_used_and_revoked_as_the_guides_say(reader):
    """What is typed works in the order in which it stands, with what is shipped."""
    for name in ("two-nodes.md", "agreements.md", "revoking.md"):
        reader.reads(name)
    held = subprocess.run(
        **reader.shell("beaconfire agreement list --node jpn"), check=True
    ).stdout
    assert re.search(r"^gsomia-jpn-kor-2016 +in force", held, re.M)


@pytest.mark.servers
def test_another_node_can_be_tried_as_its_guide_says(reader):
    """Each hears the other: a notice at Japan's node, plots at the small one."""
    reader.reads("another-node.md")
    assert reader.arrived("ours", "KOR LaunchNotice")
    heard = (reader.place / "theirs" / "heard.jsonl").read_text("utf-8")
    assert '"type": "Plots"' in heard
