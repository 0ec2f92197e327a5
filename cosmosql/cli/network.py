"""Commands that review: they open no socket, whatever a spec names."""

from __future__ import annotations

import os


def stay_offline() -> None:
    """Makes the libraries that know model and dataset hubs answer from their caches alone. They
    read this when they are first imported, which no command has done yet."""
    os.environ["HF_HUB_OFFLINE"] = "1"
