"""A checkpoint's weights in memory, as a backend."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import torch
import transformers
from peft import prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

from cosmosql.diagnostics.diagnostic import reject
from cosmosql.extensions.backends.huggingface.backend import HuggingFaceBackend
from cosmosql.extensions.backends.huggingface.card import card_of, device_here, dtype_of
from cosmosql.extensions.backends.huggingface.checkpoint import (
    Checkpoint,
    ModelOptions,
    reject_damage,
)
from cosmosql.extensions.backends.huggingface.configuration import load_config, load_tokenizer
from cosmosql.extensions.backends.huggingface.forward import (
    Engine,
    accepted_parameters,
    shares_work,
)
from cosmosql.extensions.backends.huggingface.profiling import device_name
from cosmosql.extensions.backends.huggingface.tokens import PromptTokenizer

CPU_BATCH_TOKENS = 4_096
"""Tokens of one forward pass on a CPU: more make it slower, not faster."""
CUDA_MEMORY_SHARE = 0.25
"""Share of the free memory of an accelerator that one forward pass may fill."""
MOST_BATCH_TOKENS = 65_536


def backend_of(chosen: ModelOptions, checkpoint: Checkpoint) -> HuggingFaceBackend:
    """The model in memory on CUDA where there is a device, else on the CPU."""
    card = card_of(chosen, checkpoint, load_config(checkpoint))
    config = load_config(checkpoint, run_code=True)
    tokenizer = load_tokenizer(checkpoint)
    device = device_here()
    dtype = dtype_of(chosen, device)
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
