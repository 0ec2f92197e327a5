"""`cosmosql` and `python -m cosmosql`: an interrupt while the command line is still loading ends
like any other."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    try:
        from cosmosql.cli.main import main as run
    except KeyboardInterrupt:
        print("interrupted; nothing had begun", file=sys.stderr)  # noqa: T201
        raise SystemExit(INTERRUPTED) from None
    run()


if __name__ == "__main__":
    main()
