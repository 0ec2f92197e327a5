"""`metric = accuracy`."""

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="metric",
    name="accuracy",
    doc="Share of answers that equal the target.",
    options=(),
    implementation="cosmosql.extensions.metrics.item_mean:ACCURACY",
)
