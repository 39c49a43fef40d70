"""The command line: one module a command; it parses, calls, prints, decides nothing."""

from beaconfire.cli.commands import main

__all__ = ["main"]
