"""Canvas: one look for all figures, and a figure as text that stands inside a page.

* Equal figures give equal text: ids are salted with the figure's name, and no date,
  path or version is written.
* Text stays text, so a reader can search and a screen reader can read it. Nothing in
  it is taken for a formula.
* Colours keep apart for colour-blind eyes; what is told by colour is also told by line
  or place.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

WIDTH_IN = 11.6

WITH = "#0b5fa5"
WITHOUT = "#c8691c"
INK = "#1c2733"
FAINT = "#8a94a0"
GRID = "#dfe4ea"
ALERT = "#a32a2a"
OUTCOME_COLOURS = {
    "delivered": "#2f7d5b",
    "refused": "#b0413e",
    "waiting": "#d0a215",
    "withdrawn": "#75629c",
    "sent-fate-unknown": "#30363d",
    "expired": "#9aa3ad",
}
LANE_COLOURS = {"notices": "#0b5fa5", "tracks": "#4a9c8c", "plots": "#8a6fb0"}

_LOOK = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "svg.fonttype": "none",
    "figure.dpi": 72,
}
_EDGE = 0.1  # of the axes' width
_USED = re.compile(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"")
_ID = re.compile(r" id=\"([^\"]+)\"")


@contextmanager
def look(name: str) -> Iterator[None]:
    """Draw in the house's look; ``name`` salts the ids of the figure."""
    with mpl.rc_context({**_LOOK, "svg.hashsalt": name}):
        yield


def new_figure(height_in: float, *, rows: int = 1, columns: int = 1) -> Figure:
    """Return an empty figure as wide as the page; a row's axes share their scale."""
    figure = Figure(figsize=(WIDTH_IN, height_in), layout="compressed")
    figure.subplots(rows, columns, squeeze=False, sharex=True, sharey="row")
    return figure


def as_svg(figure: Figure, *, name: str, title: str) -> str:
    """Return the figure as an ``svg`` element with its title for screen readers."""
    out = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    FigureCanvasSVG(figure).print_svg(out, metadata=nothing)
    drawn = out.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    head, rest = _own_ids(drawn, name).split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    label = escape(title, quote=True)
    return f'{head} role="img" aria-label="{label}">{rest}'


def _own_ids(drawn: str, name: str) -> str:
    """Keep the ids that are used, under the figure's name.

    Several figures share one page: their ids must not meet.
    """
    used = {one or other for one, other in _USED.findall(drawn)}

    def kept(found: re.Match[str]) -> str:
        return f' id="{name}-{found[1]}"' if found[1] in used else ""

    drawn = _ID.sub(kept, drawn)
    return re.sub(r"(url\(#|href=\"#)", rf"\g<1>{name}-", drawn)


def mark_instants(
    axes: Axes, instants: dict[str, float], *, label: bool = True
) -> None:
    """Draw a thin line at each named instant (seconds), with its name above the axes.

    The axes must have their limits: a name near an edge stands inside of it.
    """
    begin_s, end_s = axes.get_xlim()
    for name, t_s in instants.items():
        place = (t_s - begin_s) / (end_s - begin_s)
        side = "left" if place < _EDGE else "right" if place > 1.0 - _EDGE else "center"
        axes.axvline(t_s, color=FAINT, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
        if label:
            axes.annotate(
                name,
                (t_s, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 2),
                textcoords="offset points",
                ha=side,
                va="bottom",
                fontsize=7.5,
                color=FAINT,
            )


def ascii_only(text: str) -> str:
    """Return ``text`` as a drawn label may hold it: page text keeps every script."""
    return text.encode("ascii", "replace").decode()[:64]
