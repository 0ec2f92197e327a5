"""Tables put into a page under a heading of their own."""

from __future__ import annotations

import re
from pathlib import Path


def put(tables: str, heading: str, page: Path | None) -> None:
    """Prints the tables, or makes them the whole of the page's section `## heading`. Raises
    SystemExit where the page has no such section."""
    if page is None:
        print(tables)
        return
    text = page.read_text(encoding="utf-8")
    start = re.search(rf"^## {re.escape(heading)}\n", text, re.M)
    if start is None:
        raise SystemExit(f"{page} has no section `## {heading}`")
    after = re.search(r"^## ", text[start.end() :], re.M)
    rest = text[start.end() + after.start() :] if after else ""
    page.write_text(
        text[: start.end()] + f"\n{tables}\n" + (f"\n{rest}" if rest else ""), encoding="utf-8"
    )
