"""`retriever … using random`: the same demonstrations, drawn once, for every query."""

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="retriever",
    name="random",
    doc="One random order of the train rows that every query shares; more shots extend fewer.",
    options=(),
    implementation="cosmosql.extensions.retrievers.random_order:FACTORY",
)
