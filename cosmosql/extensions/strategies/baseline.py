"""`strategy … using baseline`: answers without any language model, for nothing."""

from cosmosql.schema.fields import Extension, Field, FieldType

EXTENSION = Extension(
    kind="strategy",
    name="baseline",
    doc="Answers without a language model: whatever does not beat them should not be bought.",
    options=(
        Field(
            name="method",
            type=FieldType.WORD,
            doc="`majority`: the most frequent answer; `knn`: a vote of the nearest train rows "
            "(by the retriever, BM25 where none is named); `tfidf`: logistic regression on words "
            "and pairs of words.",
            default="majority",
            choices=("majority", "knn", "tfidf"),
            sweepable=True,
        ),
        Field(
            name="neighbours",
            type=FieldType.COUNT,
            doc="Rows that vote (`knn`).",
            default=8,
            minimum=1,
            maximum=10_000,
            sweepable=True,
        ),
    ),
    implementation="cosmosql.extensions.strategies.word_statistics:STRATEGY",
    extra="hf",
)
