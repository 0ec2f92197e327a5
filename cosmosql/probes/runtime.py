"""What measuring stands on: rows as examples, and plug-ins loaded when they are first needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from cosmosql.contracts.backend import Backend, BackendFactory, ModelCard
from cosmosql.contracts.metric import Metric
from cosmosql.contracts.recorded import Recording
from cosmosql.contracts.retriever import Embed, Retriever, RetrieverFactory
from cosmosql.contracts.strategy import Example
from cosmosql.data.rows import LoadedDataset, Role
from cosmosql.diagnostics.diagnostic import InputError, placed
from cosmosql.evidence.keys import asked_resolution, key_of, model_content
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.store import Evidence, Recorded
from cosmosql.identity import Json, jsonable
from cosmosql.model.program import Options, Program
from cosmosql.model.recordings import factory_of
from cosmosql.plan.build import corpus_of
from cosmosql.plan.candidate import Candidate
from cosmosql.probes.tasks import PreparedTask, prepare
from cosmosql.schema import registry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RANDOM = "random"
"""The retriever of a strategy that demonstrates and names none."""


TURN_TOKENS = 64
"""The most that chat templates in use put around one turn, their own system prompt included."""


class Runtime:
    """Everything that a measurement needs, for one program and its loaded data.

    At most one model is in memory: asking for another lets the first go, so measurements are
    ordered by model. `evidence` answers for models whose files are not here.
    """

    def __init__(
        self,
        program: Program,
        data: Mapping[str, LoadedDataset],
        evidence: Evidence | None = None,
    ) -> None:
        self.program = program
        self.data = data
        self._evidence = evidence or Recorded()
        self._tasks: dict[str, PreparedTask] = {}
        self._corpora: dict[tuple[str, str], tuple[Example, ...]] = {}
        self._cards: dict[str, ModelCard] = {}
        self._indexes: dict[tuple[str, str | None, int], Retriever] = {}
        self._longest: dict[tuple[str, bool, tuple[str, ...]], int] = {}
        self._loaded: tuple[str, Backend] | None = None
        self._recordings: dict[str, Recording] = {}

    def task(self, reference: str) -> PreparedTask:
        """The task over its rows."""
        if reference not in self._tasks:
            declared = self.program.tasks[reference]
            self._tasks[reference] = prepare(declared, self.data[declared.dataset])
        return self._tasks[reference]

    def train(self, candidate: Candidate) -> tuple[Example, ...]:
        """The pool of a candidate, rendered: the train rows of its corpus, in their order."""
        corpus = corpus_of(self.program, candidate)
        if (candidate.task, corpus) not in self._corpora:
            rows = self.data[corpus].rows[Role.TRAIN]
            self._corpora[candidate.task, corpus] = self.task(candidate.task).rendered(rows)
        return self._corpora[candidate.task, corpus]

    def metric(self, name: str) -> Metric:
        return cast(Metric, implementation("metric", name))

    def card(self, model: str) -> ModelCard:
        """A model's card, no weight loaded.

        The evidence's own where its files are not here, or are the same: what a card says of
        precision belongs to the conditions under which was measured. Raises InputError where
        neither the files nor the evidence know the model.
        """
        if model not in self._cards:
            recorded = self._recorded_card(model)
            declared = self.program.models[model]
            try:
                with placed(declared.span):
                    card = self._factory(model).fingerprint(declared.options, root=declared.root)
            except InputError:
                if recorded is None:
                    raise
                card = recorded
            same = recorded is not None and model_content(recorded, None) == model_content(
                card, None
            )
            self._cards[model] = recorded if recorded is not None and same else card
        return self._cards[model]

    def dtype(self, model: str) -> str | None:
        """The precision that the spec demands of a model; None where the backend may choose."""
        wanted = self.program.models[model].options.get("dtype", "auto")
        return None if wanted == "auto" else str(wanted)

    def resolution(self, model: str) -> Observation:
        """What a model's declaration names, as evidence."""
        asked = asked_resolution(self.program.models[model])
        return Observation(
            kind="resolve",
            key=key_of(asked),
            asked=asked,
            conditions={},
            role=None,
            values=cast(dict[str, Json], jsonable(self.card(model))),
        )

    def _recorded_card(self, model: str) -> ModelCard | None:
        found = self._evidence.find(key_of(asked_resolution(self.program.models[model])))
        return None if found is None else ModelCard(**cast(dict[str, Any], found.values))

    @property
    def loaded(self) -> str | None:
        """The model that is in memory."""
        return None if self._loaded is None else self._loaded[0]

    def backend(self, model: str) -> Backend:
        """The model, loaded; the one before it is let go. Raises InputError, E05xx."""
        if self._loaded is None or self._loaded[0] != model:
            self.release()
            declared = self.program.models[model]
            with placed(declared.span):
                backend = self._factory(model).load(declared.options, root=declared.root)
            self._loaded = model, backend
            self._cards[model] = backend.card
        return self._loaded[1]

    def recorded(self, model: str) -> Recording:
        """The answers of a model that are recorded. Raises InputError, E0511 to E0542."""
        if model not in self._recordings:
            declared = self.program.models[model]
            self._recordings[model] = factory_of(declared).read(
                declared.options, root=declared.root, span=declared.place("source")
            )
        return self._recordings[model]

    def conditions(self, model: str | None) -> Mapping[str, str]:
        """Under which conditions a model answers here; none where nothing runs."""
        if model is None or not self.program.runs(model):
            return {}
        return self.backend(model).conditions

    def release(self) -> None:
        """Lets the loaded model go, and every index that its embeddings made."""
        self._loaded = None
        self._indexes.clear()

    def retriever(self, candidate: Candidate, seed: int) -> Retriever:
        """An index over the candidate's pool; drawn at random where it names no retriever."""
        using, options = self.retriever_content(candidate)
        factory = cast(RetrieverFactory, implementation("retriever", using))
        model = candidate.model if factory.needs_embedding else None
        place = f"{candidate.task}:{candidate.retriever}", model, seed
        if place not in self._indexes:
            self._indexes[place] = factory.build(
                options,
                [example.input for example in self.train(candidate)],
                seed=seed,
                embed=None if model is None else unit_vectors(self.backend(model)),
            )
        return self._indexes[place]

    def retriever_content(self, candidate: Candidate) -> tuple[str, Options]:
        """The implementation and options of a candidate's retriever."""
        if candidate.retriever is None:
            return RANDOM, {}
        declared = self.program.retrievers[candidate.retriever]
        return declared.using, declared.options

    def embeds(self, candidate: Candidate) -> bool:
        """Whether the candidate's retriever asks the model for embeddings."""
        using, _ = self.retriever_content(candidate)
        return cast(RetrieverFactory, implementation("retriever", using)).needs_embedding

    def largest(self, model: str, texts: Iterable[str]) -> int:
        """The most tokens that one of the texts can take.

        Counted where the model is loaded; else one a byte of UTF-8, which no tokenizer in use
        exceeds, and what stands around a text: two special tokens, or a turn of the chat template.
        """
        place = model, model == self.loaded, tuple(dict.fromkeys(texts))
        if place not in self._longest:
            self._longest[place] = max(self._tokens(*place), default=0)
        return self._longest[place]

    def _tokens(self, model: str, counted: bool, texts: tuple[str, ...]) -> Iterable[int]:
        if counted:
            return self.backend(model).count_tokens(texts)
        around = 2 if self.card(model).template is None else TURN_TOKENS
        return (len(text.encode()) + around for text in texts)

    def _factory(self, model: str) -> BackendFactory:
        declared = self.program.models[model]
        return cast(BackendFactory, implementation("model", declared.using))


def implementation(kind: str, name: str) -> object:
    """The plug-in of that name; raises InputError E0501 or E0502."""
    return registry.load(registry.extension(kind, name))


def unit_vectors(backend: Backend) -> Embed:
    """Texts to unit vectors by the model that will answer: what a dense retriever compares."""

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        features = backend.embed(texts, pooling="mean")
        lengths = np.linalg.norm(features, axis=1, keepdims=True)
        return np.asarray(features / np.maximum(lengths, 1e-12), np.float32)

    return embed
