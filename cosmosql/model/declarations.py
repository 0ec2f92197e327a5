"""Declarations other than queries: a block to the value that `program.py` has for its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from cosmosql.model import limits, policies, strategies, tasks
from cosmosql.model.blocks import Block, BlockReader
from cosmosql.model.boundary import Boundary
from cosmosql.model.evaluate import Evaluator
from cosmosql.model.names import Declaration
from cosmosql.model.options import contained
from cosmosql.model.program import (
    Budget,
    Dataset,
    Hardware,
    Model,
    Policy,
    Price,
    Probe,
    Retriever,
    Strategy,
    Task,
)
from cosmosql.model.report import Report

SOUND: Mapping[str, Callable[[Block, Report], bool]] = MappingProxyType(
    {
        "dataset": tasks.dataset_is_sound,
        "task": tasks.task_is_sound,
        "model": strategies.model_is_sound,
        "strategy": strategies.strategy_is_sound,
        "policy": policies.policy_is_sound,
        "probe": limits.probe_is_sound,
        "price": limits.price_is_sound,
        "hardware": limits.hardware_is_sound,
    }
)
"""What the attributes of a kind must be to one another, each right by itself."""


class DeclarationBinder:
    """Binds declarations of every kind but query; None after reporting mistakes."""

    def __init__(self, evaluator: Evaluator, boundary: Boundary) -> None:
        self.evaluator = evaluator
        self._blocks = BlockReader(evaluator)
        self._boundary = boundary

    def template(self, declaration: Declaration) -> None:
        """Reports what is wrong in a template. What it leaves out is for others to say."""
        block = self._sound(declaration)
        if block is not None and declaration.kind == "policy":
            policies.escalations(block, self.evaluator)

    def _sound(self, declaration: Declaration) -> Block | None:
        """The declaration read, its paths inside the boundary, its attributes in keeping; None
        after reporting mistakes."""
        block = self._blocks.read(declaration)
        if block is None:
            return None
        report = self.evaluator.report
        sound = SOUND.get(declaration.kind)
        right = sound is None or sound(block, report)
        if block.extension is not None:
            right = contained(block, block.extension, self._boundary, report) and right
        return block if right else None

    def dataset(self, declaration: Declaration) -> Dataset | None:
        block = self._sound(declaration)
        return None if block is None else tasks.dataset(block)

    def task(self, declaration: Declaration) -> Task | None:
        block = self._sound(declaration)
        return None if block is None else tasks.task(block)

    def model(self, declaration: Declaration) -> Model | None:
        block = self._sound(declaration)
        return None if block is None else strategies.model(block)

    def retriever(self, declaration: Declaration) -> Retriever | None:
        block = self._sound(declaration)
        return None if block is None else strategies.retriever(block)

    def strategy(self, declaration: Declaration) -> Strategy | None:
        block = self._sound(declaration)
        return None if block is None else strategies.strategy(block)

    def policy(self, declaration: Declaration) -> Policy | None:
        block = self._sound(declaration)
        return None if block is None else policies.policy(block, self.evaluator)

    def probe(self, declaration: Declaration) -> Probe | None:
        block = self._sound(declaration)
        return None if block is None else limits.probe(block)

    def budget(self, declaration: Declaration) -> Budget | None:
        block = self._sound(declaration)
        return None if block is None else limits.budget(block)

    def price(self, declaration: Declaration) -> Price | None:
        block = self._sound(declaration)
        return None if block is None else limits.price(block)

    def hardware(self, declaration: Declaration) -> Hardware | None:
        block = self._sound(declaration)
        return None if block is None else limits.hardware(block)
