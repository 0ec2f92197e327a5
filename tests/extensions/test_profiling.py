from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `hf`)")

from cosmosql.extensions.backends.huggingface.profiling import READ, _parts, fitted


def test_the_parts_of_a_pass_are_told_apart() -> None:
    """Shapes that took exactly so much a pass, token, pair and cached token give these back."""
    truth = (3e-3, 2e-5, 4e-8, 2e-6)
    parts = [_parts(*shape) for shape in READ]
    taken = [sum(a * b for a, b in zip(one, truth, strict=True)) for one in parts]
    assert fitted(parts, taken) == pytest.approx(truth)


def test_no_part_takes_less_than_nothing() -> None:
    """Two rows that took less than one: a pass takes it all."""
    step, row = fitted([(1.0, 1.0), (1.0, 8.0)], [2.0, 1.0])
    assert row == 0 and 1.0 <= step <= 2.0


def test_what_no_shape_has_is_nothing() -> None:
    found = fitted([_parts(1, 8, 0), _parts(8, 96, 0)], [0.01, 0.1])
    assert found[3] == 0
