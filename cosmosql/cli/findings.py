"""Diagnostics on their way out, in the format that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from cosmosql.diagnostics.diagnostic import Diagnostic, Findings, Label
from cosmosql.source import Source, Span


class FindingsForm(StrEnum):
    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def rendered(findings: Findings, form: FindingsForm) -> str:
    """The findings for a program to read, or as plain text."""
    match form:
        case FindingsForm.TEXT:
            from cosmosql.diagnostics.render import text

            return text.render(findings.told)
        case FindingsForm.JSON:
            from cosmosql.diagnostics.render import json

            return json.render(findings.told, findings.silenced)
        case FindingsForm.SARIF:
            from cosmosql.diagnostics.render import sarif

            return sarif.render(findings.told, findings.silenced)
        case FindingsForm.GITHUB:
            from cosmosql.diagnostics.render import github

            return github.render(findings.told)


def anchored(item: Diagnostic, spec: Path) -> Diagnostic:
    """A finding that stands in no file, told at the start of the spec: code scanning shows none
    that has no place."""
    from cosmosql.model.modules import named

    if item.labels and not item.labels[0].span.source.name.startswith("--"):
        return item
    start = Span(Source(named(spec), ""), 0, 0)
    return replace(item, labels=(Label(start), *item.labels))


def print_findings(diagnostics: Sequence[Diagnostic]) -> None:
    """The diagnostics as text on standard error, in colour where that is a terminal."""
    if not diagnostics:
        return
    from cosmosql.diagnostics.render import text

    if not sys.stderr.isatty():
        sys.stderr.write(text.render(diagnostics))
        return
    from rich.console import Console

    Console(stderr=True, markup=False, highlight=False).print(
        text.styled(diagnostics), end="", soft_wrap=True
    )
