"""The long text behind a code: one Markdown page each, in `docs/errors`.

`python -m cosmosql.diagnostics.pages > docs/errors/README.md` renews their index.
"""

from __future__ import annotations

import re
import sys

from cosmosql.resources import resource

_CODE = re.compile(r"[EW]\d{4}")

STAGES = {
    "01": "text and syntax",
    "02": "names and modules",
    "03": "types and units",
    "04": "the plan",
    "05": "extensions and data",
    "06": "evidence and forecasts",
    "07": "the decision",
    "08": "artifacts",
}
"""What codes are about, by the first two digits."""


def codes() -> tuple[str, ...]:
    """Every code that has a page, sorted."""
    names = (path.stem for path in resource("errors").glob("*.md"))
    return tuple(sorted(name for name in names if _CODE.fullmatch(name)))


def page(code: str) -> str | None:
    """The Markdown page of a code, None where there is none. Case does not matter."""
    code = code.upper()
    if not _CODE.fullmatch(code):
        return None
    path = resource("errors") / f"{code}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def title(code: str) -> str | None:
    """The page's title, such as "dimensions differ" of `# E0301: dimensions differ`."""
    text = page(code)
    if text is None:
        return None
    first, _, _ = text.partition("\n")
    return first.removeprefix("#").strip().removeprefix(f"{code.upper()}:").strip()


def index() -> str:
    """The page that lists every code with its title, by stage."""
    lines = [
        "# Codes of diagnostics",
        "",
        "Written from the pages (`python -m cosmosql.diagnostics.pages`). `cosmosql explain CODE`",
        "shows a page. E is an error, W a warning, which can be silenced with a reason:",
        "`# allow W0603: contract fixed until June`.",
    ]
    for stage, words in STAGES.items():
        own = sorted((code for code in codes() if code[1:3] == stage), key=lambda code: code[1:])
        if own:
            lines += ["", f"## {stage}: {words}", "", "| code | title |", "|---|---|"]
            lines += [f"| [{code}]({code}.md) | {title(code)} |" for code in own]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(index())
