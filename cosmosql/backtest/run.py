"""The backtest's own line: forecast → state → run in full → score → write.

Every observation is durable the moment it exists, so that an interrupted backtest goes on where it
was; a forecast is stated in the ledger before the first test row is read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cosmosql.apply.execute import require_test_rows
from cosmosql.artifact.backtest import BacktestDocument
from cosmosql.artifact.storage import document_bytes, write_bytes
from cosmosql.backtest.document import scored
from cosmosql.backtest.policies import policy_truths
from cosmosql.backtest.statement import settle_all, state_all
from cosmosql.backtest.truth import SEEDS, first_runs, full_runs, run_in_full, truths_of
from cosmosql.compiler import compile_spec
from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.evidence.ledger import Ledger
from cosmosql.model.boundary import NOTHING, Trusted
from cosmosql.model.settings import Settings
from cosmosql.pipeline import DEFAULT_SEED, Report, measured, write
from cosmosql.probes.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtested:
    """The scores, where they were written, and what the compiler warned of."""

    document: BacktestDocument
    json_path: Path
    html_path: Path
    warnings: tuple[Diagnostic, ...] = ()


def backtest(
    path: Path,
    *,
    query: str | None = None,
    settings: Settings | None = None,
    trusted: Trusted = NOTHING,
    seed: int = DEFAULT_SEED,
    seeds: int = SEEDS,
    html: Path | None = None,
    progress: Report | None = None,
) -> Backtested:
    """Forecasts a spec as `run` does, then runs every candidate in full, and scores the forecasts.

    A candidate's truth is its mean over so many `seeds`. Writes plan, evidence file and report as
    `run` does, then `NAME.backtest.json` and `NAME.backtest.html` (or the page to `html`). Raises
    InputError: what `run` raises, and E0512 where there are no test rows.
    """
    # Drawing starts a program and keeps a cache of fonts, which commands that only read must not.
    from cosmosql.report.render import render_backtest

    compiled = compile_spec(path, query=query, settings=settings, trusted=trusted)
    require_test_rows(compiled.program, compiled.query, compiled.data)
    line, _ = measured(compiled, seed, progress)
    plan = hashlib.sha256(document_bytes(write(line, seed))).hexdigest()
    with Ledger.open(compiled.root) as ledger:
        runtime = Runtime(compiled.program, compiled.data, ledger)
        runs = full_runs(compiled.graph, runtime, seeds)
        stated = state_all(line, runs, ledger, plan=plan, seed=seed)
        observations = run_in_full(compiled.graph, runs, runtime, ledger, progress)
        truths = truths_of(compiled.graph, runs, observations, seed=seed)
        full = first_runs(runs, observations)
        policies = policy_truths(line, truths, seed=seed)
        found = scored(line, truths, policies, full, plan=plan, seeds=seeds, seed=seed)
        settle_all(stated, found, ledger)
    json_path = compiled.path("backtest.json")
    html_path = html or compiled.path("backtest.html")
    write_bytes(json_path, document_bytes(found))
    write_bytes(html_path, render_backtest(found).encode())
    return Backtested(
        document=found, json_path=json_path, html_path=html_path, warnings=compiled.warnings
    )
