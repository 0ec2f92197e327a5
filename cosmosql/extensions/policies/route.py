"""`policy … using route`."""

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="policy",
    name="route",
    doc="The question alone decides which tier answers, by the gain that it promises.",
    options=(),
    implementation="cosmosql.policies.cascade_route:Route",
)
