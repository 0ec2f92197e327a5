"""What an endpoint would charge for a candidate's requests, by its declared price."""

from __future__ import annotations

import numpy as np

from cosmosql.interval import Unmeasured
from cosmosql.model.program import Price
from cosmosql.predict.cost import drawn
from cosmosql.predict.forecast import Distribution
from cosmosql.predict.pairing import Array
from cosmosql.predict.tokens import RequestTokens

ADAPTED = "the endpoint's price is for the model as it is, not for an adapter of it"


def charged(tokens: RequestTokens, price: Price) -> Array:
    """Money of one request, shape (draws,): its tokens as billed. Those of a beginning that is long
    enough to be cached cost the cached price where one is declared, else what all input costs."""
    whole, output = float(price.input.base), float(price.output.base)
    cached = whole if price.cached_input is None else float(price.cached_input.base)
    found = np.where(tokens.cached >= price.cache_from, tokens.cached, 0.0)
    return np.asarray((tokens.prompt - found) * whole + found * cached + tokens.completion * output)


def discounted(tokens: RequestTokens, price: Price) -> Array | Unmeasured:
    """Money of one request that may wait: the batch discount on the full prices. Batches are run
    in any order, so that nothing is taken for cached."""
    if price.batch_discount is None:
        return Unmeasured(f"{price.name} declares no `batch_discount`")
    full = tokens.prompt * float(price.input.base) + tokens.completion * float(price.output.base)
    return np.asarray(full * (1 - price.batch_discount))


def endpoint_costs(
    tokens: RequestTokens | Unmeasured, price: Price, *, trains: bool, n_test: int, seed: int
) -> dict[str, Distribution | Unmeasured]:
    """`endpoint_cost` and `batch_cost` of one request; unmeasured for a model that was adapted."""
    if trains:
        tokens = Unmeasured(ADAPTED)
    if isinstance(tokens, Unmeasured):
        return dict.fromkeys(("endpoint_cost", "batch_cost"), tokens)
    found = {"endpoint_cost": charged(tokens, price), "batch_cost": discounted(tokens, price)}
    unit = f"{price.input.dimension.currency}/request"
    return {
        name: money
        if isinstance(money, Unmeasured)
        else drawn(money, unit, "predicted", tokens.rows, n_test=n_test, seed=seed)
        for name, money in found.items()
    }
