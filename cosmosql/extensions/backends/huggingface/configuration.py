"""What transformers reads of a checkpoint: its configuration and its tokenizer."""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig, AutoTokenizer, PreTrainedConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from cosmosql.diagnostics.diagnostic import reject
from cosmosql.extensions.backends.huggingface.checkpoint import (
    CONFIG_FILE,
    Checkpoint,
    ModelOptions,
    read_json,
    reject_architecture,
    reject_damage,
    written_template,
)


def load_config(checkpoint: Checkpoint, *, run_code: bool = False) -> Any:
    """The transformers configuration; raises InputError E0534 unless it is a causal model's, and
    E0535 where its values are none that a model can have.

    Where the checkpoint's code is trusted, that code makes it if `run_code`; otherwise the values
    are read from the file as they stand.
    """
    content = read_json(checkpoint.directory / CONFIG_FILE, checkpoint.name)
    try:
        if checkpoint.code and not run_code:
            config: Any = PreTrainedConfig.from_dict(content)
        else:
            config = AutoConfig.from_pretrained(
                checkpoint.directory,
                local_files_only=True,
                trust_remote_code=bool(checkpoint.code),
            )
    except (ValueError, KeyError, TypeError, OSError):
        reject_architecture(
            checkpoint.name,
            f"its model type `{content.get('model_type')}` is not known to the installed "
            "transformers",
        )
    except Exception as error:
        # transformers checks each value in ways of its own.
        reject_damage(checkpoint.name, f"{CONFIG_FILE}: {' '.join(str(error).split())}")
    if not checkpoint.code:
        _require_causal(config, checkpoint.name)
    text = config.get_text_config(decoder=True)
    for size in ("num_hidden_layers", "hidden_size", "vocab_size"):
        value = getattr(text, size, 0)
        if not isinstance(value, int) or value <= 0:
            reject_damage(checkpoint.name, f"{CONFIG_FILE}: no positive `{size}`")
    return config


def _require_causal(config: Any, name: str) -> None:
    known = set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values())
    names = list(config.architectures or ())
    if names and not known.intersection(names):
        reject_architecture(name, f"it is a {', '.join(names)}")
    if not names and config.model_type not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        reject_architecture(name, f"it is of type `{config.model_type}`")


def load_tokenizer(checkpoint: Checkpoint) -> Any:
    """The tokenizer; raises InputError E0531 where its files cannot be read. Runs the code of a
    checkpoint that is trusted."""
    try:
        return AutoTokenizer.from_pretrained(
            checkpoint.directory,
            local_files_only=True,
            trust_remote_code=bool(checkpoint.code),
        )
    except Exception as error:
        # The tokenizers library raises bare Exception for a file that it cannot parse.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        reject(
            "E0531",
            "no tokenizer in a model directory",
            notes=(f"`{checkpoint.name}`: the tokenizer's files cannot be read: {reason}",),
            help="save the tokenizer beside the model: `tokenizer.save_pretrained(directory)`",
        )


def chat_template(checkpoint: Checkpoint) -> str | None:
    """The chat template, without running code: the tokenizer's where it has none, else as the
    files have it."""
    if not checkpoint.code:
        template = load_tokenizer(checkpoint).chat_template
        return None if template is None else str(template)
    written = written_template(checkpoint)
    return None if written is None else str(written)


def context_length(config: Any, options: ModelOptions) -> int:
    """Tokens that fit: the option, else what the configuration says; E0538 where neither does."""
    if options.context is not None:
        return options.context
    text = config.get_text_config(decoder=True)
    stated = getattr(text, "max_position_embeddings", None)
    if isinstance(stated, int) and stated > 0:
        return stated
    reject(
        "E0538",
        "context length unknown",
        notes=(f"the configuration of `{options.id}` names no largest position",),
        help="write it in the model's declaration: `context = 2_048`",
    )
