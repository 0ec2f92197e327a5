"""What commands print obeys the schemas that `cosmosql schema` prints."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cosmosql.artifact.schema import ARTIFACTS
from cosmosql.cli.main import COMMANDS, cosmosql
from cosmosql.cli.schema import Artifact
from cosmosql.diagnostics.diagnostic import Diagnostic, Fix
from cosmosql.diagnostics.render.json import render
from cosmosql.schema.fields import Field
from cosmosql.schema.kinds import KINDS
from cosmosql.schema.language import language
from cosmosql.source import Source, Span
from tests.artifact.obeys import obeys
from tests.docs.scripts import script

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "examples" / "quickstart.cosmos"
REVIEWED = ROOT / "examples" / "review" / "quickstart.plan.json"

PRINTED = {
    "check": "diagnostics",
    "graph": "graph",
    "quote": "quote",
    "run": "plan",
    "show": "plan",
    "apply": "outcome",
    "backtest": "backtest",
    "scoreboard": "scoreboard",
    "doctor": "doctor",
}
"""By command: what its `--format json` prints. A stage of `show SPEC` is for eyes alone."""


def printed(*arguments: str | Path) -> Any:
    done = CliRunner().invoke(cosmosql, list(map(str, arguments)))
    return json.loads(done.stdout)


def test_every_command_that_prints_json_has_a_schema() -> None:
    found = set()
    for name, module, _ in COMMANDS:
        for parameter in importlib.import_module(module).command.params:
            if parameter.name == "form" and isinstance(parameter.type, click.Choice):
                choices = {str(choice) for choice in parameter.type.choices}
                found |= {name} if "json" in choices else set()
    assert found == set(PRINTED)
    assert set(PRINTED.values()) <= set(ARTIFACTS)
    assert {str(name) for name in Artifact} == {*ARTIFACTS, "language"}


def test_the_graph() -> None:
    document = printed("graph", "--format", "json", QUICKSTART)
    assert len(document["candidates"]) == 29
    obeys(document, "graph")


def test_the_quote(tmp_path: Path) -> None:
    spec = tmp_path / "quickstart.cosmos"
    spec.write_text(QUICKSTART.read_text(encoding="utf-8"), encoding="utf-8")
    document = printed("quote", "--format", "json", spec)
    assert document["fits"]
    obeys(document, "quote")


@pytest.mark.parametrize(
    "text",
    ["", "let a = 1 USD + 1 s\nlet b = nowhere\n", "task t using classify {\n  data = \n}\n"],
)
def test_diagnostics(tmp_path: Path, text: str) -> None:
    spec = tmp_path / "spec.cosmos"
    spec.write_text(text, encoding="utf-8")
    document = printed("check", "--format", "json", spec)
    assert bool(document["errors"]) == bool(text)
    obeys(document, "diagnostics")


def test_what_is_silenced_is_told_apart(tmp_path: Path) -> None:
    spec = tmp_path / "spec.cosmos"
    spec.write_text(script("outputs").SILENCED, encoding="utf-8")
    document = printed("check", "--format", "json", spec)
    assert [item["reason"] for item in document["silenced"]] == ["the nightly job sets it"]
    obeys(document, "diagnostics")


def test_a_fix_is_part_of_its_diagnostic() -> None:
    span = Span(Source("spec.cosmos", "let a = 1\n"), 4, 5)
    found = Diagnostic(code="E0201", title="unknown name", fix=Fix(span, "b"))
    document = json.loads(render([found]))
    assert document["diagnostics"][0]["fix"]["replacement"] == "b"
    obeys(document, "diagnostics")


def test_the_doctor() -> None:
    obeys(printed("doctor", "--no-devices", "--format", "json"), "doctor")


def test_a_plan() -> None:
    obeys(printed("show", "--format", "json", REVIEWED), "plan")


def test_the_checked_in_language_is_current() -> None:
    """Made again with `cosmosql schema language > docs/schema/language.json`."""
    path = ROOT / "docs" / "schema" / "language.json"
    assert json.loads(path.read_text(encoding="utf-8")) == language()
    assert printed("schema", "language") == language()


def test_the_language_says_all_that_the_tables_say() -> None:
    found: Any = language()
    assert list(found["kinds"]) == list(KINDS)
    assert found["kinds"]["query"]["clauses"]["for"] == '"for" reference'
    rank = found["kinds"]["strategy"]["using"]["lora"]["attributes"]["rank"]
    assert rank["sweepable"] is True
    assert (rank["type"], rank["minimum"], rank["default"]) == ("count", 1, 8)
    for kind in KINDS.values():
        for field in kind.fields:
            told = found["kinds"][kind.name]["attributes"][field.name]
            blank = Field(name=field.name, type=field.type, doc=field.doc)
            changed = [name for name in told if name not in ("type", "doc", "required", "default")]
            for name in changed:
                assert getattr(field, name) != getattr(blank, name)
    assert found["units"]["Mtok"] == {"dimension": "tokens", "size": "1000000", "written": "Mtok"}
    assert "USD" in found["currencies"]
    assert found["measures"]["accuracy"]["metric"] is True
