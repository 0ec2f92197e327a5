"""An extension package with known behaviour: a model and strategies that are functions of digests.

Its strategies write a line to the file named by FAKES_LOG for every measurement that they begin
and end, and kill their own process where FAKES_KILL says so.
"""

from __future__ import annotations

import os
import signal
from decimal import Decimal
from pathlib import Path

import numpy as np

from cosmosql.contracts.backend import ContextOverflow, DeviceProfile, ModelCard
from cosmosql.contracts.strategy import Answer, Fidelity, Workload
from cosmosql.data.rows import LoadedDataset, Role, Row
from cosmosql.identity import digest, seed_of, text_digest
from cosmosql.model.program import (
    Budget,
    Dataset,
    Hardware,
    Measure,
    Model,
    Objective,
    Probe,
    Program,
    Query,
    Roles,
    Strategy,
    Task,
)
from cosmosql.schema.fields import Extension, Field, FieldType
from cosmosql.source import Source, Span
from cosmosql.units import Quantity

LABELS = ("no", "yes")


def say(event: str) -> None:
    """Logs an event; dies where FAKES_KILL is `event:number` and this is that one."""
    path = os.environ.get("FAKES_LOG")
    if not path:
        return
    with Path(path).open("a", encoding="utf-8") as log:
        log.write(event + "\n")
    happened = Path(path).read_text(encoding="utf-8").split("\n")
    kind = event.split()[0]
    count = sum(line.startswith(kind) for line in happened)
    if os.environ.get("FAKES_KILL") == f"{kind}:{count}":
        os.kill(os.getpid(), signal.SIGKILL)


class Fake:
    """A backend whose answers are right with a chance that depends on the model and the shots."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.card = card(name)
        self.conditions = {"device": "fake", "dtype": os.environ.get("FAKES_DTYPE", "float32")}

    def count_tokens(self, texts):
        return tuple(len(text.split()) + 1 for text in texts)

    def embed(self, texts, *, pooling="all", progress=None):
        seeds = [seed_of(self.name, text) for text in texts]
        return np.array([np.random.default_rng(seed).random(8) for seed in seeds], np.float32)

    def unload_adapter(self) -> None:
        pass

    def profile(self) -> DeviceProfile:
        say("profile")
        return DeviceProfile(device="fake", prefill=1e4, decode=1e3, training=5e3, peak_flops=1e9)


def card(name: str) -> ModelCard:
    return ModelCard(
        weights=text_digest(name),
        tokenizer=text_digest("words"),
        template=None,
        architecture="Fake",
        parameters=1000 if name == "small" else 4000,
        layers=1,
        hidden=8,
        vocabulary=100,
        context=512,
        bytes_per_parameter=4,
    )


class Factory:
    def load(self, options, *, root):
        say(f"load {options['name']}")
        return Fake(str(options["name"]))

    def fingerprint(self, options, *, root):
        return card(str(options["name"]))


class Adapted:
    def __init__(self, workload, skill, backend) -> None:
        self.workload = workload
        self._skill = skill
        self._backend = backend

    def answer(self, examples, progress=None):
        name = self._backend.name if self._backend else "none"
        answers = []
        for example in examples:
            drawn = np.random.default_rng(seed_of(name, self._skill, example.row)).random()
            right = drawn < self._skill
            wrong = next(option for option in example.options if option != example.target)
            answers.append(
                Answer(
                    predicted=example.target if right else wrong,
                    signals={"margin": float(drawn)},
                    prompt_tokens=len(example.input.split()) + 1,
                    completion_tokens=1,
                )
            )
        say("end")
        return tuple(answers)

    def save(self, directory) -> None:
        pass


class Curve:
    """A strategy along one axis."""

    needs_retriever = False

    def __init__(self, axis, trains) -> None:
        self.axis = axis
        self.trains = trains

    def full(self, config, pool):
        if self.axis == "shots":
            return Fidelity(shots=config["shots"])
        if self.axis == "share":
            return Fidelity(train_rows=round(config["share"] * pool))
        return Fidelity()

    def ladder(self, config, pool, probe):
        own = self.full(config, pool)
        if self.axis == "shots":
            below = [Fidelity(shots=k) for k in probe["shots"] if k < own.shots]
            return (*below, own) if own.shots <= max(probe["shots"]) else tuple(below)
        if self.axis == "share":
            return tuple(
                Fidelity(train_rows=size, seed=seed)
                for size in probe["sizes"]
                if size <= own.train_rows
                for seed in probe["seeds"]
            )
        return (own,)

    def workload(
        self, config, fidelity, *, input_tokens, target_tokens, instruction_tokens, options, rows
    ):
        return Workload(
            prompt_tokens=rows * ((fidelity.shots or 0) + 1) * (input_tokens + target_tokens),
            completion_tokens=rows * target_tokens,
            training_tokens=(fidelity.train_rows or 0) * (input_tokens + target_tokens),
            requests=rows,
        )

    def adapt(self, config, fidelity, *, task, train, backend, retriever, progress=None):
        say(f"begin {digest([backend.name if backend else None, self.axis, fidelity])[:8]}")
        if "overflow" in config and fidelity.shots == config["overflow"]:
            raise ContextOverflow(900, 512)
        size = (fidelity.shots or 0) + (fidelity.train_rows or 0) / 8
        skill = round(0.55 + 0.4 * size / (size + 4), 6)
        return Adapted(Workload(training_tokens=fidelity.train_rows or 0), skill, backend)

    def load(self, config, directory, *, task, train, backend, retriever):
        raise NotADirectoryError(directory)


class Exact:
    name = "fake_exact"
    decomposes = True

    def item(self, predicted, target):
        return float(predicted == target)

    def aggregate(self, scores, predicted, target, weights):
        return weights @ scores / weights.sum(axis=1)


FACTORY = Factory()
SHOTS_STRATEGY = Curve("shots", False)
TUNED_STRATEGY = Curve("share", True)
MAJORITY_STRATEGY = Curve(None, True)


def _extension(kind, name, implementation, *options):
    return Extension(
        kind=kind,
        name=name,
        doc="",
        options=options,
        implementation=f"cosmosql_fakes:{implementation}",
    )


METRIC = _extension("metric", "fake_exact", "Exact")
MODEL = _extension("model", "fake", "FACTORY")
SHOTS = _extension(
    "strategy",
    "fake_shots",
    "SHOTS_STRATEGY",
    Field(name="shots", type=FieldType.COUNT, doc="", default=1, sweepable=True),
)
TUNED = _extension(
    "strategy",
    "fake_tuned",
    "TUNED_STRATEGY",
    Field(name="rank", type=FieldType.COUNT, doc="", default=8, sweepable=True),
    Field(name="share", type=FieldType.RATIO, doc="", default=1.0, sweepable=True),
)
MAJORITY = _extension("strategy", "fake_majority", "MAJORITY_STRATEGY")

SPAN = Span(Source("fake.cosmos", "query pick {}"), 6, 10)


def declared(name):
    return {"name": name, "doc": None, "span": SPAN}


def strategy(name, using, **changes):
    fields = {
        "models": ("model.small", "model.large"),
        "retrievers": (),
        "hardware": "hardware.box",
        "sweeps": {},
        "swept": (),
    }
    return Strategy(**declared(name), using=using, **{**fields, **changes})


def world(
    root: Path,
    *,
    probing=None,
    price="3.6 USD/GPU-hour",
    strategies=None,
    rows=12,
    order="complete",
):
    """A program of three strategies over two models, its query, and its data."""
    found = strategies or (
        strategy("strategy.majority", "fake_majority", models=(), hardware=None),
        strategy(
            "strategy.shown",
            "fake_shots",
            sweeps={"shots": (2, 8, 16)},
            swept=("model", "shots"),
        ),
        strategy(
            "strategy.tuned",
            "fake_tuned",
            models=("model.small",),
            sweeps={"rank": (8,), "share": (0.5, 1.0)},
            swept=("share",),
        ),
    )
    budget = Budget(
        **declared("budget.probing"),
        probing={meter: Quantity.parse(text) for meter, text in (probing or {}).items()},
        adaptation={},
        serving={},
    )
    query = Query(
        **declared("query.pick"),
        task="task.answers",
        strategies=tuple(one.name for one in found),
        policies=(),
        probe="probe.ladder",
        budget=budget,
        objective=Objective(
            direction="maximize", formula=Measure(name="fake_exact"), text="fake_exact"
        ),
        requirements=(),
        tolerance=Decimal("0.01"),
        confidence=Decimal("0.9"),
    )
    program = Program(
        path=root / "fake.cosmos",
        sha256="0" * 64,
        modules=(),
        parameters={},
        datasets={
            "dataset.rows": Dataset(
                **declared("dataset.rows"),
                using="jsonl",
                options={},
                roles=Roles(column=None, amounts={}),
                group=None,
                identifier=None,
                stays_local=False,
                root=root,
            )
        },
        tasks={
            "task.answers": Task(
                **declared("task.answers"),
                using="classify",
                dataset="dataset.rows",
                input="{text}",
                target="label",
                choices=None,
                labels=(),
                metric="fake_exact",
                instruction=None,
                separator=" =>",
                max_tokens=4,
            )
        },
        models={
            f"model.{name}": Model(
                **declared(f"model.{name}"),
                using="fake",
                options={"name": name},
                root=root,
                local=True,
            )
            for name in ("small", "large")
        },
        retrievers={},
        hardware={
            "hardware.box": Hardware(
                **declared("hardware.box"),
                memory=None,
                bandwidth=None,
                peak_flops=None,
                utilisation=1.0,
                price=Quantity.parse(price) if price else None,
                price_source="a test",
                price_as_of="2026-01-01",
            )
        },
        prices={},
        strategies={one.name: one for one in found},
        policies={},
        probes={
            "probe.ladder": Probe(
                **declared("probe.ladder"),
                sizes=(8, 16),
                shots=(1, 2, 4),
                steps=(),
                rows=rows,
                seeds=(11,),
                order=order,
            )
        },
        budgets={},
        queries={"query.pick": query},
    )
    return program, query, {"dataset.rows": dataset()}


def dataset(changed: str | None = None) -> LoadedDataset:
    """40 rows; `changed` replaces the text of the first validation row."""
    sizes = {Role.TRAIN: 20, Role.VALIDATION: 12, Role.CALIBRATION: 4, Role.TEST: 4}
    rows: dict[Role, tuple[Row, ...]] = {}
    for role, count in sizes.items():
        made = []
        for index in range(count):
            text = f"{role} row number {index}"
            if changed and role is Role.VALIDATION and index == 0:
                text = changed
            values = {"text": text, "label": LABELS[(index * 7 // 3) % 2]}
            made.append(
                Row(identity=digest(values), values=values, role=role, origin=f"rows:{index}")
            )
        rows[role] = tuple(made)
    every = sorted([row.identity, str(row.role)] for found in rows.values() for row in found)
    return LoadedDataset(
        name="dataset.rows", fingerprint=digest(every), columns=("text", "label"), rows=rows
    )
