"""`cosmosql import`: to standard output, or to files that were not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cosmosql.cli.import_spec import command
from cosmosql.cli.main import cosmosql
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.importers.read import read
from cosmosql.model.bind import analyse
from cosmosql.model.rows import examine_data

FILES = Path(__file__).parent / "files"


def test_a_file_that_is_not_there_is_asked_for_as_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        read(tmp_path / "absent.yml")
    (problem,) = raised.value.diagnostics
    assert problem.code == "E0109"
    assert problem.help == "name a configuration in YAML or JSON"


def test_it_prints_a_spec_and_says_what_is_missing() -> None:
    result = CliRunner().invoke(cosmosql, ["import", str(FILES / "qlora.yml")])
    assert result.exit_code == 0
    assert "strategy tuned using qlora {" in result.stdout
    assert "3 things assumed, 7 not carried over" in result.stderr


def test_it_writes_rows_beside_the_spec(tmp_path: Path) -> None:
    spec = tmp_path / "capitals.cosmos"
    result = CliRunner().invoke(
        cosmosql, ["import", str(FILES / "promptfooconfig.yaml"), "--output", str(spec)]
    )
    assert result.exit_code == 0
    rows = (tmp_path / "promptfooconfig.rows.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(rows[0]) == {"country": "France", "expected": "Paris"}
    found = analyse(spec)
    assert not found.failed
    assert [item.code for item in examine_data(found.program)[0]] != ["E0510"]


def test_it_overwrites_nothing(tmp_path: Path) -> None:
    spec = tmp_path / "capitals.cosmos"
    spec.write_text("mine")
    result = CliRunner().invoke(
        cosmosql, ["import", str(FILES / "task.yaml"), "--output", str(spec)]
    )
    assert result.exit_code == 2
    assert spec.read_text() == "mine"


def test_it_follows_no_link_that_leads_nowhere(tmp_path: Path) -> None:
    spec = tmp_path / "capitals.cosmos"
    spec.symlink_to(tmp_path / "elsewhere")
    result = CliRunner().invoke(
        cosmosql, ["import", str(FILES / "task.yaml"), "--output", str(spec)]
    )
    assert result.exit_code == 2
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["file/spec.cosmos", f"{'a' * 300}.cosmos"])
def test_where_nothing_can_be_written_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert command.callback is not None
    with pytest.raises(InputError) as caught:
        command.callback(
            file=FILES / "task.yaml", output=tmp_path / name, quiet=False, verbose=False
        )
    assert [item.code for item in caught.value.diagnostics] == ["E0111"]
