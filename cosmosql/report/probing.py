"""How it was probed, in words: round by round, and why it ended."""

from __future__ import annotations

from dataclasses import dataclass

from cosmosql.artifact.plan import PlanDocument, Probe, Round
from cosmosql.report import words


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRow:
    """One probe after the first round; `worth` is the gain that was expected of the objective."""

    number: int
    name: str
    at: str
    worth: str
    cost: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbingRows:
    """`note` tells in a sentence what was measured first and why probing ended."""

    note: str
    rounds: tuple[RoundRow, ...]


def probing(plan: PlanDocument) -> ProbingRows:
    """An older plan does not say how it was probed: its note is empty."""
    found = plan.probing
    if found is None:
        return ProbingRows(note="", rounds=())
    first = sum(one.kind == "evaluate" for one in found.first)
    parts = [f"First round: {words.plural(first, 'probe')}"]
    if found.rounds:
        parts.append(f"then {len(found.rounds)} more, one at a time")
    if found.ended is not None:
        parts.append(f"ended: {found.ended}")
    if found.left:
        parts.append(f"{words.plural(found.left, 'probe')} never needed")
    return ProbingRows(
        note="; ".join(parts),
        rounds=tuple(
            RoundRow(
                number=number,
                name=one.candidate,
                at=at(one),
                worth=worth(one, plan),
                cost=words.significant(one.cost.value, one.cost.unit),
            )
            for number, one in enumerate(found.rounds, start=1)
        ),
    )


def at(probe: Probe) -> str:
    """What a probe is reduced to: `2 shots, seed 11 on 200 rows`."""
    counted = ((probe.train_rows, "train row"), (probe.shots, "shot"), (probe.steps, "step"))
    done = [words.plural(amount, noun) for amount, noun in counted if amount is not None]
    if done and probe.seed:
        done.append(f"seed {probe.seed}")
    rows = words.plural(probe.rows, "more row" if probe.start else "row")
    return f"{', '.join(done)} on {rows}".strip()


def worth(one: Round, plan: PlanDocument) -> str:
    """Points where the objective is the metric itself, else a plain number."""
    if one.worth is None:
        return "unknown"
    if plan.question.objective.split()[-1] == plan.question.metric:
        return f"{100 * one.worth:.2f} points"
    return words.significant(one.worth)
