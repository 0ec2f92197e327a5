import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, multinomial

from cosmosql.policies.paired_test import boundary, deficit_bound, deficit_p_value


def rejected(rows, allowed, level):
    return [
        (lost, won)
        for lost in range(rows + 1)
        for won in range(rows + 1 - lost)
        if deficit_p_value(lost, won, rows, allowed) <= level
    ]


@pytest.mark.parametrize("allowed", [0.05, 0.2])
@pytest.mark.parametrize("level", [0.05, 0.2])
def test_the_test_errs_no_more_often_than_it_says(allowed, level):
    """Every sample of 25 rows is enumerated, under many worlds that break the promise."""
    rows = 25
    region = rejected(rows, allowed, level)
    assert region
    for won in np.linspace(0.0, (1 - allowed) / 2, 60):
        for more in (0.0, 0.05):
            lost = won + allowed + more
            if lost + won > 1:
                continue
            law = multinomial(rows, [lost, won, max(1 - lost - won, 0.0)])
            wrong = sum(law.pmf([k, m, rows - k - m]) for k, m in region)
            assert wrong <= level + 1e-9


@pytest.mark.parametrize(("rows", "allowed"), [(299, 0.01), (300, 0.01), (150, 0.02), (600, 0.01)])
def test_it_certifies_whatever_the_bound_on_losses_does_and_more(rows, allowed):
    losses = [k for k in range(20) if beta.ppf(0.95, k + 1, rows - k) <= allowed]
    assert all(deficit_p_value(lost, 0, rows, allowed) <= 0.05 for lost in losses)
    assert deficit_p_value(len(losses), 3, rows, allowed) <= 0.05


@given(
    rows=st.integers(25, 120),
    lost=st.integers(0, 10),
    won=st.integers(0, 10),
    allowed=st.floats(0.01, 0.5),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_loss_more_never_helps_and_a_win_more_never_hurts(rows, lost, won, allowed):
    found = deficit_p_value(lost, won, rows, allowed)
    exact = 1.03  # it is told to 1 %, rounded up, and P(win) is looked for around the wins
    assert deficit_p_value(lost + 1, won, rows, allowed) * exact >= found
    assert deficit_p_value(lost, won + 1, rows, allowed) <= found * exact
    for level in (0.01, 0.1):
        coarse = deficit_p_value(lost, won, rows, allowed, level)
        assert (coarse <= level) is (found <= level)


def test_the_boundary_never_falls():
    least = boundary(3.0, 60, 300, 0.01)
    assert (np.diff(least) >= 0).all()
    assert least[0] == 0


def test_the_bound_is_where_the_test_begins_to_reject():
    bound = deficit_bound(12, 5, 300, 0.95)
    assert deficit_p_value(12, 5, 300, bound) <= 0.05
    assert deficit_p_value(12, 5, 300, bound * 0.985) > 0.05
    assert deficit_bound(0, 0, 300, 0.95) == pytest.approx(beta.ppf(0.95, 1, 300), rel=1.5e-2)
    assert deficit_bound(0, 0, 299, 0.95) <= 0.01
    assert deficit_bound(10, 0, 10, 0.95) == 1.0


@pytest.mark.parametrize(("lost", "won", "allowed"), [(6, 5, 0.1), (1, 1, 0.0), (1, 1, 1.0)])
def test_impossible_counts_are_refused(lost, won, allowed):
    with pytest.raises(ValueError, match="losses and wins"):
        deficit_p_value(lost, won, 10, allowed)
