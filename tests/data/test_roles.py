"""Roles: disjoint, stable under added rows, never splitting a group."""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from cosmosql.data.roles import ORDER, Unassigned, assign, order_key, shares, stable_fraction
from cosmosql.data.rows import Role

groups = st.lists(st.integers(0, 30), min_size=1, max_size=80)
amounts = st.dictionaries(
    st.sampled_from([role.value for role in Role]),
    st.one_of(st.integers(0, 20), st.sampled_from([0.0, 0.1, 0.25])),
)


def rows(keys: list[int]) -> list[Unassigned]:
    return [
        Unassigned(identity=f"row {index} of {key}", group=f"group {key}", given=None)
        for index, key in enumerate(keys)
    ]


@settings(deadline=None)
@given(groups, amounts)
def test_a_group_is_never_split(keys: list[int], wanted: dict[str, int | float]) -> None:
    seen: dict[str, set[Role]] = defaultdict(set)
    plain = rows(keys)
    for row, role in zip(plain, assign(plain, wanted), strict=True):
        if role is not None:
            seen[row.group].add(role)
    assert all(len(roles) == 1 for roles in seen.values())


@settings(deadline=None)
@given(groups, amounts)
def test_counts_are_never_exceeded(keys: list[int], wanted: dict[str, int | float]) -> None:
    found = Counter(assign(rows(keys), wanted))
    for name, amount in wanted.items():
        if isinstance(amount, int):
            assert found[Role(name)] <= amount


@settings(deadline=None)
@given(groups, groups)
def test_added_rows_move_no_other_row(first: list[int], more: list[int]) -> None:
    small = rows(first)
    large = rows([*first, *more])
    shuffled = sorted(large, key=lambda row: stable_fraction("shuffle", row.identity))
    wanted = {"test": 0.2, "validation": 0.3}
    roles = dict(zip((row.identity for row in shuffled), assign(shuffled, wanted), strict=True))
    for row, role in zip(small, assign(small, wanted), strict=True):
        assert roles[row.identity] is role


def test_singletons_fill_counts_exactly() -> None:
    found = Counter(assign(rows(list(range(100))), {"test": 20, "validation": 30}))
    assert found[Role.TEST] == 20
    assert found[Role.VALIDATION] == 30
    assert found[Role.TRAIN] + found[Role.CALIBRATION] == 50


def test_default_shares_come_out_about_right() -> None:
    found = Counter(assign(rows(list(range(4000))), {}))
    for role, share in (("train", 0.6), ("validation", 0.15), ("calibration", 0.1), ("test", 0.15)):
        assert abs(found[Role(role)] / 4000 - share) < 0.03


def test_the_rest_goes_to_the_roles_that_are_not_named() -> None:
    named = {Role.TEST: 20, Role.CALIBRATION: 10, Role.VALIDATION: 10}
    assert shares(ORDER, named) == ((Role.TRAIN, 1.0),)
    assert shares(ORDER, {Role.TRAIN: 0.2, Role.TEST: 0.3})[0] == (Role.TEST, 0.3)
    found = Counter(assign(rows(list(range(60))), {"test": 0.0, "train": 5}))
    assert found[Role.TEST] == 0
    assert found[Role.TRAIN] == 5


def test_given_roles_are_kept_and_the_missing_ones_come_out_of_train() -> None:
    given_rows = [
        Unassigned(
            identity=str(index), group=str(index), given=Role.TEST if index < 50 else Role.TRAIN
        )
        for index in range(400)
    ]
    roles = assign(given_rows, {"validation": 40})
    assert set(roles[:50]) == {Role.TEST}
    found = Counter(roles[50:])
    assert found[Role.VALIDATION] == 40
    assert found[Role.TEST] == 0
    assert found[Role.CALIBRATION] > 0
    assert found[Role.TRAIN] > found[Role.CALIBRATION]


def test_a_free_row_follows_its_group() -> None:
    pair = [
        Unassigned(identity="a", group="g", given=Role.TEST),
        Unassigned(identity="b", group="g", given=None),
    ]
    assert assign(pair, {}) == (Role.TEST, Role.TEST)


def test_order_depends_on_identity_alone() -> None:
    names = [str(index) for index in range(50)]
    ordered = sorted(names, key=order_key)
    backwards = list(reversed(names))
    backwards.sort(key=order_key)
    assert ordered == backwards
    assert ordered != sorted(names)
