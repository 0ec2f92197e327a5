"""The sample plan with four policies, their bands, what they are held against, and what was
examined: numbers of no measurement, in the shapes that measurements give."""

from __future__ import annotations

from cosmosql.artifact.plan import (
    Bounded,
    Calibration,
    CurvePoint,
    PlanDocument,
    Policy,
    Reference,
    ReferencePoint,
    ReliabilityBin,
    Slice,
    Slices,
)

SMALL, LARGE = "strategy.tuned[model=small,share=100%]", "strategy.tuned[model=large,share=100%]"
FIRST, LAST = 0.06e-6, 0.52e-6
STEPS = 24
AREAS = {"mix": 0.795, "cascade": 0.824, "route": 0.812, "cascade_route": 0.836}
BULGES = {"mix": 0.0, "cascade": 0.08, "route": 0.05, "cascade_route": 0.11, "oracle": 0.3}


def tiers_plan(sample: PlanDocument) -> PlanDocument:
    chosen, mix = sample.policies
    policies = tuple(policy(kind, chosen, mix) for kind in AREAS)
    return sample.model_copy(
        update={
            "policies": policies,
            "references": tuple(reference(kind) for kind in ("oracle", "random")),
            "calibration": tuple(
                calibration(signal, error)
                for signal, error in (("margin", 0.061), ("max_probability", 0.118))
            ),
            "slices": slices(chosen.name),
        }
    )


def budget(share: float) -> str:
    return f"{FIRST + share * (LAST - FIRST):.12f}"


def height(kind: str, share: float) -> float:
    return round(0.73 + 0.14 * share + BULGES.get(kind, 0.0) * share * (1 - share), 6)


def policy(kind: str, chosen: Policy, mix: Policy) -> Policy:
    like = chosen if kind == "cascade" else mix
    shares = [step / STEPS for step in range(STEPS + 1)]
    stands = height(kind, like.share or 0.0)
    metric = {"value": stands, "low": stands - 0.04, "high": stands + 0.03}
    cost = {"value": budget(like.share or 0.0)}
    return like.model_copy(
        update={
            "name": f"policy.tiers[{kind}: {SMALL} > {LARGE}]",
            "kind": kind,
            "status": "refused" if kind == "mix" else "holds",
            "note": mix.note if kind == "mix" else None,
            "auc": AREAS[kind],
            "metric": like.metric.model_copy(update=metric),
            "serve_cost": like.serve_cost.model_copy(update=cost),
            "asked": (1.0, 0.33) if kind == "cascade" else (0.6, 0.4),
            "curve": tuple(
                CurvePoint(
                    budget=budget(share),
                    accuracy=height(kind, share),
                    share=share,
                    low=height(kind, share) - 0.04,
                    high=height(kind, share) + 0.03,
                    asked=(1.0 if kind == "cascade" else 1 - share, share),
                )
                for share in shares
            ),
        }
    )


def reference(kind: str) -> Reference:
    shares = [step / STEPS for step in range(STEPS + 1)]
    points = (
        ReferencePoint(budget=budget(share), accuracy=height(kind, share)) for share in shares
    )
    return Reference.model_validate(
        {
            "kind": kind,
            "members": (SMALL, LARGE),
            "auc": 0.885 if kind == "oracle" else 0.795,
            "curve": tuple(points),
        }
    )


def calibration(signal: str, error: float) -> Calibration:
    return Calibration(
        member=SMALL,
        signal=signal,
        fit="logistic",
        rows=300,
        basis="predicted",
        ece=Bounded(value=error, low=0.0, high=error + 0.03),
        ece_by_chance=0.058,
        brier=Bounded(value=0.171, low=0.152, high=0.192),
        used=signal == "margin",
        bins=tuple(
            ReliabilityBin(
                chance=0.1 * place + 0.05,
                right=min(1.0, 0.1 * place + error),
                low=0.1 * place,
                high=min(1.0, 0.1 * place + 0.2),
                rows=30,
            )
            for place in range(10)
        ),
    )


def slices(of: str) -> Slices:
    return Slices(
        of=of,
        mean=0.8441,
        rows=300,
        looked_at=14,
        shown=1,
        confidence=0.9,
        worst=(
            Slice(by="label", name="refund", rows=31, value=0.61, low=0.36, high=0.82, shrunk=0.68),
            Slice(
                by="length of the input",
                name="more than 117 characters",
                rows=75,
                value=0.79,
                low=0.62,
                high=0.91,
                shrunk=0.81,
            ),
        ),
    )
