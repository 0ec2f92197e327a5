"""`metric = token_f1`."""

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="metric",
    name="token_f1",
    doc="Mean overlap of the answer's words with the target's, as the harmonic mean of precision "
    "and recall (SQuAD).",
    options=(),
    implementation="cosmosql.extensions.metrics.item_mean:TOKEN_F1",
)
