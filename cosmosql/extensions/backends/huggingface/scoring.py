"""Log-likelihoods of competing answers: what `score` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from cosmosql.contracts.backend import Progress, Scored, ScoreRequest
from cosmosql.extensions.backends.huggingface.forward import (
    Engine,
    Prefix,
    batches,
    branch,
    call,
    left_padded,
    positions_of,
    prefill,
    read_prefix,
)
from cosmosql.extensions.backends.huggingface.tokens import Branches, Split, shared_prefix

LOGITS_A_TOKEN = 16_384
"""Logits that take about as much memory as a token's keys, values and activations."""


@dataclass(slots=True)
class _Tally:
    """What is known of one request's answers so far."""

    log_likelihood: list[float] = field(default_factory=list)
    first_logit: list[float] = field(default_factory=list)
    cached_tokens: int = 0


def score(
    engine: Engine, requests: Sequence[ScoreRequest], progress: Progress | None = None
) -> tuple[Scored, ...]:
    """Every request's options scored, exactly as one forward pass an option would (up to the
    rounding of the dtype).

    The beginning that all prompts share is read once. Each prompt's rest is read once for all its
    options: their first tokens come from its last position, and options of several tokens cost
    one more, short pass over the prompt's cache, whatever their number.
    """
    splits = engine.tokens.competing(requests)
    engine.require_fit(
        [len(split.context) + max(map(len, split.answers), default=0) for split in splits]
    )
    tallies = [_Tally() for _ in splits]
    if engine.shares:
        _score_from_cache(engine, splits, tallies, progress)
    else:
        _score_in_full(engine, splits, tallies, progress)
    return tuple(_scored(split, tally) for split, tally in zip(splits, tallies, strict=True))


def _scored(split: Split, tally: _Tally) -> Scored:
    likelihoods = tally.log_likelihood
    best = max(range(len(likelihoods)), key=likelihoods.__getitem__)
    return Scored(
        log_likelihood=tuple(likelihoods),
        first_token=tuple(answer[0] for answer in split.answers),
        first_logit=tuple(tally.first_logit),
        prompt_tokens=split.prompt_tokens,
        completion_tokens=len(split.answers[best]),
        cached_tokens=tally.cached_tokens,
    )


def _score_from_cache(
    engine: Engine, splits: Sequence[Split], tallies: Sequence[_Tally], progress: Progress | None
) -> None:
    contexts = [split.context for split in splits]
    # Every prompt keeps a last token of its own, whose logits are wanted.
    common = min(shared_prefix(contexts), min(map(len, contexts), default=1) - 1)
    prefix = read_prefix(engine, contexts[0][:common]) if len(splits) > 1 else _NO_PREFIX
    rests = [context[prefix.length :] for context in contexts]
    for tally in tallies[1:]:
        tally.cached_tokens = prefix.length
    branches = [Branches.of(split.answers) for split in splits]
    # A beginning's logits are kept, a prompt token's are not: with a large vocabulary they weigh.
    weight = 1 + engine.vocabulary // LOGITS_A_TOKEN
    loads = [
        len(rest) + weight * len(one.tokens) for rest, one in zip(rests, branches, strict=True)
    ]
    done = 0
    for batch in batches(loads, engine.batch_tokens):
        prefilled = prefill(engine, prefix, [rests[index] for index in batch])
        first = torch.log_softmax(prefilled.logits, dim=-1)
        for row, index in enumerate(batch):
            ids = [answer[0] for answer in splits[index].answers]
            tallies[index].log_likelihood = first[row, ids].tolist()
            tallies[index].first_logit = prefilled.logits[row, ids].tolist()
        if any(branches[index].tokens for index in batch):
            logits = branch(engine, prefilled, [branches[index] for index in batch])
            for row, index in enumerate(batch):
                _add_further_tokens(
                    tallies[index], splits[index], branches[index], logits[row].float()
                )
        done += len(batch)
        if progress:
            progress(done, len(splits))


_NO_PREFIX = Prefix(length=0, layers=())


def _add_further_tokens(
    tally: _Tally, split: Split, branches: Branches, logits: torch.Tensor
) -> None:
    """Adds the log-likelihood of each answer's tokens after its first."""
    steps = [
        (option, branches.places[answer[:length]], answer[length])
        for option, answer in enumerate(split.answers)
        for length in range(1, len(answer))
    ]
    if not steps:
        return
    options, places, tokens = zip(*steps, strict=True)
    found = torch.log_softmax(logits, dim=-1)[list(places), list(tokens)].tolist()
    for option, likelihood in zip(options, found, strict=True):
        tally.log_likelihood[option] += likelihood


def _score_in_full(
    engine: Engine, splits: Sequence[Split], tallies: Sequence[_Tally], progress: Progress | None
) -> None:
    """One sequence an option: for models whose cache cannot be copied."""
    places = [
        (index, option, split.context + answer)
        for index, split in enumerate(splits)
        for option, answer in enumerate(split.answers)
    ]
    for tally, split in zip(tallies, splits, strict=True):
        tally.log_likelihood = [0.0] * len(split.answers)
        tally.first_logit = [0.0] * len(split.answers)
    done = 0
    for batch in batches([len(ids) for *_, ids in places], engine.batch_tokens):
        chosen = [places[index] for index in batch]
        tokens, mask = left_padded([ids for *_, ids in chosen], engine.tokens.pad, engine.device)
        keep = 1 + max(len(splits[index].answers[option]) for index, option, _ in chosen)
        output = call(engine, tokens, mask, positions_of(mask), keep=keep, use_cache=False)
        logits = output.logits[:, -keep:].float()
        likelihoods = torch.log_softmax(logits, dim=-1)
        for row, (index, option, _) in enumerate(chosen):
            answer = splits[index].answers[option]
            steps = torch.arange(keep - 1 - len(answer), keep - 1)
            total = likelihoods[row, steps, list(answer)].sum().item()
            tallies[index].log_likelihood[option] = total
            tallies[index].first_logit[option] = logits[row, steps[0], answer[0]].item()
        done += len(batch)
        if progress:
            progress(done, len(places))
