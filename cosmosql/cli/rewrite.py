"""A person's own file, rewritten in place."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from cosmosql.diagnostics.diagnostic import reject


def rewrite(path: Path, before: bytes, after: bytes) -> None:
    """Makes an existing file hold `after` and keeps its mode: after any interruption it holds the
    old bytes or the new. A link is followed; what it leads to is rewritten.

    Raises InputError E0111 where the file is read-only, the file system refuses, or the file holds
    something else than `before`: somebody has saved it since it was read.
    """
    target = path.resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    made = False
    try:
        mode = stat.S_IMODE(target.stat().st_mode)
        if not mode & 0o222 or not os.access(target, os.W_OK):
            raise PermissionError(None, "the file is read-only")
        with partial.open("xb") as file:
            made = True
            partial.chmod(mode)
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        if target.read_bytes() != before:
            raise OSError(None, "the file was changed meanwhile")
        partial.replace(target)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        reject(
            "E0111",
            "cannot write the file",
            notes=(f"`{path}`: {reason}", "what was there before is unchanged"),
            help="make the file and its directory writable, or print the text: "
            f"`cosmosql fmt - < {path}`",
        )
    finally:
        if made:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
