"""`strategy … using prompt`: the task's instruction and the query, nothing else."""

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="strategy",
    name="prompt",
    doc="Zero-shot: the model sees the instruction and the query alone.",
    options=(),
    implementation="cosmosql.extensions.strategies.zero_shot:STRATEGY",
)
