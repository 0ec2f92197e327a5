"""What a policy would have measured on the test rows, from what its members answered to them.

A forecast policy is carried out as `apply` would: with its own rule where that is final, else
fitted to its budget on rows that the members themselves have answered. For the rows that `apply`
would fit on stand in as many other test rows, drawn for each fold and run: no row is answered by a
policy that has seen its outcome, and no member is run on further rows for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosmosql.apply.fitting import Answers, fitted, rows_to_fit, together
from cosmosql.apply.policy import rule_of
from cosmosql.apply.scores import Answered, tiers
from cosmosql.artifact.bundle import BundlePolicy
from cosmosql.backtest.truth import Truth, truth_of
from cosmosql.contracts.policy import Question
from cosmosql.data.rows import LoadedDataset, Role
from cosmosql.decide.decision import PolicyForecast
from cosmosql.decide.person import PERSON
from cosmosql.decide.tiers import folds_of
from cosmosql.evidence.observation import Item
from cosmosql.identity import seed_of
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Policy
from cosmosql.pipeline import Line
from cosmosql.policies.rows import FOLDS
from cosmosql.predict.metric import metric_named, value_of
from cosmosql.probes.tasks import prepare, questions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTruth:
    """A policy on the test rows, mean over the training runs of its members; `asked` is the share
    of rows for which each member is asked."""

    truth: Truth
    asked: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrying:
    """A forecast policy with what carrying it out takes: its declaration, and how many rows it is
    fitted on (0: it serves by the rule that it has)."""

    bundle: BundlePolicy
    declared: Policy
    learnt: int
    seed: int


def policy_truths(
    line: Line, truths: Mapping[str, Truth | Unmeasured], *, seed: int
) -> dict[str, PolicyTruth | Unmeasured]:
    """Of every policy of several members that was forecast, by name."""
    task = line.compiled.program.tasks[line.compiled.query.task]
    loaded = line.compiled.data[task.dataset]
    questions = questions_of(prepare(task, loaded), Role.TEST)
    return {
        policy.name: policy_truth(
            carrying(line.compiled.program.policies, policy, loaded, seed),
            policy.members,
            truths,
            questions,
            metric=task.metric,
            seed=seed,
        )
        for policy in line.decision.policies
        if len(policy.members) > 1 and not isinstance(policy.metric, Unmeasured)
    }


def carrying(
    declared: Mapping[str, Policy], policy: PolicyForecast, loaded: LoadedDataset, seed: int
) -> Carrying:
    """As `apply` would begin: a rule that is not final is fitted where there are rows for it."""
    bundle = BundlePolicy(
        kind=policy.kind,
        members=policy.members,
        signal=policy.signal,
        thresholds=policy.thresholds,
        share=policy.share,
        budget=policy.budget,
        costs=policy.costs,
    )
    rows = 0 if policy.final else sum(len(loaded.rows[role]) for role in rows_to_fit(bundle))
    if not rows and policy.rule is not None:
        bundle = bundle.model_copy(update={"rule": dict(policy.rule)})
    return Carrying(
        bundle=bundle,
        declared=declared[policy.name.partition("[")[0]],
        learnt=rows,
        seed=seed,
    )


def policy_truth(
    policy: Carrying,
    members: Sequence[str],
    truths: Mapping[str, Truth | Unmeasured],
    questions: Mapping[str, Question],
    *,
    metric: str,
    seed: int,
) -> PolicyTruth | Unmeasured:
    """The policy over each run of its members; one that has fewer runs than another takes turns
    with them. Unmeasured where a member has no truth."""
    answers = []
    for member in members:
        if member == PERSON:
            continue
        truth = truths.get(member, Unmeasured(f"{member} is no candidate"))
        if isinstance(truth, Unmeasured):
            return truth
        answers.append(truth.answers)
    runs = [
        carried_out(
            policy,
            together(members, [each[run % len(each)] for each in answers], questions),
            run=run,
        )
        for run in range(max(map(len, answers)))
    ]
    given = [tuple(row.item for row in rows) for rows in runs]
    return PolicyTruth(
        truth=truth_of(
            metric_named(metric),
            given,
            noise_between(metric, given),
            seed=seed_of("seeds", seed, " > ".join(members)),
            rows_seed=seed,
        ),
        asked=tuple(
            float(np.mean([member in row.asked for rows in runs for row in rows]))
            for member in range(len(members))
        ),
    )


def carried_out(policy: Carrying, said: Answers, *, run: int) -> list[Answered]:
    """Who answers each row, given what every member said to all of them."""
    if not policy.learnt:
        return tiers(rule_of(policy.bundle), said)
    folds = folds_of(said.questions)
    found: dict[int, Answered] = {}
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        rng = np.random.default_rng(seed_of("fit", policy.seed, run, fold))
        learnt = np.sort(rng.permutation(outside)[: policy.learnt])
        made = fitted(policy.bundle, policy.declared, rows_of(said, learnt), seed=policy.seed)
        found |= dict(
            zip(inside.tolist(), tiers(rule_of(made), rows_of(said, inside)), strict=True)
        )
    return [found[place] for place in range(len(said.questions))]


def rows_of(said: Answers, places: NDArray[np.intp]) -> Answers:
    return Answers(
        questions=tuple(said.questions[place] for place in places),
        items=tuple(tuple(items[place] for place in places) for items in said.items),
    )


def noise_between(metric: str, runs: Sequence[Sequence[Item]]) -> float:
    """The deviation between single runs."""
    values = [value_of(metric_named(metric), items) for items in runs]
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
