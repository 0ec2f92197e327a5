"""Requirements on draws: holds, fails or undecided, at a one-sided confidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cosmosql.decide.decision import Certificate, Miss, Verdict
from cosmosql.decide.formulas import Array, Strategies, measures_in, values
from cosmosql.decide.subject import Subject
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Requirement
from cosmosql.policies.certificate_words import certificate_words
from cosmosql.predict.forecast import Distribution

COMPARISONS: Mapping[str, Callable[[Array, Array], NDArray[np.bool_]]] = MappingProxyType(
    {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
)


def satisfied(
    requirement: Requirement, subject: Subject, strategies: Strategies
) -> NDArray[np.bool_] | Unmeasured:
    """Whether each draw satisfies the requirement: shape (draws,), or () where both sides are
    constants."""
    left = values(requirement.left, subject, strategies)
    right = values(requirement.right, subject, strategies)
    if isinstance(left, Unmeasured):
        return left
    if isinstance(right, Unmeasured):
        return right
    return np.asarray(COMPARISONS[requirement.comparison](left, right))


def verdict(
    requirement: Requirement, subject: Subject, strategies: Strategies
) -> tuple[Verdict, float | None]:
    """The verdict and the probability that the requirement is satisfied, None where unmeasured.

    What a certificate says of it stands. Without one it holds where that probability is at least
    the confidence, fails where it is at most one minus it, and is undecided between; an unmeasured
    quantity neither satisfies nor violates.
    """
    found = satisfied(requirement, subject, strategies)
    probability = None if isinstance(found, Unmeasured) else float(np.mean(found))
    if certificate := subject.certificates.get(requirement.text):
        return certificate.verdict, probability
    if probability is None:
        return Verdict.UNDECIDED, None
    if probability >= float(requirement.confidence):
        return Verdict.HOLDS, probability
    if probability <= float(1 - requirement.confidence):
        return Verdict.FAILS, probability
    return Verdict.UNDECIDED, probability


def judge(
    requirements: Sequence[Requirement], subject: Subject, strategies: Strategies
) -> tuple[Verdict, tuple[Miss, ...]]:
    """The joint verdict (fails if one fails, holds if all hold) and what does not hold."""
    misses = []
    for requirement in requirements:
        result, probability = verdict(requirement, subject, strategies)
        if result is not Verdict.HOLDS:
            found = describe(requirement, subject, probability)
            misses.append(Miss(requirement=requirement.text, verdict=result, found=found))
    if any(miss.verdict is Verdict.FAILS for miss in misses):
        return Verdict.FAILS, tuple(misses)
    return (Verdict.UNDECIDED if misses else Verdict.HOLDS), tuple(misses)


def feasible_draws(
    requirements: Sequence[Requirement], subject: Subject, strategies: Strategies, draws: int
) -> NDArray[np.bool_]:
    """Draws in which every measured requirement is satisfied, shape (draws,). A certified one is in
    every draw; one that was not tested, or that no number of rows is expected to certify, in none:
    what cannot be promised is nothing to regret."""
    feasible = np.ones(draws, bool)
    for requirement in requirements:
        certificate = subject.certificates.get(requirement.text)
        if certificate is not None and certificate.needed is None:
            feasible &= certificate.verdict is Verdict.HOLDS
            continue
        found = satisfied(requirement, subject, strategies)
        if not isinstance(found, Unmeasured):
            feasible &= found
    return feasible


def describe(requirement: Requirement, subject: Subject, probability: float | None) -> str:
    """What was found for a requirement: its measures with their intervals, and the probability; or
    what its certificate says."""
    if certificate := subject.certificates.get(requirement.text):
        return said(certificate)
    parts = []
    for measure in dict.fromkeys(measures_in(requirement.left) + measures_in(requirement.right)):
        if measure.strategy is None:
            sober = subject.measured is not None and measure.name == subject.metric_name
            words = shown(subject.quantities.get(measure.name))
            parts.append(f"{measure.name} {words}{' once corrected' if sober else ''}")
    if probability is not None:
        parts.append(f"satisfied with probability {probability:.2f}")
    return ", ".join(parts)


def said(found: Certificate) -> str:
    """A certificate in words."""
    return certificate_words(
        holds=found.verdict is Verdict.HOLDS,
        procedure=found.procedure,
        confidence=found.confidence,
        rows=found.rows,
        bound=found.bound,
        needed=found.needed,
        reason=found.reason,
    )


def shown(found: Distribution | Unmeasured | None) -> str:
    """A quantity with its 90 % interval in words."""
    if found is None:
        return "unmeasured"
    if isinstance(found, Unmeasured):
        return f"unmeasured: {found.reason}"
    estimate = found.estimate()
    if not found.unit:
        value, low, high = (100 * x for x in (estimate.value, estimate.low, estimate.high))
        return f"{value:.1f} % [{low:.1f}, {high:.1f}]"
    unit = f" {found.unit}"
    if estimate.low == estimate.high:
        return f"{estimate.value:.3g}{unit}"
    return f"{estimate.value:.3g}{unit} [{estimate.low:.3g}, {estimate.high:.3g}]"
