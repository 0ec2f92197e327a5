"""Specs in a directory of their own, and what the public path says of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cosmosql import compiler
from cosmosql.compiler import Compiled, compile_spec
from cosmosql.diagnostics.diagnostic import Diagnostic, Severity
from cosmosql.model.bind import Analysis, analyse, bind
from cosmosql.model.program import Program, Query
from cosmosql.model.settings import Settings

HEAD = """import std.hardware as hw
import std.tiny as tiny
"""

FEW = """
strategy few using icl {
  model = tiny.small
  shots = 4
  on = hw.cpu
}
"""

PICK = """
query pick {
  for tiny.task.desk
  among strategy.*
  measure within 1 USD
  maximize accuracy
}
"""

WHOLE = HEAD + FEW + PICK


class Desk:
    """Writes specs into one directory and asks the compiler about them.

    `whole` is a spec without mistakes: its `head` imports, its strategy `few`, its query `pick`.
    """

    head = HEAD
    few = FEW
    pick = PICK
    whole = WHOLE

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.spec = directory / "spec.cosmos"

    def write(self, text: str, files: Mapping[str, str] | None = None) -> Path:
        for name, content in {"spec.cosmos": text, **(files or {})}.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return self.spec

    def analysis(
        self,
        text: str,
        files: Mapping[str, str] | None = None,
        settings: Settings | None = None,
    ) -> Analysis:
        return analyse(self.write(text, files), settings=settings)

    def found(
        self,
        text: str,
        files: Mapping[str, str] | None = None,
        settings: Settings | None = None,
    ) -> tuple[Diagnostic, ...]:
        """Every error that `check` finds, rows included."""
        found = compiler.check(self.write(text, files), settings)
        return tuple(item for item in found if item.severity is Severity.ERROR)

    def codes(
        self,
        text: str,
        files: Mapping[str, str] | None = None,
        settings: Settings | None = None,
    ) -> list[str]:
        return [item.code for item in self.found(text, files, settings)]

    def program(
        self,
        text: str,
        files: Mapping[str, str] | None = None,
        settings: Settings | None = None,
    ) -> Program:
        """Of a spec without mistakes."""
        program, found = bind(self.write(text, files), settings=settings)
        assert [item for item in found if item.severity is Severity.ERROR] == []
        assert program is not None
        return program

    def query(self, text: str, files: Mapping[str, str] | None = None) -> Query:
        """The one query of a spec without mistakes."""
        (query,) = self.program(text, files).queries.values()
        return query

    def compiled(self, text: str, files: Mapping[str, str] | None = None) -> Compiled:
        return compile_spec(self.write(text, files))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
