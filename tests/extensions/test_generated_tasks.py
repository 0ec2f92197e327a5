"""The generated tasks keep their promises: determinism, balance, noise, held-out labels."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter

import pytest

from cosmosql.extensions.sources.generated import grammar, lexicon
from cosmosql.extensions.sources.generated.tasks import _RECIPES, SECTIONS, TASKS, generate

CLASSIFY = [name for name, task in TASKS.items() if task.kind == "classify"]


@pytest.mark.parametrize("name", TASKS)
def test_same_name_and_seed_give_the_same_rows(name: str) -> None:
    assert generate(name, rows=40, seed=3) == generate(name, rows=40, seed=3)


@pytest.mark.parametrize("name", TASKS)
def test_more_rows_never_change_the_first_ones(name: str) -> None:
    assert generate(name, rows=60, seed=5)[:20] == generate(name, rows=20, seed=5)


def test_rows_ignore_the_global_generator_and_the_hash_seed() -> None:
    code = (
        "from cosmosql.extensions.sources.generated.tasks import TASKS, generate;"
        "print([generate(name, rows=5, seed=9) for name in TASKS])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_unknown_task_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        generate("no-such-task", rows=1, seed=0)


@pytest.mark.parametrize("name", TASKS)
def test_rows_have_their_columns(name: str) -> None:
    task = TASKS[name]
    for i, row in enumerate(generate(name, rows=30, seed=2)):
        assert row["id"] == f"{name}-2-{i:06d}"
        assert isinstance(row[task.target], str)
        if task.kind == "classify":
            assert row["label"] in task.labels
        if task.choices is not None:
            choices = row[task.choices]
            assert isinstance(choices, list)
            assert row[task.target] in choices
            assert len(set(choices)) == len(choices) == 4
        if task.kind == "extract":
            assert str(row["answer"]) in str(row["text"]).replace(",", " ").split()


@pytest.mark.parametrize("name", CLASSIFY)
def test_texts_are_of_moderate_length(name: str) -> None:
    lengths = [len(str(row["text"]).split()) for row in generate(name, rows=400, seed=1)]
    assert min(lengths) >= 5
    assert max(lengths) <= 60
    assert 8 <= sum(lengths) / len(lengths) <= 40


@pytest.mark.parametrize("name", CLASSIFY)
def test_labels_are_balanced(name: str) -> None:
    rows = 4000
    counts = Counter(row["label"] for row in generate(name, rows=rows, seed=1))
    fair = rows / len(TASKS[name].labels)
    assert set(counts) == set(TASKS[name].labels)
    assert all(0.7 * fair < count < 1.3 * fair for count in counts.values())


@pytest.mark.parametrize("name", CLASSIFY)
def test_noise_is_as_declared(name: str) -> None:
    task = TASKS[name]
    rows = generate(name, rows=3000, seed=4)
    clean = generate_without_noise(name, rows=3000, seed=4)
    flipped = sum(row["label"] != label for row, label in zip(rows, clean, strict=True))
    assert abs(flipped / 3000 - task.noise) < 0.015


def generate_without_noise(name: str, *, rows: int, seed: int) -> list[str]:
    import hashlib

    found = []
    for i in range(rows):
        digest = hashlib.sha256(f"{name}|{seed}|{i}".encode()).digest()
        rng = random.Random(int.from_bytes(digest[:8], "big"))
        found.append(TASKS[name].labels[_RECIPES[name].draw(rng)[1]])
    return found


@pytest.mark.parametrize("name", CLASSIFY)
def test_seeds_share_hardly_any_text(name: str) -> None:
    first = {str(row["text"]) for row in generate(name, rows=1000, seed=1)}
    second = {str(row["text"]) for row in generate(name, rows=1000, seed=2)}
    assert len(first & second) < 0.02 * 1000


def test_there_are_enough_tasks_concepts_and_templates() -> None:
    assert len(TASKS) >= 10
    assert {task.kind for task in TASKS.values()} == {"classify", "choose", "extract"}
    assert max(len(task.labels) for task in TASKS.values()) == 20
    assert len(lexicon.OPEN_CONCEPTS) + len(lexicon.HELD_OUT_CONCEPTS) >= 120
    frames = (
        grammar.CLAUSES,
        grammar.REJECTIONS,
        grammar.NOUN_REJECTIONS,
        grammar.SEQUENCES,
        grammar.DEED_FRAMES,
        grammar.VERDICTS,
        grammar.OPENERS,
        grammar.CLOSERS,
    )
    assert sum(map(len, frames)) >= 150


def test_concept_names_are_unique() -> None:
    names = [concept.name for concept in lexicon.OPEN_CONCEPTS + lexicon.HELD_OUT_CONCEPTS]
    assert len(set(names)) == len(names)


def test_labels_of_tasks_are_no_open_names() -> None:
    open_names = {concept.name for concept in lexicon.OPEN_CONCEPTS}
    open_names |= {concept.domain for concept in lexicon.OPEN_CONCEPTS}
    labels = {label for task in TASKS.values() for label in task.labels}
    assert not labels & open_names
    assert set(SECTIONS) <= labels
