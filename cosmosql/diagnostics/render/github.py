"""Diagnostics as workflow commands: GitHub shows them as annotations on the changed lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cosmosql.diagnostics.diagnostic import Diagnostic


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """One line a diagnostic, such as
    `::error file=a.cosmos,line=3,endLine=3,col=1,endColumn=4,title=E0102::expected …`.

    A column range is told only within one line, as the service has it, and no place for what
    stands in no file.
    """
    return "".join(f"{_command(item)}\n" for item in diagnostics)


def _command(item: Diagnostic) -> str:
    properties: dict[str, object] = {}
    if item.labels and not item.labels[0].span.source.name.startswith("--"):
        span = item.labels[0].span
        line, column = span.source.position(span.start)
        end_line, end_column = span.source.position(span.end)
        file = Path(span.source.name).as_posix()
        properties = {"file": file, "line": line, "endLine": end_line}
        if line == end_line:
            properties |= {"col": column, "endColumn": end_column}
    properties["title"] = item.code
    lines = [item.title, *(label.text for label in item.labels if label.text), *item.notes]
    if item.help:
        lines.append(f"help: {item.help}")
    told = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{item.severity} {told}::{_data(chr(10).join(lines))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
