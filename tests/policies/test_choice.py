"""Which policy `auto` takes."""

import numpy as np
import pytest

from cosmosql.policies.cascade import Cascade
from cosmosql.policies.cascade_route import CascadeRoute, Route
from cosmosql.policies.choice import REFERENCE, best, left_out, standing, standings, wins
from cosmosql.policies.curves import budget_grid
from cosmosql.policies.mix import Mix
from cosmosql.policies.prior import Belief, document, learn, prior_of, shipped
from tests.policies.made import made

POLICIES = {"mix": Mix(), "cascade": Cascade(), "route": Route(), "cascade_route": CascadeRoute()}


class Forgetful:
    """A cascade whose fits cannot leave rows out."""

    sees = Cascade.sees
    load = Cascade.load

    def fit(self, known, options, *, seed):
        return Bare(Cascade().fit(known, options, seed=seed))


class Bare:
    def __init__(self, inner):
        self.ways, self.rule = inner.ways, inner.rule


def test_learnt_policies_stand_first_where_words_and_margins_tell():
    known = made(400)
    fitted = {name: policy.fit(known, {}, seed=0) for name, policy in POLICIES.items()}
    found = standings(wins(POLICIES, fitted, known, {}, seed=0), shipped().policies, 0.3)
    assert best(found) in ("route", "cascade_route")
    assert found[REFERENCE].expected == 0.0


def test_without_rows_to_tell_what_is_believed_decides():
    differences = np.array([0.5, -0.5])
    found = standing(differences, Belief(mean=0.1, deviation=0.001), 1.0)
    assert found.expected == pytest.approx(0.1, abs=1e-3)


def test_with_many_rows_they_decide():
    differences = np.tile([0.3, -0.1], 5000)
    found = standing(differences, Belief(mean=-0.1, deviation=0.1), 1.0)
    assert found.expected == pytest.approx(0.1, abs=5e-3)


def test_the_first_of_equal_policies_is_taken():
    known = made()
    fitted = {"mix": Mix().fit(known, {}, seed=0), "twin": Mix().fit(known, {}, seed=0)}
    won = wins({"mix": Mix(), "twin": Mix()}, fitted, known, {}, seed=0)
    assert np.allclose(won["twin"], 0.0)
    assert best(standings(won, {}, 0.3)) == "mix"


def test_a_policy_that_cannot_leave_rows_out_is_fitted_without_each_fold():
    known = made(200)
    budgets = budget_grid(known.seen.costs, 5)
    policy = Forgetful()
    fitted = policy.fit(known, {}, seed=0)
    ways = left_out(policy, fitted, known, budgets, {}, seed=0)
    assert ways.answers.sum(axis=1) == pytest.approx(np.ones((5, 200)))
    own = Cascade().fit(known, {}, seed=0).known_ways(list(budgets))
    assert np.abs(ways.asked - own.asked).mean() < 0.05


def test_a_prior_is_read_as_it_was_written():
    prior = learn([made(seed=seed) for seed in (1, 1, 1)], {"mix": Belief(mean=0.0, deviation=1.0)})
    again = prior_of(document(prior))
    assert again.surface == pytest.approx(prior.surface, rel=1e-5)
    assert again.policies == prior.policies
    assert document(again) == document(prior)


def test_a_prior_of_other_features_is_refused():
    found = document(shipped())
    with pytest.raises(ValueError, match="other features"):
        prior_of({**found, "features": ["shoe size"]})
