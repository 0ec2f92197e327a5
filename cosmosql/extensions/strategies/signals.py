"""How sure an answer is, from what its model says of the alternatives.

Every signal is made here, whether a model answers now or its answers were recorded: from the raw
logits of the options (`logit_signals`), their probabilities (`distribution_signals`) or the
log-probabilities of the answer's tokens (`token_signals`). A signal that cannot be had is absent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from cosmosql.contracts.backend import Generated, Scored

_SPACES = re.compile(r"\s+")

QUANTILE = 0.2
"""Of an answer's token log-probabilities: the level of `quantile_logprob`. arXiv 2404.10136
compares all levels, and which one is best depends on the task; at 0 it is `min_logprob`."""


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


def logit_signals(logits: Sequence[float]) -> dict[str, float]:
    """Signals of raw logits, one an option that competes: `margin`, the gap of the two best, and
    those of the distribution that they make."""
    found = distribution_signals(softmax(logits))
    if len(logits) > 1:
        found["margin"] = _gap(logits)
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


def token_signals(logprobs: Sequence[float]) -> dict[str, float]:
    """Signals of an answer's token log-probabilities, in nats: their mean, their smallest and their
    0.2-quantile, interpolated between tokens. Low quantiles tell an answer with one doubtful token
    from one that is merely long (arXiv 2404.10136, Chow-Quantile)."""
    if not logprobs:
        return {}
    ordered = sorted(logprobs)
    place = QUANTILE * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return {
        "mean_logprob": math.fsum(ordered) / len(ordered),
        "min_logprob": ordered[0],
        "quantile_logprob": ordered[below] + (place - below) * (ordered[above] - ordered[below]),
    }


def open_signals(generated: Generated) -> dict[str, float]:
    """Signals of a generated answer: those of its tokens' log-probabilities and the `margin` of its
    first token against the best candidate that is no other spelling of it: neither a sub- nor a
    superstring after normalisation (arXiv 2405.02134)."""
    found = token_signals(generated.token_logprobs)
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
