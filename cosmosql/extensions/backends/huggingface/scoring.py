"""Log-likelihoods of competing answers: what `score` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from cosmosql.contracts.backend import Progress, Scored, ScoreRequest
from cosmosql.extensions.backends.huggingface.forward import (
    Engine,
    Prefilled,
    Prefix,
    batches,
    call,
    continued,
    left_padded,
    positions_of,
    prefill,
    read_prefix,
)
from cosmosql.extensions.backends.huggingface.tokens import Split, shared_prefix


@dataclass(slots=True)
class _Tally:
    """What is known of one request's answers so far."""

    log_likelihood: list[float] = field(default_factory=list)
    first_logit: list[float] = field(default_factory=list)


def score(
    engine: Engine, requests: Sequence[ScoreRequest], progress: Progress | None = None
) -> tuple[Scored, ...]:
    """Every request's options scored, exactly as one forward pass an option would (up to the
    rounding of the dtype).

    The beginning that all prompts share is read once. Each prompt's rest is read once for all its
    options: their first tokens come from its last position, and only options of several tokens
    cost another, short pass over the prompt's cache.
    """
    splits = engine.tokens.competing(requests)
    engine.require_fit(
        [len(split.context) + max(map(len, split.answers), default=0) for split in splits]
    )
    tallies = [_Tally() for _ in splits]
    if engine.shares_prefix:
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
    )


def _score_from_cache(
    engine: Engine, splits: Sequence[Split], tallies: Sequence[_Tally], progress: Progress | None
) -> None:
    contexts = [split.context for split in splits]
    # Every prompt keeps a last token of its own, whose logits are wanted.
    common = min(shared_prefix(contexts), min(map(len, contexts), default=1) - 1)
    prefix = read_prefix(engine, contexts[0][:common]) if len(splits) > 1 else _NO_PREFIX
    rests = [context[prefix.length :] for context in contexts]
    done = 0
    for batch in batches([len(rest) for rest in rests], engine.batch_tokens):
        prefilled = prefill(engine, prefix, [rests[index] for index in batch])
        chosen = [splits[index] for index in batch]
        first = torch.log_softmax(prefilled.logits, dim=-1)
        for row, index in enumerate(batch):
            ids = [answer[0] for answer in splits[index].answers]
            tallies[index].log_likelihood = first[row, ids].tolist()
            tallies[index].first_logit = prefilled.logits[row, ids].tolist()
        for row, option, further in _further_tokens(engine, prefilled, chosen):
            tallies[batch[row]].log_likelihood[option] += further
        done += len(batch)
        if progress:
            progress(done, len(splits))


_NO_PREFIX = Prefix(length=0, layers=())


def _further_tokens(
    engine: Engine, prefilled: Prefilled, splits: Sequence[Split]
) -> list[tuple[int, int, float]]:
    """(row, option, log-likelihood of the tokens after its first) where there are such tokens."""
    places = [
        (row, option, answer)
        for row, split in enumerate(splits)
        for option, answer in enumerate(split.answers)
        if len(answer) > 1
    ]
    width = prefilled.mask.shape[1]
    found = []
    for batch in batches([width + len(answer) for *_, answer in places], 2 * engine.batch_tokens):
        rows = [places[index][0] for index in batch]
        answers = [places[index][2] for index in batch]
        logits = continued(engine, prefilled, rows, [answer[:-1] for answer in answers])
        likelihoods = torch.log_softmax(logits, dim=-1)
        for place, index in enumerate(batch):
            row, option, answer = places[index]
            steps = torch.arange(len(answer) - 1)
            further = likelihoods[place, steps, list(answer[1:])].sum().item()
            found.append((row, option, further))
    return found


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
