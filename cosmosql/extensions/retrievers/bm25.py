"""`retriever … using bm25`: rows that share rare words with the query."""

from cosmosql.schema.fields import Extension, Field, FieldType

EXTENSION = Extension(
    kind="retriever",
    name="bm25",
    doc="Rows that share rare words with the query (BM25, Lucene's variant). Needs no model.",
    options=(
        Field(
            name="k1",
            type=FieldType.NUMBER,
            doc="How much repeated words count.",
            default=1.5,
            minimum=0,
        ),
        Field(
            name="b",
            type=FieldType.RATIO,
            doc="How much long rows are held back.",
            default=0.75,
            minimum=0,
            maximum=1,
        ),
    ),
    implementation="cosmosql.extensions.retrievers.bm25_index:FACTORY",
    extra="hf",
)
