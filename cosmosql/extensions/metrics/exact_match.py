"""`metric = exact_match`."""

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="metric",
    name="exact_match",
    doc="Share of answers that equal the target after lower-casing and leaving out punctuation, "
    "articles and extra white space (SQuAD).",
    options=(),
    implementation="cosmosql.extensions.metrics.item_mean:EXACT_MATCH",
)
