"""Pictures as inline SVG: same document, same bytes.

Colours become CSS variables of the page, so that one picture serves light and dark; text stays
text, so that it can be searched and read aloud.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from xml.sax.saxutils import escape

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

INK, FAINT, GRID, PAPER, ACCENT = "#010101", "#020202", "#030303", "#040404", "#050505"
VARIABLES = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    GRID: "var(--line)",
    PAPER: "var(--paper)",
    ACCENT: "var(--accent)",
}
"""Stand-ins that matplotlib can draw with, and the page's variables that replace them."""

KINDS = (
    ("baseline", "s", "#010201"),
    ("prompt", "D", "#010202"),
    ("icl", "o", "#010203"),
    ("lora", "^", "#010204"),
    ("qlora", "v", "#010205"),
)
OTHER = ("other", "P", "#010206")
POLICY = ("policy", "h", "#010207")
RANDOM = ("icl-random", "o", "#010208")
RETRIEVED = ("icl-retrieved", "8", "#010209")
POLICIES = (
    ("single", "o", "#010210"),
    ("mix", "h", "#010211"),
    ("cascade", "D", "#010212"),
    ("route", "s", "#010213"),
    ("cascade_route", "^", "#010214"),
)
"""Ways to answer with several candidates."""

STYLES = (*KINDS, OTHER, POLICY, RANDOM, RETRIEVED, *POLICIES)
"""Name, marker and the stand-in for the page's variable `--kind-NAME`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One drawing for one width of the page; `width` and `height` in inches of 72 points."""

    name: str
    width: float
    height: float
    font: float


@contextmanager
def drawing(format: Format) -> Iterator[Figure]:
    """An empty figure; what is drawn within the context has the page's fonts and colours."""
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": f"cosmosql-{format.name}",
        "text.parse_math": False,
        "font.family": "sans-serif",
        "font.size": format.font,
        "axes.edgecolor": GRID,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
    }
    with rc_context(settings):
        figure = Figure(figsize=(format.width, format.height), layout="constrained")
        figure.patch.set_alpha(0)
        yield figure


def plain(axes: Axes) -> None:
    """Leaves of an axes' frame what a reader needs: a faint grid and the line below."""
    axes.set_facecolor("none")
    axes.grid(True, which="major", color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def inline(figure: Figure, format: Format, *, title: str, description: str, style: str) -> str:
    """The `<svg>` element alone, its ids its own, its colours the page's, with title and text.
    `style` is its class, which the page shows or hides by the format's name."""
    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    body = svg[svg.index("<svg") :].strip()
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{format.name}-', body)
    body = re.sub(r'href="#', f'href="#{format.name}-', body)
    body = re.sub(r"url\(#", f"url(#{format.name}-", body)
    for stand_in, variable in VARIABLES.items():
        body = body.replace(stand_in, variable)
    for kind, _, colour in STYLES:
        body = body.replace(colour, f"var(--kind-{kind})")
    body = re.sub(r"font-family: [^;\"]*", "font-family: var(--sans)", body)
    body = re.sub(r"font: ([^;\"]*px) [^;\"]*", r"font: \1 var(--sans)", body)
    tag_end = body.index(">")
    view_box = re.search(r'viewBox="[^"]*"', body)
    opening = (
        f'<svg class="{style}" {view_box.group(0) if view_box else ""} role="img" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'aria-labelledby="{format.name}-title {format.name}-description">\n'
        f'<title id="{format.name}-title">{escape(title)}</title>\n'
        f'<desc id="{format.name}-description">{escape(description)}</desc>'
    )
    return opening + body[tag_end + 1 :]


def ring(axes: Axes, x: float, y: float) -> None:
    """Around the mark of what was chosen."""
    axes.plot(
        [x],
        [y],
        marker="o",
        markersize=18,
        markerfacecolor="none",
        markeredgecolor=ACCENT,
        markeredgewidth=1.4,
        linestyle="none",
        zorder=5,
    )


def hollow(size: float) -> Line2D:
    """The legend's mark of what was predicted, not measured."""
    return Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        markerfacecolor=PAPER,
        markeredgecolor=FAINT,
        label="hollow: predicted",
        markersize=size,
    )
