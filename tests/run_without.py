"""Runs the command line as on a machine without some packages.

python tests/run_without.py torch,transformers check examples/quickstart.cosmos
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from typing import NoReturn

HF_EXTRA = ("torch", "transformers", "peft", "sklearn", "bm25s", "datasets")
EXTRAS = (*HF_EXTRA, "pygls", "lsprotocol", "yaml", "httpx", "huggingface_hub", "tokenizers")
"""What no command needs that only reads: the packages of every extra."""


class Missing(MetaPathFinder):
    def __init__(self, names: set[str]) -> None:
        self._names = names

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self._names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def main() -> NoReturn:
    sys.meta_path.insert(0, Missing(set(sys.argv.pop(1).split(","))))
    from cosmosql.cli.main import main as command_line

    command_line()
    raise SystemExit


if __name__ == "__main__":
    main()
