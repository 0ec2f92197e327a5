"""Priors learnt from past curves: empirical Bayes over the shipped ones, widened.

Each past curve is fitted under the shipped priors; what its posterior points say of a family's
latents, of the noise from run to run and of which family it was is pooled over the curves (a few
steps of expectation maximisation) and shrunk towards the shipped priors. Curves of one data set are
no independent evidence: m of them count as m / (1 + (m - 1) * INTRACLASS) (Kish's design effect).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from cosmosql.identity import seed_of
from cosmosql.predict.curves import (
    finite,
    forms_of,
    labels_of,
    observed,
    prior_of,
    rows_of,
    usable_points,
)
from cosmosql.predict.families import Array, Setting
from cosmosql.predict.mixture import Form, fitted
from cosmosql.predict.noise import Likelihood, likelihood, log_total
from cosmosql.predict.priors import Learnt, Priors
from cosmosql.predict.sampling import systematic

INTRACLASS = 0.5
"""How alike curves of one data set are taken to be."""

PRIOR_CURVES = 4.0
"""Independent past curves that weigh as much as the shipped prior."""

LARGEST_SHARE = 0.8
"""However many curves there are, one in five new ones is expected to be like none of them."""

STEPS = 3
KEPT = 400
"""Posterior points kept of each curve and family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCurve:
    """A curve that was measured, as `extrapolate` takes it. Curves with the same `dataset` are
    taken to be alike."""

    dataset: str
    sizes: Sequence[float]
    accuracies: Sequence[float]
    n_test: int | Sequence[int]
    label_counts: Sequence[int] | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """Posterior points of one curve in one family: the family's prior `weight`, `z` in standard
    normal units, equally weighted, the log evidence, and the probability of each noise level."""

    weight: float
    z: Array
    log_evidence: float
    levels: Array


def learn_priors(kind: str, curves: Sequence[PastCurve], *, priors: Priors | None = None) -> Priors:
    """The priors (the kind's own without `priors`) moved towards what `curves` have in common.

    They stay wider than the curves: n independent curves move them by n / (n + PRIOR_CURVES) of the
    way, and with at least 1 - LARGEST_SHARE of the probability a new curve follows the priors that
    were given. Without a curve these come back. Raises KeyError for an unknown kind and ValueError
    for what is no curve, or for priors that were learnt themselves: learn from all curves at once.
    """
    belief = prior_of(kind, priors)
    if belief.learnt:
        raise ValueError("priors are learnt from all past curves at once, not in steps")
    remembered = [past for curve in curves if (past := remember(kind, curve, belief))]
    if not remembered:
        return belief
    alike = Counter(curve.dataset for curve, _ in remembered)
    trust = np.array([1 / (1 + (alike[curve.dataset] - 1) * INTRACLASS) for curve, _ in remembered])
    first = next(iter(remembered))[1]
    families = list(first)
    weights = np.array([first[name].weight for name in families])
    weights = weights / weights.sum()
    fits = [by_family for _, by_family in remembered]
    evidence = np.array([[one[name].log_evidence for name in families] for one in fits])
    shares = weights
    for _ in range(STEPS):
        member = np.exp(evidence - evidence.max(axis=1, keepdims=True)) * shares
        member /= member.sum(axis=1, keepdims=True)
        counted = trust @ member
        shares = (PRIOR_CURVES * weights + counted) / (PRIOR_CURVES + trust.sum())
    learnt = {
        name: learn_latents([one[name] for one in fits], trust * member[:, index])
        for index, name in enumerate(families)
        if counted[index] >= 0.5
    }
    levels = np.array(
        [
            sum(part * one[name].levels for part, name in zip(row, families, strict=True))
            for row, one in zip(member, fits, strict=True)
        ]
    )
    before = np.array(belief.noise.run_noise_weights)
    after = (PRIOR_CURVES * before / before.sum() + trust @ levels) / (PRIOR_CURVES + trust.sum())
    return replace(
        belief,
        noise=replace(belief.noise, run_noise_weights=tuple(after.tolist())),
        family_weights=dict(zip(families, shares.tolist(), strict=True)),
        learnt=learnt,
    )


def remember(
    kind: str, curve: PastCurve, belief: Priors
) -> tuple[PastCurve, Mapping[str, Remembered]] | None:
    """A past curve's posterior by family; None where it has no usable point."""
    sizes = finite("sizes", curve.sizes)
    points = usable_points(
        sizes, finite("accuracies", curve.accuracies), rows_of(curve.n_test, len(sizes))
    )
    if len(points.sizes) == 0:
        return None
    labels, counts = labels_of(curve.label_counts)
    setting = Setting(
        ceiling=belief.ceiling,
        smallest=float(points.sizes.min()),
        labels=labels,
        label_counts=tuple(counts),
    )
    model = likelihood(observed(points, setting.smallest), belief.noise)
    return curve, {form.name: posterior(form, model) for form in forms_of(kind, setting, belief)}


def posterior(form: Form, model: Likelihood) -> Remembered:
    population = fitted(form, model)
    top = population.log_weights.max()
    weights = np.exp(population.log_weights - top)
    rng = np.random.default_rng(seed_of("past curve", form.name))
    u = population.u[systematic(weights, KEPT, rng)]
    scores = model.scores(form.curve(u, model.observed.sizes))
    hypotheses = np.exp(scores - log_total(scores)).mean(axis=1)
    return Remembered(
        weight=form.weight,
        z=np.asarray(ndtri(u)),
        log_evidence=float(top + np.log(weights.mean())),
        levels=hypotheses.reshape(len(model.levels), -1).sum(axis=1),
    )


def learn_latents(pasts: Sequence[Remembered], trust: Array) -> Learnt:
    """A Gaussian over one family's latents. In each step a curve's points are weighted by the new
    prior over the shipped one (standard normal), so that curves that say little follow the rest."""
    latents = pasts[0].z.shape[1]
    total = PRIOR_CURVES + trust.sum()
    share = min(LARGEST_SHARE, float(trust.sum() / total))
    learnt = Learnt(
        share=share, mean=(0.0,) * latents, covariance=tuple(map(tuple, np.eye(latents).tolist()))
    )
    for _ in range(STEPS):
        means, spreads = [], []
        for past in pasts:
            ratio = np.exp(learnt.log_ratio(past.z))
            weights = ratio / ratio.sum()
            mean = weights @ past.z
            means.append(mean)
            centred = past.z - mean
            spreads.append((centred * weights[:, None]).T @ centred)
        centre = trust @ np.array(means) / total
        covariance = PRIOR_CURVES * (np.eye(latents) + np.outer(centre, centre))
        for part, mean, spread in zip(trust, means, spreads, strict=True):
            covariance += part * (spread + np.outer(mean - centre, mean - centre))
        learnt = Learnt(
            share=share,
            mean=tuple(centre.tolist()),
            covariance=tuple(map(tuple, (covariance / total).tolist())),
        )
    return learnt
