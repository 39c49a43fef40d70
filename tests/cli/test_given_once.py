"""An option that takes one value is given once: no command takes the last of two."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from beaconfire.cli.commands import COMMANDS, run


def options(words: list[str], command: Any) -> Iterator[tuple[list[str], str]]:
    """Yield each option with one value under ``words``, with the words before it."""
    for name, below in getattr(command, "commands", {}).items():
        yield from options([*words, name], below)
    for one in command.params:
        if one.param_type_name == "option" and not (one.is_flag or one.multiple):
            yield words, max(one.opts, key=len)


def every_option() -> list[tuple[list[str], str]]:
    """Return the options with one value of all commands."""
    found: list[tuple[list[str], str]] = []
    for name, (module, _) in COMMANDS.items():
        app = importlib.import_module(f"beaconfire.cli.{module}").app
        found += options([name], typer.main.get_command(app))
    return found


def test_no_command_takes_the_last_of_two_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever names two recipients meant both, or mistyped: which, nobody guesses."""
    found = every_option()
    assert (["decide"], "--to") in found
    assert (["agreement", "approve"], "--agreement") in found
    for words, option in sorted(found):  # first a command that would change nothing
        code = run([*words, option, "one", f"{option}=two"])
        told = (
            f"beaconfire: `{option}` takes one value and is given twice: give it once\n"
        )
        assert (code, capsys.readouterr().err) == (2, told), (words, option)


def test_what_takes_several_values_takes_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Those of a list, a flag, and a word that stands at its own place."""
    words = ["consult", "ask", "--to", "JPN", "--to", "USA", "--json", "--json"]
    assert run(words) == 2
    assert "given" not in capsys.readouterr().err


def test_more_than_two_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence says what stands there."""
    assert run(["decide", "--at", "1", "--at", "2", "--at", "3"]) == 2
    assert "`--at` takes one value and is given 3 times" in capsys.readouterr().err
