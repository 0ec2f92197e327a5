"""`policy … using mix`."""

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="policy",
    name="mix",
    doc="A lot decides which tier answers.",
    options=(),
    implementation="cosmosql.policies.mix:Mix",
)
