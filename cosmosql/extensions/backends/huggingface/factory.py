"""Makes a backend from the options of `model … using hf`, or its card without the weights.

Torch and transformers are imported when a model is wanted: to quote, its files are enough.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cosmosql.contracts.backend import ModelCard
from cosmosql.extensions.backends.huggingface.checkpoint import ModelOptions, locate
from cosmosql.schema.registry import missing_package

if TYPE_CHECKING:
    from cosmosql.extensions.backends.huggingface.backend import HuggingFaceBackend

# Idle OpenMP threads spin by default, and where another process holds a core they slow torch
# down many times over. This is read once, when torch is first imported; a user's own value wins.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


class HuggingFaceFactory:
    """Loads causal language models in Hugging Face format."""

    def fingerprint(self, options: Mapping[str, object], *, root: Path) -> ModelCard:
        """The card from file digests, weight headers, configuration and tokenizer. Runs no code
        of the checkpoint, trusted or not. Raises InputError E0502 where transformers is not
        installed and the files alone do not say everything."""
        chosen = ModelOptions.of(options)
        checkpoint = locate(chosen, root)
        try:
            from cosmosql.extensions.backends.huggingface.card import card_of
            from cosmosql.extensions.backends.huggingface.configuration import load_config
        except ImportError as error:
            from cosmosql.extensions.backends.huggingface.plain import plain_card

            card = plain_card(chosen, checkpoint)
            if card is None:
                raise missing_package(error.name or "transformers", extra="hf") from error
            return card
        return card_of(chosen, checkpoint, load_config(checkpoint))

    def load(self, options: Mapping[str, object], *, root: Path) -> HuggingFaceBackend:
        """The model in memory on CUDA where there is a device, else on the CPU."""
        try:
            from cosmosql.extensions.backends.huggingface.loading import backend_of
        except ImportError as error:
            raise missing_package(error.name or "torch", extra="hf") from error
        chosen = ModelOptions.of(options)
        return backend_of(chosen, locate(chosen, root))


FACTORY = HuggingFaceFactory()
