"""The walls of the house: arrows, sizes, bans, and documentation that cannot lie.

Moving a wall takes a decision record (``docs/adr``), not an exception here.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "beaconfire"
TESTS = ROOT / "tests"

MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
PUBLIC_NAMES_MAX = 25

MODULES = sorted(SOURCE.rglob("*.py"))
TEST_MODULES = sorted(TESTS.rglob("*.py"))

# (what must not stand, where it may all the same, what to use instead)
BANS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (r"\bdatetime\.(now|utcnow|today)\b", (), "take `at` as an argument"),
    (
        r"\btime\.(time|time_ns|monotonic|monotonic_ns|sleep)\b",
        ("runtime/", "exercise/", "cli/"),
        "take `at` as an argument; clocks live in runtime/clock.py",
    ),
    (
        r"^\s*(import random|from random)\b|\brandom\.(random|choice|randint)\b",
        ("exercise/",),
        "draw from a generator that is given",
    ),
    (r"except\s*:|except (Base)?Exception\b", (), "name it"),
    (r"(?<![\w.])print\(", (), "use typer.echo or rich, in cli/ alone"),
    (r"\bos\.environ\b|\bgetenv\b", ("runtime/", "exercise/", "cli/"), "an argument"),
    (r"\b(TODO|FIXME|XXX)\b", (), "finish it"),
    (r"NotImplementedError", (), "build it, or leave it out"),
)
BANNED_WORDS = ("util", "helper", "manager", "common", "misc")


def relative(path: Path) -> str:
    """Return the path inside the package, with forward slashes."""
    return path.relative_to(SOURCE).as_posix()


def functions(
    tree: ast.AST,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def parsed(path: Path) -> ast.Module:
    """Return a module's tree."""
    return ast.parse(path.read_text("utf-8"))


def test_the_arrows_run_one_way():
    """Layers, stages that meet only in the journal, and NATS at the edge."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]


def test_a_planted_violation_breaks_the_arrows(tmp_path):
    """The contracts can fail: a stage that imports another is reported."""
    tree = tmp_path / "src" / "beaconfire"
    for path in MODULES:
        copy = tree / path.relative_to(SOURCE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text("utf-8"), "utf-8")
    with (tree / "stages" / "desk.py").open("a", encoding="utf-8") as stream:
        stream.write("\nimport beaconfire.stages.release\n")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    code = (
        "import sys; sys.path.insert(0, 'src'); "
        "from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(no_cache=True))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, result.stdout[-2000:] + result.stderr[-2000:]
    assert "Stages meet only in the journal BROKEN" in result.stdout


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_small_and_says_what_it_guarantees(path):
    """Five hundred lines at most, and a docstring that opens it."""
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= MODULE_LINES_MAX
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "say what this module guarantees"


@pytest.mark.parametrize("path", MODULES + TEST_MODULES, ids=lambda p: p.stem)
def test_a_function_fits_on_a_page(path):
    """Seventy lines at most, decorators and docstring counted."""
    for function in functions(parsed(path)):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        assert lines <= FUNCTION_LINES_MAX, f"{function.name}: {lines} lines"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_nothing_banned_stands_in_the_source(path):
    """Clocks, chance, blanket excepts and unfinished marks have their places."""
    for pattern, allowed, instead in BANS:
        if relative(path).startswith(allowed) and allowed:
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            assert not re.search(pattern, line), f"line {number}: {instead}"


def test_file_names_say_what_is_inside():
    """No file is named after the lack of an idea."""
    for path in MODULES:
        assert not any(word in path.stem for word in BANNED_WORDS), relative(path)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_stand_at_the_top(path):
    """An import inside a function hides an arrow."""
    for function in functions(parsed(path)):
        for node in ast.walk(function):
            assert not isinstance(node, ast.Import | ast.ImportFrom), function.name


def test_the_vocabulary_has_no_untyped_bags():
    """`Any` in the vocabulary would be a hole that a label leaks through."""
    for path in sorted((SOURCE / "vocabulary").rglob("*.py")):
        names = {n.id for n in ast.walk(parsed(path)) if isinstance(n, ast.Name)}
        assert "Any" not in names, relative(path)


def calls_and_aliases(path: Path) -> Iterator[str]:
    """Yield what a module calls, by its last name, and what it renames."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if alias.asname)


def test_only_the_decision_gives_leave_to_send():
    """Nothing but agreements/decision.py constructs one of the three answers."""
    for path in MODULES:
        if relative(path) != "agreements/decision.py":
            made = {"Release", "Refusal", "Deferral"} & {*calls_and_aliases(path)}
            assert not made, f"{relative(path)}: {made}"


@pytest.mark.parametrize(
    "line",
    [
        "Release(item=1)",
        "decision.Release(item=1)",
        "from beaconfire.agreements.answer import Release as Leave",
    ],
)
def test_a_planted_leave_is_found(tmp_path, line):
    """However it is written: by its name, by its module's, or under another."""
    path = tmp_path / "planted.py"
    path.write_text(line)
    assert "Release" in {*calls_and_aliases(path)}


def test_below_the_runtime_nothing_touches_the_world():
    """No clock, socket, file or environment in what decides and computes.

    The journal's line to its server is the one exception that the architecture names.
    """
    banned = {"socket", "asyncio", "os", "pathlib", "time", "subprocess", "io", "sys"}
    pure = "stages agreements estimation formats journal seals vocabulary"
    for folder in pure.split():
        for path in sorted((SOURCE / folder).rglob("*.py")):
            if relative(path) == "journal/jetstream.py":
                continue
            for node in ast.walk(parsed(path)):
                if isinstance(node, ast.Import):
                    names = {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    names = {(node.module or "").split(".")[0]}
                else:
                    continue
                assert not names & banned, f"{relative(path)}: {names & banned}"


def test_a_bound_of_a_pure_module_says_why():
    """Behind it, above it, or above the block of constants in which it stands."""
    listed = (ROOT / "docs" / "reference" / "limits.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w/]+\.py)` \| `(\w+)` \| .* \|(.*)\|$", listed, re.M)
    assert {path.split("/")[0] for path, _, _ in rows} >= {"stages", "agreements"}
    assert [row for row in rows if not row[2].strip()] == []


def test_the_package_shows_few_names():
    """What is public is what is documented; the package itself exports little."""
    tree = parsed(SOURCE / "__init__.py")
    names = [n for n in ast.walk(tree) if isinstance(n, ast.alias)]
    assert len(names) <= PUBLIC_NAMES_MAX


@pytest.mark.parametrize("path", TEST_MODULES, ids=lambda p: p.stem)
def test_every_test_defends_a_rule(path):
    """A test's name is a claim, its docstring the rule it defends."""
    for function in functions(parsed(path)):
        if function.name.startswith("test_"):
            assert ast.get_docstring(function), function.name


def test_no_address_or_path_of_a_machine_is_written_down():
    """Locks carry hashes and no registry; files name no machine's folders."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    registry = re.compile(r"index[-]url|https?://\S*/simple\b|\"resolved\": *\"http")
    machine = re.compile(r"(?<![\w.~-])/(home|root|work)/[A-Za-z0-9_.]+")
    for name in listed:
        path = ROOT / name
        if name == "tests/test_house.py" or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", "ignore")
        found = [m[0] for m in registry.finditer(text)]
        assert not found, f"{name}: {found[:3]}"
        assert not machine.search(text), name
