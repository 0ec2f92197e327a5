"""`strategy … using icl`: labelled examples in the prompt."""

from cosmosql.schema.fields import Extension, Field, FieldType

EXTENSION = Extension(
    kind="strategy",
    name="icl",
    doc="In-context learning: train rows stand in the prompt as demonstrations, the nearest to the "
    "query where a retriever is named, else a random set that all queries share.",
    options=(
        Field(
            name="shots",
            type=FieldType.COUNT,
            doc="Demonstrations in a prompt.",
            default=8,
            minimum=0,
            maximum=100_000,
            sweepable=True,
        ),
    ),
    implementation="cosmosql.extensions.strategies.in_context:STRATEGY",
    extra="hf",
)
