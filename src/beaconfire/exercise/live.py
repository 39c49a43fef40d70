"""Live: the picture of all nations in a terminal, or plain lines where there is none.

Draws what ``picture`` folded, several times a second, and owns nothing else.

* A frame is never taller than the terminal, and the newest news is always in it: the
  nations are told in fewer words, and old news goes, before new news does.
* A terminal too low for any frame gets plain lines, as one that is none.
* Text from journals is shown as text: no markup in a partner's words is ever obeyed.
"""

import math
from collections import deque
from collections.abc import Iterator
from types import TracebackType

from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from beaconfire.exercise.picture import Nation, Picture
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.told import clock, instant
from beaconfire.vocabulary.motion import ImpactArea
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.printable import printable
from beaconfire.vocabulary.times import Instant

NEWS_KEPT = 30  # more than a tall terminal shows below its panels
NEWS_ROWS_MIN = 6  # rows; the nations are told in fewer words before news has fewer
NATION_WIDTH_MIN = 44  # below it a nation's panel wraps its articles to death
FRAME_HEIGHT_MIN = 6  # rows: below it a frame has no room for news, lines have
WHOLE_KM2 = 10.0
ROWS_SHOWN = (6, 4, 2, 1)  # of releases and receipts in a panel, the most that fit

_Row = list[Segment]


class LiveView:
    """Shows a picture while an exercise runs; use as a context."""

    def __init__(self, scenario: Scenario, console: Console) -> None:
        """Plain lines are written where ``console`` is no terminal, or too low."""
        self._scenario = scenario
        self._console = console
        self._lift_off = scenario.lift_off(scenario.launch[0])
        self._news: deque[tuple[Instant, Party, str]] = deque(maxlen=NEWS_KEPT)
        self._live: Live | None = None
        if console.is_terminal and console.height >= FRAME_HEIGHT_MIN:
            self._live = Live(
                console=console, auto_refresh=False, transient=False, screen=False
            )

    def __enter__(self) -> "LiveView":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, picture: Picture, at: Instant) -> bool:
        """Show the picture at exercise time ``at``; return whether anything was."""
        news = picture.take_news()
        self._news.extend(news)
        if self._live is not None:
            self._live.update(self.frame(picture, at), refresh=True)
            return True
        for when, party, text in news:
            line = _text(f"{self._clock(when)}  {party}  {text}")
            self._console.print(line, soft_wrap=True)
        return bool(news)

    def frame(self, picture: Picture, at: Instant) -> RenderableType:
        """Return the picture as rows, as many as the terminal has at most."""
        head = Text.assemble(
            (f" {self._scenario.status} ", "bold black on yellow"),
            f"  {self._scenario.name}  ",
            (self._clock(at), "bold"),
            f"  {instant(at)}",
            no_wrap=True,
            overflow="ellipsis",
        )
        rows = self._rows(head)
        left = self._console.height - len(rows)
        wanted = min(NEWS_ROWS_MIN, len(self._news_rows(NEWS_ROWS_MIN)))
        for form in self._forms(picture, at):
            body = self._rows(form)
            if len(body) + wanted <= left:
                rows += body
                left -= len(body)
                break
        rows += self._news_rows(left)
        ended = [[*row, Segment.line()] for row in rows]
        ended[-1].pop()  # a last line feed would scroll the head away
        return Segments([segment for row in ended for segment in row])

    def _clock(self, at: Instant) -> str:
        return clock(at, self._lift_off)

    def _forms(self, picture: Picture, at: Instant) -> Iterator[RenderableType]:
        """Yield the nations in ever fewer words."""
        nations = tuple(picture.nations.values())
        width = self._console.width // max(1, len(nations)) - 2
        if width >= NATION_WIDTH_MIN:
            for shown in ROWS_SHOWN:
                panels = [self._nation(one, at, width, shown) for one in nations]
                yield Columns(panels, expand=True)
        yield self._table(nations, at)

    def _news_rows(self, count: int) -> list[_Row]:
        """Return the newest news in ``count`` rows: the oldest goes first."""
        feed: list[_Row] = []
        for when, party, text in reversed(self._news):
            line = Table.grid(padding=(0, 1))
            line.add_row(self._clock(when), Text(party, "bold"), _text(text))
            told = self._rows(line)
            if len(feed) + len(told) > count:
                # The newest is always told, if only how it begins.
                return feed or told[:count]
            feed = told + feed
        return feed

    def _rows(self, shown: RenderableType) -> list[_Row]:
        return self._console.render_lines(shown, pad=False)

    def _table(self, nations: tuple[Nation, ...], at: Instant) -> Table:
        """Return the short form, for a terminal that has no room for panels."""
        table = Table(expand=True, pad_edge=False)
        for title in ("", "launch", "impact", "sent", "agreements"):
            table.add_column(title, overflow="fold")
        for nation in nations:
            table.add_row(
                Text(nation.party, "bold"),
                self._launch(nation),
                self._impact(nation, at),
                Text(
                    f"{nation.released.total()} released, "
                    f"{nation.refused.total()} refused"
                ),
                _agreements(nation),
            )
        return table

    def _nation(self, nation: Nation, at: Instant, width: int, shown: int) -> Panel:
        grid = Table.grid(padding=(0, 1))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row("launch", self._launch(nation))
        grid.add_row("phase", nation.phase)
        grid.add_row("impact", self._impact(nation, at))
        grid.add_row("warning", _text(nation.alert or "no draft yet"))
        grid.add_row("links", _links(nation))
        grid.add_row("agreements", _agreements(nation))
        for (to, form, articles), count in nation.released.most_common(shown):
            grid.add_row("released", _text(f"{count:5d} {form} → {to}  {articles}"))
        for (to, form, articles), count in nation.refused.most_common(2):
            why, _, _ = articles.partition("; ")  # what would help is in the news
            line = f"{count:5d} {form} → {to}  {why}"
            grid.add_row("refused", _text(line, "red"))
        for (origin, form), count in nation.received.most_common(shown):
            grid.add_row("received", _text(f"{count:5d} {form} of {origin}", "green"))
        if nation.quarantined or nation.withdrawn:
            line = f"{nation.quarantined} quarantined, {nation.withdrawn} withdrawn"
            grid.add_row("held back", _text(line, "yellow"))
        return Panel(grid, title=nation.party, width=width)

    def _launch(self, nation: Nation) -> Text:
        if nation.first_seen is None:
            return Text("none known", "dim")
        by = "own sensors" if nation.told_by == nation.party else nation.told_by
        return _text(f"known since {self._clock(nation.first_seen)}, by {by}")

    def _impact(self, nation: Nation, at: Instant) -> Text:
        area = nation.area
        if area is None:
            return Text("not predicted", "dim")
        left_s = area.time.seconds_since(at)
        when = f"in {left_s:4.0f} s" if left_s > 0 else "passed"
        return Text(
            f"{area.lat_deg:.2f} N {area.lon_deg:.2f} E, {_size(area)} at 95 %, {when}",
            "bold",
        )


def _text(text: str, style: str = "") -> Text:
    # What strangers wrote stands in the sentences.
    return Text(printable(text), style)


def _size(area: ImpactArea) -> str:
    ellipse = area.ellipse95
    km2 = math.pi * ellipse.semi_major_m * ellipse.semi_minor_m / 1e6
    return f"{km2:,.0f} km²" if km2 >= WHOLE_KM2 else f"{km2:.2g} km²"


def _links(nation: Nation) -> Text:
    text = Text()
    for party, up in sorted(nation.links.items()):
        text.append(f"{party} ", "green" if up else "bold red")
        text.append("up  " if up else "down  ")
    return text or Text("none", "dim")


def _agreements(nation: Nation) -> Text:
    if not nation.suspended:
        return Text("none suspended", "green")
    return Text("suspended: " + ", ".join(sorted(nation.suspended)), "bold red")
