"""Which kind of policy serves some tiers."""

from cosmosql.decide.preferred import outdone
from cosmosql.policies.choice import Standing

KINDS = ("cascade", "route", "cascade_route")


def standing(expected: float) -> Standing:
    return Standing(won=expected, error=0.0, expected=expected)


def kept(*expected: float) -> list[str]:
    found = dict(zip(KINDS, map(standing, expected), strict=True))
    return [kind for kind in KINDS if outdone(kind, KINDS, found) is None]


def test_the_kind_that_is_expected_to_win_most_stays():
    assert kept(0.01, 0.03, 0.02) == ["route"]


def test_of_equal_kinds_the_simplest_stays():
    assert kept(0.02, 0.02, 0.02) == ["cascade"]
    assert kept(0.01, 0.02, 0.02) == ["route"]


def test_what_is_said_names_the_better_kind():
    found = dict(zip(KINDS, map(standing, (0.01, 0.03, 0.02)), strict=True))
    assert "the route is expected to win 2.00 points" in str(outdone("cascade", KINDS, found))
