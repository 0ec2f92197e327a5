"""The evidence file: the same bytes for the same evidence, and nothing taken on trust."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.evidence import file
from cosmosql.evidence.keys import key_of
from cosmosql.evidence.observation import Item, Observation, Usage
from cosmosql.evidence.record import content_digest, record
from cosmosql.evidence.record import observation as observation_of

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
COUNT = st.integers(0, 10**9)


@st.composite
def observations(draw):
    asked = draw(st.dictionaries(st.text(max_size=5), st.one_of(COUNT, st.text(), FINITE)))
    return Observation(
        kind=draw(st.sampled_from(["evaluate", "proxy"])),
        key=key_of(asked),
        asked=asked,
        conditions=draw(st.dictionaries(st.text(max_size=5), st.text(max_size=5))),
        role=draw(st.sampled_from([None, "validation"])),
        values=draw(st.dictionaries(st.text(max_size=5), FINITE)),
        items=tuple(
            draw(
                st.lists(
                    st.builds(
                        Item,
                        row=HEX,
                        score=st.floats(0, 1),
                        predicted=st.none() | COUNT,
                        target=st.none() | COUNT,
                        signals=st.dictionaries(st.text(max_size=5), FINITE),
                        prompt_tokens=COUNT,
                        completion_tokens=COUNT,
                    ),
                    max_size=3,
                )
            )
        ),
        usage=Usage(
            prompt_tokens=draw(COUNT),
            cached_tokens=draw(st.none() | COUNT),
            seconds=draw(st.floats(0, 1e6)),
            money=draw(st.none() | st.decimals(0, 100, places=6)),
            flops=draw(st.floats(0, 1e20)),
        ),
    )


@given(observations())
def test_records_are_read_back_as_they_were(one):
    assert observation_of(json.loads(json.dumps(record(one, timings=True)))) == one


@given(st.lists(observations(), max_size=4), st.randoms())
def test_order_and_repetition_do_not_matter(tmp_path_factory, found, random):
    directory = tmp_path_factory.mktemp("files")
    shuffled = [*found, *found[:1]]
    random.shuffle(shuffled)
    first = file.write(directory / "a.gz", found)
    second = file.write(directory / "b.gz", shuffled)
    assert (directory / "a.gz").read_bytes() == (directory / "b.gz").read_bytes()
    assert first == second == file.evidence_digest(file.read(directory / "a.gz"))


def one() -> Observation:
    asked = {"step": "evaluate/1"}
    return Observation(
        kind="evaluate", key=key_of(asked), asked=asked, conditions={}, role="validation"
    )


def test_real_seconds_and_money_stay_behind(tmp_path: Path):
    slow = replace(one(), usage=Usage(requests=2, seconds=9.5, money=Decimal(3)))
    fast = replace(one(), usage=Usage(requests=2, seconds=0.1, money=Decimal(1)))
    assert file.evidence_digest([slow]) == file.evidence_digest([fast])
    file.write(tmp_path / "a.gz", [slow])
    [found] = file.read(tmp_path / "a.gz")
    assert found.usage == Usage(requests=2, money=None)


def test_evidence_older_than_the_count_of_cached_tokens_keeps_its_digest() -> None:
    old = replace(one(), usage=Usage(prompt_tokens=9))
    assert "cached_tokens" not in record(old, timings=False)["usage"]
    known = "d0bc30c5c929a4ca1ecedfdf0d203302206440759f10a45f1f9f3cb5091cf6a5"
    assert content_digest(old) == known
    none = replace(one(), usage=Usage(prompt_tokens=9, cached_tokens=0))
    assert observation_of(record(none, timings=True)).usage.cached_tokens == 0


def packed(path: Path, lines: list[str]) -> Path:
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    return path


def good(**changes: object) -> str:
    return json.dumps({**record(one(), timings=False), **changes})


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["{}"],
        ['{"cosmosql":"evidence","format":2}'],
        [file.HEADER, "not json"],
        [file.HEADER, "[]"],
        [file.HEADER, good(key="0" * 64)],
        [file.HEADER, good(asked={"step": "another"})],
        [file.HEADER, good(items=[["row"]])],
        [file.HEADER, good(usage={"rockets": 1})],
        [file.HEADER, good(conditions={"device": 1})],
        [file.HEADER, "é"],
    ],
)
def test_damaged_files_are_diagnostics(tmp_path: Path, lines: list[str]):
    with pytest.raises(InputError) as refused:
        file.read(packed(tmp_path / "a.gz", lines))
    assert refused.value.diagnostics[0].code == "E0606"


def test_what_is_no_gzip_or_cut_short_is_a_diagnostic(tmp_path: Path):
    (tmp_path / "plain").write_text("hello")
    file.write(tmp_path / "whole", [one()])
    (tmp_path / "short").write_bytes((tmp_path / "whole").read_bytes()[:-9])
    for name in ("plain", "short"):
        with pytest.raises(InputError, match="E0606"):
            file.read(tmp_path / name)


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path):
    (tmp_path / "a.gz").mkdir()
    with pytest.raises(InputError, match="E0804"):
        file.write(tmp_path / "a.gz", [one()])
    assert [path.name for path in tmp_path.iterdir()] == ["a.gz"]


def test_a_missing_file_is_a_diagnostic(tmp_path: Path):
    with pytest.raises(InputError, match="E0802"):
        file.read(tmp_path / "nothing")


def test_a_bomb_does_not_unpack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(file, "LARGEST", 1000)
    with pytest.raises(InputError, match="E0606"):
        file.read(packed(tmp_path / "a.gz", [file.HEADER, "x" * 2000]))
