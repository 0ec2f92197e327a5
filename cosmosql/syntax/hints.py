"""Syntax errors in the user's words: what was expected, what was found, what to write."""

from __future__ import annotations

import re

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix, Label
from cosmosql.diagnostics.suggest import closest
from cosmosql.source import Source, Span
from cosmosql.syntax.parser import Stop, keyword_texts

_VALUE = frozenset({"NAME", "NUMBER", "TEXT", "TRUE", "FALSE", "LSQB", "LPAR", "MINUS"})
_OPERATORS = frozenset({"PLUS", "MINUS", "STAR", "SLASH"})
_CLAUSES = frozenset(
    {"FOR", "AMONG", "MEASURE", "MAXIMIZE", "MINIMIZE", "REQUIRE", "DECIDE", "ESCALATE"}
)
_DECLARATIONS = frozenset({"LANGUAGE", "IMPORT", "PARAM", "LET", "TEMPLATE", "NAME"})
_LINE_END = frozenset({"_NL", "$END"})

_WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "TEXT": "a text",
    "COMPARISON": "a comparison such as `>=`",
}

_FOUND_WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "TEXT": "a text",
    "COMPARISON": "a comparison",
    "_NL": "the end of the line",
}

_RUN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|'[^'\n]*'?|[&|!=<>]+|//|/\*|[^\s]", re.S)


def explain(source: Source, offset: int, stop: Stop, end: int) -> Diagnostic:
    """The diagnostic for a stop in the text that starts at `offset`; its content ends at `end`."""
    position = offset + stop.position
    if stop.found is None or stop.found == "_NL" or position >= end:
        return _line_end(source, stop, min(position, end))
    text = source.text
    if stop.found == "" and text[position] == '"':
        return unterminated(source, position)
    run = _RUN.match(text, position)
    stretch = run.group() if run else text[position]
    if stop.found == "TEXT":
        stretch = text[position : text.index('"', position + 1) + 1]
    span = Span(source, position, position + len(stretch))
    found = _FOUND_WORDS.get(stop.found) or _symbol(stop.found, stretch)
    expected = expectation(stop.accepted)
    advice, fix = _advice(stop, span, text[offset:position])
    return Diagnostic(
        code="E0102",
        title=f"expected {expected}, found {found}",
        labels=(Label(span, f"{expected} should stand here"),),
        help=advice,
        fix=fix,
    )


def unterminated(source: Source, position: int) -> Diagnostic:
    """The diagnostic for a text that opens at `position` and does not close on its line."""
    end = source.text.find("\n", position)
    span = Span(source, position, len(source.text) if end < 0 else end)
    return Diagnostic(
        code="E0104",
        title="unterminated text",
        labels=(Label(span, "this text does not end on its line"),),
        help='close it with `"`; a line break within a text is written `\\n`',
        fix=_closing_quote(span),
    )


def _closing_quote(span: Span) -> Fix | None:
    """The quote at the line's end, where nothing in the text looks like what comes after one."""
    text = span.text.rstrip()
    if re.search(r"[#,;\[\]{}()\\]", text):
        return None
    end = span.start + len(text)
    return Fix(Span(span.source, end, end), '"')


def unclosed(
    source: Source, opener: int, before: int | None = None, end: int | None = None
) -> Diagnostic:
    """The diagnostic for an opening bracket; its partner is missing at `before` at the latest.
    `end` is where the statement that it is in ends, if that is what it closes."""
    partner = {"{": "}", "[": "]", "(": ")"}[source.text[opener]]
    labels = [Label(Span(source, opener, opener + 1), "this bracket is not closed")]
    if before is not None:
        labels.append(Label(Span(source, before, before), f"`{partner}` is missing by here"))
    place = " on a line of its own" if partner == "}" else ""
    return Diagnostic(
        code="E0105",
        title="unclosed bracket",
        labels=tuple(labels),
        help=f"write `{partner}`{place} where it ends",
        fix=_closing(source, opener, partner, before if partner == "}" else end),
    )


def _closing(source: Source, opener: int, partner: str, place: int | None) -> Fix | None:
    """The missing bracket at the latest place where it can stand."""
    if place is None:
        return None
    here = Span(source, place, place)
    if partner != "}":
        return Fix(here, partner)
    start = source.text.rfind("\n", 0, opener) + 1
    line = source.text[start:opener]
    indent = line[: len(line) - len(line.lstrip())]
    return Fix(here, f"\n{indent}{partner}")


def expectation(accepted: frozenset[str]) -> str:
    """What may stand somewhere, in words: `a value`, "`=` or `{`", `the end of the line`."""
    rest = set(accepted)
    words: list[str] = []
    if rest >= _CLAUSES:
        words.append("an attribute or a clause")
        rest -= _CLAUSES | {"NAME"}
    if rest >= _DECLARATIONS:
        words.append("a declaration")
        rest -= _DECLARATIONS
    if rest >= _VALUE:
        words.append("a value")
        rest -= _VALUE
    if rest - _OPERATORS - {"DOT", "LPAR"}:
        rest -= _OPERATORS | {"DOT"}
        if rest - {"LPAR"}:
            rest.discard("LPAR")
    if "COMPARISON" in rest:
        rest = {"COMPARISON"}
    ends = bool(rest & _LINE_END)
    rest -= _LINE_END
    texts = keyword_texts()
    words += [_WORDS.get(name) or f"`{texts.get(name, name)}`" for name in sorted(rest, key=_order)]
    if (ends and not words) or (ends and "LBRACE" not in rest):
        words.append("the end of the line")
    if len(words) > 1:
        return f"{', '.join(words[:-1])} or {words[-1]}"
    return words[0] if words else "something else"


def _order(terminal: str) -> tuple[bool, str]:
    """Keywords first, then brackets, each by name."""
    return not keyword_texts().get(terminal, "").isalpha(), terminal


def _symbol(terminal: str, stretch: str) -> str:
    text = keyword_texts().get(terminal, stretch)
    text = "'" if text.startswith("'") else text
    return f"`{text}`" if text.isascii() else "a character the language does not have"


def _line_end(source: Source, stop: Stop, end: int) -> Diagnostic:
    expected = expectation(stop.accepted - _LINE_END)
    return Diagnostic(
        code="E0102",
        title=f"expected {expected}, found the end of the line",
        labels=(Label(Span(source, end, end), f"{expected} should stand here"),),
        help=_IMPORT_HELP if "AS" in stop.accepted else None,
        fix=_alias(source, end) if "AS" in stop.accepted else None,
    )


def _alias(source: Source, end: int) -> Fix | None:
    """The name that an import without one is usually given."""
    line = source.text[source.text.rfind("\n", 0, end) + 1 : end]
    match = re.fullmatch(r'import[ \t]+(?:"(?:[^"]*/)?|(?:\w+\.)*)([A-Za-z_]\w*)(?:\.\w+")?', line)
    if match is None:
        return None
    return Fix(Span(source, end, end), f" as {match[1]}")


_IMPORT_HELP = "name every import: `import std.models as models`"

_ADVICE_ON_TEXT = (
    ("!=", "the comparisons are `<`, `<=`, `>`, `>=` and `==`"),
    ("=<", "write `<=`"),
    ("=>", "write `>=`"),
    ("&&", "write one `require` line for each condition"),
    ("||", "a requirement has no alternatives; declare a second query"),
    ("//", "a comment starts with `#`"),
    ("/*", "a comment starts with `#`"),
    ("'", 'a text stands in double quotes: `"…"`'),
    (";", "one item a line, without `;`"),
    ("$", "write the currency's code after the number: `40 USD`"),
    ("€", "write the currency's code after the number: `40 EUR`"),
    ("£", "write the currency's code after the number: `40 GBP`"),
)
"""By how the unexpected text starts; the first that fits is told."""


def _advice(stop: Stop, span: Span, before: str) -> tuple[str | None, Fix | None]:
    """What to write instead, and the replacement where it is one word."""
    text, accepted = span.text, stop.accepted
    for start, words in _ADVICE_ON_TEXT:
        if text.startswith(start):
            return words, _rewritten(span)
    ends = bool(accepted & _LINE_END)
    stands = before.split()
    if stop.found == "COMPARISON" and stands[:1] == ["require"]:
        return "a condition has one comparison: write one `require` line for each", None
    if stands[-2:] == ["=", "sweep"] and stop.found in _VALUE:
        return "a sweep has brackets: `sweep(8, 16)`", None
    if stands == ["within"] and accepted >= {"EQUAL", "LBRACE"}:
        return "write `measure within`, or `decide within`", None
    if text == "=" and "COMPARISON" in accepted:
        return "write `==` to compare", Fix(span, "==")
    if text == ":" and "EQUAL" in accepted:
        apart = before[-1:].isspace()
        return "write `=`: `name = value`", Fix(span, "=" if apart else " =")
    if text == ":" and ends:
        return 'a text stands in double quotes: `"…"`', None
    if text == "{" and stop.rule == "_declaration" and "LBRACE" not in accepted:
        return "a block's `{` stands at the end of its first line", None
    if text == "," and ends:
        return "one item a line, without commas", Fix(span, "")
    if text == "{" and accepted >= _VALUE:
        equal = before.rstrip()
        sign = span.start - len(before) + len(equal) - 1
        return "a section has no `=`: `name { … }`", Fix(Span(span.source, sign, span.start), "")
    if text == "." and accepted >= _VALUE:
        digit = span.source.text[span.end : span.end + 1].isdigit()
        return "write the zero: `0.5`", Fix(span, "0.") if digit else None
    if stop.found == "TEXT" and accepted & {"NAME"} and not accepted >= _VALUE:
        name = text[1:-1]
        plain = name.isascii() and name.isidentifier()
        return "names stand without quotes", Fix(span, name) if plain else None
    if stop.found == "NAME":
        return _word_advice(stop, span, before)
    if stop.found in _VALUE and "COMMA" in accepted and not ends:
        return _COMMA_HELP, _comma(span, before)
    if "AS" in accepted:
        return _IMPORT_HELP, None
    return None, None


_REWRITTEN = (
    (re.compile(r"=<"), "<="),
    (re.compile(r"=>"), ">="),
    (re.compile(r"//"), "#"),
    (re.compile(r"[ \t]*;(?=[ \t]*(?:#|\n|$))"), ""),
    (re.compile(r"'([^'\"\\\n]*)'"), r'"\1"'),
    (re.compile(r"\$[ \t]*(\d[\d_.]*)(?![\w%])"), r"\1 USD"),
    (re.compile(r"€[ \t]*(\d[\d_.]*)(?![\w%])"), r"\1 EUR"),
    (re.compile(r"£[ \t]*(\d[\d_.]*)(?![\w%])"), r"\1 GBP"),
)
"""What other languages write, and how it is written here."""


def _rewritten(span: Span) -> Fix | None:
    """The text that stands at a place as the language writes it."""
    text = span.source.text
    for pattern, words in _REWRITTEN:
        match = pattern.match(text, span.start)
        if match:
            return Fix(Span(span.source, span.start, match.end()), match.expand(words))
    return None


_COMMA_HELP = "put a comma between two of a list"


def _comma(span: Span, before: str) -> Fix:
    """A comma right after what stands before a place."""
    end = span.start - len(before) + len(before.rstrip())
    return Fix(Span(span.source, end, end), ",")


def _word_advice(stop: Stop, span: Span, before: str) -> tuple[str | None, Fix | None]:
    texts = keyword_texts()
    keywords = [texts[name] for name in stop.accepted if texts.get(name, "").isalpha()]
    nearest = closest(span.text, keywords)
    if nearest:
        return f"did you mean `{nearest}`?", Fix(span, nearest)
    words = before.split()
    if len(words) == 1 and stop.accepted >= {"EQUAL", "LBRACE"}:
        clause = closest(words[0], [texts[name] for name in _CLAUSES])
        if clause:
            start = span.start - len(before.lstrip())
            place = Span(span.source, start, start + len(words[0]))
            return f"did you mean `{clause}`?", Fix(place, clause)
    if span.text == "and" and words[:1] == ["require"]:
        return "write one `require` line for each condition", None
    if "AS" in stop.accepted:
        return _IMPORT_HELP, None
    if "COMMA" in stop.accepted:
        return _COMMA_HELP, _comma(span, before)
    if stop.accepted & _LINE_END:
        return "one item a line: start a new line, or put an operator before it", None
    return None, None
