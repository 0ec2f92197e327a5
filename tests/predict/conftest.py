"""A simulated world: models whose learning curves are known, answering rows of known difficulty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from cosmosql.contracts.backend import ModelCard
from cosmosql.contracts.strategy import Fidelity
from cosmosql.data.rows import LoadedDataset, Role, Row
from cosmosql.evidence.measured import Measured
from cosmosql.evidence.observation import Item, Observation, Usage
from cosmosql.identity import seed_of, text_digest
from cosmosql.model import program as model
from cosmosql.plan.build import build
from cosmosql.plan.candidate import Measurement
from cosmosql.plan.graph import PlanGraph
from cosmosql.predict.facts import Facts
from cosmosql.source import Source, Span
from cosmosql.units import Quantity

SPAN = Span(Source("world.cosmos", "x"), 0, 1)
PROFILE = {
    "device": "simulated",
    "prefill": 1000.0,
    "decode": 100.0,
    "training": 500.0,
    "peak_flops": 1e9,
}
PARAMETERS = 100_000
PROMPT_TOKENS = 20
SHOT_TOKENS = 15
TRAIN_ROW_TOKENS = 25
EPOCHS = 3


def named(name: str) -> dict[str, object]:
    return {"name": name, "doc": None, "span": SPAN}


def strategy(name: str, using: str, **more: object) -> model.Strategy:
    settings: dict[str, object] = {
        "using": using,
        "models": ("model.small",),
        "retrievers": (),
        "hardware": "hardware.box",
        "sweeps": {},
        "swept": (),
    }
    return model.Strategy(**named(name), **(settings | more))  # type: ignore[arg-type]


def lora_options(shares: tuple[float, ...]) -> Mapping[str, tuple[object, ...]]:
    from cosmosql.schema import registry

    defaults = {
        option.name: (option.default,)
        for option in registry.extension("strategy", "lora").options
        if option.default is not None
    }
    # Batches of one row, so that none is filled up and tokens are rows times epochs.
    return {**defaults, "share": shares, "epochs": (float(EPOCHS),), "batch_size": (1,)}


def icl_options(shots: tuple[int, ...]) -> Mapping[str, tuple[object, ...]]:
    from cosmosql.schema import registry

    defaults = {
        option.name: (option.default,)
        for option in registry.extension("strategy", "icl").options
        if option.default is not None
    }
    return {**defaults, "shots": shots}


@dataclass(frozen=True, kw_only=True)
class World:
    """`truth` gives the accuracy of a strategy kind at a fidelity."""

    truth: Callable[[str, Fidelity], float]
    seed: int = 0
    probe_rows: int = 200
    pool: int = 1000
    proxies: bool = True
    program: model.Program = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "program", self._program())

    def _program(self) -> model.Program:
        sweep = lora_options((0.25, 1.0))
        strategies = {
            "strategy.zero": strategy("strategy.zero", "prompt"),
            "strategy.rag": strategy(
                "strategy.rag",
                "icl",
                retrievers=("retriever.near",),
                sweeps=icl_options((0, 1, 4, 16, 64)),
                swept=("shots",),
            ),
            "strategy.tuned": strategy("strategy.tuned", "lora", sweeps=sweep, swept=("share",)),
        }
        task = model.Task(
            **named("task.topics"),  # type: ignore[arg-type]
            using="classify",
            dataset="dataset.rows",
            input="{text}",
            target="label",
            choices=None,
            labels=("a", "b", "c", "d"),
            metric="accuracy",
            instruction=None,
            separator=" =>",
            max_tokens=4,
        )
        hardware = model.Hardware(
            **named("hardware.box"),  # type: ignore[arg-type]
            memory=None,
            bandwidth=None,
            peak_flops=None,
            utilisation=0.5,
            price=Quantity.parse("3.6 USD/GPU-hour"),
            price_source="invoice",
            price_as_of="2026-01-01",
        )
        probe = model.Probe(
            **named("probe.ladder"),  # type: ignore[arg-type]
            sizes=(64, 128),
            shots=(0, 1, 2, 4),
            steps=(),
            rows=self.probe_rows,
            seeds=(1,),
        )
        measure = model.Measure(name="accuracy")
        budget = model.Budget(**named("budget.none"), probing={}, adaptation={}, serving={})  # type: ignore[arg-type]
        query = model.Query(
            **named("pick"),  # type: ignore[arg-type]
            task="task.topics",
            strategies=tuple(strategies),
            policies=(),
            probe="probe.ladder",
            budget=budget,
            objective=model.Objective(direction="maximize", formula=measure, text="accuracy"),
            requirements=(),
            tolerance=Decimal("0.01"),
            confidence=Decimal("0.9"),
        )
        dataset = model.Dataset(
            **named("dataset.rows"),  # type: ignore[arg-type]
            using="jsonl",
            options={},
            roles=model.Roles(column=None, amounts={}),
            group=None,
            identifier=None,
            stays_local=False,
            root=Path(),
        )
        small = model.Model(
            **named("model.small"),  # type: ignore[arg-type]
            using="hf",
            options={},
            root=Path(),
            local=True,
        )
        near = model.Retriever(
            **named("retriever.near"),  # type: ignore[arg-type]
            using="bm25",
            options={},
            corpus="dataset.rows",
        )
        return model.Program(
            path=Path("world.cosmos"),
            sha256="0" * 64,
            modules=(),
            parameters={},
            datasets={"dataset.rows": dataset},
            tasks={"task.topics": task},
            models={"model.small": small},
            retrievers={"retriever.near": near},
            hardware={"hardware.box": hardware},
            prices={},
            strategies=strategies,
            policies={},
            probes={"probe.ladder": probe},
            budgets={},
            queries={"pick": query},
        )

    @property
    def graph(self) -> PlanGraph:
        counts = {Role.TRAIN: self.pool, Role.VALIDATION: self.probe_rows}
        rows = {
            role: tuple(
                Row(
                    identity=text_digest(f"{self.seed} {role} {index}"),
                    values={},
                    role=role,
                    origin="rows",
                )
                for index in range(counts.get(role, 0))
            )
            for role in Role
        }
        loaded = LoadedDataset(
            name="dataset.rows", fingerprint="f" * 64, columns=("text", "label"), rows=rows
        )
        return build(self.program, self.program.queries["pick"], {"dataset.rows": loaded})

    @property
    def facts(self) -> Facts:
        card = ModelCard(
            weights="w",
            tokenizer="t",
            template=None,
            architecture="LlamaForCausalLM",
            parameters=PARAMETERS,
            layers=2,
            hidden=64,
            vocabulary=100,
            context=10_000,
            bytes_per_parameter=4,
        )
        share = self.pool // 4
        return Facts(
            pools={"dataset.rows": self.pool},
            n_test=500,
            label_counts=(share,) * 4,
            cards={"model.small": card},
        )

    def items(self, name: str, accuracy: float, prompt_tokens: int) -> tuple[Item, ...]:
        """Outcomes with rows that are hard for everyone (correlation 0.6 of the latent)."""
        rng = np.random.default_rng(seed_of("difficulty", self.seed))
        shared = rng.standard_normal(self.probe_rows)
        own = np.random.default_rng(seed_of("own", self.seed, name)).standard_normal(
            self.probe_rows
        )
        right = ndtr(np.sqrt(0.6) * shared + np.sqrt(0.4) * own) < accuracy
        return tuple(
            Item(
                row=text_digest(f"{self.seed} validation {index}"),
                score=float(correct),
                predicted=index % 4 if correct else (index + 1) % 4,
                target=index % 4,
                signals={"margin": float(2 * correct + own[index])},
                prompt_tokens=prompt_tokens,
                completion_tokens=1,
            )
            for index, correct in enumerate(right)
        )

    def observe(self, request: Measurement) -> Observation | None:
        values: dict[str, object] = {}
        items: tuple[Item, ...] = ()
        usage = Usage()
        fidelity, kind = request.fidelity, request.candidate.kind
        if request.kind == "profile":
            values = dict(PROFILE)
        elif request.kind == "proxy":
            if not self.proxies:
                return None
            sizes = [16, 32, 64, 128, 256, 512, 1000]
            found = [self.truth("proxy", Fidelity(train_rows=size)) for size in sizes]
            values = {"sizes": sizes, "accuracy": found}
            items = self.items("proxy", found[-1], 0)
        else:
            tokens = PROMPT_TOKENS + SHOT_TOKENS * (fidelity.shots or 0)
            items = self.items(f"{kind} {fidelity}", self.truth(kind, fidelity), tokens)
            trained = (fidelity.train_rows or 0) * TRAIN_ROW_TOKENS * EPOCHS
            usage = Usage(
                prompt_tokens=tokens * self.probe_rows,
                completion_tokens=self.probe_rows,
                training_tokens=trained,
            )
        return Observation(
            kind=request.kind,
            key=text_digest(f"{request.kind} {kind} {fidelity}"),
            asked={},
            conditions={},
            role=request.role or None,
            values=values,  # type: ignore[arg-type]
            items=items,
            usage=usage,
        )

    @property
    def measured(self) -> tuple[Measured, ...]:
        return tuple(
            Measured(node=node, measurement=request, observation=observation)
            for node, request in self.graph.measurements.items()
            if (observation := self.observe(request)) is not None
        )


def saturating(kind: str, fidelity: Fidelity) -> float:
    """Curves that the predictors should get about right."""
    match kind:
        case "prompt":
            return 0.40
        case "icl":
            return 0.88 - 0.45 * ((fidelity.shots or 0) + 1) ** -0.6
        case "lora":
            return 0.93 - 0.60 * (1 + (fidelity.train_rows or 0) / 40) ** -0.9
        case "proxy":
            return 0.91 - 0.58 * (1 + (fidelity.train_rows or 0) / 50) ** -0.9
        case _:
            raise ValueError(kind)


@pytest.fixture
def world() -> Callable[..., World]:
    """Makes worlds; saturating curves unless told."""

    def make(**settings: object) -> World:
        return World(**({"truth": saturating} | settings))  # type: ignore[arg-type]

    return make
