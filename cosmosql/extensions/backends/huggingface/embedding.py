"""Features of texts from hidden states: what `embed` does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from cosmosql.contracts.backend import Progress
from cosmosql.extensions.backends.huggingface.forward import (
    Engine,
    batches,
    call,
    left_padded,
    positions_of,
)


def embed(
    engine: Engine, texts: Sequence[str], *, pooling: str, progress: Progress | None = None
) -> NDArray[np.float32]:
    """One row of features a text, shape (len(texts), features), float32.

    Pooling `all`: the mean over tokens of every layer (the token embeddings first, the final norm
    last), then the last token of every layer but the embeddings. Pooling `mean`: the mean over
    tokens of the last layer. A text longer than the context keeps its end.
    """
    if pooling not in ("all", "mean"):
        raise ValueError(f"unknown pooling {pooling}")
    ids = [prompt[-engine.context :] for prompt in engine.tokens.prompts(texts)]
    rows: dict[int, NDArray[np.float32]] = {}
    for batch in batches([len(sequence) for sequence in ids], engine.batch_tokens):
        tokens, mask = left_padded(
            [ids[index] for index in batch], engine.tokens.pad, engine.device
        )
        output = call(
            engine,
            tokens,
            mask,
            positions_of(mask),
            keep=1,
            use_cache=False,
            output_hidden_states=True,
        )
        features = _pooled(output.hidden_states, mask, pooling).cpu().numpy()
        rows.update(zip(batch, features, strict=True))
        if progress:
            progress(len(rows), len(ids))
    if not rows:
        return np.zeros((0, 0), dtype=np.float32)
    return np.stack([rows[index] for index in range(len(ids))])


def _pooled(layers: tuple[torch.Tensor, ...], mask: torch.Tensor, pooling: str) -> torch.Tensor:
    weights = (mask / mask.sum(dim=1, keepdim=True))[..., None].float()
    if pooling == "mean":
        return (layers[-1].float() * weights).sum(dim=1)
    means = [(layer.float() * weights).sum(dim=1) for layer in layers]
    lasts = [layer[:, -1].float() for layer in layers[1:]]
    return torch.cat([*means, *lasts], dim=-1)
