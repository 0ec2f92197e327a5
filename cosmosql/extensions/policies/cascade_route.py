"""`policy … using cascade_route`."""

from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="policy",
    name="cascade_route",
    doc="The question decides which tier is asked first, its answer whether another one is.",
    options=(),
    implementation="cosmosql.policies.cascade_route:CascadeRoute",
)
