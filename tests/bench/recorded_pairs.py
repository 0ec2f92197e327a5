"""Recorded answers of several models to the same questions, as pairs of tiers."""

from __future__ import annotations

import argparse
import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cosmosql.contracts.policy import Array, Known, Question, Seen

LEAST_GAIN = 0.04
"""In accuracy, for a pair to teach others."""

DEFAULT = (
    ("Llama-2-13b", "Llama-2-70b", 4.0),
    ("Llama-2-7b", "Llama-2-70b", 4.5),
    ("Qwen-1_8B", "Qwen-72B", 9.0),
    ("Qwen-7B", "Qwen-72B", 4.5),
)
"""The pairs of science.md: how the names of the models begin, and the cost ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """`scores` (rows,) and `signals` of every model on the common questions; `texts` name a
    question by all that is asked."""

    questions: tuple[Question, ...] = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)
    scores: dict[str, Array] = field(repr=False)
    signals: dict[str, dict[str, Array]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    small: str
    large: str
    ratio: float

    def shares(self, other: Pair) -> bool:
        """Whether the two have a model in common."""
        return bool({self.small, self.large} & {other.small, other.large})

    def __str__(self) -> str:
        return f"{self.small} > {self.large} ({self.ratio:g})"


def bank_of(directory: Path) -> Bank:
    """Reads questions.jsonl.gz and answers/MODEL.jsonl.gz; questions that some model did not
    answer are left out."""
    asked = lines(directory / "questions.jsonl.gz")
    answers = {
        path.name.removesuffix(".jsonl.gz"): {str(row["id"]): row for row in lines(path)}
        for path in sorted((directory / "answers").glob("*.jsonl.gz"))
    }
    asked = [row for row in asked if all(str(row["id"]) in rows for rows in answers.values())]
    questions = tuple(
        Question(row=str(row["id"]), text=row["question"], options=tuple(row["choices"].values()))
        for row in asked
    )
    scores, signals = {}, {}
    for model, rows in answers.items():
        logits = np.array(
            [[rows[str(row["id"])]["logits"][one] for one in row["choices"]] for row in asked]
        )
        right = [list(row["choices"]).index(row["answer"]) for row in asked]
        scores[model] = (logits.argmax(axis=1) == np.array(right)).astype(np.float64)
        signals[model] = signals_of(logits)
    texts = tuple("\n".join([one.text, *one.options]) for one in questions)
    return Bank(questions=questions, texts=texts, scores=scores, signals=signals)


def signals_of(logits: Array) -> dict[str, Array]:
    """Signals of choices among options, by raw logits of shape (rows, options)."""
    ordered = np.sort(logits, axis=1)
    chances = np.exp(logits - ordered[:, -1:])
    chances /= chances.sum(axis=1, keepdims=True)
    return {
        "margin": ordered[:, -1] - ordered[:, -2],
        "max_probability": chances.max(axis=1),
        "entropy": -(chances * np.log(np.maximum(chances, 1e-300))).sum(axis=1),
    }


def lines(path: Path) -> list[dict]:  # type: ignore[type-arg]
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def known_of(bank: Bank, pair: Pair) -> Known:
    """The pair on all rows, at unit costs."""
    tiers = (pair.small, pair.large)
    return Known(
        seen=Seen(
            questions=bank.questions,
            signals=tuple(bank.signals[tier] for tier in tiers),
            costs=np.array([1.0, pair.ratio]),
        ),
        scores=np.stack([bank.scores[tier] for tier in tiers]),
    )


def pairs_between(bank: Bank) -> list[Pair]:
    """Every two models of which one is better by more than `LEAST_GAIN`; their ratio is of no
    matter."""
    accuracy = {name: float(scores.mean()) for name, scores in bank.scores.items()}
    return [
        Pair(small=small, large=large, ratio=4.0)
        for small in sorted(accuracy)
        for large in sorted(accuracy)
        if accuracy[large] - accuracy[small] > LEAST_GAIN
    ]


def named_pairs(bank: Bank, asked: list[str] | None) -> list[Pair]:
    """`SMALL:LARGE:RATIO` by the beginnings of the models' names; without any, those of science.md
    whose models are there, else all."""
    if asked:
        wanted = [tuple(one.split(":")) for one in asked]
        return [
            Pair(small=model(bank, small), large=model(bank, large), ratio=float(ratio))
            for small, large, ratio in wanted
        ]
    names = list(bank.scores)
    found = [
        Pair(small=model(bank, small), large=model(bank, large), ratio=ratio)
        for small, large, ratio in DEFAULT
        if any(name.startswith(small) for name in names)
        and any(name.startswith(large) for name in names)
    ]
    return found or pairs_between(bank)


def model(bank: Bank, beginning: str) -> str:
    """Raises argparse.ArgumentTypeError where no model, or more than one, has such a name."""
    if beginning in bank.scores:
        return beginning
    found = [name for name in bank.scores if name.lower().startswith(beginning.lower())]
    if len(found) != 1:
        known = ", ".join(sorted(bank.scores))
        raise argparse.ArgumentTypeError(f"`{beginning}` names no model or several of: {known}")
    return found[0]
