"""Errors: what went wrong, sorted by who can act.

::

    BeaconfireError          exit 1   something failed; the operator acts
    ├── BadInput             exit 2   what was written or sent is wrong; its author acts
    ├── Refused              exit 3   a rule says no, or the arithmetic does not close
    ├── NotReachable         exit 4   the node, or a server it needs, does not answer
    └── NoLongerWriter       exit 1   another process writes this journal; stop

Messages are for the person who can act: what, where, what to do; lower case, input
in backticks, no full stop, never the name of a Python type. A programming mistake is
an ``AssertionError`` or a ``RuntimeError`` and is never caught here, so that it cannot
look like somebody's bad input.
"""

from typing import ClassVar


class BeaconfireError(Exception):
    """Something failed that a person can act on; the message says how."""

    exit_code: ClassVar[int] = 1


class BadInput(BeaconfireError):
    """A file, line, message or argument is wrong; its author can mend it."""

    exit_code: ClassVar[int] = 2


class Refused(BeaconfireError):
    """A rule forbids it; the articles or conditions are named in the message."""

    exit_code: ClassVar[int] = 3


class NotReachable(BeaconfireError):
    """The node or a server does not answer; nothing was changed."""

    exit_code: ClassVar[int] = 4


class NoLongerWriter(BeaconfireError):
    """Another writer has appended to this journal; this process must stop."""
