"""All of ``beaconfire agreement``: its subcommands, which stand in several modules."""

from beaconfire.cli import agreement_acts, agreement_explain, agreement_records
from beaconfire.cli.agreement import app

__all__ = ["agreement_acts", "agreement_explain", "agreement_records", "app"]
