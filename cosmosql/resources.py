"""Where the files live that travel with the package: the grammar, the standard library, pages."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_IN_TREE = {"grammar": "grammar", "stdlib": "stdlib", "errors": "docs/errors"}


def resource(name: str) -> Path:
    """The directory of `grammar`, `stdlib` or `errors`: in an installed wheel below
    `cosmosql/share`, else in the source tree. Raises KeyError for another name.
    """
    in_tree = _PACKAGE.parent / _IN_TREE[name]
    packaged = _PACKAGE / "share" / name
    return packaged if packaged.is_dir() else in_tree
