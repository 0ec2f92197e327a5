"""A model's card, by transformers: no weight is loaded."""

from __future__ import annotations

from typing import Any

import torch

from cosmosql.contracts.backend import ModelCard
from cosmosql.extensions.backends.huggingface.checkpoint import (
    Checkpoint,
    ModelOptions,
    parameter_count,
    tokenizer_digest,
    weights_digest,
)
from cosmosql.extensions.backends.huggingface.configuration import (
    chat_template,
    context_length,
)
from cosmosql.identity import text_digest


def card_of(options: ModelOptions, checkpoint: Checkpoint, config: Any) -> ModelCard:
    """The card from file digests, weight headers, configuration and tokenizer."""
    text = config.get_text_config(decoder=True)
    written = chat_template(checkpoint)
    template = written if options.template else None
    return ModelCard(
        weights=weights_digest(checkpoint),
        tokenizer=tokenizer_digest(checkpoint),
        template=None if template is None else text_digest(template),
        architecture=next(iter(config.architectures or ()), config.model_type),
        parameters=parameter_count(checkpoint),
        layers=int(text.num_hidden_layers),
        hidden=int(text.hidden_size),
        vocabulary=int(text.vocab_size),
        context=context_length(config, options),
        bytes_per_parameter=float(dtype_of(options, device_here()).itemsize),
        revision=checkpoint.revision,
    )


def device_here() -> torch.device:
    """Where a model runs: CUDA where there is a device, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def dtype_of(options: ModelOptions, device: torch.device) -> torch.dtype:
    """The precision of the weights on a device."""
    if options.dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return {
        "float32": torch.float32,
        "bfloat16": torch.bfloat16,
        "float16": torch.float16,
    }[options.dtype]
