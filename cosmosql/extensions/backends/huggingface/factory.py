"""Makes a backend from the options of `model … using hf`, or its card without the weights."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Idle OpenMP threads spin by default, and where another process holds a core they slow torch
# down many times over. This is read once, when torch is first imported; a user's own value wins.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import transformers
from peft import prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

from cosmosql.contracts.backend import ModelCard
from cosmosql.diagnostics.diagnostic import reject
from cosmosql.extensions.backends.huggingface.backend import HuggingFaceBackend
from cosmosql.extensions.backends.huggingface.checkpoint import (
    Checkpoint,
    ModelOptions,
    chat_template,
    context_length,
    load_config,
    load_tokenizer,
    locate,
    parameter_count,
    reject_damage,
    tokenizer_digest,
    weights_digest,
)
from cosmosql.extensions.backends.huggingface.forward import (
    Engine,
    accepted_parameters,
    shares_work,
)
from cosmosql.extensions.backends.huggingface.profiling import device_name
from cosmosql.extensions.backends.huggingface.tokens import PromptTokenizer
from cosmosql.identity import text_digest

CPU_BATCH_TOKENS = 4_096
"""Tokens of one forward pass on a CPU: more make it slower, not faster."""
CUDA_MEMORY_SHARE = 0.25
"""Share of the free memory of an accelerator that one forward pass may fill."""
MOST_BATCH_TOKENS = 65_536


class HuggingFaceFactory:
    """Loads causal language models in Hugging Face format."""

    def fingerprint(self, options: Mapping[str, object], *, root: Path) -> ModelCard:
        """The card from file digests, weight headers, configuration and tokenizer. Runs no code
        of the checkpoint, trusted or not."""
        chosen = ModelOptions.of(options)
        checkpoint = locate(chosen, root)
        return _card(chosen, checkpoint, load_config(checkpoint))

    def load(self, options: Mapping[str, object], *, root: Path) -> HuggingFaceBackend:
        """The model in memory on CUDA where there is a device, else on the CPU."""
        chosen = ModelOptions.of(options)
        checkpoint = locate(chosen, root)
        card = _card(chosen, checkpoint, load_config(checkpoint))
        config = load_config(checkpoint, run_code=True)
        tokenizer = load_tokenizer(checkpoint)
        device = _device()
        dtype = _dtype(chosen, device)
        model = _load_weights(checkpoint, config, dtype=dtype).to(device)
        engine = Engine(
            model=model,
            tokens=PromptTokenizer(tokenizer, template=card.template is not None),
            device=device,
            context=card.context,
            vocabulary=card.vocabulary,
            batch_tokens=_batch_tokens(model, config, device),
            accepted=accepted_parameters(model),
        )
        engine.shares = shares_work(engine)
        return HuggingFaceBackend(
            engine=engine,
            card=card,
            conditions=_conditions(device, dtype),
            name=checkpoint.name,
            load_quantized=lambda: _load_quantized(checkpoint, config, device),
        )


FACTORY = HuggingFaceFactory()


def _card(options: ModelOptions, checkpoint: Checkpoint, config: Any) -> ModelCard:
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
        bytes_per_parameter=float(_dtype(options, _device()).itemsize),
        revision=checkpoint.revision,
    )


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _dtype(options: ModelOptions, device: torch.device) -> torch.dtype:
    if options.dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return {
        "float32": torch.float32,
        "bfloat16": torch.bfloat16,
        "float16": torch.float16,
    }[options.dtype]


def _conditions(device: torch.device, dtype: torch.dtype) -> dict[str, str]:
    return {
        "device": device_name(device),
        "dtype": str(dtype).removeprefix("torch."),
        "peft": version("peft"),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def _load_weights(checkpoint: Checkpoint, config: Any, **how: Any) -> Any:
    """The model with frozen weights, ready to answer; raises InputError E0535 where the weights
    do not fit the configuration."""
    transformers.utils.logging.disable_progress_bar()
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            checkpoint.directory,
            config=config,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=bool(checkpoint.code),
            output_loading_info=True,
            **how,
        )
    except (RuntimeError, OSError, ValueError) as error:
        reject_damage(checkpoint.name, str(error).strip().splitlines()[0])
    missing = sorted(report["missing_keys"])
    if missing:
        reject_damage(checkpoint.name, f"{len(missing)} weights are missing, {missing[0]} first")
    return model.requires_grad_(False).eval()


def _load_quantized(checkpoint: Checkpoint, config: Any, device: torch.device) -> Any:
    """The base model in 4 bits (NF4 with double quantisation, arXiv 2305.14314)."""
    if device.type != "cuda" or find_spec("bitsandbytes") is None:
        lacking = "a CUDA device" if device.type != "cuda" else "the package bitsandbytes"
        reject(
            "E0536",
            "4-bit training is not possible here",
            notes=(f"`qlora` needs {lacking}, and there is none",),
            help="use `lora`, or on a machine with CUDA: pip install 'cosmosql[qlora]'",
        )
    model = _load_weights(
        checkpoint,
        config,
        dtype=torch.bfloat16,
        device_map={"": 0},
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        ),
    )
    return prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)


def _batch_tokens(model: Any, config: Any, device: torch.device) -> int:
    """Tokens of one forward pass that fit the memory: keys, values and activations of each."""
    if device.type != "cuda":
        return CPU_BATCH_TOKENS
    text = config.get_text_config(decoder=True)
    per_token = model.dtype.itemsize * text.hidden_size * (2 * text.num_hidden_layers + 24)
    free, _ = torch.cuda.mem_get_info(device)
    return int(min(MOST_BATCH_TOKENS, max(1_024, free * CUDA_MEMORY_SHARE / per_token)))
