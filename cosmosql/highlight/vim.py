"""The syntax file of Vim and Neovim, written from the vocabulary.

`python -m cosmosql.highlight.vim` renews the files in `grammar/vim/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cosmosql.highlight.vocabulary import Vocabulary, vocabulary
from cosmosql.resources import resource

LINKS = {
    "cosmosComment": "Comment",
    "cosmosAllowed": "PreProc",
    "cosmosDoc": "SpecialComment",
    "cosmosText": "String",
    "cosmosEscape": "SpecialChar",
    "cosmosColumn": "Identifier",
    "cosmosNumber": "Number",
    "cosmosUnit": "Type",
    "cosmosBoolean": "Boolean",
    "cosmosKeyword": "Keyword",
    "cosmosClause": "Statement",
    "cosmosKind": "Structure",
    "cosmosName": "Function",
    "cosmosAttribute": "Identifier",
    "cosmosSection": "Label",
    "cosmosFunction": "Function",
    "cosmosMeasure": "Constant",
    "cosmosWrongUnit": "Error",
    "cosmosWrongEscape": "Error",
}
"""Group to the group of every colour scheme that it looks like."""

_NAME = r"\h\w*"
_ITEM = r"%(^|\{)\s*\zs"


def syntax() -> str:
    """`syntax/cosmos.vim`, the same at every call. Keywords have their colour only where they can
    stand."""
    words = vocabulary()
    lines = [
        '" Written by `python -m cosmosql.highlight.vim`.',
        'if exists("b:current_syntax")',
        "  finish",
        "endif",
        *_items(words),
        *_values(words),
        *(f"hi def link {group} {look}" for group, look in LINKS.items()),
        'let b:current_syntax = "cosmos"',
    ]
    return "\n".join(lines) + "\n"


def _either(words: Iterable[str]) -> str:
    """An alternative of very magic patterns, the longest first: Vim takes the first that fits."""
    listed = sorted(words, key=lambda word: (-len(word), word))
    return f"%({'|'.join(word.replace('%', '[%]') for word in listed)})"


def _match(group: str, pattern: str, more: str = "") -> str:
    return f"syn match {group} '\\v{pattern}'{f' {more}' if more else ''}"


def _items(words: Vocabulary) -> Iterator[str]:
    """What stands at the start of a line or of a block's items. Of two matches at one place Vim
    takes the one that is defined last."""
    joining = {word for inner in words.clauses.values() for word in inner}
    named = "nextgroup=cosmosName skipwhite"
    kinds = _either(words.kinds)
    yield _match("cosmosName", _NAME, "contained")
    yield _match("cosmosAttribute", rf"{_ITEM}{_either(words.attributes)}\ze\s*\=\=@!")
    yield _match("cosmosSection", rf"{_ITEM}{_NAME}\ze\s*\{{")
    yield _match("cosmosKind", rf"^\s*%(template\s+)?\zs{kinds}\ze\s+{_NAME}", named)
    yield _match("cosmosKind", rf"<{kinds}\ze\.")
    yield _match("cosmosKeyword", r"^\s*\zs%(language|import|param|let|template)>\ze\s")
    yield _match("cosmosKeyword", rf"<%(extends|using|as)>\ze\s+{_NAME}")
    yield _match("cosmosKeyword", rf'\.@1<!<{_either(joining)}>\ze\s+%([0-9A-Za-z_"(\[]|-\S)')
    yield _match("cosmosClause", rf"{_ITEM}{_either(words.clauses)}>")


def _values(words: Vocabulary) -> Iterator[str]:
    """Numbers, texts, comments and the words of expressions."""
    unit = _either(words.units)
    # The words that follow a number and are no unit: the grammar's own list.
    [joins] = re.findall(r"\(\?!\(\?:([a-z|]+)\)", words.unit)
    yield _match("cosmosBoolean", rf"\.@1<!<{_either(words.constants)}>\ze%(\s*[.(\=])@!")
    yield _match("cosmosFunction", rf"<{_either(words.functions)}\ze\(")
    yield _match("cosmosMeasure", rf"\.@1<!<{_either(words.measures)}>\ze%(\s*\=[^\=]|\.)@!")
    yield _match("cosmosWrongUnit", rf"%(%({joins})>)@!\a[0-9A-Za-z_/-]*", "contained")
    yield _match("cosmosUnit", rf"{unit}%([-/]{unit})*%([0-9A-Za-z_]|[-/]\a)@!", "contained")
    yield _match(
        "cosmosNumber",
        r"<\d[0-9_]*%(\.[0-9_]+)?%([eE][+-]?\d+)?",
        "nextgroup=cosmosUnit,cosmosWrongUnit skipwhite",
    )
    yield (
        "syn region cosmosText start='\"' skip='\\\\.' end='\"' end='$' "
        "contains=cosmosEscape,cosmosColumn,cosmosWrongEscape oneline"
    )
    yield _match("cosmosWrongEscape", r"\\.", "contained")
    yield _match("cosmosEscape", r'\\["\\nt]|\{\{|\}\}', "contained")
    yield _match("cosmosColumn", r'\{[^{}"\\]+\}', "contained")
    yield _match("cosmosAllowed", r"(#\s*)@<=allow\s+\a\d+(\s*,\s*\a\d+)*", "contained")
    yield _match("cosmosComment", r"#.*$", "contains=@Spell,cosmosAllowed")
    yield _match("cosmosDoc", r"^\s*##.*$", "contains=@Spell")


DETECTION = "au BufRead,BufNewFile *.cosmos setfiletype cosmos\n"
SETTINGS = """\
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1
setlocal commentstring=#\\ %s comments=b:##,b:# expandtab shiftwidth=2 softtabstop=2
setlocal makeprg=cosmosql\\ check\\ %:S
setlocal errorformat=%Eerror[E%n]:\\ %m,%Wwarning[W%n]:\\ %m,%C\\ %#-->\\ %f:%l:%c,%-G%.%#
let b:undo_ftplugin = "setlocal commentstring< comments< expandtab< shiftwidth<"
let b:undo_ftplugin .= " softtabstop< makeprg< errorformat<"
"""


def files() -> Mapping[str, str]:
    """Path below `grammar/vim` to content."""
    return {
        "syntax/cosmos.vim": syntax(),
        "ftdetect/cosmos.vim": DETECTION,
        "ftplugin/cosmos.vim": SETTINGS,
    }


def write(directory: Path) -> None:
    """Writes the files below a directory."""
    for name, text in files().items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(resource("grammar") / "vim")
