"""Live: the picture of all nations in a terminal, or plain lines where there is none.

Draws what ``picture`` folded, several times a second, and owns nothing else. Text from
journals is shown as text: no markup in a partner's words is ever obeyed.
"""

import math
from collections import deque
from types import TracebackType

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from beaconfire.exercise.picture import Nation, Picture
from beaconfire.exercise.scenario import Scenario
from beaconfire.vocabulary.motion import ImpactArea
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.printable import printable
from beaconfire.vocabulary.times import Instant

NEWS_SHOWN = 9
NATION_WIDTH_MIN = 44  # below it a nation's panel wraps its articles to death
HEIGHT_MIN = 40  # rows that panels and news take
WHOLE_KM2 = 10.0
ROWS_SHOWN = 6
PICTURES_PER_S = 5


class LiveView:
    """Shows a picture while an exercise runs; use as a context."""

    def __init__(self, scenario: Scenario, console: Console) -> None:
        """Plain lines are written where ``console`` is no terminal."""
        self._scenario = scenario
        self._console = console
        self._lift_off = scenario.lift_off(scenario.launch[0])
        self._news: deque[tuple[Instant, Party, str]] = deque(maxlen=NEWS_SHOWN)
        self._live: Live | None = None
        if console.is_terminal:
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

    def show(self, picture: Picture, at: Instant) -> None:
        """Show the picture as it is at exercise time ``at``."""
        news = picture.take_news()
        self._news.extend(news)
        if self._live is None:
            for when, party, text in news:
                self._console.print(
                    _text(f"{self._clock(when)}  {party}  {text}"), soft_wrap=True
                )
            return
        self._live.update(self._draw(picture, at), refresh=True)

    def _clock(self, at: Instant) -> str:
        seconds = at.seconds_since(self._lift_off)
        sign = "-" if seconds < 0 else "+"
        minutes, rest = divmod(math.floor(abs(seconds)), 60)
        return f"T{sign}{minutes:02d}:{rest:02d}"

    def _draw(self, picture: Picture, at: Instant) -> RenderableType:
        head = Text.assemble(
            (f" {self._scenario.status} ", "bold black on yellow"),
            f"  {self._scenario.name}  ",
            (self._clock(at), "bold"),
            f"  {at}",
        )
        feed = Table.grid(padding=(0, 1))
        for when, party, text in self._news:
            feed.add_row(self._clock(when), Text(party, "bold"), _text(text))
        nations = tuple(picture.nations.values())
        width = self._console.width // max(1, len(nations)) - 2
        if width < NATION_WIDTH_MIN or self._console.height < HEIGHT_MIN:
            return Group(head, self._table(nations, at), feed)
        panels = [self._nation(nation, at, width) for nation in nations]
        return Group(head, Columns(panels, expand=True), Panel(feed, title="news"))

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

    def _nation(self, nation: Nation, at: Instant, width: int) -> Panel:
        grid = Table.grid(padding=(0, 1))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row("launch", self._launch(nation))
        grid.add_row("phase", nation.phase)
        grid.add_row("impact", self._impact(nation, at))
        grid.add_row("warning", _text(nation.alert or "no draft yet"))
        grid.add_row("links", _links(nation))
        grid.add_row("agreements", _agreements(nation))
        for (to, form, articles), count in nation.released.most_common(ROWS_SHOWN):
            grid.add_row("released", Text(f"{count:5d} {form} → {to}  {articles}"))
        for (to, form, articles), count in nation.refused.most_common(2):
            line = f"{count:5d} {form} → {to}  {articles}"
            grid.add_row("refused", _text(line, "red"))
        for (origin, form), count in nation.received.most_common(ROWS_SHOWN):
            grid.add_row("received", Text(f"{count:5d} {form} of {origin}", "green"))
        if nation.quarantined or nation.withdrawn:
            line = f"{nation.quarantined} quarantined, {nation.withdrawn} withdrawn"
            grid.add_row("held back", _text(line, "yellow"))
        return Panel(grid, title=nation.party, width=width)

    def _launch(self, nation: Nation) -> Text:
        if nation.first_seen is None:
            return Text("none known", "dim")
        by = "own sensors" if nation.told_by == nation.party else nation.told_by
        return Text(f"known since {self._clock(nation.first_seen)}, by {by}")

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
