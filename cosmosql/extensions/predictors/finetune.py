"""`finetune`: the metric of a fine-tuned model from its proxy curve and a few short runs."""

from __future__ import annotations

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="predictor",
    name="finetune",
    doc="Proxy curve calibrated by LoRA probes; without a proxy, a Bayesian learning curve.",
    options=(),
    implementation="cosmosql.extensions.predictors.tuning_surface:TuningSurface",
)
