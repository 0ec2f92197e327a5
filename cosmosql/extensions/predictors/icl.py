"""`icl`: the metric at many demonstrations from measurements at a few."""

from __future__ import annotations

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="predictor",
    name="icl",
    doc="Bayesian learning curve over shots, for random and for retrieved demonstrations.",
    options=(),
    implementation="cosmosql.extensions.predictors.shot_surface:ShotSurface",
)
