"""Recorded answers: what their files say, and what is said of files that cannot be true."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.contracts.recorded import RecordedFactory, Recording
from cosmosql.contracts.strategy import Answer, Example, TaskView
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
from cosmosql.identity import file_digest
from cosmosql.schema.registry import extension, load
from cosmosql.source import Source, Span

SPAN = Span(Source("spec.cosmos", "model logged"), 6, 12)
FACTORY = cast(RecordedFactory, load(extension("model", "recorded")))


def read(place: Path, content: str | bytes, name: str = "a.jsonl") -> Recording:
    raw = content.encode() if isinstance(content, str) else content
    (place / name).write_bytes(raw)
    return FACTORY.read({"source": name}, root=place, span=SPAN)


def refused(place: Path, content: str | bytes, name: str = "a.jsonl") -> tuple[Diagnostic, ...]:
    with pytest.raises(InputError) as error:
        read(place, content, name)
    return error.value.diagnostics


def answer(recording: Recording, kind: str, *options: str, id: str = "1") -> Answer:
    task = TaskView(
        kind=kind,
        labels=options if kind == "classify" else (),
        instruction="",
        separator=" =>",
        max_tokens=4,
    )
    example = Example(row="x", input="?", target="", options=options, id=id)
    (found,) = FACTORY.answer(recording, task, [example])
    return found


def test_all_that_may_be_recorded_is_read(tmp_path: Path) -> None:
    line = {
        "id": 1,
        "output": " B ",
        "logits": {"A": 1, "B": 2.5},
        "logprobs": [-0.1, 0.0],
        "margin": 7.0,
        "confidence": 0.9,
        "correct": True,
        "prompt_tokens": 12,
        "completion_tokens": 1,
        "cost_usd": 0.25,
        "latency_ms": 1500,
        "of_the_logs_own": {"x": 1},
    }
    found = read(tmp_path, "\ufeff" + json.dumps(line) + "\n\n").answers["1"]
    assert (found.line, found.output, found.logits) == (1, "B", {"A": 1.0, "B": 2.5})
    assert (found.logprobs, found.margin, found.confidence) == ((-0.1, 0.0), 7.0, 0.9)
    assert (found.correct, found.prompt_tokens, found.completion_tokens) == (1.0, 12, 1)
    assert (found.cost_usd, found.latency_ms) == (0.25, 1500.0)


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ('{"id": 1, "output": "a", "logits": {"a": NaN}}', "E0542", "logits.a"),
        ('{"id": 1, "output": "a", "logits": {"a": -Infinity}}', "E0542", "logits.a"),
        ('{"id": 1, "output": "a", "logits": {"a": "1"}}', "E0542", "logits.a"),
        ('{"id": 1, "output": "a", "logprobs": [-Infinity]}', "E0542", "logprobs.0"),
        ('{"id": 1, "output": "a", "logprobs": [0.5]}', "E0542", "logprobs.0"),
        ('{"id": 1, "output": "a", "margin": 1e999}', "E0542", "margin"),
        ('{"id": 1, "output": "a", "margin": -1e13}', "E0542", "margin"),
        ('{"id": 1, "output": "a", "logits": {"a": 1e308}}', "E0542", "logits.a"),
        ('{"id": 1, "output": "a", "logprobs": [-1e308]}', "E0542", "logprobs.0"),
        ('{"id": 1, "output": "a", "prompt_tokens": 10000000000000}', "E0542", "prompt_tokens"),
        ('{"id": 1, "output": "a", "cost_usd": 1e308}', "E0542", "cost_usd"),
        ('{"id": 1, "output": "a", "latency_ms": 1e308}', "E0542", "latency_ms"),
        ('{"id": 1, "output": "a", "confidence": 1.01}', "E0542", "confidence"),
        ('{"id": 1, "output": "a", "correct": 2}', "E0542", "correct"),
        ('{"id": 1, "output": "a", "correct": "yes"}', "E0542", "correct"),
        ('{"id": 1, "output": "a", "prompt_tokens": 1.5}', "E0542", "prompt_tokens"),
        ('{"id": 1, "output": "a", "completion_tokens": -1}', "E0542", "completion_tokens"),
        ('{"id": 1, "output": "a", "cost_usd": -0.1}', "E0542", "cost_usd"),
        ('{"id": 1, "output": "a", "latency_ms": NaN}', "E0542", "latency_ms"),
        ('{"id": 1, "output": ["a"]}', "E0542", "output"),
        ('{"id": 1.5, "output": "a"}', "E0542", "id"),
        ('{"id": true, "output": "a"}', "E0542", "id"),
        ('{"id": null, "output": "a"}', "E0542", "id"),
        ('{"output": "a"}', "E0542", "id"),
        ('{"id": 1, "confidence": 0.5}', "E0542", "neither"),
        ('{"id": 1, "logits": {}}', "E0542", "neither"),
        ('["id", 1]', "E0517", "no JSON object"),
        ('{"id": 1, "output": ', "E0517", "no JSON"),
        ("[" * 100_000, "E0517", "no JSON"),
        (r'{"id": "\ud83d", "output": "b"}', "E0517", "no JSON"),
        ('{"id": "0", "output": "b"}', "E0513", "line 1"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(
    tmp_path: Path, line: str, code: str, told: str
) -> None:
    good = '{"id": 0, "output": "a"}'
    (found,) = refused(tmp_path, f"{good}\n{line}\n")
    assert found.code == code
    assert found.labels[0].span == SPAN
    assert found.notes[0].startswith("a.jsonl:2: ") and told in found.notes[0]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (found,) = refused(tmp_path, b'{"id": 0, "output": "\xff"}\n')
    assert (found.code, "a.jsonl:1" in found.notes[0]) == ("E0518", True)


def test_every_line_is_told_of_up_to_five(tmp_path: Path) -> None:
    assert len(refused(tmp_path, '{"id": 1, "margin": "x"}\n' * 9)) == 5


def test_packed_files_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"id": 0, "output": "a"}\n' * 1 + b'{"id": 1, "output": "b"}\n')
    assert set(read(tmp_path, whole, "a.jsonl.gz").answers) == {"0", "1"}
    broken = bytearray(whole)
    broken[-6] ^= 0xFF
    for content in (whole[:-9], whole[:12], b"no gzip at all", bytes(broken)):
        found = refused(tmp_path, content, "a.jsonl.gz")
        assert [item.code for item in found] == ["E0517"]
        assert "packed file" in found[0].notes[0]


@pytest.mark.parametrize("line", [b" " * (1 << 20), b'{"id": 0, "output": "a"}\n' * 40_000])
def test_a_packed_file_that_would_fill_the_memory_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: bytes
) -> None:
    monkeypatch.setattr("cosmosql.extensions.sources.files.SMALL", 1 << 10)
    found = refused(tmp_path, gzip.compress(line), "a.jsonl.gz")
    assert found[-1].code == "E0517"
    assert "more than 50 times its size" in found[-1].notes[0]


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(InputError) as error:
        FACTORY.read({"source": "answer.jsonl"}, root=tmp_path, span=SPAN)
    assert error.value.diagnostics[0].help == "did you mean `answers.jsonl`?"


def test_nothing_of_a_file_outside_is_shown(tmp_path: Path) -> None:
    root = tmp_path / "spec"
    root.mkdir()
    (tmp_path / "a.jsonl").write_text(
        'secret\n{"id": "token", "output": "a"}\n{"id": "token", "output": "b"}\n', encoding="utf-8"
    )
    with pytest.raises(InputError) as error:
        FACTORY.read({"source": "../a.jsonl"}, root=root, span=SPAN)
    told = [" ".join(item.notes) for item in error.value.diagnostics]
    assert len(told) == 2
    assert not any("secret" in text or "token" in text for text in told)


def test_the_weights_are_the_file(tmp_path: Path) -> None:
    read(tmp_path, '{"id": 0, "output": "a"}\n')
    card = FACTORY.fingerprint({"source": "a.jsonl"}, root=tmp_path)
    assert card.weights == file_digest(tmp_path / "a.jsonl")
    lenient = FACTORY.fingerprint({"source": "a.jsonl", "strays": "wrong"}, root=tmp_path)
    assert lenient.weights != card.weights
    with pytest.raises(InputError) as error:
        FACTORY.fingerprint({"source": "b.jsonl"}, root=tmp_path)
    assert error.value.diagnostics[0].code == "E0511"


def test_signals_of_logits_are_the_published_ones(tmp_path: Path) -> None:
    line = '{"id": 1, "output": "red", "logits": {"red": 2.0, "blue": 0.5, "sea": -1.0}}'
    found = answer(read(tmp_path, line), "classify", "red", "blue", "sea")
    weights = [math.exp(value) for value in (2.0, 0.5, -1.0)]
    shares = [weight / sum(weights) for weight in weights]
    assert found.predicted == "red"
    assert found.signals["margin"] == pytest.approx(1.5)
    assert found.signals["max_probability"] == pytest.approx(shares[0])
    entropy = -sum(share * math.log(share) for share in shares)
    assert found.signals["entropy"] == pytest.approx(entropy)
    assert "mean_logprob" not in found.signals


def test_what_is_recorded_by_name_stands_before_what_follows(tmp_path: Path) -> None:
    line = (
        '{"id": 1, "output": "red", "logits": {"red": 2.0, "blue": 0.5}, "margin": 9,'
        ' "confidence": 0.6, "logprobs": [-1.0, -3.0]}'
    )
    found = answer(read(tmp_path, line), "classify", "red", "blue")
    assert (found.signals["margin"], found.signals["max_probability"]) == (9.0, 0.6)
    assert (found.signals["mean_logprob"], found.signals["min_logprob"]) == (-2.0, -3.0)


def test_one_logit_gives_no_margin(tmp_path: Path) -> None:
    found = answer(read(tmp_path, '{"id": 1, "logits": {"red": 2.0}}'), "classify", "red", "blue")
    assert found.predicted == "red"
    assert "margin" not in found.signals


def test_the_best_logit_is_the_answer_where_no_output_is(tmp_path: Path) -> None:
    recording = read(tmp_path, '{"id": 1, "logits": {"A": 1.0, "B": 2.0}}')
    assert answer(recording, "choose", "Paris", "Lyon").predicted == "Lyon"
    assert answer(recording, "choose", "A", "B").predicted == "B"


def test_a_letter_names_a_row_s_own_option_but_no_label(tmp_path: Path) -> None:
    recording = read(tmp_path, '{"id": 1, "output": "B"}')
    assert answer(recording, "choose", "Paris", "Lyon").predicted == "Lyon"
    assert answer(recording, "classify", "Paris", "Lyon").predicted == "B"


def test_open_answers_and_judged_ones(tmp_path: Path) -> None:
    said = read(tmp_path, '{"id": 1, "output": "A fine day", "correct": 0.5}')
    assert (answer(said, "generate").predicted, answer(said, "generate").score) == (
        "A fine day",
        None,
    )
    judged = read(tmp_path, '{"id": 1, "correct": 0.5, "cost_usd": 0.25, "latency_ms": 1500}')
    found = answer(judged, "generate")
    assert (found.predicted, found.score, found.cost, found.seconds) == ("", 0.5, 0.25, 1.5)
    assert (found.prompt_tokens, dict(found.signals)) == (0, {})


def test_a_row_without_an_answer_is_refused(tmp_path: Path) -> None:
    recording = read(tmp_path, '{"id": 1, "output": "B"}')
    with pytest.raises(InputError) as error:
        answer(recording, "classify", "B", id="7")
    (found,) = error.value.diagnostics
    assert (found.code, "7" in found.notes[0]) == ("E0543", True)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "output", "logits", "margin", "correct", "cost_usd", "other"]),
            st.one_of(
                st.none(),
                st.booleans(),
                st.integers(),
                st.floats(),
                st.text(max_size=3),
                st.lists(st.floats(), max_size=2),
                st.dictionaries(st.text(max_size=2), st.floats(), max_size=2),
            ),
        ),
        max_size=4,
    )
)
def test_any_lines_are_read_or_told_of(
    tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, object]]
) -> None:
    place = tmp_path_factory.mktemp("any")
    text = "".join(json.dumps(line) + "\n" for line in lines)
    try:
        found = read(place, text)
    except InputError as error:
        codes = {item.code for item in error.diagnostics}
        assert codes <= {"E0513", "E0517", "E0542"}
    else:
        assert len(found.answers) == len(lines)
        for one in found.answers.values():
            assert all(math.isfinite(value) for value in one.logits.values())
            assert one.cost_usd is None or one.cost_usd >= 0
