"""A plan, carried out on the full data: `NAME.plan.json` → `NAME.bundle/`.

Every member of the decision is made ready as planned, answers the calibration and the test rows,
and is saved; what was measured is held against the forecast, which the ledger has had since before.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pydantic import JsonValue

from cosmosql.apply import scores
from cosmosql.apply.fitting import fitted, joined, references, rows_to_fit, together
from cosmosql.apply.policy import BROKEN, BrokenRuleError, rule_of
from cosmosql.apply.statement import settle_plan, state_plan
from cosmosql.artifact.bundle import (
    MANIFEST,
    BundleManifest,
    BundleMember,
    BundleModel,
    BundlePolicy,
    BundleRetriever,
    BundleTask,
    Outcome,
    SignalReference,
)
from cosmosql.artifact.plan import PlanDocument
from cosmosql.artifact.storage import document_bytes, read_plan, reject_plan, write_bytes
from cosmosql.contracts.backend import Progress
from cosmosql.contracts.strategy import Adapted
from cosmosql.data.rows import LoadedDataset, Role
from cosmosql.decide.person import PERSON
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, Severity, reject
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.observation import Observation
from cosmosql.identity import file_digest, jsonable
from cosmosql.model.bind import bind
from cosmosql.model.boundary import NOTHING, Trusted
from cosmosql.model.program import Policy, Program, Query
from cosmosql.model.rows import load_data
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.expand import expand
from cosmosql.plan.series import strategy_of
from cosmosql.probes.evaluate import adapt, answered
from cosmosql.probes.lower import in_full, probe_run
from cosmosql.probes.runtime import Runtime
from cosmosql.probes.tasks import questions_of

Report: TypeAlias = Callable[[str, int, int], None]
"""Told (what is being done, done, total)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOutcome:
    """`within`: every measured quantity lies in its forecast interval."""

    bundle: Path
    outcomes: tuple[Outcome, ...]
    within: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A member that was made ready and saved, with its answers by role."""

    candidate: Candidate
    member: BundleMember
    answers: Mapping[Role, Observation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The policy as it will serve, what the test rows show of it, and what to hold a stream of rows
    against."""

    policy: BundlePolicy
    outcomes: tuple[Outcome, ...]
    references: tuple[SignalReference, ...]


def apply(
    plan_path: Path, *, trusted: Trusted = NOTHING, progress: Report | None = None
) -> ApplyOutcome:
    """Carries a plan out and writes its bundle beside it, whole or not at all.

    Raises InputError: E0801 or E0803 where the plan cannot be read, E0808 where nothing was
    chosen, E0809 where spec, rows or weights are no longer those that were planned with, E0512
    where there are no test rows.
    """
    plan = read_plan(plan_path)
    program, query = planned(plan, plan_path, trusted)
    data = load_data(program, query)
    require_test_rows(program, query, data)
    runtime = Runtime(program, data)
    policy = chosen_policy(plan, plan_path)
    by_name = {candidate.name: candidate for candidate in expand(program, query)}
    unknown = sorted(set(policy.members) - set(by_name) - {PERSON})
    if unknown or not set(policy.members) - {PERSON}:
        raise InputError([drifted("the candidates", unknown or [str(plan.decision.chosen)])])
    members = [by_name[name] for name in policy.members if name != PERSON]
    check_locked(plan, data, runtime, members)
    roles = dict.fromkeys((*rows_to_fit(policy), Role.CALIBRATION, Role.TEST))
    name = plan_path.name.removesuffix(".json").removesuffix(".plan")
    bundle = plan_path.parent / f"{name}.bundle"
    partial = bundle.with_name(f".{bundle.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with Ledger.open(plan_path.parent) as ledger:
            tests = [
                probe_run(in_full(candidate, Role.TEST, runtime), runtime).key
                for candidate in members
            ]
            stated = state_plan(plan, plan_path, tests, members, ledger)
            ready = [
                make_ready(candidate, index, roles, runtime, ledger, partial, bundle, progress)
                for index, candidate in enumerate(members)
            ]
            carried = carry_out(plan, program, query, policy, ready, runtime, ledger)
            answered_test = [(one.candidate, one.answers[Role.TEST]) for one in ready]
            settle_plan(stated, carried.outcomes, answered_test, ledger)
        manifest = BundleManifest(
            plan=file_digest(plan_path),
            task=task_of(program, query, runtime),
            policy=carried.policy,
            members=tuple(one.member for one in ready),
            outcomes=carried.outcomes,
            references=carried.references,
        )
        write_bytes(partial / MANIFEST, document_bytes(manifest))
        replace_directory(partial, bundle)
    except BrokenRuleError as error:
        reject_plan(plan_path, str(error))
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    within = all(outcome.within is not False for outcome in carried.outcomes)
    return ApplyOutcome(bundle=bundle, outcomes=carried.outcomes, within=within)


def carry_out(
    plan: PlanDocument,
    program: Program,
    query: Query,
    policy: BundlePolicy,
    ready: Sequence[Ready],
    runtime: Runtime,
    ledger: Ledger,
) -> Carried:
    """Fits the policy on what its members answered, and measures it on the test rows."""
    prepared = runtime.task(query.task)
    said = {
        role: together(
            policy.members,
            [one.answers[role].items for one in ready],
            questions_of(prepared, role),
        )
        for role in ready[0].answers
    }
    if known := [said[role] for role in rows_to_fit(policy) if role in said]:
        declared = declared_policy(program, plan)
        policy = fitted(policy, declared, joined(known), seed=plan.locked.seed)
    outcomes = scores.outcomes(
        plan,
        policy,
        [one.candidate for one in ready],
        [one.answers[Role.TEST] for one in ready],
        said[Role.TEST],
        runtime,
        ledger,
    )
    watched = said.get(Role.CALIBRATION)
    return Carried(
        policy=policy,
        outcomes=outcomes,
        references=references(policy, watched) if watched else (),
    )


def planned(
    plan: PlanDocument, plan_path: Path, trusted: Trusted = NOTHING
) -> tuple[Program, Query]:
    """The program and query that a plan was made from, shown to be unchanged."""
    if plan.spec.path != Path(plan.spec.path).name:
        # A plan stands beside its spec; one that names another file must not have it read.
        raise InputError([drifted("the spec", [plan.spec.path])])
    spec = plan_path.parent / plan.spec.path
    program, findings = bind(spec, settings=plan.spec.parameters, trusted=trusted)
    if program is None:
        raise InputError([item for item in findings if item.severity is Severity.ERROR])
    was = {plan.spec.path: plan.spec.sha256}
    was |= {module.path: module.sha256 for module in plan.spec.modules}
    now = {plan.spec.path: program.sha256}
    now |= {module.path: module.sha256 for module in program.modules}
    changed = sorted(path for path in was.keys() | now.keys() if was.get(path) != now.get(path))
    if changed:
        raise InputError([drifted("the spec", changed)])
    query = program.queries.get(f"query.{plan.query}")
    if query is None:
        raise InputError([drifted("the query", [plan.query])])
    return program, query


def require_test_rows(program: Program, query: Query, data: Mapping[str, LoadedDataset]) -> None:
    """Raises InputError E0512 where a plan cannot be held to its forecast."""
    dataset = program.tasks[query.task].dataset
    if not data[dataset].rows[Role.TEST]:
        reject(
            "E0512",
            "too few rows for a role",
            span=program.datasets[dataset].span,
            label="`test` has no rows",
            notes=("what `apply` makes is held to the forecast on the test rows",),
            help="give `test` rows in the section `roles`, and plan again",
        )


def drifted(what: str, names: list[str]) -> Diagnostic:
    return Diagnostic(
        code="E0809",
        title="the plan rests on something that has changed",
        notes=tuple(f"{what}: {name} is not what was planned with" for name in names),
        help="plan again: `cosmosql run SPEC`; what was measured and still holds is not paid twice",
    )


def chosen_policy(plan: PlanDocument, plan_path: Path) -> BundlePolicy:
    """The decision as a policy: a chosen candidate is a policy of one member."""
    chosen = plan.decision.chosen
    if chosen is None:
        raise InputError(
            [
                Diagnostic(
                    code="E0808",
                    title="the plan chose nothing",
                    notes=(
                        f"{plan_path}: its decision is {plan.decision.status}",
                        *plan.decision.reasons,
                    ),
                    help=plan.decision.next_evidence or "relax a requirement and plan again",
                )
            ]
        )
    for policy in plan.policies:
        if policy.name == chosen:
            return checked(
                BundlePolicy(
                    kind=policy.kind,
                    members=policy.members,
                    signal=policy.signal,
                    thresholds=policy.thresholds,
                    share=policy.share,
                    budget=policy.budget,
                    costs=policy.costs,
                    rule=policy.rule,
                ),
                plan_path,
            )
    return BundlePolicy(kind="single", members=(chosen,))


def checked(policy: BundlePolicy, plan_path: Path) -> BundlePolicy:
    """The policy, shown to be one that can be fitted or serves as it stands."""
    problem = None
    if policy.budget is not None and len(policy.costs) != len(policy.members):
        problem = "a policy with a budget names the cost of each member"
    elif not rows_to_fit(policy):
        try:
            rule_of(policy)
        except BROKEN as error:
            problem = f"the rule of its policy cannot be read: {' '.join(str(error).split())}"
    if problem:
        reject_plan(plan_path, problem)
    return policy


def declared_policy(program: Program, plan: PlanDocument) -> Policy:
    """The declaration behind a chosen policy, whose name begins with its reference."""
    return program.policies[str(plan.decision.chosen).partition("[")[0]]


def check_locked(
    plan: PlanDocument,
    data: Mapping[str, LoadedDataset],
    runtime: Runtime,
    members: list[Candidate],
) -> None:
    """Raises InputError E0809 where rows or weights differ from what the plan locked."""
    findings = []
    rows = sorted(
        name
        for name, loaded in data.items()
        if plan.locked.datasets.get(name, {}).get("fingerprint") != loaded.fingerprint
    )
    if rows:
        findings.append(drifted("the rows", rows))
    models = sorted({one.model for one in members if one.model is not None})
    weights = [
        name
        for name in models
        if plan.locked.models.get(name, {}).get("weights") != runtime.card(name).weights
    ]
    if weights:
        findings.append(drifted("the weights", weights))
    if findings:
        raise InputError(findings)


def make_ready(
    candidate: Candidate,
    index: int,
    roles: Iterable[Role],
    runtime: Runtime,
    ledger: Ledger,
    partial: Path,
    bundle: Path,
    progress: Report | None,
) -> Ready:
    """Adapts a member in full, saves it, and answers the rows of some roles with it."""
    directory = Path("members") / str(index)
    test = in_full(candidate, Role.TEST, runtime)
    adapted = adapt(test, runtime, told(progress, f"adapting {candidate.name}"))
    (partial / directory).mkdir(parents=True)
    adapted.save(partial / directory)
    member = BundleMember(
        name=candidate.name,
        kind=candidate.kind,
        directory=directory.as_posix(),
        config=object_of(candidate.config),
        model=model_of(candidate, runtime, bundle),
        retriever=saved_retriever(candidate, test.fidelity.seed, runtime, partial, directory),
    )
    answers = {}
    for role in roles:
        if runtime.task(candidate.task).dataset.rows[role]:
            words = f"answering {role} rows with {candidate.name}"
            answers[role] = answer_role(
                candidate, role, adapted, runtime, ledger, told(progress, words)
            )
    return Ready(candidate=candidate, member=member, answers=answers)


def answer_role(
    candidate: Candidate,
    role: Role,
    adapted: Adapted,
    runtime: Runtime,
    ledger: Ledger,
    progress: Progress | None,
) -> Observation:
    """The answers to a role's rows, kept in the ledger: every look at test rows is counted."""
    run = probe_run(in_full(candidate, role, runtime), runtime)
    observation = answered(run, runtime, adapted, progress)
    ledger.add(observation)
    return observation


def told(report: Report | None, words: str) -> Progress | None:
    if report is None:
        return None
    return lambda done, total: report(words, done, total)


def model_of(candidate: Candidate, runtime: Runtime, bundle: Path) -> BundleModel | None:
    if candidate.model is None:
        return None
    declared = runtime.program.models[candidate.model]
    return BundleModel(
        name=candidate.model,
        using=declared.using,
        options=object_of(declared.options),
        root=Path(os.path.relpath(declared.root, bundle)).as_posix(),
        weights=runtime.card(candidate.model).weights,
    )


def saved_retriever(
    candidate: Candidate, seed: int, runtime: Runtime, partial: Path, directory: Path
) -> BundleRetriever | None:
    """The index that the member answers with, saved; None where it uses none."""
    strategy = strategy_of(candidate.kind)
    if not strategy.needs_retriever and candidate.retriever is None:
        return None
    using, options = runtime.retriever_content(candidate)
    place = directory / "index"
    (partial / place).mkdir(parents=True)
    runtime.retriever(candidate, seed).save(partial / place)
    return BundleRetriever(
        name=candidate.retriever or using,
        using=using,
        options=object_of(options),
        directory=place.as_posix(),
    )


def task_of(program: Program, query: Query, runtime: Runtime) -> BundleTask:
    task, view = program.tasks[query.task], runtime.task(query.task).view
    return BundleTask(
        kind=task.using,
        input=task.input,
        target=task.target,
        choices=task.choices,
        id=program.datasets[task.dataset].identifier,
        labels=view.labels,
        metric=task.metric,
        instruction=view.instruction,
        separator=view.separator,
        max_tokens=view.max_tokens,
    )


def object_of(options: Mapping[str, object]) -> dict[str, JsonValue]:
    return {name: jsonable(value) for name, value in options.items()}


def replace_directory(new: Path, place: Path) -> None:
    """Puts a finished directory in its place; the one before it is there until then."""
    old = place.with_name(f".{place.name}.{os.getpid()}.old")
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)
