"""The long text behind a code: one Markdown page each, in `docs/errors`."""

from __future__ import annotations

import re

from cosmosql.resources import resource

_CODE = re.compile(r"[EW]\d{4}")


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
