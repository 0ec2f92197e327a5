"""The published streaming cascade and its guards."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.policies.streaming import (
    UNSURE_AFTER,
    escalation_share,
    places_among_seen,
    routing_share,
    stream,
    stream_area,
)

SMALL, LARGE = 1.0, 4.0

streams = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=80)
budgets = st.floats(SMALL, LARGE)


@given(margins=streams)
def test_a_place_says_where_a_margin_lies_among_those_seen(margins):
    for index, place in enumerate(places_among_seen(margins)):
        ordered = sorted(margins[: index + 1])
        for element in range(len(ordered)):
            assert (margins[index] < ordered[element]) == (place <= element)


@given(margins=streams, budget=budgets)
def test_the_budget_is_never_exceeded(margins, budget):
    escalated = stream(places_among_seen(margins), budget, SMALL, LARGE)
    count = len(margins)
    rest = budget * count
    for index, large in enumerate(escalated):
        remaining = count - index
        alone = rest + 1e-6 >= remaining * LARGE
        rest -= LARGE if alone and large else SMALL + LARGE * large
    assert rest >= -1e-6 * count


def test_the_cheapest_budget_asks_the_small_tier_alone():
    margins = np.random.default_rng(0).random(200).tolist()
    assert not stream(places_among_seen(margins), SMALL, SMALL, LARGE).any()


def test_the_dearest_budget_skips_the_small_tier():
    margins = np.random.default_rng(0).random(200).tolist()
    assert stream(places_among_seen(margins), LARGE, SMALL, LARGE).all()


def test_nothing_escalates_while_few_margins_are_seen():
    margins = np.random.default_rng(0).random(200).tolist()
    escalated = stream(places_among_seen(margins), 2.5, SMALL, LARGE)
    assert not escalated[:UNSURE_AFTER].any()
    assert escalated[UNSURE_AFTER:].any()


def test_what_is_left_at_the_end_goes_to_the_large_tier_alone():
    sure = [float(place) for place in range(60)]
    escalated = stream(places_among_seen(sure), 3.0, SMALL, LARGE)
    first = int(np.argmax(escalated))
    assert escalated[first:].all()
    assert (3.0 - SMALL) * 60 + SMALL * (60 - first) >= LARGE * (60 - first) - 1e-9


def test_a_share_of_one_escalates_every_query_that_the_budget_covers():
    margins = np.random.default_rng(0).random(50).tolist()
    escalated = stream(places_among_seen(margins), 1.6, 0.5, 1.0)
    assert escalated.all()


def test_shares_at_a_budget():
    assert escalation_share(2.0, SMALL, LARGE) == pytest.approx(0.25)
    assert routing_share(2.0, SMALL, LARGE) == pytest.approx(1 / 3)
    assert escalation_share(9.0, SMALL, LARGE) == routing_share(9.0, SMALL, LARGE) == 1.0


def test_a_telling_margin_is_worth_more_than_a_blind_one():
    generator = np.random.default_rng(0)
    right = (generator.random(600) < 0.5).astype(float)
    scores = np.stack([right, np.ones(600)])
    costs = np.array([SMALL, LARGE])
    telling = stream_area(right + 0.1 * generator.random(600), scores, costs, budgets=20)
    blind = stream_area(generator.random(600), scores, costs, budgets=20)
    assert telling > blind + 0.05
