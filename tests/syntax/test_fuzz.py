"""A share of the fuzz run, and that the run itself would notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from cosmosql.source import Source
from cosmosql.syntax.parse import ParseCache
from tests.bench import fuzz
from tests.bench.fuzz import KINDS, Tally, limited, make


def test_a_share_of_the_fuzz_run(tmp_path: Path) -> None:
    tally = Tally(0, None)
    fuzz.fuzz(1, range(1500), tally)
    assert tally.failures == []
    reached = {key.partition(":")[2] for key in tally.counts}
    assert reached == {"formatted", "diagnosed", "no text"}
    assert {key.partition(":")[0] for key in tally.counts} == {kind.__name__ for kind, _ in KINDS}


def test_inputs_follow_from_seed_and_number() -> None:
    assert [make(3, number) for number in range(20)] == [make(3, number) for number in range(20)]
    assert make(3, 1) != make(4, 1)


def test_a_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    whole, parts = Tally(0, None), tmp_path / "tally.json"
    fuzz.fuzz(2, range(60), whole)
    fuzz.fuzz(2, range(30), Tally(0, parts))
    again = Tally(0, parts)
    assert again.next == 30
    fuzz.fuzz(2, range(60), again)
    assert again.counts == whole.counts


def test_what_hangs_or_raises_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(source: Source, cache: ParseCache | None = None) -> str:
        while True:
            pass

    def changed(source: Source, cache: ParseCache | None = None) -> str:
        return "let changed = 1\n"

    with pytest.raises(TimeoutError), limited(0.05):
        hang(Source("a.cosmos", ""))
    monkeypatch.setattr(fuzz, "format_source", hang)
    monkeypatch.setattr("tests.syntax.properties.format_source", changed)
    tally = Tally(0, None)
    fuzz.fuzz(1, range(40), tally, limit=0.05)
    assert any("TimeoutError" in text for text in tally.failures)
    assert any("AssertionError" in text for text in tally.failures)
    assert f"Failures: {len(tally.failures)}." in tally.table()
