"""`policy … using cascade`."""

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="policy",
    name="cascade",
    doc="The next tier is asked where the last answer is unsure.",
    options=(),
    implementation="cosmosql.policies.cascade:Cascade",
)
