"""Pairs of adapted tiny models from the evidence that `make backtest` keeps: nothing is measured.

Which candidate stands for a model and a method is what the kept forecast holds best, made from
probes on validation rows; the test rows, on which everything here is scored, had no say in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cosmosql.backtest.truth import full_runs
from cosmosql.compiler import Compiled, compile_spec
from cosmosql.contracts.policy import Array, Known, Question, Seen
from cosmosql.data.rows import Role
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.observation import Item, Observation
from cosmosql.evidence.throughput import answering, flops
from cosmosql.plan.series import shares_demonstrations
from cosmosql.predict.tokens import beginning
from cosmosql.probes.lower import ProbeRun
from cosmosql.probes.runtime import Runtime
from tests.bench.backtests import Bench, Document, documents

PAIRS = (
    ("icl", "icl"),
    ("lora", "icl"),
    ("lora", "lora"),
)
"""Kinds of the small and of the large model's adaptation, as in arXiv 2405.02134."""

SMALL, LARGE = "tiny.model.small", "tiny.model.large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A candidate on the test rows, once a seed: `scores`, shape (rows,), and `signals` by name;
    `cost` is the FLOPs of a request, mean over rows and seeds."""

    name: str
    predicted: float
    cost: float
    scores: tuple[Array, ...] = field(repr=False)
    signals: tuple[Mapping[str, Array], ...] = field(repr=False)

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.scores))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """A pair on one task; `questions` are the test rows."""

    task: str
    kinds: tuple[str, str]
    small: Tier
    large: Tier
    questions: tuple[Question, ...] = field(repr=False)

    @property
    def ratio(self) -> float:
        """What the large tier costs a request, the small one's cost being 1."""
        return self.large.cost / self.small.cost

    @property
    def orderly(self) -> bool:
        """Whether the small tier is cheaper and the large one better: else one tier alone does
        what no policy undercuts by much."""
        return self.ratio > 1 and self.large.accuracy > self.small.accuracy

    def runs(self) -> tuple[Known, ...]:
        """Both tiers as each seed made them; a tier that no seed changes stands beside every seed
        of the other."""
        count = max(len(self.small.scores), len(self.large.scores))
        return tuple(
            Known(
                seen=Seen(
                    questions=self.questions,
                    signals=(signals_of(self.small, run), signals_of(self.large, run)),
                    costs=np.array([1.0, self.ratio]),
                ),
                scores=np.stack([scores_of(self.small, run), scores_of(self.large, run)]),
            )
            for run in range(count)
        )


def scores_of(tier: Tier, run: int) -> Array:
    return tier.scores[run % len(tier.scores)]


def signals_of(tier: Tier, run: int) -> Mapping[str, Array]:
    return tier.signals[run % len(tier.signals)]


def set_ups(bench: Bench, pairs: Sequence[tuple[str, str]] = PAIRS) -> tuple[SetUp, ...]:
    """Every pair on every task of the bench; ends the program where a backtest is missing."""
    return tuple(
        one
        for task, document in documents(bench).items()
        for one in of_task(bench, task, document, pairs)
    )


def of_task(
    bench: Bench, task: str, document: Document, pairs: Sequence[tuple[str, str]]
) -> tuple[SetUp, ...]:
    compiled = compile_spec(bench.spec_of(task))
    with Ledger.read(compiled.root) as ledger:
        runtime = Runtime(compiled.program, compiled.data, ledger)
        runs = full_runs(compiled.graph, runtime)
        wanted = {
            (model, kind): best_forecast(compiled, document, model, kind)
            for kinds in pairs
            for model, kind in zip((SMALL, LARGE), kinds, strict=True)
        }
        tiers = {
            key: tier_of(compiled, runtime, ledger, name, predicted, runs[name])
            for key, (name, predicted) in wanted.items()
        }
        examples = runtime.task(compiled.query.task).rendered(
            runtime.task(compiled.query.task).dataset.rows[Role.TEST]
        )
    questions = tuple(
        Question(row=one.row, text=one.input, options=one.options) for one in examples
    )
    return tuple(
        SetUp(
            task=task,
            kinds=kinds,
            small=tiers[SMALL, kinds[0]],
            large=tiers[LARGE, kinds[1]],
            questions=questions,
        )
        for kinds in pairs
    )


def best_forecast(
    compiled: Compiled, document: Document, model: str, kind: str
) -> tuple[str, float]:
    """The candidate of a model and kind whose forecast is highest, and that forecast; the first of
    equals."""
    own = {one.name for one in compiled.graph.candidates if (one.model, one.kind) == (model, kind)}
    found = [one for one in document["candidates"] if one["name"] in own]
    best = max(found, key=lambda one: -1.0 if one["predicted"] is None else one["predicted"])
    return best["name"], best["predicted"]


def tier_of(
    compiled: Compiled,
    runtime: Runtime,
    ledger: Ledger,
    name: str,
    predicted: float,
    runs: Sequence[ProbeRun],
) -> Tier:
    observations = [observed(ledger, run) for run in runs]
    return Tier(
        name=name,
        predicted=predicted,
        cost=float(
            np.mean(
                [
                    request_flops(compiled, runtime, run, one)
                    for run, one in zip(runs, observations, strict=True)
                ]
            )
        ),
        scores=tuple(np.array([item.score for item in one.items]) for one in observations),
        signals=tuple(signals(one.items) for one in observations),
    )


def observed(ledger: Ledger, run: ProbeRun) -> Observation:
    found = ledger.find(run.key)
    if found is None or not found.items:
        name = run.measurement.candidate.name
        raise SystemExit(f"{name} was not answered on the test rows: run `make backtest` again")
    return found


def request_flops(
    compiled: Compiled, runtime: Runtime, run: ProbeRun, observation: Observation
) -> float:
    """Mean FLOPs of a request from its recorded tokens; a beginning that prompts share is read
    once."""
    candidate = run.measurement.candidate
    cached = beginning(
        observation,
        run.measurement.fidelity,
        shared=shares_demonstrations(compiled.program, candidate),
    )
    card = runtime.card(candidate.model or "")
    return float(
        np.mean(
            [
                flops(answering(item.prompt_tokens, cached, item.completion_tokens), card)
                for item in observation.items
            ]
        )
    )


def signals(items: Sequence[Item]) -> Mapping[str, Array]:
    """Each signal as an array, shape (rows,), NaN where a row lacks it."""
    names = sorted({name for item in items for name in item.signals})
    return {name: np.array([item.signals.get(name, np.nan) for item in items]) for name in names}
