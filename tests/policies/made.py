"""Questions whose gain shows in their words and in the cheaper tier's margin."""

from __future__ import annotations

import numpy as np

from cosmosql.contracts.policy import Known, Question, Seen

SUBJECTS = ("river", "planet", "treaty", "enzyme", "matrix", "sonnet")


def made(rows: int = 160, *, tiers: int = 2, seed: int = 0) -> Known:
    """Dearer tiers know more of the last subjects; margins are wide where a tier is right."""
    generator = np.random.default_rng(seed)
    subject = generator.integers(len(SUBJECTS), size=rows)
    questions = tuple(
        Question(
            row=f"{seed}-{place}",
            text=f"What does the {SUBJECTS[kind]} number {place} tell of {SUBJECTS[kind]}s?",
            options=("much", "little", "nothing at all"),
        )
        for place, kind in enumerate(subject)
    )
    hard = subject / (len(SUBJECTS) - 1)
    chances = [np.clip(0.9 - hard + 0.5 * tier / (tiers - 1), 0.05, 0.95) for tier in range(tiers)]
    scores = np.stack([generator.random(rows) < chance for chance in chances]).astype(np.float64)
    signals = tuple(
        {
            "margin": score + generator.normal(0, 0.7, rows),
            "entropy": 1.0 - score + generator.exponential(0.5, rows),
        }
        for score in scores
    )
    costs = np.array([1.0, 4.0, 9.0][:tiers])
    return Known(seen=Seen(questions=questions, signals=signals, costs=costs), scores=scores)
