"""How a requirement was tested, in words."""

from __future__ import annotations

from cosmosql.artifact.plan import Requirement
from cosmosql.decide.decision import Certificate, Verdict
from cosmosql.decide.requirements import said


def certificate_words(requirement: Requirement) -> str:
    """`policy.tiers[…]: certified on 300 calibration rows with 95 % confidence (…)`; empty where
    the requirement is forecast."""
    found = requirement.certificate
    if found is None:
        return ""
    return f"{found.policy}: " + said(
        Certificate(
            requirement=requirement.text,
            policy=found.policy,
            verdict=Verdict(found.status),
            procedure=found.procedure,
            confidence=found.confidence,
            rows=found.rows,
            tried=found.tried,
            bound=found.bound,
            p_value=found.p_value,
            needed=found.needed,
            reason=found.reason,
        )
    )
