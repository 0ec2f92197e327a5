"""Backtests of several tasks with one grid of candidates: run, kept, read again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from cosmosql.data.rows import Role
from cosmosql.evidence import file as evidence_file
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.observation import Observation

Document: TypeAlias = Mapping[str, Any]
"""What `cosmosql backtest --format json` prints; docs/schema/backtest.schema.json."""

STRATEGIES = """retriever nearest using bm25 {{
  corpus = dataset.rows
}}

strategy baseline using baseline {{
  method = sweep(majority, knn, tfidf)
}}

strategy zero_shot using prompt {{
  model = sweep(tiny.small, tiny.large)
  on = hw.cpu
}}

strategy random_shots using icl {{
  model = sweep(tiny.small, tiny.large)
  shots = sweep({shots})
  on = hw.cpu
}}

strategy retrieved using icl {{
  model = sweep(tiny.small, tiny.large)
  retriever = retriever.nearest
  shots = sweep({shots})
  on = hw.cpu
}}

strategy tuned using lora {{
  model = sweep(tiny.small, tiny.large)
  rank = sweep({ranks})
  learning_rate = sweep({learning_rates})
  epochs = sweep({epochs})
  batch_size = {batch_size}
  on = hw.cpu
}}

strategy lean using lora {{
  model = sweep(tiny.small, tiny.large)
  share = 50%
  rank = {lean_rank}
  learning_rate = {lean_learning_rate}
  epochs = {lean_epochs}
  batch_size = {batch_size}
  on = hw.cpu
}}
"""
"""The candidates: words on their own, prompts, random and retrieved demonstrations, adapters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Specs by task, and the directory that keeps what was measured of them, one folder a task."""

    specs: Mapping[str, str]
    keep: Path

    def spec_of(self, task: str) -> Path:
        return self.keep / task / f"{task}.cosmos"

    def document_of(self, task: str) -> Path:
        return self.keep / task / f"{task}.backtest.json"


def run(bench: Bench, *, jobs: int) -> None:
    """Brings every task's backtest up to date, so many at a time; a task that was interrupted goes
    on where it was."""
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda task: backtest(bench, task), bench.specs))


def backtest(bench: Bench, task: str) -> None:
    path = bench.spec_of(task)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(bench.specs[task], encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "cosmosql", "backtest", "--quiet", str(path)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    print(f"{task} done", file=sys.stderr, flush=True)


def documents(bench: Bench) -> dict[str, Document]:
    """The kept documents by task; ends the program where one is missing."""
    missing = [task for task in bench.specs if not bench.document_of(task).exists()]
    if missing:
        raise SystemExit(f"{bench.keep} has no backtest of {', '.join(missing)}: run it first")
    return {
        task: json.loads(bench.document_of(task).read_text(encoding="utf-8"))
        for task in bench.specs
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds of one core that measuring took, and the devices that it was done on."""

    probes: float
    truths: float
    devices: tuple[str, ...]


def took(bench: Bench, task: str) -> Took:
    """What the kept evidence of a task says of the time that it took, each answer counted once."""
    probes = evidence_file.read(bench.spec_of(task).with_suffix(".evidence.jsonl.gz"))
    with Ledger.read(bench.spec_of(task).parent) as ledger:
        ledgered = {one.key: one for one in ledger.all()}
    # Evidence files hold no timings: the ledger does.
    probing = [ledgered.get(one.key, one) for one in probes]
    truths = [one for one in ledgered.values() if one.role == Role.TEST]
    devices = {one.conditions["device"] for one in truths if "device" in one.conditions}
    return Took(
        probes=core_seconds(probing), truths=core_seconds(truths), devices=tuple(sorted(devices))
    )


def core_seconds(observations: Sequence[Observation]) -> float:
    return sum(float(one.usage.seconds or 0.0) for one in observations)
