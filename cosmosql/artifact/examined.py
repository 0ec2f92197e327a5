"""What a decision was examined for, as parts of the plan."""

from __future__ import annotations

from typing import Literal

from cosmosql.artifact import plan
from cosmosql.artifact.amounts import number
from cosmosql.decide.calibration import Calibration
from cosmosql.decide.references import Reference
from cosmosql.interval import Estimate
from cosmosql.policies.calibration import LEVEL, Bin
from cosmosql.policies.slices import Slice, Slices

LINES: tuple[Literal["oracle", "random"], ...] = ("oracle", "random")


def reference_part(found: Reference, unit: str) -> plan.Reference:
    points = zip(found.budgets, found.accuracies, strict=True)
    return plan.Reference(
        kind=LINES[LINES.index(found.kind)],
        members=found.members,
        auc=found.auc,
        curve=tuple(
            plan.ReferencePoint(budget=number(float(budget), unit), accuracy=float(accuracy))
            for budget, accuracy in points
        ),
    )


def calibration_part(found: Calibration) -> plan.Calibration:
    judged = found.reliability
    return plan.Calibration(
        member=found.member,
        signal=found.signal,
        fit=found.fit,
        rows=judged.error.n,
        basis=found.basis,
        ece=bounded(judged.error),
        ece_by_chance=judged.error_by_chance,
        brier=bounded(judged.brier),
        used=found.used,
        bins=tuple(bin_part(one) for one in judged.bins),
    )


def bin_part(found: Bin) -> plan.ReliabilityBin:
    return plan.ReliabilityBin(
        chance=found.chance,
        right=found.right.value,
        low=found.right.low,
        high=found.right.high,
        rows=found.right.n,
    )


def bounded(found: Estimate) -> plan.Bounded:
    return plan.Bounded(value=found.value, low=found.low, high=found.high)


def slices_part(found: Slices, of: str) -> plan.Slices:
    return plan.Slices(
        of=of,
        mean=found.mean,
        rows=found.rows,
        looked_at=found.looked_at,
        shown=found.shown,
        confidence=LEVEL,
        worst=tuple(slice_part(one) for one in found.worst),
    )


def slice_part(found: Slice) -> plan.Slice:
    return plan.Slice(
        by=found.by,
        name=found.name,
        rows=found.mean.n,
        value=found.mean.value,
        low=found.mean.low,
        high=found.mean.high,
        shrunk=found.shrunk,
    )
