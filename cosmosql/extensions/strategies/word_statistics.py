"""The free baselines: majority, a vote of nearest rows, and TF-IDF with logistic regression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

from cosmosql.contracts.backend import Backend, Progress
from cosmosql.contracts.retriever import Retriever, RetrieverFactory
from cosmosql.contracts.strategy import Answer, Example, Fidelity, TaskView, Workload
from cosmosql.extensions.strategies.signals import distribution_signals, most_probable
from cosmosql.extensions.strategies.stored_examples import read_examples, write_examples
from cosmosql.schema import registry

Distribution: TypeAlias = Mapping[str, float]
"""Answers seen in training, with their probabilities."""

Fitted: TypeAlias = Callable[[Sequence[Example]], list[Distribution]]
"""A distribution over answers for each query."""


class BaselineAdapted:
    """A fitted baseline. Saving writes what it learnt from: fitting again gives the same one."""

    workload = Workload()

    def __init__(
        self, *, task: TaskView, train: Sequence[Example], predict: Fitted, certain: bool
    ) -> None:
        self._task = task
        self._train = tuple(train)
        self._predict = predict
        self._certain = certain
        self._prior = share_of(Counter(example.target for example in train))

    def answer(
        self, examples: Sequence[Example], progress: Progress | None = None
    ) -> tuple[Answer, ...]:
        found = [
            self._answer(example, distribution)
            for example, distribution in zip(examples, self._predict(examples), strict=True)
        ]
        if progress:
            progress(len(found), len(examples))
        return tuple(found)

    def _answer(self, example: Example, distribution: Distribution) -> Answer:
        """The most probable answer among those that compete; where none of these was ever seen,
        the one most frequent in training, else the first."""
        options = example.options or self._task.labels or tuple(distribution)
        among = {option: distribution.get(option, 0.0) for option in options}
        if not any(among.values()):
            among = {option: self._prior.get(option, 0.0) for option in options}
        total = sum(among.values())
        signals: dict[str, float] = {}
        if total and not self._certain:
            signals = distribution_signals([value / total for value in among.values()])
        return Answer(
            predicted=most_probable(among), signals=signals, prompt_tokens=0, completion_tokens=0
        )

    def save(self, directory: Path) -> None:
        write_examples(directory, self._train)


def share_of(counts: Counter[str]) -> dict[str, float]:
    """Counts as shares, the most frequent first and equal ones in the answers' own order."""
    total = counts.total()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {answer: count / total for answer, count in ordered}


def fit_majority(train: Sequence[Example]) -> Fitted:
    prior = share_of(Counter(example.target for example in train))
    return lambda examples: [prior for _ in examples]


def fit_vote(train: Sequence[Example], neighbours: int, retriever: Retriever | None) -> Fitted:
    """A vote of the nearest rows, itself excepted; of equal ones the answer seen nearest wins.

    Rows are near by BM25 where no retriever is given; raises InputError E0502 where that is not
    installed.
    """
    inputs = [example.input for example in train]
    index = retriever or word_index().build({}, inputs, seed=0, embed=None)
    copies = max(Counter(example.row for example in train).values(), default=0)

    def predict(examples: Sequence[Example]) -> list[Distribution]:
        found = index.nearest([example.input for example in examples], neighbours + copies)
        distributions: list[Distribution] = []
        for example, indices in zip(examples, found, strict=True):
            voters = [train[place] for place in indices if train[place].row != example.row]
            votes = Counter(voter.target for voter in voters[:neighbours])
            distributions.append({answer: votes[answer] / votes.total() for answer in votes})
        return distributions

    return predict


def word_index() -> RetrieverFactory:
    return cast(RetrieverFactory, registry.load(registry.extension("retriever", "bm25")))


def fit_words(train: Sequence[Example]) -> Fitted:
    """Multinomial logistic regression on TF-IDF of words and pairs of words; the majority where
    the train rows have one answer alone or no words.

    Raises InputError E0502 where scikit-learn is not installed: planning and checking do not need
    it, so it is imported no sooner than it fits.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise registry.missing_package("scikit-learn", extra="hf") from error
    vectoriser = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b"
    )
    targets = [example.target for example in train]
    spoken = any(character.isalnum() for example in train for character in example.input)
    if len(set(targets)) < 2 or not spoken:
        return fit_majority(train)
    features = vectoriser.fit_transform([example.input for example in train])
    model = LogisticRegression(C=10.0, max_iter=1_000).fit(features, targets)
    answers = [str(answer) for answer in model.classes_]

    def predict(examples: Sequence[Example]) -> list[Distribution]:
        if not examples:
            return []
        rows = model.predict_proba(vectoriser.transform([example.input for example in examples]))
        return [dict(zip(answers, row, strict=True)) for row in rows.tolist()]

    return predict


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    axis: str | None = None
    trains: bool = False
    needs_retriever: bool = False

    def full(self, config: Mapping[str, object], pool: int) -> Fidelity:
        return Fidelity()

    def ladder(
        self, config: Mapping[str, object], pool: int, probe: Mapping[str, object]
    ) -> tuple[Fidelity, ...]:
        return (self.full(config, pool),)

    def workload(
        self,
        config: Mapping[str, object],
        fidelity: Fidelity,
        *,
        input_tokens: int,
        target_tokens: int,
        instruction_tokens: int,
        options: int,
        rows: int,
    ) -> Workload:
        return Workload()

    def adapt(
        self,
        config: Mapping[str, object],
        fidelity: Fidelity,
        *,
        task: TaskView,
        train: Sequence[Example],
        backend: Backend | None,
        retriever: Retriever | None,
        progress: Progress | None = None,
    ) -> BaselineAdapted:
        method = config["method"]
        match method:
            case "majority":
                predict = fit_majority(train)
            case "knn":
                predict = fit_vote(train, cast(int, config["neighbours"]), retriever)
            case "tfidf":
                predict = fit_words(train)
            case _:
                raise ValueError(f"no baseline is called {method}")
        return BaselineAdapted(
            task=task, train=train, predict=predict, certain=method == "majority"
        )

    def load(
        self,
        config: Mapping[str, object],
        directory: Path,
        *,
        task: TaskView,
        train: Sequence[Example],
        backend: Backend | None,
        retriever: Retriever | None,
    ) -> BaselineAdapted:
        """Fits again on the rows that were saved; a named retriever's index is over those."""
        return self.adapt(
            config,
            Fidelity(),
            task=task,
            train=read_examples(directory),
            backend=None,
            retriever=retriever,
        )


STRATEGY = Baseline()
