"""How sure an answer is, from what its model says of the alternatives."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from cosmosql.contracts.backend import Generated, Scored

_SPACES = re.compile(r"\s+")


def option_signals(scored: Scored) -> dict[str, float]:
    """Signals of a choice among options; a signal that cannot be had is absent.

    `margin` is the gap of the two best raw logits among the options' first tokens (arXiv
    2405.02134) and is absent where two options share one: `label_margin` stands in for it.
    """
    found = distribution_signals(softmax(scored.log_likelihood))
    found.pop("margin", None)
    best = max(scored.log_likelihood)
    found["mean_logprob"] = best / scored.completion_tokens
    if len(scored.log_likelihood) > 1:
        found["label_margin"] = _gap(scored.log_likelihood)
        if len(set(scored.first_token)) == len(scored.first_token):
            found["margin"] = _gap(scored.first_logit)
    return found


def distribution_signals(probabilities: Sequence[float]) -> dict[str, float]:
    """Signals of a distribution over options: its largest value, the gap of the two largest and
    its entropy in nats."""
    found = {
        "max_probability": max(probabilities),
        "entropy": max(0.0, -sum(p * math.log(p) for p in probabilities if p > 0)),
    }
    if len(probabilities) > 1:
        found["margin"] = _gap(probabilities)
    return found


def open_signals(generated: Generated) -> dict[str, float]:
    """Signals of a generated answer: the mean log-probability of its tokens and the `margin` of
    its first token against the best candidate that is no other spelling of it: neither a sub- nor
    a superstring after normalisation (arXiv 2405.02134)."""
    found = {}
    if generated.token_logprobs:
        found["mean_logprob"] = math.fsum(generated.token_logprobs) / len(generated.token_logprobs)
    if generated.first_candidates:
        (text, best), *others = generated.first_candidates
        chosen = normalised(text)
        for other, logit in others:
            rival = normalised(other)
            if chosen not in rival and rival not in chosen:
                found["margin"] = best - logit
                break
    return found


def normalised(text: str) -> str:
    """A candidate token in lower case without white space around it; the token itself where
    nothing is left.

    >>> normalised(" The"), normalised(chr(10))
    ('the', '\\n')
    """
    return _SPACES.sub(" ", text).strip().lower() or text


def softmax(values: Sequence[float]) -> list[float]:
    """The distribution proportional to the exponentials of the values."""
    top = max(values)
    weights = [math.exp(value - top) for value in values]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def most_probable(scores: Mapping[str, float]) -> str:
    """The key with the largest value, the first of equal ones."""
    return max(scores, key=scores.__getitem__)


def _gap(values: Sequence[float]) -> float:
    first, second = sorted(values, reverse=True)[:2]
    return first - second
