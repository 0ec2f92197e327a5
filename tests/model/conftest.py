"""Specs on disk: a fixture that writes files and binds the first of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.model.bind import bind
from cosmosql.model.program import Program

Bind = Callable[..., tuple[Program | None, tuple[Diagnostic, ...]]]


@pytest.fixture
def bound(tmp_path: Path) -> Bind:
    """Binds a text as `spec.cosmos`, with further files beside it by name."""

    def run(
        text: str,
        files: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> tuple[Program | None, tuple[Diagnostic, ...]]:
        for name, content in {"spec.cosmos": text, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return bind(tmp_path / "spec.cosmos", settings=settings)

    return run


@pytest.fixture
def program(bound: Bind) -> Callable[..., Program]:
    """As `bound`, for texts without mistakes."""

    def run(*arguments: object, **keywords: object) -> Program:
        found, diagnostics = bound(*arguments, **keywords)
        assert diagnostics == ()
        assert found is not None
        return found

    return run
