"""A model's card from its files alone, where transformers is not installed.

What is not written in them word for word, such as a default of an architecture, only transformers
knows: then there is no card.
"""

from __future__ import annotations

from typing import TypeGuard

from cosmosql.contracts.backend import ModelCard
from cosmosql.extensions.backends.huggingface.checkpoint import (
    CONFIG_FILE,
    Checkpoint,
    ModelOptions,
    parameter_count,
    read_json,
    tokenizer_digest,
    weights_digest,
    written_template,
)
from cosmosql.identity import text_digest

SIZES = ("num_hidden_layers", "hidden_size", "vocab_size")
CONTEXT = "max_position_embeddings"
CAUSAL = "ForCausalLM"
BYTES = {"auto": 4.0, "float32": 4.0, "bfloat16": 2.0, "float16": 2.0}
"""Of a parameter on the CPU, the only device where torch is not there."""


def plain_card(options: ModelOptions, checkpoint: Checkpoint) -> ModelCard | None:
    """The card that transformers would give on a CPU; None where the files do not say it."""
    content = read_json(checkpoint.directory / CONFIG_FILE, checkpoint.name)
    named = content.get("architectures")
    architecture = named[0] if isinstance(named, list) and named else None
    layers, hidden, vocabulary = (content.get(size) for size in SIZES)
    context = options.context or content.get(CONTEXT)
    template = written_template(checkpoint) if options.template else None
    if not isinstance(architecture, str) or not architecture.endswith(CAUSAL):
        return None
    if not (_positive(layers) and _positive(hidden) and _positive(vocabulary)):
        return None
    if not _positive(context) or not isinstance(template, str | None):
        return None
    return ModelCard(
        weights=weights_digest(checkpoint),
        tokenizer=tokenizer_digest(checkpoint),
        template=None if template is None else text_digest(template),
        architecture=architecture,
        parameters=parameter_count(checkpoint),
        layers=layers,
        hidden=hidden,
        vocabulary=vocabulary,
        context=context,
        bytes_per_parameter=BYTES[options.dtype],
        revision=checkpoint.revision,
    )


def _positive(value: object) -> TypeGuard[int]:
    return type(value) is int and value > 0
