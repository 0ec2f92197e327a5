"""`metric = macro_f1`."""

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="metric",
    name="macro_f1",
    doc="F1 of each label, averaged over the labels: rare labels count as much as frequent ones.",
    options=(),
    implementation="cosmosql.extensions.metrics.label_f1:MACRO_F1",
)
