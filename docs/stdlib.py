"""Writes docs/language/stdlib.md from the modules of the standard library and their examples.

python docs/stdlib.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from textwrap import dedent

from cosmosql.source import Source
from cosmosql.syntax.parse import parse
from cosmosql.syntax.tree import Attribute, Block, Text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "language" / "stdlib.md"
EXAMPLES = ROOT / "examples" / "std"

HEAD = """\
# The standard library

This page is written from the modules themselves ([`stdlib/`](../../stdlib)) and from one example
for each ([`examples/std/`](../../examples/std)); `python docs/stdlib.py` renews it. The library is
written in the language, so whatever it declares can be read, extended and replaced:

```cosmos
import std.models as models

model mine extends models.qwen2_5_0_5b {
  dtype = float16
}
```

A *template* is there to be extended: it stands for nothing itself, and the block that extends it
names what it left open.
"""

MODULES = {
    "models": "Open-weight language models, pinned",
    "hardware": "Accelerators and what an hour of them costs",
    "prices": "What endpoints charge a token",
    "strategies": "Strategies with published settings",
    "policies": "Policies over strategies",
    "tasks": "Tasks with instructions",
    "probes": "How candidates are measured",
    "tiny": "Embedded models and generated rows, to try everything without a network",
}
"""In the order of the page, with what stands in the list of modules."""

COLUMNS = {
    "hardware": ("memory", "bandwidth", "peak_flops", "price", "as_of", "source"),
    "model": ("id", "parameters", "context", "licence", "revision"),
    "price": ("input", "output", "cached_input", "as_of", "source"),
    "probe": ("sizes", "shots", "rows", "seeds"),
}
"""Attributes that have a column of their own; those of other kinds stand in one column."""

COMMIT = re.compile("[0-9a-f]{40}")


def page() -> str:
    """The whole page, the same at every call."""
    parts = [HEAD, "| module | what it holds |\n|---|---|"]
    parts += [f"| [`std.{name}`](#std{name}) | {what} |" for name, what in MODULES.items()]
    for name in MODULES:
        parts += ["", *_module(name)]
    return "\n".join(parts) + "\n"


def _module(name: str) -> Iterator[str]:
    text = (ROOT / "stdlib" / f"{name}.cosmos").read_text(encoding="utf-8")
    tree, _ = parse(Source(f"std/{name}.cosmos", text))
    blocks = [node for node in tree.declarations if isinstance(node, Block)]
    yield f"## std.{name}\n"
    yield from _prose(text)
    for kind in dict.fromkeys(block.kind.text for block in blocks):
        yield from _table(kind, [block for block in blocks if block.kind.text == kind])
    example = (EXAMPLES / f"{name}.cosmos").read_text(encoding="utf-8")
    yield f"An example:\n\n```cosmos\n{example}```"


def _prose(text: str) -> Iterator[str]:
    """The comment at the head of a module: paragraphs, and what is indented as code."""
    head = text.partition("\n\n")[0]
    lines = [line.removeprefix("#").removeprefix(" ") for line in head.splitlines()]
    paragraphs = "\n".join(lines).split("\n\n")
    for code, group in groupby(paragraphs, key=lambda paragraph: paragraph.startswith("  ")):
        body = "\n\n".join(group)
        yield f"```cosmos\n{dedent(body)}\n```\n" if code else f"{body}\n"


def _table(kind: str, blocks: list[Block]) -> Iterator[str]:
    said = {
        item.name.text for block in blocks for item in block.items if isinstance(item, Attribute)
    }
    columns = [column for column in COLUMNS.get(kind, ()) if column in said]
    titles = [word.replace("_", " ") for word in columns or ("settings",)]
    yield f"| {kind} | {' | '.join(titles)} | |"
    yield "|---" * (len(titles) + 2) + "|"
    for block in blocks:
        if columns:
            written = {item.name.text: item for item in block.items if isinstance(item, Attribute)}
            cells = [_value(written.get(column)) for column in columns]
            if "assumed" in written:
                cells[columns.index("as_of")] = "assumed"
        else:
            cells = ["<br>".join(_settings(block))]
        name = f"`{block.name.text}`" + (" (template)" if block.template else "")
        yield f"| {name} | {' | '.join(cells)} | {_cell(block.doc or '')} |"
    yield ""


def _settings(block: Block) -> Iterator[str]:
    """`extends`, `using` and the attributes of a block as they are written."""
    if block.extends:
        yield f"`extends {block.extends.text}`"
    if block.using:
        yield f"`using {block.using.text}`"
    for item in block.items:
        if isinstance(item, Attribute):
            yield f"`{_cell(item.span.text)}`"


def _value(attribute: Attribute | None) -> str:
    if attribute is None:
        return ""
    value = attribute.value
    text = value.value if isinstance(value, Text) else value.span.text
    return f"`{text[:8]}`" if COMMIT.fullmatch(text) else _cell(text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
