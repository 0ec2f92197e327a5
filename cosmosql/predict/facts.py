"""What forecasting must know besides evidence: sizes of the data and cards of the models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cosmosql.contracts.backend import ModelCard
from cosmosql.contracts.policy import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`pools` are the train rows of each dataset by reference, `n_test` the task's test rows (how
    many there are: they are not read), `label_counts` the train rows of each label in the order of
    the sorted labels (empty where answers are open), `cards` the model cards by reference. `task`
    names what is asked, wherever it is asked: a digest of the labels, else of the rows."""

    pools: Mapping[str, int]
    n_test: int
    label_counts: tuple[int, ...] = ()
    task: str = ""
    cards: Mapping[str, ModelCard] = field(default_factory=dict)
    questions: Mapping[str, Question] = field(default_factory=dict, repr=False)
    """The validation rows as a policy sees them, by identity; empty where no policy is asked for.
    """
