"""One loaded model: the verbs of `contracts.backend.Backend` and the adapter that is active."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cosmosql.contracts.backend import (
    DeviceProfile,
    Generated,
    ModelCard,
    Progress,
    Scored,
    ScoreRequest,
    TrainingExample,
    TrainingOptions,
    TrainingResult,
)
from cosmosql.extensions.backends.huggingface import (
    embedding,
    generation,
    profiling,
    scoring,
    training,
)
from cosmosql.extensions.backends.huggingface.forward import Engine

QUANTIZED_MARK = "base_is_4bit"
"""A file in an adapter's directory: it was trained, and answers, over 4-bit base weights."""
PROFILED = TrainingOptions(
    rank=8, alpha=16, dropout=0.0, learning_rate=1e-4, batch_size=8, steps=1, seed=0
)


class HuggingFaceBackend:
    """A causal language model under transformers, with at most one active LoRA adapter.

    The base weights are never written to: an adapter is a set of layers put around them and taken
    away again.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        card: ModelCard,
        conditions: Mapping[str, str],
        name: str,
        load_quantized: Callable[[], Any],
    ) -> None:
        self.card = card
        self.conditions = conditions
        self._engine = engine
        self._base = engine.model
        self._name = name
        self._load_quantized = load_quantized
        self._adapted: Any = None
        self._quantized = False
        self._source: Path | None = None
        """Directory whose adapter is the active one, so that loading it again costs nothing."""

    def count_tokens(self, texts: Sequence[str]) -> tuple[int, ...]:
        return self._engine.tokens.counts(texts)

    def render(self, turns: Sequence[tuple[str, str]]) -> str:
        return self._engine.tokens.render(turns)

    def score(
        self, requests: Sequence[ScoreRequest], progress: Progress | None = None
    ) -> tuple[Scored, ...]:
        with torch.no_grad():
            return scoring.score(self._engine, requests, progress)

    def generate(
        self,
        prompts: Sequence[str],
        *,
        max_tokens: int,
        stop: str,
        progress: Progress | None = None,
    ) -> tuple[Generated, ...]:
        with torch.no_grad():
            return generation.generate(
                self._engine, prompts, max_tokens=max_tokens, stop=stop, progress=progress
            )

    def embed(
        self, texts: Sequence[str], *, pooling: str = "all", progress: Progress | None = None
    ) -> NDArray[np.float32]:
        with torch.no_grad():
            return embedding.embed(self._engine, texts, pooling=pooling, progress=progress)

    def train(
        self,
        examples: Sequence[TrainingExample],
        options: TrainingOptions,
        progress: Progress | None = None,
    ) -> TrainingResult:
        """Trains a fresh adapter on the base weights and makes it the active one; where it is
        interrupted the base weights are active again."""
        self.unload_adapter()
        rows = self._engine.tokens.supervised(examples)
        self._engine.require_fit([len(row.context) + len(row.answers[0]) for row in rows])
        base = self._load_quantized() if options.quantized else self._base
        self._activate(
            training.attach_adapter(base, options, self._name), quantized=options.quantized
        )
        try:
            return training.optimise(self._engine, rows, options, progress)
        except BaseException:
            self.unload_adapter()
            raise

    def save_adapter(self, directory: Path) -> None:
        if self._adapted is None:
            raise RuntimeError("no adapter is active")
        directory.mkdir(parents=True, exist_ok=True)
        self._adapted.save_pretrained(directory, save_embedding_layers=False)
        (directory / QUANTIZED_MARK).unlink(missing_ok=True)
        if self._quantized:
            (directory / QUANTIZED_MARK).touch()
        self._source = directory.resolve()

    def load_adapter(self, directory: Path) -> None:
        """Makes a saved PEFT adapter the active one; free where it is that already."""
        if self._source == directory.resolve():
            return
        self.unload_adapter()
        quantized = (directory / QUANTIZED_MARK).exists()
        base = self._load_quantized() if quantized else self._base
        self._activate(training.attach_saved_adapter(base, directory), quantized=quantized)
        self._source = directory.resolve()

    def unload_adapter(self) -> None:
        if self._adapted is not None:
            self._adapted.unload()
        self._adapted = None
        self._quantized = False
        self._source = None
        self._engine.model = self._base

    def profile(self) -> DeviceProfile:
        """Measures the base model; an adapter that is active is unloaded."""
        self.unload_adapter()
        with torch.no_grad():
            inference = profiling.measure_inference(self._engine)
        self._activate(training.attach_adapter(self._base, PROFILED, self._name), quantized=False)
        try:
            update, token = profiling.measure_training(
                self._engine, PROFILED, inference.pair_seconds
            )
        finally:
            self.unload_adapter()
        device = self._engine.device
        return DeviceProfile(
            device=profiling.device_name(device),
            training=1 / token,
            peak_flops=profiling.measure_peak(device, self._base.dtype),
            batch_tokens=self._engine.batch_tokens,
            update_seconds=update,
            **asdict(inference),
        )

    def _activate(self, adapted: Any, *, quantized: bool) -> None:
        adapted.eval()
        self._adapted = adapted
        self._quantized = quantized
        self._engine.model = adapted
