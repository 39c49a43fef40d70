"""The mutant tool knows every module of agreements; its page tells of today's code."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tool():
    """Load the tool that `make mutants` runs."""
    path = ROOT / "tools" / "mutants.py"
    spec = importlib.util.spec_from_file_location("mutants", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_module_of_agreements_names_the_tests_that_should_notice():
    """A new module must not stop the run, nor a test that was moved be passed over."""
    made = tool()
    modules = {path.stem for path in made.PACKAGE.glob("*.py")} - {"__init__"}
    assert set(made.TESTS) == modules
    missing = [p for name in modules for p in made.tests_of(name) if not p.is_file()]
    assert missing == []


def test_every_survivor_that_is_explained_is_still_a_mutant():
    """An explanation of code that has changed explains nothing."""
    made = tool()
    told = made.explained()
    assert told
    modules = {name.partition(".")[0] for name in told}
    assert told - {one for module in modules for one in made.names(module)} == set()
