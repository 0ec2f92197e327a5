import numpy as np
import pytest
from scipy.stats import beta, binom

from cosmosql.policies.certificates import (
    Promise,
    certify,
    design,
    lower_bound,
    rows_without_loss,
    upper_share,
    wealth,
)

NEAR = Promise(weights=np.array([0.0, 1.0]), floor=-0.01)
"""At most one point below the second tier."""

SHARE = Promise(weights=np.array([0.0, 0.95]), floor=0.0)
FLOOR = Promise(weights=np.zeros(2), floor=0.7)
LOOSER = Promise(weights=np.array([0.0, 1.0]), floor=-0.03)
BUDGETS = 8


def bound_of(found, ways, scores):
    shown = found.trial(found.way)
    return lower_bound(
        found.design.promise, shown, ways[shown.way], scores, confidence=found.confidence
    )


def world(rows, seed, *, gap=0.14, margin=1.0):
    """Scores of two tiers and the first one's margin: the surer, the less it loses."""
    rng = np.random.default_rng(seed)
    easy = rng.uniform(size=rows)
    large = rng.uniform(size=rows) < 0.6 + 0.35 * easy
    lost = rng.uniform(size=rows) < 2 * gap * (1 - easy) ** margin
    won = rng.uniform(size=rows) < 0.06 * (1 - easy)
    small = np.where(large, ~lost, won)
    return np.stack([small, large]).astype(float), easy + rng.normal(0, 0.05, rows)


def cascade(margin, thresholds):
    """Probabilities of the two tiers' answers, shape (ways, tiers, rows)."""
    small = np.array([(margin > limit).astype(float) for limit in thresholds])
    return np.stack([small, 1 - small], axis=1)


def mix(rows, shares):
    small = np.repeat(np.array(shares)[:, None], rows, axis=1)
    return np.stack([small, 1 - small], axis=1)


def ways_of(kind, margin, limits):
    if kind == "mix":
        return mix(len(margin), np.linspace(0.05, 1.0, BUDGETS))
    return cascade(margin, limits)


@pytest.mark.parametrize("kind", ["cascade", "mix"])
@pytest.mark.parametrize("promise", [LOOSER, SHARE, FLOOR], ids=["near", "share", "floor"])
@pytest.mark.parametrize("binary", [True, False], ids=["exact", "betting"])
def test_a_certified_promise_is_broken_in_few_worlds(kind, promise, binary):
    pool, sure = world(40_000, seed=1)
    limits = np.quantile(sure, np.linspace(0.98, 0.0, BUDGETS))
    everywhere = ways_of(kind, sure, limits)
    slack = promise.slack((everywhere * pool).sum(axis=1), pool).mean(axis=1)
    assert (slack < 0).any()
    broken, certified, studies = 0, 0, 60
    for study in range(studies):
        drawn = np.random.default_rng(study).permutation(40_000)[:450]
        first, second = drawn[:200], drawn[200:]
        found = certify(
            design(promise, everywhere[:, :, first], pool[:, first], binary=binary),
            everywhere[:, :, second],
            pool[:, second],
            confidence=0.9,
        )
        assert found is not None
        if found.way is not None:
            certified += 1
            broken += slack[found.way] < 0
    assert broken <= binom.ppf(0.999, studies, 0.1)
    assert certified > studies / 4


def test_a_search_over_ways_that_all_break_the_promise_costs_no_confidence():
    pool, _ = world(40_000, seed=2)
    ways = mix(40_000, np.linspace(0.2, 1.0, 12))
    studies = 60
    wrong = 0
    for study in range(studies):
        drawn = np.random.default_rng(study).permutation(40_000)[:300]
        first, second = drawn[:100], drawn[100:]
        plan = design(NEAR, ways[:, :, first], pool[:, first], binary=True)
        found = certify(plan, ways[:, :, second], pool[:, second], confidence=0.9)
        wrong += found is not None and found.way is not None
    assert wrong <= binom.ppf(0.999, studies, 0.1)


def test_no_loss_in_299_rows_shows_one_point_and_one_row_fewer_does_not():
    assert rows_without_loss(0.01, 0.95) == 299
    for rows, shown in ((299, True), (298, False)):
        scores = np.ones((2, rows))
        ways = cascade(np.ones(rows), [0.0])
        found = certify(design(NEAR, ways, scores, binary=True), ways, scores, confidence=0.95)
        assert found is not None and (found.way == 0) is shown
        assert found.trial(0).test == "paired"


def test_too_few_rows_say_how_many_would_do():
    scores, ways = np.ones((2, 100)), cascade(np.ones(100), [0.0])
    plan = design(NEAR, ways, scores, binary=True)
    assert plan.needed(0.95) == 299
    assert plan.hoped(298, 0.95) == () and plan.hoped(299, 0.95) == (0,)
    hopeless = np.stack([np.zeros(100), np.ones(100)])
    assert design(NEAR, ways, hopeless, binary=True).needed(0.95) is None


def test_a_share_of_a_tier_is_judged_on_the_rows_that_it_gets_right():
    large = np.r_[np.ones(60), np.zeros(240)]
    scores = np.stack([np.zeros(300), large])
    kept = np.r_[np.zeros(60), np.ones(240)]
    ways = np.stack([kept, 1 - kept])[None]
    found = certify(design(SHARE, ways, scores, binary=True), ways, scores, confidence=0.95)
    assert found is not None and found.trial(0).test == "losses"
    assert found.way == 0  # no loss among 60 right answers: 0.95^60 = 0.046
    assert bound_of(found, ways, scores) == pytest.approx(0.05 - upper_share(0, 60, 0.95))


def test_a_floor_is_judged_by_the_binomial_law():
    right = np.r_[np.ones(280), np.zeros(20)]
    scores, ways = np.stack([right, right]), cascade(np.ones(300), [0.0])
    promise = Promise(weights=np.zeros(2), floor=0.9)
    found = certify(design(promise, ways, scores, binary=True), ways, scores, confidence=0.95)
    assert found is not None and found.trial(0).test == "binomial"
    assert found.p_values == pytest.approx([binom.sf(279, 300, 0.9)])
    assert bound_of(found, ways, scores) == pytest.approx(beta.ppf(0.05, 280, 21) - 0.9)


def test_the_first_failure_ends_the_tests():
    rows = 400
    margin = np.linspace(1, 0, rows)
    small = np.ones(rows)
    small[100:120] = 0.0
    scores = np.stack([small, np.ones(rows)])
    ways = cascade(margin, [margin[50], margin[115], margin[50]])
    found = certify(design(NEAR, ways, scores, binary=True), ways, scores, confidence=0.95)
    assert found is not None and (found.way, len(found.p_values)) == (0, 2)


def test_wins_make_up_for_losses():
    scores = np.ones((2, 1000))
    scores[0, :10] = 0.0
    ways = cascade(np.ones(1000), [0.0])
    alone = certify(design(NEAR, ways, scores, binary=True), ways, scores, confidence=0.95)
    scores[1, 10:25] = 0.0
    both = certify(design(NEAR, ways, scores, binary=True), ways, scores, confidence=0.95)
    assert alone is not None and alone.way is None
    assert both is not None and both.way == 0


def test_a_lot_is_weighed_by_its_chance_not_by_its_draw():
    scores, _ = world(300, seed=3)
    ways = mix(300, [0.02, 0.04, 0.3])
    found = certify(design(NEAR, ways, scores, binary=True), ways, scores, confidence=0.95)
    assert found is not None and found.way == 1
    assert found.trial(1).test == "paired" and bound_of(found, ways, scores) >= 0


def test_what_is_bet_earns_nothing_where_the_promise_is_just_broken():
    """The mean wealth over all samples of two rows is at most one."""
    promise = Promise(weights=np.array([1.0]), floor=0.1)
    outcomes = np.array([[0.0, 0.25], [0.0, 1.0], [1.0, 0.25], [1.0, 1.0]])
    chances = np.array([0.3, 0.2, 0.25, 0.25])
    slack = outcomes[:, 0] - outcomes[:, 1] - 0.1
    slack -= chances @ slack
    worst = promise.worst(np.zeros((1, 1))) - 1
    total = sum(
        chances[a] * chances[b] * wealth(slack[[a, b]], 0.5, worst)
        for a in range(4)
        for b in range(4)
    )
    assert total <= 1 + 1e-12


def test_a_mix_is_certified_from_few_rows():
    """A share of 5 % can lose no more than 5 points: little is to be shown."""
    scores, _ = world(100, seed=4)
    ways = mix(100, [0.0, 0.01, 0.02, 0.04, 0.3])
    plan = design(NEAR, ways, scores, binary=True)
    assert [one.way for one in plan.trials] == [1, 2, 3, 4]
    found = certify(plan, ways, scores, confidence=0.95)
    assert found is not None and found.passed == (1, 2, 3)


def test_all_ways_that_passed_may_be_chosen_from():
    scores = np.ones((2, 300))
    ways = cascade(np.linspace(1, 0, 300), [0.9, 0.6, 0.3])
    found = certify(design(NEAR, ways, scores, binary=True), ways, scores, confidence=0.95)
    assert found is not None and found.passed == (0, 1, 2)


def test_nothing_is_said_of_no_rows():
    scores, ways = np.ones((2, 0)), np.ones((1, 2, 0)) / 2
    plan = design(NEAR, cascade(np.ones(5), [0.0]), np.ones((2, 5)), binary=True)
    assert certify(plan, ways, scores, confidence=0.95) is None
