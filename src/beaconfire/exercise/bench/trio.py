"""Trio: one nation that gives to two, under a text with each, for measuring.

No shipped text lets plots go to two partners: that is what GSOMIA and TISA say. So the
bench brings two of its own, which say it is theirs; they are signed, read and decided
by like any other. Everything else is as in ``pair``.
"""

from pathlib import Path

from beaconfire.agreements.text import parse_agreement
from beaconfire.exercise.bench.pair import SENDER, stage_pair
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.staging import Staged
from beaconfire.runtime.agreement_files import AgreementFile
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

READER, STOPPED = "JPN", "USA"
PARTNERS = (READER, STOPPED)

_LEVELS = {
    "JPN": '"秘" = "CONFIDENTIAL"',
    "KOR": '"군사III급비밀" = "CONFIDENTIAL"',
    "USA": '"CONFIDENTIAL" = "CONFIDENTIAL"',
}
_TEXT = """\
id = "{id}"
title = "Plots between {one} and {other}, for a bench"
instrument = "Invented by `beaconfire bench suspend`: no such agreement is known."
parties = ["{one}", "{other}"]
in_force_from = "2020-01-01T00:00:00.000Z"

[levels.{one}]
{level_of_one}

[levels.{other}]
{level_of_other}

[[article]]
number = "1"
effect = "permit"
when = {{ originator_is_sender = true, body = [{bodies}] }}
obligations = ["seal-in-transit", "signed-receipt"]
rests_on = "Invented: what a nation's own sensors saw may go."

[[article]]
number = "2"
effect = "prohibit"
when = {{ status = "not-in-force" }}
rests_on = "Invented: it can be suspended, and then nothing goes."
"""
_BODIES = ("LaunchNotice", "Plots", "TrackProduct", "ImpactPrediction", "Retraction")


def agreement_with(partner: Party) -> str:
    """Return the id of the sender's agreement with ``partner``."""
    return f"bench-{SENDER.lower()}-{partner.lower()}"


def stage_trio(scenario: Scenario, out: Path, *, now: Instant) -> dict[Party, Staged]:
    """Make the three nodes under ``out``."""
    return stage_pair(
        scenario,
        out,
        now=now,
        parties=(SENDER, *PARTNERS),
        texts=tuple(map(_text, PARTNERS)),
    )


def _text(partner: Party) -> AgreementFile:
    one, other = sorted((SENDER, partner))
    text = _TEXT.format(
        id=agreement_with(partner),
        one=one,
        other=other,
        level_of_one=_LEVELS[one],
        level_of_other=_LEVELS[other],
        bodies=", ".join(f'"{body}"' for body in _BODIES),
    )
    file = f"{agreement_with(partner)}.toml"
    return AgreementFile(
        agreement=parse_agreement(text, file=file), file=file, data=text.encode()
    )
