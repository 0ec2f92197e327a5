"""The benches that backtest several tasks: their specs, their rows, and how their tables add up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cosmosql.compiler import compile_spec
from cosmosql.data.rows import Role
from tests.bench import text_backtest, tiny_backtest
from tests.bench.backtest_ablations import Judged, coverage, error, more, rank_correlation
from tests.bench.backtest_tables import CHOICES, FORECASTS, by_task, interval
from tests.bench.backtests import Bench, documents
from tests.bench.pages import put

ROOT = Path(__file__).resolve().parents[2]


def test_a_generated_task_has_the_rows_and_candidates_that_the_pages_tell(tmp_path: Path) -> None:
    path = tmp_path / "desk.cosmos"
    path.write_text(tiny_backtest.spec("desk"), encoding="utf-8")
    compiled = compile_spec(path)
    candidates = compiled.graph.candidates
    assert len(candidates) == 35
    adapters = [one for one in candidates if one.kind == "lora"]
    assert len(adapters) == 18
    for name in ("rank", "learning_rate", "epochs", "share"):
        assert len({one.config[name] for one in adapters}) == 2
    (loaded,) = compiled.data.values()
    counts = {role: len(loaded.rows[role]) for role in Role}
    assert counts == {
        Role.TRAIN: 512,
        Role.VALIDATION: 600,
        Role.CALIBRATION: 100,
        Role.TEST: 2_000,
    }


def test_labels_are_words_of_the_vocabulary_and_stay_apart() -> None:
    words = text_backtest.one_word_each(["card_lost", "card_or_xyzzy", "location", "qqq"])
    assert words["card_lost"] == "card"
    assert words["location"] == "location"
    assert len(set(words.values())) == 4
    assert not set(words.values()) & {"qqq", "xyzzy"}


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A data directory with rows of two labels in two files of a source."""
    folder = tmp_path / "data" / "text" / "trec"
    folder.mkdir(parents=True)
    for name in ("train", "test"):
        rows = [
            {"id": f"{name}-{index}", "text": f"{name} text {index}", "label": f"a_{index % 2}"}
            for index in range(1_700)
        ]
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path / "data"


def test_rows_of_real_text_are_split_anew(texts: Path, tmp_path: Path) -> None:
    bench = Bench(specs={"trec": text_backtest.spec("trec")}, keep=tmp_path / "kept")
    text_backtest.write_rows(bench, texts)
    path = bench.spec_of("trec")
    path.write_text(bench.specs["trec"], encoding="utf-8")
    compiled = compile_spec(path)
    (loaded,) = compiled.data.values()
    assert len(loaded.rows[Role.TEST]) == 2_000
    assert len(loaded.rows[Role.TRAIN]) == 512
    assert len(compiled.graph.candidates) >= 30
    labels = {row.values["label"] for row in loaded.rows[Role.TRAIN]}
    assert labels == {"a", "1"}


def test_without_the_data_nothing_is_done(tmp_path: Path) -> None:
    command = [sys.executable, "tests/bench/text_backtest.py", "--data", str(tmp_path)]
    ran = subprocess.run(
        [*command, "--keep", str(tmp_path / "kept")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr.startswith("skipped: ")
    assert not (tmp_path / "kept").exists()


def test_a_table_without_its_backtest_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="has no backtest of desk"):
        documents(Bench(specs={"desk": ""}, keep=tmp_path))


def document(error: float, forecast: float) -> dict[str, object]:
    rules = [
        {"rule": "this forecast", "regret_points": forecast},
        {"rule": "random", "regret_points": 9.0},
    ]
    return {
        "candidates": [{"basis": "predicted"}, {"basis": "measured"}],
        "mae_points": error,
        "kendall_tau": None,
        "regret_points": 0.0,
        "coverage": {"50": 0.5, "80": 0.75, "90": 1.0},
        "cost_saved": 0.95,
        "methods": {"lora": {"mae_points": 2.0, "kendall_tau": 0.5}},
        "budgets": [{"rules": rules}, {"rules": [{**rules[0], "regret_points": forecast + 1}]}],
    }


def test_a_mean_counts_each_task_once_and_leaves_out_what_is_unknown() -> None:
    found = {name: document(value, value) for name, value in (("a", 1.0), ("b", 2.0), ("c", 6.0))}
    last = by_task(found, FORECASTS).splitlines()[-1].split(" | ")
    assert last[0] == "| **mean**"
    assert last[2].startswith("3.0 [")
    assert last[4] == ""
    assert last[-1] == "95.0% [95.0%, 95.0%] |"
    choices = by_task(found, CHOICES).splitlines()
    assert choices[2].startswith("| a | 1.5 |")
    assert choices[2].endswith("| 9.0 |")


def test_an_interval_over_tasks_lies_within_them_and_needs_three() -> None:
    ends = interval([1.0, 2.0, 6.0, None])
    assert ends is not None
    assert 1.0 <= ends[0] < 3.0 < ends[1] <= 6.0
    assert interval([1.0, 2.0]) is None


def judged(name: str, predicted: float, truth: float) -> Judged:
    return Judged(
        name=name,
        method="lora",
        predicted=predicted,
        low=predicted - 0.02,
        high=predicted + 0.02,
        truth=truth,
    )


def test_an_ablation_is_scored_over_what_both_forecast() -> None:
    whole = [judged("a", 0.50, 0.51), judged("b", 0.60, 0.60)]
    less = [judged("a", 0.55, 0.51)]
    assert more(less, whole) == pytest.approx(3.0)
    assert error(whole, "lora") == pytest.approx(0.5)
    assert error(whole, "prompt") is None
    assert rank_correlation(whole, "lora") == pytest.approx(1.0)
    assert rank_correlation(less, "lora") is None
    assert coverage([*whole, *less], "lora") == pytest.approx(2 / 3)


def test_tables_replace_their_own_section_of_a_page_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n## Measured\n\nold\n\n### Part\n\n## After\n\nkept\n", "utf-8")
    put("| new |", "Measured", page)
    assert page.read_text("utf-8") == "# Page\n\n## Measured\n\n| new |\n\n## After\n\nkept\n"
    put("| last |", "After", page)
    put("| last |", "After", page)
    assert page.read_text("utf-8").endswith("## After\n\n| last |\n")
    with pytest.raises(SystemExit, match="no section"):
        put("| new |", "Elsewhere", page)
