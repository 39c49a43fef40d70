"""Remove or reverse each condition in ``agreements/``, one at a time: do tests notice?

    python tools/mutants.py [MODULE ...] [--list]      # or: make mutants

A mutant is one module with one change: a comparison reversed or moved by its bound, a
part of an `and` or `or` removed or the two exchanged, a `not` dropped, a test of an
`if` or a filter made always true or always false, `any` and `all` exchanged, a
returned truth turned round. Words, numbers and arithmetic are left alone: the tests
of each sentence are their own matter.

Each mutant runs the tests of its module in a process of its own, forked from one that
has imported everything else, and stops at the first that fails; those that killed
another one before are asked first. Prints a line a module
and every survivor. Exit code 1 if fewer than 95 % are killed, or a survivor is not in
the list of those explained (``docs/reference/mutants.md``).
"""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

# Imported once, for every child: what stands below agreements, and never these.
import beaconfire.seals.acts
import beaconfire.vocabulary.entries  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "beaconfire" / "agreements"
EXPLAINED = ROOT / "docs" / "reference" / "mutants.md"
KILLED_SHARE_MIN = 0.95
# A mutant that runs, waits or grows for ever is noticed by that: the tests of a module
# take 6 s of a processor at most, and 200 MiB.
CPU_S_MAX = 30
WAIT_S_MAX = 120
MEMORY_BYTES_MAX = 2**30

# The tests of each module, those that take the least time first.
_DECISION = ["decision_ways", "decision_standing", "decision_relay", "decision"]
_TEXT = ["agreement_text", "contradictions", "conditions", "library"]
TESTS = {
    "access": ["access"],
    "agreement": ["conditions", "ways", "answer", "lapse", *_DECISION, "library"],
    "amendment": ["amendment", "amendment_counted", "amending_circles"],
    "answer": ["answer", "consent", *_DECISION],
    "approval": ["decision_relay", "standing", "library"],
    "conditions": ["conditions", "records_asked", "consent", *_DECISION],
    "contradictions": ["contradictions", "agreement_text"],
    "consent": ["consent"],
    "consultation": ["consultation", "consent"],
    "consulting_rules": ["consultation", "consent"],
    "crossing": ["crossing", "stages/ingest_amending"],
    "custody": ["access"],
    "decision": ["answer", "consent", "restored", "trust", *_DECISION, "library"],
    "difference": ["difference"],
    "duties": ["register"],
    "entitled": ["telling_parties", "standing", "register", "status"],
    "lapse": ["lapse", "records_asked", "consent", "trust", "remembered"],
    "lines": ["lines", *_TEXT],
    "marking": ["marking"],
    "matrix": ["difference"],
    "memo": ["remembered"],
    "purpose": ["records_asked"],
    "question": ["conditions"],
    "record_conditions": ["records_asked"],
    "register": [
        *("register", "amendment", "amendment_counted"),
        *("records_asked", "access"),
    ],
    "remembered": ["remembered"],
    "restored": ["restored"],
    "standing": [
        *("standing", "status", "decision_relay", "register"),
        *("stages/ingest_approvals", "stages/acts_told"),
    ],
    "statements": ["consultation", "consent"],
    "status": [
        *("status", "amendment", "amendment_counted"),
        *("standing", "decision_standing", "lapse"),
    ],
    "term": ["status", "standing"],
    "text": [*_TEXT, "agreement_text_whatever"],
    "trust": ["trust", "stages/revoking"],
    "values": ["values", *_TEXT, "agreement_text_whatever"],
    "view": ["view", "standing", "status"],
    "ways": ["ways", *_DECISION],
}

_REVERSED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_MOVED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}


def changes(tree: ast.Module) -> Iterator[tuple[ast.expr, ast.expr, str]]:
    """Yield (what stands there, what instead, in words) for every change."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            for what, table in (("reversed", _REVERSED), ("moved", _MOVED)):
                kind = table.get(type(node.ops[0]))
                if kind is not None:
                    instead = ast.Compare(node.left, [kind()], node.comparators)
                    yield node, instead, what
        elif isinstance(node, ast.BoolOp):
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield node, ast.BoolOp(other, node.values), "and/or exchanged"
            for place in range(len(node.values)):
                left = [v for at, v in enumerate(node.values) if at != place]
                rest = left[0] if len(left) == 1 else ast.BoolOp(node.op, left)
                yield node, rest, f"part {place + 1} removed"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield node, node.operand, "not dropped"
        elif isinstance(node, ast.If | ast.IfExp):
            yield from _always(node.test)
        elif isinstance(node, ast.comprehension):
            for test in node.ifs:
                yield from _always(test)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            swap = {"any": "all", "all": "any"}.get(node.func.id)
            if swap:
                yield node.func, ast.Name(swap, ast.Load()), f"{swap} instead"
        elif (
            isinstance(node, ast.Return)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, bool)
        ):
            yield node.value, ast.Constant(not node.value.value), "turned round"


def _always(test: ast.expr) -> Iterator[tuple[ast.expr, ast.expr, str]]:
    for value in (True, False):
        yield test, ast.Constant(value), f"always {str(value).lower()}"


class Swap(ast.NodeTransformer):
    """Puts one expression in the place of another."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Return the tree with the one change."""
        if node is self.old:
            return ast.copy_location(self.new, node)
        return self.generic_visit(node)


def names(module: str) -> list[str]:
    """Return the name of each mutant of a module, all different."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text("utf-8"))
    where = _functions(tree)
    found: list[str] = []
    seen: dict[str, int] = {}
    for old, _, what in changes(tree):
        told = " ".join(ast.unparse(old).split())
        name = f"{module}.{where.get(id(old), '')}: `{told}` {what}"
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def mutants(module: str) -> list[tuple[str, str]]:
    """Return (name, changed source) of each mutant of a module."""
    source = (PACKAGE / f"{module}.py").read_text("utf-8")
    found: list[tuple[str, str]] = []
    for place, name in enumerate(names(module)):
        tree = ast.parse(source)
        old, new, _ = list(changes(tree))[place]
        changed = ast.fix_missing_locations(Swap(old, new).visit(tree))
        found.append((name, ast.unparse(changed)))
    return found


def explained() -> set[str]:
    """Return the names of the survivors that the page explains."""
    return set(re.findall(r"^\* (.+)$", EXPLAINED.read_text("utf-8"), re.M))


def _functions(tree: ast.Module) -> dict[int, str]:
    """Return the name of the function around each node, by the node's identity."""
    around: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            for inner in ast.walk(node):
                outer = around.get(id(inner), "")
                around[id(inner)] = f"{outer}.{node.name}".strip(".")
    return around


class Changed(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Loads one module from a changed source."""

    def __init__(self, module: str, source: str) -> None:
        self.name = f"beaconfire.agreements.{module}"
        self.source = source

    def find_spec(
        self, name: str, path: object, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Answer for that module alone."""
        if name != self.name:
            return None
        return importlib.util.spec_from_loader(name, self)

    def get_filename(self, fullname: str) -> str:
        """Return where its unchanged form stands, for tracebacks."""
        return str(PACKAGE / f"{fullname.rpartition('.')[2]}.py")

    def get_data(self, path: str) -> bytes:
        """Return the changed source."""
        return self.source.encode()


class KillersFirst:
    """Puts the tests that failed before in front, and says which one fails."""

    def __init__(self, killers: dict[str, int], told: int) -> None:
        self.killers, self.told = killers, told

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Sort them by how many mutants each has killed; the rest stay in order."""
        items.sort(key=lambda item: -self.killers.get(item.nodeid, 0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell the name of what fails."""
        if report.failed:
            os.write(self.told, report.nodeid.encode())


def survives(
    module: str, source: str, tests: list[Path], killers: dict[str, int]
) -> bool:
    """Return whether the tests pass with the changed module; count who killed it."""
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(WAIT_S_MAX)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S_MAX, CPU_S_MAX))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
        sys.meta_path.insert(0, Changed(module, source))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        # Assertions are not rewritten: nobody reads how a mutant fails.
        arguments = ["-x", "-q", "-p", "no:cacheprovider", "--assert=plain"]
        plugins = [KillersFirst(killers, told)]
        code = pytest.main([*arguments, *map(str, tests)], plugins=plugins)
        os._exit(0 if code == 0 else 1)
    os.close(told)
    with os.fdopen(heard, "rb") as pipe:
        killer = pipe.read().decode()
    if killer:
        killers[killer] = killers.get(killer, 0) + 1
    _, status = os.waitpid(child, 0)
    return status == 0


def tests_of(module: str) -> list[Path]:
    """Return the test modules of a module, in the order in which they are asked."""
    folder = ROOT / "tests" / "agreements"
    paths = []
    for name in TESTS[module]:
        place, _, stem = name.rpartition("/")
        paths.append((folder.parent / place if place else folder) / f"test_{stem}.py")
    return paths


def main(arguments: list[str]) -> int:
    """Try every mutant of the modules named, or of all."""
    every = sorted(p.stem for p in PACKAGE.glob("*.py") if p.stem != "__init__")
    chosen = [name for name in arguments if not name.startswith("--")] or every
    if "--list" in arguments:
        for module in chosen:
            for name in names(module):
                sys.stdout.write(f"{name}\n")
        return 0
    hypothesis.settings.register_profile(
        "mutants",
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    )
    hypothesis.settings.load_profile("mutants")
    os.chdir(ROOT)
    known = explained()
    total, alive = 0, []
    for module in chosen:
        unchanged = (PACKAGE / f"{module}.py").read_text("utf-8")
        tests, killers = tests_of(module), dict[str, int]()
        if not survives(module, unchanged, tests, killers):
            sys.stdout.write(f"{module}: its tests fail without any change\n")
            return 1
        made = mutants(module)
        left = [
            name for name, source in made if survives(module, source, tests, killers)
        ]
        total += len(made)
        alive += left
        sys.stdout.write(f"{module}: {len(made) - len(left)} of {len(made)} killed\n")
        for name in left:
            mark = "explained" if name in known else "SURVIVES"
            sys.stdout.write(f"  {mark}: {name}\n")
        sys.stdout.flush()
    killed = (total - len(alive)) / total
    sys.stdout.write(f"{total - len(alive)} of {total} killed, {killed:.1%}\n")
    unexplained = [name for name in alive if name not in known]
    return 1 if killed < KILLED_SHARE_MIN or unexplained else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
