"""Diagnostics on their way out, in the format that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum

from cosmosql.diagnostics.diagnostic import Diagnostic, Findings


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
