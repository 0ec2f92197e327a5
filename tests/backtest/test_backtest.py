"""Backtests of a small spec, end to end: what they write, keep, and say where little is known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cosmosql.backtest import run as backtesting
from cosmosql.backtest.run import backtest
from cosmosql.backtest.truth import SEEDS
from cosmosql.cli import backtest as command
from cosmosql.cli.main import cosmosql
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.stated import accounts
from cosmosql.probes import run as measuring
from tests.artifact.obeys import obeys
from tests.backtest.conftest import FEW
from tests.pipeline.conftest import SPEC, make_project

CONTRACT = {
    "mae_points",
    "kendall_tau",
    "regret_points",
    "coverage",
    "cost_saved",
    "candidates",
}


def cli(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cosmosql, list(map(str, arguments)))


def test_a_backtest_runs_everything_and_never_again(project: Path) -> None:
    planned = (project.parent / "colours.plan.json").read_bytes()
    found = backtest(project)
    document = found.document
    assert len(document.candidates) == 6
    assert all(one.measured is not None for one in document.candidates)
    assert document.methods["lora"].predicted
    assert set(document.coverage) == {"50", "80", "90"}
    assert document.regret_points is not None and document.regret_points >= 0
    tuned = [one for one in document.candidates if one.method == "lora"]
    assert all(len(one.runs) == 3 for one in tuned)
    assert all((one.standard_error or 0) > 0 for one in tuned)
    assert (project.parent / "colours.plan.json").read_bytes() == planned
    written = {path: path.read_bytes() for path in (found.json_path, found.html_path)}
    with Ledger.read(project.parent) as ledger:
        before = sum(1 for _ in ledger.all())
    again = backtest(project)
    assert again.document == document
    assert all(path.read_bytes() == content for path, content in written.items())
    with Ledger.read(project.parent) as ledger:
        assert sum(1 for _ in ledger.all()) == before
    printed = json.loads(written[found.json_path])
    assert set(printed) >= CONTRACT
    assert {"name", "predicted", "low", "high", "measured"} <= set(printed["candidates"][0])
    obeys(printed, "backtest")


def test_the_help_tells_the_default_of_the_seeds() -> None:
    assert command.SEEDS == SEEDS


def test_fewer_seeds_and_another_place_for_the_page(project: Path, tmp_path: Path) -> None:
    page = tmp_path / "elsewhere.html"
    done = cli("backtest", "--seeds", "1", "--html", page, project)
    assert done.exit_code == 0, done.stderr
    assert "Forecasts erred by" in done.stdout
    assert "colours.backtest.json" in done.stdout
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not (project.parent / "colours.backtest.html").exists()
    brief = cli("backtest", "--seeds", "1", "--html", page, "--quiet", project)
    assert "Forecasts erred by" in brief.stdout
    assert "basis" in done.stdout and "basis" not in brief.stdout


def test_an_interrupt_keeps_what_was_measured(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third run in full is interrupted: its forecast stands open, and the next backtest
    measures only what is missing."""
    measured: list[str] = []
    observe = measuring.observe

    def interrupted(run: object, *rest: object) -> object:
        if len(measured) == 2:
            raise KeyboardInterrupt
        measured.append(run.key)  # type: ignore[attr-defined]
        return observe(run, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(measuring, "observe", interrupted)
    stopped = cli("backtest", project)
    assert stopped.exit_code == 130
    assert "resumable" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    with Ledger.read(project.parent) as ledger:
        stated = accounts(ledger)
    assert len(stated) == 6
    assert all(one.measured is None for one in stated)
    monkeypatch.setattr(
        measuring, "observe", lambda run, *rest: (measured.append(run.key), observe(run, *rest))[1]
    )
    assert cli("backtest", project).exit_code == 0
    assert len(measured) == len(set(measured)) == 3 + 3 * 3
    with Ledger.read(project.parent) as ledger:
        settled = accounts(ledger)
    assert [one.stated for one in settled] == [one.stated for one in stated]
    assert all(one.measured is not None for one in settled)
    assert not any(one.stated.hindsight for one in settled)


def test_nothing_predicted_is_said(project: Path) -> None:
    text = SPEC + re.sub("among.*", "among strategy.free", FEW)
    project.write_text(text, encoding="utf-8")
    done = cli("backtest", project)
    assert done.exit_code == 0, done.stderr
    assert "Nothing was predicted" in done.stdout
    document = json.loads((project.parent / "colours.backtest.json").read_text(encoding="utf-8"))
    assert document["mae_points"] is None and document["calibration"] == []
    page = (project.parent / "colours.backtest.html").read_text(encoding="utf-8")
    assert "there is no forecast to score" in page


def test_a_context_that_overflows_has_no_truth(project: Path) -> None:
    text = SPEC.replace("shots = 2\n", "shots = sweep(2, 50)\n") + re.sub(
        "among.*", "among strategy.free, strategy.drawn", FEW
    )
    project.write_text(text, encoding="utf-8")
    done = cli("backtest", "--seeds", "1", project)
    assert done.exit_code == 0, done.stderr
    document = json.loads((project.parent / "colours.backtest.json").read_text(encoding="utf-8"))
    [overflowing] = [one for one in document["candidates"] if "shots=50" in one["name"]]
    assert overflowing["measured"] is None
    assert "fit the context" in overflowing["reason"]
    assert "1 could not be run in full" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("asked", "metric", "unit"),
    [
        ("maximize macro_f1", "macro_f1", "points"),
        ("minimize adapt_cost\n  require accuracy >= 1%", "accuracy", "USD"),
    ],
)
def test_other_metrics_and_objectives(project: Path, asked: str, metric: str, unit: str) -> None:
    text = (SPEC + FEW).replace("metric = accuracy", f"metric = {metric}")
    project.write_text(text.replace("maximize accuracy", asked), encoding="utf-8")
    done = cli("backtest", "--seeds", "2", "--format", "json", project)
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["metric"] == metric
    assert document["regret"]["unit"] == unit
    assert (document["regret_points"] is None) == (unit != "points")
    assert bool(document["budgets"]) == (unit == "points")
    obeys(document, "backtest")


def test_a_spec_without_test_rows_is_refused_before_anything_is_measured(
    tmp_path: Path, checkpoint: Callable[[str], Path]
) -> None:
    spec = make_project(
        tmp_path / "bare",
        checkpoint("llama"),
        (SPEC + FEW).replace("test = 20 examples", "test = 0 examples"),
    )
    with pytest.raises(InputError) as refused:
        backtesting.backtest(spec)
    assert {one.code for one in refused.value.diagnostics} == {"E0512"}
    assert not (spec.parent / ".cosmosql").exists()
