"""The server over a pair of streams, from the first message to the last."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import BinaryIO

from cosmosql.lsp.capabilities import register
from cosmosql.lsp.server import CosmosServer
from cosmosql.model.boundary import NOTHING, Trusted


def serve(
    today: Callable[[], datetime.date],
    trusted: Trusted = NOTHING,
    *,
    stdin: BinaryIO,
    stdout: BinaryIO,
) -> int:
    """Answers until the client says `exit` or goes away. Returns the protocol's exit code: 0 after
    a `shutdown`, else 1."""
    server = register(CosmosServer(today, trusted))
    server.start_io(stdin, stdout)
    return 0 if server.asked_to_stop else 1
