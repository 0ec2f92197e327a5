"""Commands that review: they open no socket and leave nothing behind, whatever a spec names."""

from __future__ import annotations

import os


def stay_offline() -> None:
    """Makes the libraries that know model and dataset hubs answer from their caches alone, and
    torch make no directory for code that it would compile. They read this when they are first
    imported, which no command has done yet."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_DATASETS_OFFLINE"] = "1"
    # torch makes sure of its directory while it is imported; this one is always there.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.sep)
