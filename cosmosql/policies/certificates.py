"""Guarantees that are tested, not forecast: a policy keeps its promise on new rows.

A `Promise` is that a policy's expected score is at least a weighted sum of its tiers' and a
constant. What may be tried, in which order and by which test, is settled on rows of one kind
(`design`); the test is made on other rows that nothing was chosen by (`certify`). Then the share of
such studies that certify a policy which breaks its promise is at most one minus the confidence,
whatever was searched before: by fixed-sequence testing the first failure ends the tests, so that
none of them costs the others anything (Bauer 1991; Angelopoulos et al. 2021, Learn then Test,
arXiv 2110.01052, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom

from cosmosql.policies.paired_test import deficit_bound, deficit_p_value

Array: TypeAlias = NDArray[np.float64]

BETS = 200
"""Stakes among which the best is looked for."""

DOUBT = 0.5
"""Rows with the worst possible outcome that are added before a stake is chosen."""

HEDGES = (0.5, 1.0, 2.0)
"""Multiples of the chosen stake that share the wealth: it was chosen on other rows."""

LIKELY = 0.84
"""Standard deviations below which a normal variable lies with a chance of 80 %."""

MOSTLY = 0.9
"""Share of rows that must be served without a lot, or with the same one, for an exact test. The
others, such as the row that a threshold lies on, count at their worst."""

CLOSE = 1e-9
HALVINGS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """E[score of the policy] >= sum of `weights` times E[score of the tiers] + `floor`; `weights`
    has shape (tiers,). At least 99 % of tier 1's accuracy: weights (0, 0.99), floor 0; at most one
    point below it: (0, 1), -0.01; at least 90 %: (0, 0), 0.9."""

    weights: Array
    floor: float

    def slack(self, policy: Array, tiers: Array) -> Array:
        """What each row contributes to the promise: kept where the mean is at least 0. `policy` has
        shape (ways, rows), `tiers` (tiers, rows)."""
        return np.asarray(policy - self.weights @ tiers - self.floor)

    def worst(self, answers: Array) -> float:
        """The least slack that a row can have, whatever the tiers score on it: `answers` has shape
        (tiers, rows)."""
        missing = np.maximum(self.weights[:, None] - answers, 0.0).sum(axis=0)
        return float(-missing.max(initial=0.0) - self.floor)

    @property
    def reference(self) -> int | None:
        """The one tier that it is relative to; None where it is relative to none or to several."""
        named = np.flatnonzero(self.weights)
        return int(named[0]) if len(named) == 1 and self.weights[named[0]] > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One way to serve and how it will be tested.

    `test`: `binomial` (right answers against a floor), `losses` (answers lost where the reference
    tier is right), `paired` (answers lost and won against it) or `betting` (scores of any kind).
    `stake`: for `paired` the probability with which the policy departs from the reference tier on a
    row where it does; for `betting` what is bet on each row.
    """

    way: int
    test: str
    stake: float
    worst: float
    """The least slack of a row."""
    rate: float
    """Expected logarithmic growth of the evidence with a row, on the rows it was designed on."""
    spread: float
    """Standard deviation of that growth from row to row."""

    def needed(self, confidence: float) -> int | None:
        """Rows that certify the way with a chance of about 80 %, were new rows like those it was
        designed on; None where none ever will."""
        wanted = -np.log(1 - confidence)
        if self.rate <= 0:
            return None
        if not np.isfinite(self.rate):
            return 1
        luck = LIKELY * self.spread
        root = (luck + np.sqrt(luck**2 + 4 * self.rate * wanted)) / (2 * self.rate)
        return max(int(np.ceil(root**2 - CLOSE)), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The trials in their order; fixed before the calibration rows are looked at."""

    promise: Promise
    trials: tuple[Trial, ...]

    def needed(self, confidence: float, way: int | None = None) -> int | None:
        """Rows that should certify a way, and so all that are tested before it; where they never
        will, or no way is named, the first that is tested. None where not even that."""
        found: list[int] = []
        for trial in self.trials:
            rows = trial.needed(confidence)
            if rows is None:
                break
            found.append(rows)
            if trial.way == way:
                return max(found)
        return found[0] if found else None

    def hoped(self, rows: int, confidence: float) -> tuple[int, ...]:
        """The ways that so many calibration rows should certify, were they like those it was
        designed on."""
        ways: list[int] = []
        for trial in self.trials:
            if not rows or trial.rate * rows < -np.log(1 - confidence) - CLOSE:
                break
            ways.append(trial.way)
        return tuple(ways)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What the tests on `rows` calibration rows found: the ways that `passed`, in their order, all
    of which keep the promise with the confidence together."""

    design: Design = field(repr=False)
    passed: tuple[int, ...]
    confidence: float
    rows: int
    p_values: tuple[float, ...]
    """Of the ways that were tested, up to the first that failed."""

    @property
    def way(self) -> int | None:
        """The last way that passed; None where the first did not."""
        return self.passed[-1] if self.passed else None

    def trial(self, way: int | None) -> Trial:
        """How a way was tested; of none, the first trial."""
        return next((one for one in self.design.trials if one.way == way), self.design.trials[0])


def design(promise: Promise, answers: Array, scores: Array, *, binary: bool) -> Design:
    """The trials for ways given in the order from the safest to the cheapest.

    `answers`: probability that each tier's answer is given, shape (ways, tiers, rows); `scores`:
    shape (tiers, rows), in [0, 1], and `binary` where the metric knows only 0 and 1. It begins at
    the way whose promise is easiest to show and goes on in the order of the ways.
    """
    trials = [
        trial(promise, way, answers[way], scores, binary=binary)
        for way in range(len(answers))
        if not is_reference(promise, answers[way])
    ]
    if not trials:
        return Design(promise=promise, trials=())
    rates = np.array([one.rate for one in trials])
    start = int(np.flatnonzero(rates >= rates.max() * (1 - CLOSE))[0])
    return Design(promise=promise, trials=tuple(trials[start:]))


def is_reference(promise: Promise, answers: Array) -> bool:
    """Whether a way gives no answer but the reference tier's: it keeps the promise and gains
    nothing, and no test of it would be worth a failure."""
    reference = promise.reference
    if reference is None or promise.weights[reference] - 1 + promise.floor > CLOSE:
        return False
    return bool((answers[reference] > 1 - CLOSE).all())


def trial(promise: Promise, way: int, answers: Array, scores: Array, *, binary: bool) -> Trial:
    """How a way is tested, from its answers on the rows of the design."""
    policy = (answers * scores).sum(axis=0)
    slack, worst = promise.slack(policy, scores), promise.worst(answers)
    rate, spread, bet = growth(slack, worst)
    bets = Trial(way=way, test="betting", stake=bet, worst=worst, rate=rate, spread=spread)
    test = exact_test(promise, answers) if binary else "betting"
    reference = promise.reference
    stake = 1.0
    if test == "betting":
        return bets
    if test == "paired" and reference is not None:
        # The lots of a mix cancel out: it is tested in units of their chance.
        stake = departure(answers, reference) or 1.0
        slack, worst = slack / stake, -1.0 - promise.floor / stake
    if test == "losses" and reference is not None:
        # Answers that only the policy gets right count for nothing here.
        slack = (
            np.minimum(policy, scores[reference]) - promise.weights[reference] * scores[reference]
        )
    rate, spread, _ = growth(slack, worst, doubt=0.0)
    exact = Trial(way=way, test=test, stake=stake, worst=worst, rate=rate, spread=spread)
    return max(exact, bets, key=lambda one: one.rate) if test == "losses" else exact


def exact_test(promise: Promise, answers: Array) -> str:
    """The exact test of this kind of promise and way, where there is one; else `betting`."""
    reference = promise.reference
    fixed = float((answers.max(axis=0) > 1 - CLOSE).mean()) >= MOSTLY
    if not promise.weights.any():
        return "binomial" if fixed else "betting"
    if reference is None:
        return "betting"
    weight = float(promise.weights[reference])
    if weight == 1.0 and promise.floor < 0 and departure(answers, reference) is not None:
        return "paired"
    return "losses" if weight < 1.0 and promise.floor == 0 and fixed else "betting"


def departure(answers: Array, reference: int) -> float | None:
    """The probability with which a way departs from the reference tier on the rows where it does; 1
    where it never departs, None where these rows differ in it."""
    parts = 1.0 - answers[reference]
    parts = parts[parts > CLOSE]
    if not len(parts):
        return 1.0
    most = float(parts.max())
    return most if float((parts > most - CLOSE).mean()) >= MOSTLY else None


def certify(
    design: Design, answers: Array, scores: Array, *, confidence: float
) -> Certificate | None:
    """The trials on calibration rows, each after the one before it has passed; None where there is
    no trial or no row. Arrays as `design` takes them, over the calibration rows."""
    rows = scores.shape[1]
    if not design.trials or not rows:
        return None
    passed: list[int] = []
    p_values: list[float] = []
    for one in design.trials:
        p_values.append(p_value(design.promise, one, answers[one.way], scores, 1 - confidence))
        if p_values[-1] > 1 - confidence:
            break
        passed.append(one.way)
    return Certificate(
        design=design,
        passed=tuple(passed),
        confidence=confidence,
        rows=rows,
        p_values=tuple(p_values),
    )


def p_value(
    promise: Promise, trial: Trial, answers: Array, scores: Array, level: float | None = None
) -> float:
    """Of the hypothesis that the promise is broken: valid for any distribution of rows. With a
    `level` it is as exact as it takes to tell on which side of it."""
    policy = (answers * scores).sum(axis=0)
    reference = promise.reference
    rows = scores.shape[1]
    match trial.test:
        case "binomial":
            right = int(np.floor(policy + CLOSE).sum())
            return float(binom.sf(right - 1, rows, promise.floor))
        case "losses" if reference is not None:
            lost, right = losses(policy, scores[reference])
            return float(binom.cdf(lost, right, 1 - promise.weights[reference]))
        case "paired" if reference is not None:
            counts = discordant(scores[reference] - policy, trial.stake)
            allowed = -promise.floor / trial.stake
            if counts is None or allowed >= 1:
                return 1.0 if counts is None else 0.0
            return deficit_p_value(*counts, rows, allowed, level)
        case "betting":
            if promise.worst(answers) < trial.worst - CLOSE:
                return 1.0
            slack = promise.slack(policy, scores)
            return min(1.0, 1.0 / max(wealth(slack, trial.stake, trial.worst), 1e-300))
        case test:
            raise ValueError(f"no test is called {test}")


def losses(policy: Array, reference: Array) -> tuple[int, int]:
    """Rows that the reference tier gets right, if only in part, and the policy not wholly; and all
    that it gets right."""
    right = reference > CLOSE
    return int((right & (policy < 1 - CLOSE)).sum()), int(right.sum())


def discordant(deficit: Array, stake: float) -> tuple[int, int] | None:
    """Rows lost and won in units of the stake. A row between counts as the worse, so that what is
    tested is no better than it is; None where a row loses more than the stake."""
    units = deficit / stake
    if (units > 1 + CLOSE).any():
        return None
    return int((units > CLOSE).sum()), int((units <= -1 + CLOSE).sum())


def lower_bound(
    promise: Promise, trial: Trial, answers: Array, scores: Array, *, confidence: float
) -> float:
    """The lower confidence bound of the way's mean slack, by the inversion of its test; of `losses`
    by what it tests, the share of the reference tier's right answers that are lost."""
    policy = (answers * scores).sum(axis=0)
    reference = promise.reference
    rows = scores.shape[1]
    alpha = 1 - confidence
    match trial.test:
        case "binomial":
            right = int(np.floor(policy + CLOSE).sum())
            low = float(beta.ppf(alpha, right, rows - right + 1)) if right else 0.0
            return low - promise.floor
        case "losses" if reference is not None:
            lost, total = losses(policy, scores[reference])
            return float(1 - promise.weights[reference] - upper_share(lost, total, confidence))
        case "paired" if reference is not None:
            counts = discordant(scores[reference] - policy, trial.stake)
            deficit = 1.0 if counts is None else deficit_bound(*counts, rows, confidence)
            return -promise.floor - trial.stake * deficit
        case _:
            return betting_bound(promise.slack(policy, scores), trial, alpha)


def upper_share(events: int, rows: int, confidence: float) -> float:
    """Clopper and Pearson's upper bound of a probability after `events` in `rows` draws."""
    return float(beta.ppf(confidence, events + 1, rows - events)) if events < rows else 1.0


def growth(slack: Array, worst: float, *, doubt: float = DOUBT) -> tuple[float, float, float]:
    """The largest mean logarithmic growth of a bet on the rows' slack, its standard deviation from
    row to row, and the bet (Waudby-Smith
    and Ramdas 2024, Estimating means of bounded random variables by betting, section 5); `doubt`
    rows of the worst outcome keep it from betting all."""
    if worst >= 0:
        return np.inf, 0.0, 1.0
    most = -1.0 / worst
    bets = most * np.linspace(1 / BETS, 1.0, BETS)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log1p(np.maximum(bets[:, None] * slack[None, :], -1.0))
        grown = logs.sum(axis=1)
        if doubt:
            grown += doubt * np.log1p(np.maximum(bets * worst, -1.0))
    best = int(np.argmax(grown))
    rate = max(float(grown[best]) / (len(slack) + doubt), 0.0)
    return rate, float(logs[best].std()) if rate > 0 else 0.0, float(bets[best])


def wealth(slack: Array, bet: float, worst: float) -> float:
    """What one unit has become after betting on every row, split evenly over the hedges: at most
    one in expectation where the mean slack is below 0."""
    if worst >= 0:
        return np.inf
    most = -1.0 / worst
    with np.errstate(divide="ignore"):
        found = [
            np.exp(np.log1p(np.maximum(min(share * bet, most) * slack, -1.0)).sum())
            for share in HEDGES
        ]
    return float(np.mean(found))


def betting_bound(slack: Array, trial: Trial, alpha: float) -> float:
    """The largest value that the mean slack is shown to be at least, by bisection."""
    low, high = trial.worst, float(slack.mean())
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if wealth(slack - middle, trial.stake, trial.worst - middle) >= 1 / alpha:
            low = middle
        else:
            high = middle
    return low


@lru_cache(maxsize=256)
def rows_without_loss(share: float, confidence: float) -> int:
    """Rows without any loss that show a probability of loss to be at most `share`.

    >>> rows_without_loss(0.01, 0.95), rows_without_loss(0.03, 0.95)
    (299, 99)
    """
    return int(np.ceil(np.log(1 - confidence) / np.log1p(-share) - CLOSE))
