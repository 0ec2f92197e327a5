"""Writes questions.jsonl.gz, small.jsonl.gz and large.jsonl.gz: what the two embedded models answer
to 800 questions, with eight solved ones before each, as a service would have logged it.

    python examples/two_tier/record.py        # half a minute, no GPU, no network

The questions are those of a generated task (four topics, some labels wrong, as hand-labelled ones
are). Each answer is logged with the raw logit of every option's first token, its tokens, and what
they would cost at the two prices below, which are assumed.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cosmosql.contracts.backend import Scored, ScoreRequest
from cosmosql.contracts.strategy import Example, TaskView
from cosmosql.extensions.backends.huggingface.factory import FACTORY as MODELS
from cosmosql.extensions.retrievers.bm25_index import FACTORY as WORDS
from cosmosql.extensions.sources.generated.tasks import generate
from cosmosql.extensions.strategies.prompt_layout import prompt_text
from cosmosql.resources import resource

TASK, SEED, QUESTIONS, SOLVED, SHOTS = "desk", 7, 800, 64, 8
LETTERS = "ABCD"

PRICES = {"small": 0.05e-6, "large": 0.20e-6}
"""USD a token, read or written: assumed, four to one."""

Line = Mapping[str, object]


def questions_and_solved() -> tuple[list[dict[str, object]], list[Example]]:
    """The questions as they are shipped, and solved rows of the same task that are none of them."""
    rows = generate(TASK, rows=QUESTIONS + SOLVED, seed=SEED)
    labels = sorted({str(row["label"]) for row in rows})
    choices = dict(zip(LETTERS, labels, strict=True))
    letter = {label: name for name, label in choices.items()}
    questions = [
        {
            "id": f"q{index}",
            "question": row["text"],
            "choices": choices,
            "answer": letter[str(row["label"])],
        }
        for index, row in enumerate(rows[:QUESTIONS])
    ]
    solved = [
        Example(row=str(index), input=str(row["text"]), target=str(row["label"]))
        for index, row in enumerate(rows[QUESTIONS:])
    ]
    return questions, solved


def answers(
    size: str, questions: Sequence[Line], solved: Sequence[Example]
) -> list[dict[str, object]]:
    """What a model of the tiny family answers, one line a question."""
    backend = MODELS.load({"id": str(resource("stdlib") / "tiny" / size)}, root=Path())
    texts = [str(question["question"]) for question in questions]
    nearest = WORDS.build({}, [one.input for one in solved], seed=0, embed=None)
    labels = tuple(sorted({one.target for one in solved}))
    task = TaskView(
        kind="choose",
        labels=(),
        instruction=f"labels: {', '.join(labels)}",
        separator=" =>",
        max_tokens=16,
    )
    requests = [
        ScoreRequest(
            prompt=prompt_text(
                task,
                Example(row="", input=text, target=""),
                # The nearest one stands last, where a small model looks first.
                [solved[place] for place in reversed(places)],
                backend,
            ),
            options=labels,
        )
        for text, places in zip(texts, nearest.nearest(texts, SHOTS), strict=True)
    ]
    return [
        line(str(question["id"]), scored, PRICES[size])
        for question, scored in zip(questions, backend.score(requests), strict=True)
    ]


def line(name: str, scored: Scored, price: float) -> dict[str, object]:
    best = max(range(len(LETTERS)), key=scored.log_likelihood.__getitem__)
    tokens = scored.prompt_tokens + scored.completion_tokens
    return {
        "id": name,
        "output": LETTERS[best],
        "logits": {
            letter: round(logit, 4)
            for letter, logit in zip(LETTERS, scored.first_logit, strict=True)
        },
        "prompt_tokens": scored.prompt_tokens,
        "completion_tokens": scored.completion_tokens,
        "cost_usd": float(f"{tokens * price:.6g}"),
    }


def write(path: Path, lines: Iterable[Line]) -> None:
    """The same lines give the same bytes: no time and no name stands in the packed file."""
    text = "".join(json.dumps(one) + "\n" for one in lines)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=Path(__file__).parent)
    place: Path = parser.parse_args().into
    questions, solved = questions_and_solved()
    write(place / "questions.jsonl.gz", questions)
    for size in PRICES:
        write(place / f"{size}.jsonl.gz", answers(size, questions, solved))


if __name__ == "__main__":
    main()
