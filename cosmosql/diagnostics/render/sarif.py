"""Diagnostics as SARIF 2.1.0 (OASIS Standard, 27 March 2020), for code scanning."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from cosmosql import __version__
from cosmosql.diagnostics.diagnostic import Diagnostic, Label, Silenced
from cosmosql.diagnostics.pages import page, title
from cosmosql.identity import Json
from cosmosql.source import Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"

_SPECS = "%SRCROOT%"
_STANDARD = "STDLIB"
_BASES: Json = {
    _SPECS: {"description": {"text": "The directory in which cosmosql was run."}},
    _STANDARD: {"description": {"text": "The standard library that comes with cosmosql."}},
}


def render(diagnostics: Sequence[Diagnostic], silenced: Sequence[Silenced] = ()) -> str:
    """One SARIF log with one run; a rule for each code that occurs, in order of codes.

    Files are named relative to the working directory. What is silenced follows with a suppression
    that holds the reason.
    """
    quiet = [one.diagnostic for one in silenced]
    codes = sorted({item.code for item in (*diagnostics, *quiet)})
    results = [_result(item, codes.index(item.code)) for item in diagnostics]
    results += [
        {**_result(one.diagnostic, codes.index(one.diagnostic.code)), **_suppressed(one)}
        for one in silenced
    ]
    rules: list[Json] = [_rule(code) for code in codes]
    driver: Json = {"name": "cosmosql", "version": __version__, "rules": rules}
    run: Json = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": _BASES,
        "results": [*results],
    }
    document: Json = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str) -> Json:
    level = Diagnostic(code=code, title="").severity.value
    rule: dict[str, Json] = {"id": code, "defaultConfiguration": {"level": level}}
    summary, text = title(code), page(code)
    if summary and text:
        rule["shortDescription"] = {"text": summary}
        rule["help"] = {"text": text, "markdown": text}
    return rule


def _result(item: Diagnostic, rule: int) -> dict[str, Json]:
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
    if item.fix and _is_file(item.fix.span):
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


def _suppressed(one: Silenced) -> dict[str, Json]:
    suppression: dict[str, Json] = {"kind": "inSource"}
    if one.reason:
        suppression["justification"] = one.reason
    return {"suppressions": [suppression]}


def _related(index: int, label: Label) -> Json:
    return {"id": index, "message": {"text": label.text or "related"}, **_location(label.span)}


def _location(span: Span) -> dict[str, Json]:
    if not _is_file(span):
        return {"logicalLocations": [{"name": span.source.name, "kind": "parameter"}]}
    return {"physicalLocation": {"artifactLocation": _artifact(span), "region": _region(span)}}


def _is_file(span: Span) -> bool:
    """False for a value of the command line: `--set floor`."""
    return not span.source.name.startswith("--")


def _artifact(span: Span) -> Json:
    path = Path(span.source.name)
    if span.source.name.startswith("std/"):
        return {"uri": quote(path.relative_to("std").as_posix()), "uriBaseId": _STANDARD}
    if not path.is_absolute():
        return {"uri": quote(path.as_posix()), "uriBaseId": _SPECS}
    here = Path.cwd()
    if path.is_relative_to(here):
        return {"uri": quote(path.relative_to(here).as_posix()), "uriBaseId": _SPECS}
    return {"uri": path.as_uri()}


def _region(span: Span) -> Json:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    }
