"""`proxy`: light heads on frozen embeddings, whose learning curve stands in for fine-tuning's."""

from __future__ import annotations

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="predictor",
    name="proxy",
    doc="Kernel ridge on frozen embeddings at growing sizes: the shape of a fine-tuning curve.",
    options=(),
    implementation="cosmosql.extensions.predictors.proxy_heads:ProxyHeads",
    extra="hf",
)
