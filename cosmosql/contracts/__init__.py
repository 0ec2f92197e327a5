"""The plug points: one file each, with its Protocol and the values exchanged through it.

Standard library and numpy only. Implementations live in `cosmosql.extensions` or in other
packages, are found by name through `cosmosql.schema.registry`, and are imported by nobody.
"""
