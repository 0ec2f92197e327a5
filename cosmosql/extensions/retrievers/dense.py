"""`retriever … using dense`: rows whose meaning, as the answering model sees it, is near."""

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="retriever",
    name="dense",
    doc="Rows nearest to the query by the cosine of the answering model's own embeddings.",
    options=(),
    implementation="cosmosql.extensions.retrievers.dense_index:FACTORY",
)
