"""How a requirement was tested, in words."""

from __future__ import annotations

from cosmosql.artifact.plan import Requirement
from cosmosql.policies.certificate_words import certificate_words


def tested_words(requirement: Requirement) -> str:
    """`policy.tiers[…]: certified on 300 calibration rows with 95 % confidence (…)`; empty where
    the requirement is forecast."""
    found = requirement.certificate
    if found is None:
        return ""
    return f"{found.policy}: " + certificate_words(
        holds=found.status == "holds",
        procedure=found.procedure,
        confidence=found.confidence,
        rows=found.rows,
        bound=found.bound,
        needed=found.needed,
        reason=found.reason,
    )
