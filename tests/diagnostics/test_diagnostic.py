"""Findings on their way up."""

from __future__ import annotations

import pytest

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, Label, placed
from cosmosql.source import Source, Span

SOURCE = Source("spec.cosmos", "model mine\ndataset rows\n")
HERE, THERE = Span(SOURCE, 6, 10), Span(SOURCE, 19, 23)


def test_a_finding_without_a_place_gets_one_and_others_keep_theirs() -> None:
    bare = Diagnostic(code="E0530", title="model directory not found")
    own = Diagnostic(code="E0531", title="no tokenizer", labels=(Label(THERE),))
    with pytest.raises(InputError) as caught, placed(HERE):
        raise InputError([bare, own])
    first, second = caught.value.diagnostics
    assert first.labels == (Label(HERE),)
    assert second == own
