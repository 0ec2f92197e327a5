"""Documents as pages, from the document alone: `NAME.report.html` and `NAME.report.md` of a plan,
`NAME.backtest.html` of a backtest."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cosmosql.artifact.backtest import BacktestDocument
from cosmosql.artifact.plan import PlanDocument
from cosmosql.report.backtest import backtest_view
from cosmosql.report.backtest_figures import omitted, pictures
from cosmosql.report.band_figures import band_pictures
from cosmosql.report.calibration_figures import calibration_pictures
from cosmosql.report.figure import NARROW, WIDE, frontier
from cosmosql.report.policy_figures import policy_pictures
from cosmosql.report.view import view

TEMPLATES = Path(__file__).parent / "templates"

_MARKED = re.compile(r"`([^`]+)`")
_PARTS = re.compile(r"([\[(,/])")
_SPECIAL = re.compile(r"([\\*_\[\]<>#|~!&`])")


def render_html(plan: PlanDocument) -> str:
    """One self-contained page: no script, no request, light and dark, wide and narrow.

    Whatever stands in the plan is shown as text, never as markup.
    """
    drawn = {
        "frontier": [frontier(plan, format) for format in (WIDE, NARROW)],
        "policies": policy_pictures(plan),
        "bands": band_pictures(plan),
        "calibration": calibration_pictures(plan),
    }
    pictures = {
        place: [Markup(picture) for picture in shown if picture] for place, shown in drawn.items()
    }
    template = _environment(escape=True).get_template("report.html.j2")
    return template.render(view=view(plan), pictures=pictures)


def render_markdown(plan: PlanDocument) -> str:
    """The same report as GitHub-flavoured Markdown, for a pull request."""
    return _environment(escape=False).get_template("report.md.j2").render(view=view(plan))


def render_backtest(found: BacktestDocument) -> str:
    """A backtest as one self-contained page, like that of a plan."""
    drawn = {
        place: [Markup(picture) for picture in shown] for place, shown in pictures(found).items()
    }
    template = _environment(escape=True).get_template("backtest.html.j2")
    return template.render(view=backtest_view(found), pictures=drawn, omitted=omitted(found))


def _environment(*, escape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prose"] = _prose
    environment.filters["breakable"] = _breakable
    environment.filters["plain"] = _plain
    environment.filters["code"] = _code
    return environment


def _prose(text: str) -> Markup:
    """HTML of a sentence: escaped, with what stands between backticks as code."""
    return Markup(_MARKED.sub(r"<code>\1</code>", str(Markup.escape(text))))


def _breakable(name: str) -> Markup:
    """HTML of a candidate's name: escaped, with line breaks allowed between its parts."""
    return Markup(_PARTS.sub(r"\1<wbr>", str(Markup.escape(name))))


def _plain(text: str) -> str:
    """Markdown that reads as this text on one line; code between backticks stays code."""
    parts = _MARKED.split(" ".join(text.split()))
    return "".join(
        _code(part) if index % 2 else _SPECIAL.sub(r"\\\1", part)
        for index, part in enumerate(parts)
    )


def _code(text: str) -> str:
    """A Markdown code span of this text on one line, also within a table."""
    inner = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    return f"`{inner}`" if inner else ""
