"""Diagnostics as SARIF 2.1.0 (OASIS Standard, 27 March 2020), for code scanning."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from cosmosql import __version__
from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.diagnostics.pages import page, title
from cosmosql.identity import Json
from cosmosql.source import Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """One SARIF log with one run; a rule for each code that occurs, in order of codes."""
    codes = sorted({item.code for item in diagnostics})
    rules: list[Json] = [_rule(code) for code in codes]
    results: list[Json] = [_result(item, codes.index(item.code)) for item in diagnostics]
    driver: Json = {"name": "cosmosql", "version": __version__, "rules": rules}
    run: Json = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    document: Json = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str) -> Json:
    rule: dict[str, Json] = {"id": code}
    summary, text = title(code), page(code)
    if summary and text:
        rule["shortDescription"] = {"text": summary}
        rule["help"] = {"text": text, "markdown": text}
    return rule


def _result(item: Diagnostic, rule: int) -> Json:
    parts = [item.title, *(label.text for label in item.labels[:1] if label.text), *item.notes]
    if item.help:
        parts.append(f"help: {item.help}")
    result: dict[str, Json] = {
        "ruleId": item.code,
        "ruleIndex": rule,
        "level": item.severity.value,
        "message": {"text": "\n".join(parts)},
        "locations": [_location(label.span) for label in item.labels[:1]],
    }
    if item.labels[1:]:
        result["relatedLocations"] = [
            _related(index, label) for index, label in enumerate(item.labels[1:])
        ]
    if item.fix:
        span = item.fix.span
        replacement: Json = {
            "deletedRegion": _region(span),
            "insertedContent": {"text": item.fix.replacement},
        }
        change: Json = {"artifactLocation": _artifact(span), "replacements": [replacement]}
        result["fixes"] = [
            {"description": {"text": item.help or item.title}, "artifactChanges": [change]}
        ]
    return result


def _related(index: int, label: Label) -> Json:
    return {"id": index, "message": {"text": label.text}, **_location(label.span)}


def _location(span: Span) -> dict[str, Json]:
    return {"physicalLocation": {"artifactLocation": _artifact(span), "region": _region(span)}}


def _artifact(span: Span) -> Json:
    return {"uri": quote(span.source.name)}


def _region(span: Span) -> Json:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    }
