"""Requirements of policies that are tested on calibration rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cosmosql.decide.certifying import Certifying
from cosmosql.decide.choose import decide
from cosmosql.decide.decision import Decision
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Escalation, Literal, Measure, Operation
from cosmosql.predict.forecast import ItemForecast
from cosmosql.units import Quantity

SMALL, LARGE = OVER = ("strategy.small", "strategy.large")
ROWS = 400


def drawn(rows: int, seed: int, gap: float) -> tuple[Any, Any, Any]:
    """Scores of both tiers and the small one's margin, which tells where it loses."""
    rng = np.random.default_rng(seed)
    hard = rng.uniform(size=rows)
    large = rng.uniform(size=rows) < 0.9
    lost = rng.uniform(size=rows) < gap * np.maximum(hard - 0.5, 0) * 8
    small = np.where(large, ~lost, rng.uniform(size=rows) < 0.1)
    return small.astype(float), large.astype(float), 1 - hard


def by_hand(threshold: float | None) -> tuple[Escalation, ...]:
    if threshold is None:
        return ()
    return (Escalation(target=LARGE, signal="margin", threshold=threshold),)


@pytest.fixture
def world(candidate: Any, policy: Any, query: Any, requirement: Any) -> Any:
    """Decides the cheapest that keeps a promise, with so many calibration rows."""

    def make(
        calibrated: int,
        *,
        floor: str | None = None,
        points: str = "2%",
        gap: float = 0.2,
        using: str = "auto",
        misled: bool = False,
        hopeless: bool = False,
        threshold: float | None = None,
        measurable: bool = True,
        asked: list[Sequence[str]] | None = None,
    ) -> Decision:
        small, large, margin = drawn(ROWS, 1, gap)
        if hopeless:
            # The surest answers are wrong, and the small tier is hardly cheaper.
            small[np.argsort(-margin)[:40]], large[np.argsort(-margin)[:40]] = 0.0, 1.0
        forecasts = [
            candidate(SMALL, small, cost=1.0, margin=margin),
            candidate(LARGE, large, cost=10.0),
        ]
        small, large, margin = drawn(calibrated, 2, gap)
        margin = 1 - margin if misled else margin
        rows = tuple(f"other {index}" for index in range(calibrated))
        known = {
            SMALL: ItemForecast(rows=rows, score=small, signals={"margin": margin}, shift=None),
            LARGE: ItemForecast(rows=rows, score=large, signals={}, shift=None),
        }

        def measure(candidates: Any) -> Any:
            names = [one.name for one in candidates]
            if asked is not None:
                asked.append(names)
            return {name: known[name] for name in names} if measurable else Unmeasured("no room")

        right = Operation(
            operator="-",
            left=Measure(name="accuracy", strategy=LARGE),
            right=Literal(quantity=Quantity.parse(points)),
        )
        stated = replace(
            requirement("accuracy", ">=", floor or "0.5", confidence="0.95"),
            right=Literal(quantity=Quantity.parse(floor)) if floor else right,
            text="the promise",
            stated=True,
        )
        return decide(
            query(stated, among=OVER, direction="minimize", objective="serve_cost"),
            forecasts,
            [policy(using, *OVER, escalations=by_hand(threshold))],
            n_test=500,
            seed=0,
            certifying=Certifying(rows=calibrated, questions={}, measure=measure),
        )

    return make


def test_a_promise_that_is_kept_is_certified_and_serves_by_the_rule_that_was_tested(
    world: Any,
) -> None:
    found = world(600)
    (certificate,) = found.certificates
    assert certificate.verdict == "holds"
    assert certificate.bound is not None and certificate.bound >= 0
    assert certificate.rows == 600 and certificate.needed is None
    assert found.chosen == certificate.policy
    (policy,) = [one for one in found.policies if one.name == found.chosen]
    assert policy.final and policy.rule is not None
    assert any("certified on 600 calibration rows" in reason for reason in found.reasons)


def test_what_calibration_rows_do_not_show_is_undecided_and_says_what_would(world: Any) -> None:
    found = world(600, misled=True)
    (certificate,) = found.certificates
    assert certificate.verdict == "undecided" and certificate.rows == 600
    assert certificate.bound is not None and certificate.bound < 0
    assert certificate.needed is None or certificate.needed > 600
    assert found.chosen == LARGE
    statuses = {one.name: one.verdict for one in found.options}
    assert statuses[certificate.policy] == "undecided"


def test_too_few_rows_are_not_even_looked_at(world: Any) -> None:
    asked: list[Sequence[str]] = []
    found = world(20, points="1%", using="cascade", asked=asked)
    (certificate,) = found.certificates
    assert not asked
    assert certificate.verdict == "undecided" and certificate.rows == 0
    assert certificate.reason == "there are 20 calibration rows"
    assert certificate.needed is not None and certificate.needed >= 299
    assert found.status == "undecided"
    assert found.next_evidence == f"label {certificate.needed} calibration rows"


def test_without_calibration_rows_nothing_is_promised(world: Any) -> None:
    found = world(0)
    (certificate,) = found.certificates
    assert certificate.reason == "the data has no calibration rows"
    assert found.chosen == LARGE and found.status == "undecided"


def test_what_cannot_be_measured_is_undecided_with_the_reason(world: Any) -> None:
    (certificate,) = world(600, measurable=False).certificates
    assert (certificate.verdict, certificate.reason) == ("undecided", "no room")


def test_where_every_way_breaks_it_the_large_tier_alone_is_the_decision(world: Any) -> None:
    found = world(600, points="0.05%", gap=0.9, using="cascade", hopeless=True)
    (certificate,) = found.certificates
    assert certificate.needed is None
    assert (found.status, found.chosen) == ("decided", LARGE)


def test_only_one_policy_is_tested_and_the_others_are_undecided(world: Any) -> None:
    asked: list[Sequence[str]] = []
    found = world(600, asked=asked)
    assert asked == [[SMALL, LARGE]]
    tested = found.certificates[0].policy
    others = [
        one
        for one in found.options
        if one.name not in (tested, *OVER) and not one.name.endswith(f"[{SMALL}]")
    ]
    assert others
    for one in others:
        assert one.verdict == "undecided" and one.misses[0].found.startswith("not tested")
        assert "another policy was tested" in one.misses[0].found


def test_a_rule_by_hand_is_tested_as_it_stands(world: Any) -> None:
    found = world(600, using="cascade", threshold=0.6)
    (certificate,) = found.certificates
    assert (certificate.verdict, certificate.tried) == ("holds", 1)
    (kept,) = [one for one in found.policies if one.name == certificate.policy]
    assert kept.thresholds == (0.6,) and kept.final
    (refused,) = world(600, using="cascade", threshold=0.2).certificates
    assert refused.verdict == "undecided"


def test_a_floor_is_tested_too(world: Any) -> None:
    (certificate,) = world(600, floor="80%").certificates
    assert certificate.procedure in ("binomial", "betting")
    assert certificate.verdict == "holds"


def test_the_same_rows_give_the_same_certificate(world: Any) -> None:
    assert world(300).certificates == world(300).certificates


def test_a_confidence_that_is_not_written_is_forecast(
    candidate: Any, policy: Any, query: Any, requirement: Any
) -> None:
    def never(candidates: Any) -> Any:
        raise AssertionError("calibration rows were looked at")

    small, large, margin = drawn(ROWS, 1, 0.2)
    plain = requirement("accuracy", ">=", "80%")
    found = decide(
        query(plain, among=OVER, direction="minimize", objective="serve_cost"),
        [candidate(SMALL, small, cost=1.0, margin=margin), candidate(LARGE, large, cost=10.0)],
        [policy("auto", *OVER)],
        n_test=500,
        seed=0,
        certifying=Certifying(rows=300, questions={}, measure=never),
    )
    assert found.certificates == ()
