"""Documents against their schemas, which say every key and no other."""

from __future__ import annotations

from typing import Any

import jsonschema

from cosmosql.artifact.schema import schema


def closed(node: Any) -> Any:
    """A schema that refuses keys it does not name. Ours allow them, for later versions."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    tight = {key: closed(value) for key, value in node.items()}
    return {**tight, "additionalProperties": False} if "properties" in node else tight


def obeys(document: object, artifact: str) -> None:
    """Raises where the document lacks a key, or has one that is wrong or not in the schema."""
    jsonschema.Draft202012Validator(closed(schema(artifact))).validate(document)
