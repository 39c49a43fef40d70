"""Commands: the table of commands, and the one place where errors become exit codes.

Only the module of the command that was asked for is imported, so that `decide` does
not load what `estimate` needs. Told to end, a command stops what it started first
(``runtime.ending``). Exit codes: 0 done, 1 failed, 2 bad input or usage,
3 refused or does not close, 4 node not reachable.
"""

import contextlib
import difflib
import importlib
import sys
from importlib import metadata
from typing import NoReturn

import typer
from typer.exceptions import Abort, TyperException

from beaconfire.cli.given_once import give_once
from beaconfire.cli.printing import put
from beaconfire.errors import BadInput, BeaconfireError
from beaconfire.runtime import ending

_INTERRUPTED = 130  # what typer makes of an interrupt; it is no exit code of ours

# name: (module, what it does)
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "three nations on this machine, a published launch, live"),
    "exercise": ("exercise", "list scenarios, run one, write its report"),
    "node": ("node", "make a node, run it, issue its card"),
    "partner": (
        "partner",
        "admit a partner by its card and fingerprint; revoke its card",
    ),
    "agreement": ("agreement_all", "read, compare, sign; suspend, restore, notice …"),
    "consult": ("consult", "ask a party before an act that affects it; answer one"),
    "retract": ("retract", "take back an item of ours that was wrong"),
    "decide": ("decide", "may this item go to this partner, and by which articles?"),
    "estimate": ("estimate", "launch point, flight path, impact area from plots"),
    "flight": ("flight", "does the arithmetic of an announced flight close?"),
    "journal": (
        "journal",
        "verify or export a node's journal; list what was withheld or is in doubt",
    ),
    "bench": ("bench", "measure speed and accuracy, beside their goals"),
}


def main() -> NoReturn:
    """Run the command that the arguments name, and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; return its exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        put(overview())
        return 0 if arguments else BadInput.exit_code
    if arguments[0] == "--version":
        put(f"beaconfire {metadata.version('beaconfire')}")
        return 0
    try:
        with ending.as_interrupt():
            return _dispatch(arguments[0], arguments[1:])
    except BeaconfireError as error:
        put(f"beaconfire: {error}", err=True)
        return error.exit_code
    except TyperException as error:
        put(f"beaconfire: {_lower(error.format_message())}", err=True)
        return BadInput.exit_code
    except (KeyboardInterrupt, Abort):
        put("beaconfire: stopped", err=True)
        return BeaconfireError.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone; that is theirs to do.
        sys.stderr.close()
        return 0
    except OSError as error:
        # The machine refuses what no command foresaw, as a full disk does.
        about = f"`{error.filename}`: " if error.filename else ""
        said = _lower(error.strerror or "the system gave no reason")
        put(f"beaconfire: cannot go on: {about}{said}", err=True)
        # What could not be written is written again at exit, and would fail again.
        with contextlib.suppress(OSError):
            sys.stdout.close()
        return BeaconfireError.exit_code


def overview() -> str:
    """Return the list of commands as people read it."""
    width = max(map(len, COMMANDS))
    lines = ["beaconfire: launch warnings shared as far as a signed text says", ""]
    lines += [f"  {name:<{width}}  {what}" for name, (_, what) in COMMANDS.items()]
    lines += ["", "`beaconfire COMMAND --help` says the rest."]
    return "\n".join(lines)


def _dispatch(name: str, arguments: list[str]) -> int:
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean `{near[0]}`?" if near else "see `beaconfire --help`"
        message = f"there is no command `{name[:32]}`: {hint}"
        raise BadInput(message)
    module = importlib.import_module(f"beaconfire.cli.{COMMANDS[name][0]}")
    command = typer.main.get_command(module.app)
    give_once(command)
    result = command.main(
        arguments, prog_name=f"beaconfire {name}", standalone_mode=False
    )
    if result == _INTERRUPTED:
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")
