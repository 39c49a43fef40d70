"""Said: a command run in this process, and what it printed on either stream."""

import contextlib
import io
import json

from beaconfire.cli.commands import run


def said(*words):
    """Run one command; return its exit code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(word) for word in words])
    return code, out.getvalue(), err.getvalue()


def one_value(*words):
    """Run a command that must succeed with `--json`; return the one value it printed.

    Exactly one: a second would make this fail, and so would a remark.
    """
    code, out, err = said(*words, "--json")
    assert code == 0, err
    assert out.count("\n") == 1
    return json.loads(out)
