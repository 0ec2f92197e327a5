"""The whole line in one file: one call a stage, each reading only what the stage before it made.

    bind → load → build → lower → execute → explore → forecast → decide (→ test) → document → write

Everything else in the package is one of these words, or carries out the plan that they make.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from cosmosql.artifact import document as artifact
from cosmosql.artifact.plan import PlanDocument
from cosmosql.artifact.probing import probing_part
from cosmosql.artifact.storage import document_bytes, write_bytes
from cosmosql.compiler import Compiled, compile_spec
from cosmosql.data.rows import Role
from cosmosql.data.template import cell_text
from cosmosql.decide.adaptive import Adaptive
from cosmosql.decide.certifying import Certifying
from cosmosql.decide.choose import decide
from cosmosql.decide.decision import Decision
from cosmosql.decide.examined import Traits, examine
from cosmosql.decide.imagined import imagine
from cosmosql.decide.survey import Survey
from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.evidence import file as evidence_file
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.measured import Measured, distinct, untouched
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.store import Recorded
from cosmosql.identity import Json, digest, rounded
from cosmosql.interval import Unmeasured
from cosmosql.model.boundary import NOTHING, Trusted
from cosmosql.model.settings import Settings
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.facts import Facts
from cosmosql.predict.fits import FIT, Fits
from cosmosql.predict.forecast import Forecast, ItemForecast
from cosmosql.predict.forecasting import forecast
from cosmosql.predict.items import item_forecast
from cosmosql.predict.spending import Spending, exhaustive, probing
from cosmosql.probes import quote as quoting
from cosmosql.probes.bench import LiveBench, RecordedBench
from cosmosql.probes.calibrating import Calibrating, LiveCalibrating, RecordedCalibrating
from cosmosql.probes.choices import Remembered, content
from cosmosql.probes.lower import ProbeRun, lower, pair
from cosmosql.probes.quote import rounds
from cosmosql.probes.round import carry_out
from cosmosql.probes.rounds import Exploration, explore
from cosmosql.probes.run import recorded, replay
from cosmosql.probes.runtime import Runtime
from cosmosql.probes.tasks import prepare, questions_of
from cosmosql.probes.tested import may_be_tested
from cosmosql.probes.traits import traits
from cosmosql.units import Quantity

Report: TypeAlias = Callable[[str, int, int], None]
"""Told (what is being done, done, total) while measurements run."""

DEFAULT_SEED = 0

CHOOSERS = {"adaptive": Adaptive, "survey": Survey}
"""By the probe's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Every stage's value between the graph and the document."""

    compiled: Compiled
    resolved: tuple[Observation, ...]
    exploration: Exploration = field(repr=False)
    choices: tuple[Observation, ...]
    facts: Facts
    forecasts: tuple[Forecast, ...] = field(repr=False)
    fits: tuple[Observation, ...] = field(repr=False)
    decision: Decision
    calibrated: tuple[Measured, ...] = field(repr=False)
    """Members of a policy in full on the calibration rows, where it was tested."""
    probing: Spending
    exhaustive: Spending

    @property
    def measured(self) -> tuple[Measured, ...]:
        return self.exploration.measured

    @property
    def observations(self) -> tuple[Observation, ...]:
        """All the evidence that the forecasts stand on, each once."""
        measured = (one.observation for one in self.measured)
        calibrated = (one.observation for one in self.calibrated)
        found = (*self.resolved, *measured, *calibrated, *self.choices, *self.fits)
        return tuple({one.key: one for one in found}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run left: the plan and its files, and how many observations were made or found."""

    plan: PlanDocument
    plan_path: Path
    evidence_path: Path
    report_html: Path
    report_md: Path
    measured: int
    reused: int
    warnings: tuple[Diagnostic, ...] = ()


def quote(
    path: Path,
    query: str | None = None,
    settings: Settings | None = None,
    trusted: Trusted = NOTHING,
) -> quoting.Quote:
    """What a run would measure, at most; loads no weight and writes nothing."""
    compiled = compile_spec(path, query=query, settings=settings, trusted=trusted)
    with Ledger.read(compiled.root) as ledger:
        known = _known(compiled, ledger)
        runtime = Runtime(compiled.program, compiled.data, known)
        return quoting.quote(compiled.graph, ledger, runtime, known)


def run(
    path: Path,
    *,
    query: str | None = None,
    settings: Settings | None = None,
    trusted: Trusted = NOTHING,
    offline: bool = False,
    seed: int = DEFAULT_SEED,
    today: datetime.date | None = None,
    progress: Report | None = None,
) -> Outcome:
    """Probe, forecast, decide; write plan, evidence file and report beside the spec. `today` says
    as of when the warnings tell ages; what is written knows no clock."""
    compiled = compile_spec(path, query=query, settings=settings, trusted=trusted, today=today)
    line, fresh = replayed(compiled, seed) if offline else measured(compiled, seed, progress)
    plan = write(line, seed)
    return Outcome(
        plan=plan,
        plan_path=compiled.path("plan.json"),
        evidence_path=compiled.path("evidence.jsonl.gz"),
        report_html=compiled.path("report.html"),
        report_md=compiled.path("report.md"),
        measured=fresh,
        reused=len(distinct((*line.measured, *line.calibrated))) - fresh,
        warnings=compiled.warnings,
    )


def stage(
    path: Path,
    name: str,
    *,
    query: str | None = None,
    settings: Settings | None = None,
    trusted: Trusted = NOTHING,
    seed: int = DEFAULT_SEED,
) -> object:
    """The value of one stage of a spec: what the stages after it read. Measures and writes nothing.

    `program`, `graph` and `probes` need no evidence; `evidence`, `forecast` and `decision` are
    replayed, which raises InputError E0802 where some is missing.
    """
    compiled = compile_spec(path, query=query, settings=settings, trusted=trusted)
    match name:
        case "program":
            return compiled.program
        case "graph":
            return compiled.graph
        case "probes":
            with Ledger.read(compiled.root) as ledger:
                known = _known(compiled, ledger)
            return lower(compiled.graph, Runtime(compiled.program, compiled.data, known))
    line, _ = replayed(compiled, seed)
    match name:
        case "evidence":
            return line.observations
        case "forecast":
            return line.forecasts
        case "decision":
            return line.decision
        case _:
            raise ValueError(f"no stage is called {name}")


def measured(compiled: Compiled, seed: int, progress: Report | None) -> tuple[Line, int]:
    """The line with what was lacking measured now, and how many observations that made."""
    with Ledger.open(compiled.root) as ledger:
        ledger.take_in(_filed(compiled))
        runtime = Runtime(compiled.program, compiled.data, ledger)
        runs = lower(compiled.graph, runtime)
        watcher = Watched(progress)
        first, menu = rounds(compiled.graph, runs)
        tests = may_be_tested(compiled.graph, runtime)
        menu = (*menu, *tests)
        observations = carry_out(first, compiled.graph, ledger, runtime, watcher, menu)
        known = Recorded(item for item in ledger.all() if item.kind in ("fit", "choice"))
        facts = facts_of(compiled, runtime)
        bench = LiveBench(compiled.graph, runs, ledger, runtime, watcher, tests)
        order = compiled.program.probes[compiled.query.probe].order
        chosen_by = CHOOSERS.get(order, Adaptive)(
            graph=compiled.graph,
            facts=facts,
            fits=Fits(known, replay=False),
            seed=seed,
            unit=bench.unit,
        )
        chooser = Remembered(question(compiled, seed), known, chosen_by, ledger.add)
        exploration = explore(compiled.graph, pair(runs, observations), bench, chooser)
        calibrating = LiveCalibrating(compiled.graph, (*runs, *tests), ledger, runtime, watcher)
        line = _line(compiled, observations, exploration, chooser, facts, known, seed, calibrating)
        runtime.release()
        for fit in line.fits:
            if ledger.find(fit.key, fit.conditions) is None:
                ledger.add(fit)
        return line, watcher.measured


def replayed(compiled: Compiled, seed: int) -> tuple[Line, int]:
    """The line from evidence alone, which also tells what was chosen when. Evidence that does not
    is used whole. Raises InputError E0802 where some of the first round is missing."""
    with Ledger.read(compiled.root) as ledger:
        known = _known(compiled, ledger)
    runtime = Runtime(compiled.program, compiled.data, known)
    runs = lower(compiled.graph, runtime)
    first, _ = rounds(compiled.graph, runs)
    observations = replay(first, runtime, known)
    chooser = Remembered(question(compiled, seed), known)
    bench = RecordedBench(runs, known)
    exploration = explore(compiled.graph, pair(runs, observations), bench, chooser)
    if exploration.ended is None:
        whole = pair(runs, [one for _, one in recorded(runs, known) if one is not None])
        exploration = Exploration(measured=whole, rounds=(), ended=None)
        chooser.used.clear()
    facts = facts_of(compiled, runtime)
    calibrating = RecordedCalibrating(compiled.graph, runtime, known)
    line = _line(
        compiled, observations, exploration, chooser, facts, known, seed, calibrating, offline=True
    )
    return line, 0


def question(compiled: Compiled, seed: int) -> dict[str, Json]:
    """What the choice of a probe depends on, besides what was measured before it."""
    program, query = compiled.program, compiled.query
    declared = (
        query,
        *(program.policies[name] for name in query.policies),
        *program.hardware.values(),
        *program.prices.values(),
    )
    return {
        "graph": compiled.graph.identities["decide"],
        "declared": [content(one) for one in declared],
        "order": program.probes[query.probe].order,
        "fit": FIT,
        "seed": seed,
    }


def _known(compiled: Compiled, ledger: Ledger) -> Recorded:
    """All evidence there is without measuring: the file's counts as the latest."""
    return Recorded([*ledger.all(), *_filed(compiled)])


def _filed(compiled: Compiled) -> tuple[Observation, ...]:
    """The observations of the evidence file beside the spec, where there is one."""
    path = compiled.path("evidence.jsonl.gz")
    return evidence_file.read(path) if path.exists() else ()


def _line(
    compiled: Compiled,
    observations: Sequence[Observation],
    exploration: Exploration,
    chooser: Remembered,
    facts: Facts,
    known: Recorded,
    seed: int,
    calibrating: Calibrating,
    *,
    offline: bool = False,
) -> Line:
    found = untouched(exploration.measured)
    fits = Fits(known, replay=offline)
    forecasts = forecast(compiled.graph, found, facts, fits, seed=seed)
    policies = [compiled.program.policies[name] for name in compiled.query.policies]
    decision = decide(
        compiled.query,
        forecasts,
        policies,
        n_test=facts.n_test,
        seed=seed,
        imagined=imagine(compiled.graph, found, facts, fits, forecasts, seed=seed),
        parameters={model: card.parameters for model, card in facts.cards.items()},
        questions=facts.questions,
        certifying=testing_on(compiled, calibrating),
    )
    calibrated = untouched(calibrating.measured)
    return Line(
        compiled=compiled,
        resolved=tuple(item for item in observations if item.kind == "resolve"),
        exploration=exploration,
        choices=tuple(chooser.used),
        facts=facts,
        forecasts=forecasts,
        fits=tuple(fits.used),
        decision=decision,
        calibrated=calibrated,
        probing=probing(compiled.graph, (*found, *calibrated), facts),
        exhaustive=exhaustive(compiled.graph, forecasts, found, facts),
    )


def testing_on(compiled: Compiled, calibrating: Calibrating) -> Certifying:
    """What it takes to test a policy on the calibration rows."""
    task = compiled.program.tasks[compiled.query.task]
    loaded = compiled.data[task.dataset]

    def measure(candidates: Sequence[Candidate]) -> Mapping[str, ItemForecast] | Unmeasured:
        found = calibrating.answers(candidates)
        if isinstance(found, Unmeasured):
            return found
        return {name: item_forecast(one, None) for name, one in found.items()}

    return Certifying(
        rows=len(loaded.rows[Role.CALIBRATION]),
        questions=questions_of(prepare(task, loaded), Role.CALIBRATION)
        if compiled.query.policies
        else {},
        measure=measure,
    )


def facts_of(compiled: Compiled, runtime: Runtime) -> Facts:
    """What forecasting needs to know of rows and models. Test rows are counted, not read."""
    task = compiled.program.tasks[compiled.query.task]
    loaded = compiled.data[task.dataset]
    train = loaded.rows[Role.TRAIN]
    labels = runtime.task(task.name).view.labels
    answers = [cell_text(row.values[task.target]) for row in train]
    models = dict.fromkeys(one.model for one in compiled.graph.candidates)
    return Facts(
        pools={name: len(found.rows[Role.TRAIN]) for name, found in compiled.data.items()},
        n_test=len(loaded.rows[Role.TEST]),
        label_counts=tuple(answers.count(label) for label in labels),
        task=digest(sorted(labels) or loaded.fingerprint)[:12],
        cards={model: runtime.card(model) for model in models if model is not None},
        questions=questions_of(runtime.task(task.name), Role.VALIDATION)
        if compiled.query.policies
        else {},
    )


def write(line: Line, seed: int) -> PlanDocument:
    """Writes evidence file, plan and report, each whole or not at all, and returns the plan."""
    # Drawing starts a program and keeps a cache of fonts, which commands that only read must not.
    from cosmosql.report.render import render_html, render_markdown

    compiled = line.compiled
    observations = line.observations
    digest = evidence_file.write(compiled.path("evidence.jsonl.gz"), observations)
    plan = artifact.document(
        compiled.program,
        compiled.query,
        line.forecasts,
        line.decision,
        artifact.Facts(
            models=line.facts.cards,
            datasets={
                name: artifact.DatasetLock(
                    fingerprint=loaded.fingerprint,
                    rows={str(role): len(found) for role, found in loaded.rows.items()},
                )
                for name, loaded in compiled.data.items()
            },
            versions=versions(observations),
            seed=seed,
            spent=amounts(line.probing, tokens_of(line.measured)),
            exhaustive=amounts(line.exhaustive),
            probing=probing_part(compiled.graph, line.exploration),
            evidence_digest=digest,
            observations=len(observations),
            test_reads=sum(item.role == Role.TEST for item in observations),
        ),
        examine(line.forecasts, line.decision, traits_of(compiled), seed=seed),
    )
    write_bytes(compiled.path("plan.json"), document_bytes(plan))
    write_bytes(compiled.path("report.html"), render_html(plan).encode())
    write_bytes(compiled.path("report.md"), render_markdown(plan).encode())
    return plan


def traits_of(compiled: Compiled) -> Traits:
    """What the validation rows have in common. Parts have the names that stand in rows only where
    these may be shown."""
    task = compiled.program.tasks[compiled.query.task]
    loaded = compiled.data[task.dataset]
    named = loaded.shown and not compiled.program.datasets[task.dataset].stays_local
    return traits(prepare(task, loaded), named=named)


def versions(observations: Iterable[Observation]) -> dict[str, str]:
    """The conditions under which the evidence was measured; several values of one stand joined."""
    found: dict[str, set[str]] = {}
    for observation in observations:
        for name, value in observation.conditions.items():
            found.setdefault(name, set()).add(value)
    return {name: ", ".join(sorted(values)) for name, values in sorted(found.items())}


def tokens_of(found: Iterable[Measured]) -> int:
    usages = [one.observation.usage for one in distinct(found)]
    return sum(
        usage.prompt_tokens + usage.completion_tokens + usage.training_tokens for usage in usages
    )


def amounts(spending: Spending, tokens: int | None = None) -> dict[str, Quantity]:
    """Modelled totals by meter. Seconds are tokens at the profiled rates, never a stop-watch's,
    so that the same evidence gives the same figures."""
    found = {
        "accelerator": Quantity.of(Decimal(str(rounded(spending.seconds))), "GPU-s"),
        "compute": Quantity.of(Decimal(str(rounded(spending.flops))), "FLOP"),
    }
    if spending.currency is not None:
        found["money"] = Quantity.of(spending.money, spending.currency)
    if tokens is not None:
        found["tokens"] = Quantity.of(Decimal(tokens), "tokens")
    return dict(sorted(found.items()))


class Watched:
    """Turns what `execute` tells into progress, and counts what was measured."""

    def __init__(self, report: Report | None) -> None:
        self._report = report
        self._words = ""
        self.measured = 0

    def started(self, run: ProbeRun, index: int, total: int) -> None:
        self._words = f"probe {self.measured + 1}  {run.measurement.candidate.name}"
        self.advanced(0, 1)

    def advanced(self, done: int, total: int) -> None:
        if self._report is not None:
            self._report(self._words, done, total)

    def finished(self, run: ProbeRun, observation: Observation | None) -> None:
        self.measured += observation is not None
