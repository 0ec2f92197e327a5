"""Diagnostics as JSON, for other programs. Lines and columns count from 1, in characters."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cosmosql.diagnostics.diagnostic import Diagnostic, Severity, Silenced
from cosmosql.identity import Json
from cosmosql.source import Span

FORMAT = 1


def render(diagnostics: Sequence[Diagnostic], silenced: Sequence[Silenced] = ()) -> str:
    """All findings in one JSON object: `format`, `errors`, `warnings`, `diagnostics` and, each
    with its `reason`, `silenced`. `cosmosql schema diagnostics` describes it."""
    errors = sum(item.severity is Severity.ERROR for item in diagnostics)
    document: Json = {
        "format": FORMAT,
        "errors": errors,
        "warnings": len(diagnostics) - errors,
        "diagnostics": [_diagnostic(item) for item in diagnostics],
        "silenced": [{**_diagnostic(one.diagnostic), "reason": one.reason} for one in silenced],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _diagnostic(item: Diagnostic) -> dict[str, Json]:
    fix: Json = None
    if item.fix:
        fix = {**place(item.fix.span), "replacement": item.fix.replacement}
    return {
        "code": item.code,
        "severity": item.severity.value,
        "title": item.title,
        "labels": [{**place(label.span), "text": label.text} for label in item.labels],
        "notes": list(item.notes),
        "help": item.help,
        "fix": fix,
    }


def place(span: Span) -> dict[str, Json]:
    """`file`, `line`, `column`, `end_line`, `end_column`; the end is exclusive."""
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
