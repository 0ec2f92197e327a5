"""What `extrapolate` makes of arguments that are no curve's, or hardly one's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmosql.interval import Estimate, Unmeasured
from cosmosql.predict.curves import extrapolate

GOOD: dict[str, Any] = {
    "kind": "finetune",
    "sizes": [32, 64, 128],
    "accuracies": [0.5, 0.6, 0.7],
    "n_test": 200,
    "targets": [512],
}


def ask(**changed: Any) -> list[Estimate | Unmeasured]:
    return extrapolate(**(GOOD | changed))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"sizes": [32, 64]}, "2 sizes, 3 values"),
        ({"sizes": [32, 64, math.nan]}, "sizes are finite"),
        ({"sizes": [32, 64, math.inf]}, "sizes are finite"),
        ({"sizes": [-32, 64, 128]}, "not negative"),
        ({"sizes": [[32, 64, 128]]}, "flat list"),
        ({"accuracies": [0.5, math.nan, 0.7]}, "accuracies are finite"),
        ({"accuracies": [50, 60, 70]}, r"lie in \[0, 1\]"),
        ({"accuracies": [-0.1, 0.6, 0.7]}, r"lie in \[0, 1\]"),
        ({"n_test": 0}, "at least 1"),
        ({"n_test": -5}, "at least 1"),
        ({"n_test": math.nan}, "at least 1"),
        ({"n_test": 12.5}, "whole number"),
        ({"n_test": [200, 200]}, "one for each of the 3 sizes"),
        ({"n_test": [200, 0, 200]}, "at least 1"),
        ({"targets": [math.nan]}, "targets are finite"),
        ({"targets": [math.inf]}, "targets are finite"),
        ({"label_counts": 0}, "at least one label"),
        ({"label_counts": []}, "at least one of them"),
        ({"label_counts": [0, 0]}, "at least one of them"),
        ({"label_counts": [5, -1]}, "at least one of them"),
        ({"label_counts": [5, math.nan]}, "label counts are finite"),
        ({"context_limit": math.nan}, "context limit"),
    ],
)
def test_what_is_no_curve_is_refused_with_a_sentence(
    changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        ask(**changed)


def test_an_unknown_kind_names_those_that_exist() -> None:
    with pytest.raises(KeyError, match="finetune, icl-random, icl-retrieved"):
        ask(kind="distill")


def test_nothing_asked_nothing_answered() -> None:
    assert ask(targets=[]) == []


@pytest.mark.parametrize(("sizes", "accuracies"), [([], []), ([0], [0.4])])
def test_without_a_point_every_target_is_unmeasured(
    sizes: Sequence[float], accuracies: Sequence[float]
) -> None:
    answers = ask(sizes=sizes, accuracies=accuracies, targets=[16, 32])
    assert len(answers) == 2
    assert all(isinstance(answer, Unmeasured) for answer in answers)


def test_targets_below_one_are_unmeasured_among_those_that_are_not() -> None:
    below, fine = ask(targets=[0, 256])
    assert isinstance(below, Unmeasured) and "size 1" in below.reason
    assert isinstance(fine, Estimate)


def test_one_point_gives_a_wide_interval() -> None:
    (one,) = ask(sizes=[64], accuracies=[0.6], targets=[1024])
    (three,) = ask(sizes=[64, 128, 256], accuracies=[0.6, 0.68, 0.74], targets=[1024])
    assert isinstance(one, Estimate) and isinstance(three, Estimate)
    assert one.high - one.low > three.high - three.low > 0.05


def test_labels_without_a_row_do_not_count() -> None:
    assert ask(label_counts=[30, 0, 10, 0]) == ask(label_counts=[30, 10])


def test_the_same_target_twice_gets_the_same_answer() -> None:
    first, second = ask(targets=[512, 512])
    assert first == second


@pytest.mark.parametrize("kind", ["finetune", "icl-random", "icl-retrieved"])
@pytest.mark.parametrize("accuracies", [[0.0] * 5, [1.0] * 5, [0.9, 0.7, 0.5, 0.3, 0.1]])
def test_flat_and_falling_curves_have_an_answer(kind: str, accuracies: list[float]) -> None:
    (answer,) = ask(kind=kind, sizes=[1, 2, 4, 8, 16], accuracies=accuracies, targets=[64])
    assert isinstance(answer, Estimate)
    assert 0 <= answer.low <= answer.high <= 1


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_curve_has_ordered_finite_bounds(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["finetune", "icl-random", "icl-retrieved"]))
    count = data.draw(st.integers(1, 12))
    sizes = data.draw(st.lists(st.integers(0, 10**7), min_size=count, max_size=count))
    accuracies = data.draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))
    rows = data.draw(st.integers(1, 10**6))
    targets = data.draw(st.lists(st.floats(0, 1e12), max_size=4))
    labels = data.draw(st.none() | st.integers(1, 500))
    answers = extrapolate(kind, sizes, accuracies, rows, targets, label_counts=labels)
    assert len(answers) == len(targets)
    for answer in answers:
        if isinstance(answer, Estimate):
            assert 0 <= answer.low <= answer.value <= answer.high <= 1
            assert answer.n == rows


def test_numpy_arguments_are_as_good_as_lists() -> None:
    lists = ask(label_counts=[3, 2, 1])
    arrays = extrapolate(
        "finetune",
        np.array([32, 64, 128]),  # type: ignore[arg-type]
        np.array([0.5, 0.6, 0.7]),  # type: ignore[arg-type]
        np.int64(200),  # type: ignore[arg-type]
        np.array([512]),  # type: ignore[arg-type]
        label_counts=np.array([3, 2, 1]),  # type: ignore[arg-type]
    )
    assert lists == arrays
