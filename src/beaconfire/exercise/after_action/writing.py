"""Writing: put the after-action report of one exercise into a folder.

``report.json``, ``report.html`` and ``journals/<PARTY>.jsonl``. The journals are
written first and the checker reads them back: what it judged is what lies there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from beaconfire.errors import BeaconfireError
from beaconfire.exercise.after_action.checker import Delivery, SentUnit, audit
from beaconfire.exercise.after_action.figures import Journals, exported, make_report
from beaconfire.exercise.after_action.page import render
from beaconfire.exercise.after_action.report import Mode, ProcessLine, Report
from beaconfire.exercise.after_action.story import tell
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.sky.flight import Flight
from beaconfire.seals import codec


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterAction:
    """What was written, and where. ``delivery`` tells more than the report holds."""

    report: Report
    delivery: Delivery
    report_json: Path
    report_html: Path
    journals: tuple[Path, ...]


def write_report(
    out_dir: Path,
    scenario: Scenario,
    seed: int,
    mode: Mode,
    *,
    journals: Journals,
    journals_without: Journals | None,
    flights: Sequence[Flight],
    processes: Sequence[ProcessLine] = (),
    speed: float = 1.0,
) -> AfterAction:
    """Write report, page and journals of a run into ``out_dir``; make it if need be.

    The arguments are those of ``figures.build_report``.

    Raises:
        BeaconfireError: the folder cannot be written.
    """
    try:
        written = _write_journals(out_dir / "journals", journals)
        audited = _audit(written)
        report = make_report(
            scenario,
            seed,
            mode,
            journals=journals,
            journals_without=journals_without,
            flights=flights,
            audited=audited,
            processes=processes,
            speed=speed,
        )
        story = tell(
            scenario,
            journals=journals,
            journals_without=journals_without,
            flights=flights,
            speed=speed,
        )
        page = render(report, audited[0], story)
        report_json, report_html = out_dir / "report.json", out_dir / "report.html"
        report_json.write_bytes(report_bytes(report))
        report_html.write_text(page, "utf-8")
    except OSError as error:
        message = f"cannot write the report into `{out_dir}`: {error.strerror}"
        raise BeaconfireError(message) from None
    return AfterAction(
        report=report,
        delivery=audited[0],
        report_json=report_json,
        report_html=report_html,
        journals=tuple(written.values()),
    )


def write_picture(path: Path, drawn: str) -> None:
    """Write one picture as a file of its own.

    Raises:
        BeaconfireError: it cannot be written there.
    """
    try:
        path.write_text(drawn, "utf-8")
    except OSError as error:
        message = f"cannot write the picture `{path}`: {error.strerror}"
        raise BeaconfireError(message) from None


def report_bytes(report: Report) -> bytes:
    """Return the bytes of ``report.json``: indented, in the order of the keys."""
    return msgspec.json.format(codec.encode(report), indent=1) + b"\n"


def _write_journals(folder: Path, journals: Journals) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[str, Path] = {}
    for party, lines in exported(journals).items():
        written[party] = folder / f"{party}.jsonl"
        with written[party].open("wb") as stream:
            for line in lines:
                assert isinstance(line, bytes)
                stream.write(line + b"\n")
    return written


def _audit(written: dict[str, Path]) -> tuple[Delivery, tuple[SentUnit, ...]]:
    streams = {party: path.open("rb") for party, path in written.items()}
    try:
        return audit(streams)
    finally:
        for stream in streams.values():
            stream.close()
