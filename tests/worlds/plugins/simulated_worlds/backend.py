"""Models that answer as their world's law says, through the verbs of a real backend."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import cast

import numpy as np
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
from cosmosql.identity import digest, seed_of, text_digest
from simulated_worlds.clock import CLOCK
from simulated_worlds.law import Law, Setting, law_of
from simulated_worlds.rows import label_of, number_of

PARAMETERS = {"small": 450_000, "large": 1_600_000}
PREFILL = {"small": 60_000.0, "large": 20_000.0}
"""Tokens a second."""

FEATURES = 24
ADAPTER = "adapter.json"
STEEPNESS = 8.0
"""Of the log-likelihoods in how clearly an answer is right or wrong."""


class Simulated:
    """One model of a world. What it takes passes on the simulated clock."""

    def __init__(self, world: int, size: str) -> None:
        self.law: Law = law_of(world)
        self.size = size
        self.card = card(world, size)
        self.conditions: Mapping[str, str] = {"device": "simulated", "dtype": "float32"}
        self._adapter: tuple[Setting, object] | None = None
        self._pace = np.random.default_rng(seed_of("pace", world, size)).uniform(0.7, 1.8)
        CLOCK.advance(2.0)

    def count_tokens(self, texts: Sequence[str]) -> tuple[int, ...]:
        return tuple(tokens(text) for text in texts)

    def render(self, turns: Sequence[tuple[str, str]]) -> str:
        raise ValueError("simulated models have no chat template")

    def score(
        self, requests: Sequence[ScoreRequest], progress: Progress | None = None
    ) -> tuple[Scored, ...]:
        parts = [request.prompt.split("\n") for request in requests]
        shown = [tuple(lines[1:-1]) for lines in parts]
        setting, run = self._adapter or self._shown(shown)
        places = np.array([number_of(lines[-1]) for lines in parts], np.int64)
        clearly = self.law.right(setting, run, places)
        found = []
        for request, lines, sure in zip(requests, parts, clearly, strict=True):
            found.append(self._scored(request, label_of(self.law, lines[-1]), float(sure)))
        self._pass(sum(one.prompt_tokens + one.completion_tokens for one in found))
        return tuple(found)

    def _shown(self, shown: Sequence[tuple[str, ...]]) -> tuple[Setting, object]:
        """How a prompt with these demonstrations adapts the model. Those that differ from query to
        query were retrieved; a set that all queries share is a run of its own."""
        shots = max(len(lines) for lines in shown)
        if shots == 0:
            return Setting(size=self.size, way="zero_shot"), None
        way = "retrieved" if len(set(shown)) > 1 else "random"
        run = digest(sorted(shown[0])) if way == "random" else shots
        return Setting(size=self.size, way=way, shots=shots), run

    def _scored(self, request: ScoreRequest, target: str, sure: float) -> Scored:
        """The right answer ahead by as much as it is right; else one wrong answer, always the
        same for a row, ahead of it."""
        count = len(request.options)
        right = request.options.index(target)
        wrong = (right + 1 + len(request.prompt) % max(1, count - 1)) % count
        likelihood = np.full(count, -4.0)
        likelihood[right] = -1.0 + STEEPNESS * max(sure, -1.0) / 2
        likelihood[wrong] = -1.0 - STEEPNESS * max(sure, -1.0) / 2
        values = tuple(float(value) for value in likelihood)
        return Scored(
            log_likelihood=values,
            first_token=tuple(range(count)),
            first_logit=values,
            prompt_tokens=tokens(request.prompt),
            completion_tokens=1,
        )

    def generate(
        self,
        prompts: Sequence[str],
        *,
        max_tokens: int,
        stop: str,
        progress: Progress | None = None,
    ) -> tuple[Generated, ...]:
        raise ValueError("tasks of simulated worlds are classifications")

    def embed(
        self, texts: Sequence[str], *, pooling: str = "all", progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """The label's place and noise; a blurred row has another label's place."""
        skills = self.law.skills[self.size]
        rng = np.random.default_rng(seed_of("labels", self.law.seed, self.size))
        centres = rng.standard_normal((len(self.law.labels), FEATURES))
        features = []
        for text in texts:
            noise = np.random.default_rng(seed_of("embed", self.law.seed, self.size, text))
            label = self.law.labels.index(label_of(self.law, text))
            if noise.random() < skills.blurred:
                label = int(noise.integers(len(self.law.labels)))
            features.append(skills.signal * centres[label] + noise.standard_normal(FEATURES))
        self._pass(sum(self.count_tokens(texts)))
        return np.array(features, np.float32)

    def train(
        self,
        examples: Sequence[TrainingExample],
        options: TrainingOptions,
        progress: Progress | None = None,
    ) -> TrainingResult:
        seen = options.steps * options.batch_size
        setting = Setting(
            size=self.size,
            way="tuned",
            rows=len(examples),
            seen=float(seen),
            rank=options.rank,
            learning_rate=options.learning_rate,
        )
        self._adapter = setting, digest([asdict(setting), options.seed])
        lengths = [tokens(one.prompt) + tokens(one.completion) for one in examples]
        read = sum(lengths[index % len(lengths)] for index in range(seen))
        self._pass(2 * read)
        return TrainingResult(tokens=read, steps=options.steps, losses=(1.0,) * options.steps)

    def save_adapter(self, directory: Path) -> None:
        if self._adapter is None:
            raise ValueError("no adapter is active")
        setting, run = self._adapter
        stored = json.dumps({"setting": asdict(setting), "run": run})
        (directory / ADAPTER).write_text(stored, encoding="utf-8")

    def load_adapter(self, directory: Path) -> None:
        stored = json.loads((directory / ADAPTER).read_text(encoding="utf-8"))
        self._adapter = Setting(**stored["setting"]), stored["run"]

    def unload_adapter(self) -> None:
        self._adapter = None

    def profile(self) -> DeviceProfile:
        CLOCK.advance(1.0)
        rate = PREFILL[self.size]
        return DeviceProfile(
            device="simulated",
            prefill=rate,
            decode=rate / 4,
            training=rate / 2,
            peak_flops=4 * rate * PARAMETERS[self.size],
        )

    def _pass(self, read: int) -> None:
        """The time of so many tokens: at the profile's rate, give or take what batches differ
        by."""
        CLOCK.advance(1.2 + self._pace * read / PREFILL[self.size])


def tokens(text: str) -> int:
    """Two characters a token, and one before them."""
    return len(text) // 2 + 1


def card(world: int, size: str) -> ModelCard:
    return ModelCard(
        weights=text_digest(f"world {world} {size}"),
        tokenizer=text_digest("words"),
        template=None,
        architecture="Simulated",
        parameters=PARAMETERS[size],
        layers=2,
        hidden=64,
        vocabulary=1_000,
        context=4_096,
        bytes_per_parameter=4,
    )


class Factory:
    """What the registry finds under `using simulated`."""

    def load(self, options: Mapping[str, object], *, root: Path) -> Simulated:
        return Simulated(cast(int, options["world"]), str(options["size"]))

    def fingerprint(self, options: Mapping[str, object], *, root: Path) -> ModelCard:
        return card(cast(int, options["world"]), str(options["size"]))


FACTORY = Factory()
