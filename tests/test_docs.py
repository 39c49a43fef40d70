"""Documentation that cannot lie: what it names exists, what exists is named."""

import importlib.util
import re
import shlex
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from beaconfire.agreements.agreement import LASTING, OBLIGATIONS
from beaconfire.agreements.conditions import CONDITIONS
from beaconfire.agreements.text import parse_agreement
from beaconfire.cli import decide
from beaconfire.cli.commands import COMMANDS
from beaconfire.vocabulary.entries import BODIES

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
