"""The server over a pair of streams, from the first message to the last."""

from __future__ import annotations

import datetime
import gc
from collections.abc import Callable
from typing import BinaryIO

from cosmosql.lsp.capabilities import register
from cosmosql.lsp.server import CosmosServer
from cosmosql.model.boundary import NOTHING, Trusted

YOUNG_OBJECTS = 200_000
"""New objects after which the garbage collector looks for cycles among them."""


def serve(
    today: Callable[[], datetime.date],
    trusted: Trusted = NOTHING,
    *,
    stdin: BinaryIO,
    stdout: BinaryIO,
) -> int:
    """Answers until the client says `exit` or goes away. Returns the protocol's exit code: 0 after
    a `shutdown`, else 1."""
    # Nearly all that an analysis makes dies with the next one: looking for cycles at the usual
    # pace takes a quarter of the time, and finds nothing.
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)
    server = register(CosmosServer(today, trusted))
    server.start_io(stdin, stdout)
    return 0 if server.asked_to_stop else 1
