"""Forecasts as they were stated, beside what became of them: nothing is lost or bettered."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmosql.backtest.scoreboard import scoreboard
from cosmosql.cli.main import cosmosql
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.stated import Stated, accounts, settle, state
from tests.artifact.obeys import obeys


def stated(name: str, value: float = 0.8, **changes: object) -> Stated:
    """A forecast of plus or minus two, five and ten points."""
    plain = Stated(
        plan="ab" * 32,
        spec="task.cosmos",
        query="pick",
        name=name,
        kind="lora",
        quantity="accuracy",
        unit="",
        basis="predicted",
        value=value,
        intervals={
            "50": (value - 0.02, value + 0.02),
            "80": (value - 0.05, value + 0.05),
            "90": (value - 0.1, value + 0.1),
        },
        hindsight=False,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


COST = replace(
    stated("strategy.a"),
    quantity="serve_cost",
    unit="USD/request",
    value="0.001",
    intervals={"90": ("0.0009", "0.0011")},
)


def write(root: Path, *pairs: tuple[Stated, float | str | None]) -> Path:
    """A ledger in which each forecast is stated and, where there is an outcome, settled."""
    root.mkdir(exist_ok=True)
    with Ledger.open(root) as ledger:
        for one, _ in pairs:
            state(ledger, one)
        for one, measured in pairs:
            if measured is not None:
                settle(ledger, one, measured, runs=3, by="backtest")
    return root


def cli(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cosmosql, ["scoreboard", *map(str, arguments)])


def test_hits_misses_and_what_is_open(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        (stated("strategy.hit"), 0.81),
        (stated("strategy.wide"), 0.86),
        (stated("strategy.missed"), 0.6),
        (stated("strategy.open"), None),
        (stated("strategy.probed", basis="measured"), 0.2),
        (stated("strategy.late", hindsight=True), 0.8),
        (COST, "0.0012"),
    )
    found = scoreboard(root)
    by_name = {one.name: one for one in found.entries if not one.unit}
    statuses = {name: one.status for name, one in by_name.items()}
    assert statuses == {
        "strategy.hit": "hit",
        "strategy.wide": "hit",
        "strategy.missed": "missed",
        "strategy.open": "open",
        "strategy.probed": "measured",
        "strategy.late": "hit",
    }
    assert by_name["strategy.missed"].error == pytest.approx(-20)
    assert by_name["strategy.open"].error is None and by_name["strategy.open"].within == {}
    summary = found.summary
    assert (summary.forecasts, summary.missed) == (3, 1)
    assert summary.mae_points == pytest.approx((1 + 6 + 20) / 3, rel=1e-5)
    shares = {"50": 1 / 3, "80": 1 / 3, "90": 2 / 3}
    assert summary.coverage == pytest.approx(shares, rel=1e-5)
    assert (found.hindsight.forecasts, found.probed, found.open) == (1, 1, 1)
    [cost] = [one for one in found.entries if one.unit]
    assert (cost.status, cost.error) == ("missed", pytest.approx(20))
    assert (found.costs, found.costs_missed) == (1, 1)


@settings(max_examples=12)
@given(outcomes=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=5))
def test_what_was_said_first_stays(
    tmp_path_factory: pytest.TempPathFactory, outcomes: list[tuple[float, float]]
) -> None:
    """Stating and measuring again, with whatever other numbers, adds and changes nothing."""
    root = tmp_path_factory.mktemp("ledger")
    with Ledger.open(root) as ledger:
        for value, measured in outcomes:
            state(ledger, stated("strategy.a", value))
            settle(ledger, stated("strategy.a", value), measured, runs=1, by="apply")
        [account] = accounts(ledger)
    assert (account.stated.value, account.measured) == outcomes[0]


def test_nothing_is_measured_before_it_was_foretold(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger, pytest.raises(ValueError, match="before its forecast"):
        settle(ledger, stated("strategy.a"), 0.5, runs=1, by="apply")


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.backtest.test_scoreboard import stated
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.stated import settle, state
ledger = Ledger.open(Path(sys.argv[1]))
first, second = stated("strategy.first"), stated("strategy.second")
state(ledger, first)
state(ledger, second)
settle(ledger, first, 0.5, runs=3, by="backtest")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_leaves_the_forecast_open(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=root, env=environment, check=False
    )
    assert done.returncode == -signal.SIGKILL
    first, second = scoreboard(tmp_path).entries
    assert (first.status, first.measured) == ("missed", 0.5)
    assert (second.status, second.measured) == ("open", None)


def test_the_terminal_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    write(
        tmp_path, (stated("strategy.hit"), 0.81), (stated("strategy.missed"), 0.6), (COST, "0.001")
    )
    done = cli(tmp_path)
    assert done.exit_code == 0
    words = " ".join(done.stdout.split())
    assert "80.0 % [70.0, 90.0]" in words
    assert "-20.0" in words and "outside" in words
    assert "0.001 USD/request" in words
    assert "stated before they were measured 2 1 10.5 50 % 50 % 50 %" in words
    assert "beside these: 1 cost, 0 outside." in words
    brief = cli("--quiet", tmp_path)
    assert "strategy.hit" not in brief.stdout and "10.5" in brief.stdout
    told = cli("--verbose", tmp_path)
    assert "abababababab" in told.stdout


def test_misses_come_worst_first_and_the_summary_stays(tmp_path: Path) -> None:
    write(
        tmp_path,
        (stated("strategy.bad"), 0.65),
        (stated("strategy.hit"), 0.81),
        (stated("strategy.worse"), 0.5),
        (COST, "0.01"),
    )
    found = json.loads(cli("--misses", "--format", "json", tmp_path).stdout)
    assert [one["name"] for one in found["entries"]] == [
        "strategy.worse",
        "strategy.bad",
        "strategy.a",
    ]
    assert found["summary"]["forecasts"] == 3
    obeys(found, "scoreboard")


def test_a_spec_has_its_own_and_a_directory_all(tmp_path: Path) -> None:
    other = stated("strategy.b", spec="other.cosmos")
    write(tmp_path / "one", (stated("strategy.a"), 0.8), (other, 0.7))
    write(tmp_path / "two", (stated("strategy.c"), 0.8))
    whole = scoreboard(tmp_path)
    assert [one.name for one in whole.entries] == ["strategy.a", "strategy.b", "strategy.c"]
    assert len(whole.ledgers) == 2
    own = scoreboard(tmp_path / "one" / "other.cosmos")
    assert [one.name for one in own.entries] == ["strategy.b"]


def test_a_place_without_a_ledger_is_told(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere", tmp_path / "task.cosmos"):
        with pytest.raises(InputError) as refused:
            scoreboard(place)
        assert [one.code for one in refused.value.diagnostics] == ["E0607"]
    done = cli(tmp_path)
    assert done.exit_code == 1
    assert "E0607" in done.stderr and not done.stdout


def test_a_ledger_without_forecasts_is_no_mistake(tmp_path: Path) -> None:
    write(tmp_path)
    done = cli(tmp_path)
    assert done.exit_code == 0
    assert "No forecast was stated yet" in done.stdout


def test_the_scoreboard_loads_no_model_library_and_writes_nothing(tmp_path: Path) -> None:
    root = write(tmp_path, (stated("strategy.a"), 0.8))
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    program = (
        "import sys; from cosmosql.cli.main import main\n"
        f"sys.argv = ['cosmosql', 'scoreboard', {str(root)!r}]\n"
        "try: main()\n"
        "finally: assert not {'torch', 'transformers', 'scipy', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
