"""Writes docs/language/grammar.md and its diagrams from grammar/cosmos.lark.

python docs/grammar.py
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import railroad

from cosmosql.syntax.productions import (
    Choice,
    Literal,
    Named,
    Optional,
    Part,
    Repeated,
    Row,
    grammar,
    written,
)

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "language" / "grammar.md"
IMAGES = DOCS / "images" / "grammar"

HEAD = """\
# Grammar

This page is written from [`grammar/cosmos.lark`](../../grammar/cosmos.lark), the file that the
parser is made from (`python docs/grammar.py`). The notation is the W3C's EBNF: `?` may be left out,
`*` any number of times, `|` one of them. [The language](../language.md) says what it means, [the
reference](reference.md) which attributes a kind has.

The grammar knows shapes and the schema knows words: `NAME` stands for kinds, attributes and
measures alike. A word in quotes is reserved only where the rule lets it stand. Spaces, tabs and
comments (`#` to the end of the line) may stand between any two parts; a `newline` is one line end
or more, and means nothing inside `( )` and `[ ]`.
"""

SECTIONS = {
    "file": "A file",
    "language": "Declarations",
    "body": "What a block holds",
    "clause": "Clauses",
    "comparison": "Expressions",
}
"""Heading by the first rule below it."""

EXAMPLES = {
    "language": "language 1",
    "import_module": "import std.models as models",
    "import_file": 'import "./prices.cosmos" as prices',
    "param": "param floor = 82%",
    "let": "let traffic = 1_200_000 requests/month",
    "block": "task private extends base.task.tickets using classify {\n}",
    "attribute": "shots = sweep(1, 2, 4)",
    "section": "roles {\n  test = 500 examples\n}",
    "for": "for task.tickets",
    "among": "among strategy.rag, policy.*",
    "measure": "measure with probe.ladder within 3 USD",
    "objective": "maximize macro_f1",
    "require": "require macro_f1 >= floor with confidence 90%",
    "decide": "decide within 1 pp with confidence 90%",
    "escalate": "escalate to strategy.big when margin < 1.5",
    "sum": "82% + 2 pp",
    "product": "8 GPUs * 30 min",
    "number": "0.15 USD/Mtok",
    "text": '"Ticket: {text}"',
    "boolean": "true",
    "reference": "base.strategy.rag",
    "call": "sweep(8, 16, 32)",
    "sequence": "[64, 128, 256]",
    "group": "(floor + 2 pp)",
    "negative": "-1.5",
}
"""An example of a rule, as it is written."""

PATTERNS = {
    "NAME": "letters, digits and `_`, not starting with a digit",
    "TEXT": 'in quotes, on one line; the escapes are `\\"`, `\\\\`, `\\n` and `\\t`',
    "NUMBER": "with `_` between digits where you like, an exponent, and a unit of letters",
    "COMPARISON": "one of them",
}
"""A pattern in words."""

STYLE = """
svg { background: #fff; }
path { stroke-width: 1.5; stroke: #57606a; fill: none; }
text { font: 13px ui-monospace, Menlo, Consolas, monospace; text-anchor: middle; fill: #1f2328; }
rect { stroke-width: 1.2; stroke: #57606a; fill: #fff; }
.terminal rect { fill: #ddf4ff; stroke: #0969da; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; }
  path { stroke: #8b949e; }
  text { fill: #e6edf3; }
  rect { stroke: #8b949e; fill: #0d1117; }
  .terminal rect { fill: #12324f; stroke: #58a6ff; }
}
"""


def drawn(part: Part) -> railroad.DiagramItem:
    """The part as an item of a railroad diagram. A list with separators becomes a loop."""
    match part:
        case Literal(text):
            return railroad.Terminal(text)
        case Named(name):
            return railroad.NonTerminal(name)
        case Row(parts):
            return railroad.Sequence(*_looped(parts))
        case Choice(parts):
            return railroad.Choice(0, *(drawn(item) for item in parts))
        case Optional(inner):
            return railroad.Optional(drawn(inner))
        case Repeated(inner):
            return railroad.ZeroOrMore(drawn(inner))


def _looped(parts: tuple[Part, ...]) -> Iterator[railroad.DiagramItem]:
    """`a ("," a)*` as one `a` with a way back through the comma."""
    waiting = list(parts)
    while waiting:
        part = waiting.pop(0)
        match waiting[:1]:
            case [Repeated(Row((separator, again)))] if again == part:
                waiting.pop(0)
                yield railroad.OneOrMore(drawn(part), drawn(separator))
            case _:
                yield drawn(part)


def diagram(part: Part) -> str:
    """The diagram of a right-hand side as a self-contained SVG."""
    text = io.StringIO()
    railroad.Diagram(drawn(part), type="simple").writeStandalone(text.write, STYLE)
    return text.getvalue()


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, part in grammar().rules.items():
        if name in SECTIONS:
            parts.append(f"## {SECTIONS[name]}\n")
        parts.append(f"### `{name}`\n")
        parts.append(f"```text\n{name} ::= {written(part)}\n```\n")
        if not isinstance(part, Literal | Named):
            parts.append(f"![{name}](../images/grammar/{name}.svg)\n")
        if name in EXAMPLES:
            parts.append(f"```text\n{EXAMPLES[name]}\n```\n")
    parts.append("## Patterns\n\n| pattern | regular expression | in words |\n|---|---|---|")
    for name, pattern in grammar().patterns.items():
        shown = pattern.replace("|", "\\|")
        parts.append(f"| `{name}` | `` {shown} `` | {PATTERNS[name]} |")
    return "\n".join(parts) + "\n"


def files() -> dict[Path, str]:
    """Path to content of all that is checked in."""
    images = {
        IMAGES / f"{name}.svg": diagram(part)
        for name, part in grammar().rules.items()
        if not isinstance(part, Literal | Named)
    }
    return {PAGE: page(), **images}


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    made = files()
    for old in set(IMAGES.iterdir()) - set(made):
        old.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
