"""What runs a model: `model … using hf|…`. Three verbs over batches, adapters, and a profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Progress = Callable[[int, int], None]
"""Called with (done, total) while a batch runs; for progress bars and for interruption."""


class ContextOverflow(Exception):  # noqa: N818 - it names the condition, as StopIteration does
    """A prompt with its answer is longer than the model's context: the candidate is unmeasured.

    `tokens` is the length of the longest one, `context` what the model takes.
    """

    def __init__(self, tokens: int, context: int) -> None:
        self.tokens = tokens
        self.context = context
        super().__init__(f"{tokens} tokens do not fit a context of {context}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Facts of a loaded model. `weights` and `tokenizer` are SHA-256 digests of their files."""

    weights: str
    tokenizer: str
    template: str | None
    """SHA-256 of the chat template that prompts are wrapped in; None where none is used."""
    architecture: str
    parameters: int
    layers: int
    hidden: int
    vocabulary: int
    context: int
    """Largest number of tokens that prompt and answer may take together."""
    bytes_per_parameter: float
    revision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest:
    """A prompt and the continuations that compete, each without its leading space."""

    prompt: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Per option, in the request's order: `log_likelihood` in nats summed over the option's
    tokens (and the end of the answer), and `first_logit`, the raw logit of its first token."""

    log_likelihood: tuple[float, ...]
    first_token: tuple[int, ...]
    first_logit: tuple[float, ...]
    prompt_tokens: int
    completion_tokens: int
    """Tokens of the best option: what an engine that answers would generate."""
    cached_tokens: int = 0
    """Of the prompt's tokens, those that another prompt of the same call had read already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A greedy answer up to the stop text. `first_candidates`: the ten best first tokens, as
    (text, raw logit), best first."""

    text: str
    token_logprobs: tuple[float, ...]
    first_candidates: tuple[tuple[str, float], ...]
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    """As in `Scored`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingExample:
    """One supervised pair: the loss is on the completion alone (it gets a leading space)."""

    prompt: str
    completion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """LoRA hyper-parameters, as peft and the Hugging Face trainer name them."""

    rank: int
    alpha: int
    dropout: float
    learning_rate: float
    batch_size: int
    steps: int
    seed: int
    quantized: bool = False
    """4-bit base weights (QLoRA); needs CUDA and bitsandbytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """What a training run did. `losses` holds the mean loss of each step, in nats a token."""

    tokens: int
    steps: int
    losses: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProfile:
    """Measured throughput of one model on one device, in tokens a second, the device's own dense
    matrix rate in FLOP/s, and what is taken beside the tokens, in seconds. The only timings that
    ever enter a plan. What a backend does not measure is 0: the rates then hold it."""

    device: str
    prefill: float
    """Tokens a second of reading, what follows left out."""
    decode: float
    """Tokens a second of writing, many requests at a time, `step_seconds` left out."""
    training: float
    """Tokens a second of training an adapter, `update_seconds` left out."""
    peak_flops: float
    batch_tokens: int = 0
    """Tokens that one pass reads where there are requests enough; 0: not known."""
    pass_seconds: float = 0.0
    """Of a pass that reads, however little."""
    step_seconds: float = 0.0
    """Of a step that writes a token for each request of a batch, however few."""
    update_seconds: float = 0.0
    """Of an optimiser step, however few the tokens."""
    request_seconds: float = 0.0
    """Of a request, beside its tokens."""
    pair_seconds: float = 0.0
    """Of a token attending to one other."""
    cached_seconds: float = 0.0
    """Of a token that is taken from a cache, for each request that takes it."""


class Backend(Protocol):
    """One loaded model. Verbs keep the order of their inputs and never sample; they raise
    ContextOverflow where a prompt does not fit."""

    @property
    def card(self) -> ModelCard: ...

    @property
    def conditions(self) -> Mapping[str, str]:
        """dtype, device and library versions: what may change the last digits of a result."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> tuple[int, ...]:
        """Tokens of each text as a prompt of its own: special tokens, or the wrapping of a user's
        turn in the chat template, included."""
        ...

    def render(self, turns: Sequence[tuple[str, str]]) -> str:
        """The prompt of a conversation, ending where the assistant's answer begins. Turns are
        (role, content) with the roles `system`, `user` and `assistant`.

        Where `card.template` is set every prompt given to a verb is a text that this made;
        raises ValueError where it is None.
        """
        ...

    def score(
        self, requests: Sequence[ScoreRequest], progress: Progress | None = None
    ) -> tuple[Scored, ...]: ...

    def generate(
        self,
        prompts: Sequence[str],
        *,
        max_tokens: int,
        stop: str,
        progress: Progress | None = None,
    ) -> tuple[Generated, ...]: ...

    def embed(
        self, texts: Sequence[str], *, pooling: str = "all", progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """One row of features a text, shape (len(texts), features). Pooling `all`: mean of every
        layer and last token of every layer, concatenated; `mean`: mean of the last layer."""
        ...

    def train(
        self,
        examples: Sequence[TrainingExample],
        options: TrainingOptions,
        progress: Progress | None = None,
    ) -> TrainingResult:
        """Trains a fresh adapter on the base weights and makes it the active one."""
        ...

    def save_adapter(self, directory: Path) -> None:
        """Writes the active adapter as a PEFT directory (adapter_config.json and safetensors)."""
        ...

    def load_adapter(self, directory: Path) -> None:
        """Makes a saved PEFT adapter the active one."""
        ...

    def unload_adapter(self) -> None:
        """Back to the base weights, bit for bit. Does nothing where no adapter is active."""
        ...

    def profile(self) -> DeviceProfile:
        """Measures throughput on this device with this model; takes about a second."""
        ...


class BackendFactory(Protocol):
    """What the registry finds under a model's `using`."""

    def load(self, options: Mapping[str, object], *, root: Path) -> Backend:
        """Loads weights and tokenizer; raises InputError (E05xx) with what is missing."""
        ...

    def fingerprint(self, options: Mapping[str, object], *, root: Path) -> ModelCard:
        """The card without loading weights into memory: file digests and configuration."""
        ...
