"""Texts of users in the Markdown that an editor renders: shown as they are, never as markup, so
that no comment of a stranger's spec makes an editor load a picture or follow a link."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"[\\\[\]<>!_*#|~]")


def prose(text: str) -> str:
    """A text whose signs mean nothing but themselves; code in backticks stays code.

    >>> prose("see [this](x) and `a_b`")
    'see \\\\[this\\\\](x) and `a_b`'
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:
        parts = ["'".join(parts)]
    return "`".join(
        part if index % 2 else _MARKUP.sub(lambda match: f"\\{match[0]}", part)
        for index, part in enumerate(parts)
    )


def inline(text: str) -> str:
    """A text as code within a line."""
    return f"`{' '.join(text.replace('`', chr(39)).split())}`"


def fenced(text: str) -> str:
    """Lines of a spec as a block of code."""
    return f"```cosmos\n{text.replace('```', '')}\n```"
