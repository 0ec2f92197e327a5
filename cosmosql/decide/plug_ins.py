"""The plug-ins behind kinds of policies, and what they are told."""

from __future__ import annotations

from typing import cast

from cosmosql.contracts import policy as contract
from cosmosql.model.program import Policy
from cosmosql.schema import registry


def implementation(kind: str) -> contract.Policy:
    return cast(contract.Policy, registry.load(registry.extension("policy", kind)))


def options_of(policy: Policy, kind: str) -> dict[str, object]:
    """What the plug-in is told: its own options, those of the declaration or its defaults, and the
    signal."""
    fields = registry.extension("policy", kind).options
    options: dict[str, object] = {one.name: one.default for one in fields}
    if policy.using == kind:
        options |= policy.options
    return {**options, "signal": policy.signal}
