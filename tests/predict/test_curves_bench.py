"""The bench reads curves of studies that it has never heard of."""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

BENCH = runpy.run_path(str(Path(__file__).parent.parent / "bench" / "curves.py"))


def write(path: Path, header: str, rows: Iterable[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def tuned(path: Path) -> Path:
    rows = [
        f"moons_seed{seed}.csv,{size},{0.9 - 0.6 * (1 + size / 60) ** -0.8:.3f},{run}"
        for seed in (1, 2)
        for size in (32, 64, 128, 256, 512, 1024)
        for run in (0, 1)
    ]
    return write(path, "file,n_shots,accuracy,run_num", rows)


def shown(path: Path) -> Path:
    rows = [
        f"some+model,Moons,{method},{size},{run},{0.8 - 0.5 / max(size, 1) + 0.01 * run:.3f},500"
        for method in ("random", "retrieval")
        for size in (0, 1, 2, 5, 10, 20, 50)
        for run in (0, 1, 2)
    ]
    return write(path, "model,dataset,method,n_shots,run,accuracy,n_test", rows)


def test_curves_are_merged_over_runs_and_beyond_the_data_set(tmp_path: Path) -> None:
    facts = {"moons": BENCH["Facts"](rows=500)}
    first, _ = BENCH["read_curves"](tuned(tmp_path / "tuned.csv"), facts)
    assert (first.kind, first.dataset, first.name) == ("finetune", "moons", "moons_seed1.csv")
    assert first.sizes.tolist() == [32, 64, 128, 256, 500]
    left = (1 + np.array([512, 1024]) / 60) ** -0.8
    assert first.values[-1] == pytest.approx(np.mean(0.9 - 0.6 * left), abs=1e-3)
    random, retrieved = BENCH["read_curves"](shown(tmp_path / "shown.csv"), {})
    assert (random.kind, retrieved.kind) == ("icl-random", "icl-retrieved")
    assert random.sizes.tolist() == [1, 2, 5, 10, 20, 50]
    assert random.values[0] == pytest.approx(0.31)
    assert random.rows.tolist() == [500] * 6


def test_a_table_of_unknown_data_sets_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps({"Moons": {"labels": 4}}), encoding="utf-8")
    files = [str(tuned(tmp_path / "tuned.csv")), str(shown(tmp_path / "shown.csv"))]
    monkeypatch.setattr(sys, "argv", ["curves.py", "--curves", *files, "--facts", str(facts)])
    BENCH["main"]()
    printed = capsys.readouterr().out
    rows = [line for line in printed.splitlines() if line.startswith("| finetune | 128 |")]
    assert len(rows) == 1
    cells = [cell.strip() for cell in rows[0].split("|")]
    assert cells[3] == "6", "two curves, three sizes of at least 256"
    assert float(cells[7]) < float(cells[4]), "better than the last value"
    assert "| icl-random | 10 |" in printed and "| icl-retrieved | 10 |" in printed


def test_the_bootstrap_of_one_data_set_still_draws_its_curves() -> None:
    outcome = BENCH["Outcome"]
    found = [
        outcome(
            dataset="a",
            curve=str(number),
            errors={},
            inside=(False, False, number % 4 > 0),
            width=0.1,
            seconds=0.0,
        )
        for number in range(20)
    ]
    low, high = BENCH["bootstrap"](found)
    assert low < 0.75 < high
    assert np.isclose(low, 0.6, atol=0.05)
