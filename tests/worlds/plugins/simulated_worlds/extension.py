"""`model … using simulated`: a model of a simulated world."""

from cosmosql.schema.fields import Extension, Field, FieldType

EXTENSION = Extension(
    kind="model",
    name="simulated",
    doc="A model that is right as often as the curves of its world say.",
    options=(
        Field(name="world", type=FieldType.COUNT, doc="The world's seed.", required=True),
        Field(
            name="size",
            type=FieldType.WORD,
            doc="Which of the world's models it is.",
            default="small",
            choices=("small", "large"),
        ),
    ),
    implementation="simulated_worlds.backend:FACTORY",
)
