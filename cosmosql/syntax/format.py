"""The one canonical form of a file: same tree, same comments, one way to write them.

Blanks, line ends and empty lines follow from rules; names, texts, digits and brackets are the
author's. What was formatted once is not changed again.
"""

from __future__ import annotations

from collections.abc import Sequence

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
from cosmosql.source import Source
from cosmosql.syntax.parse import ParseCache, decode_bytes, parse
from cosmosql.syntax.statements import Body, Comment, Statement, read_statements
from cosmosql.syntax.wrap import INDENT, lines_of

CLAUSES = {
    "for": 0,
    "among": 1,
    "measure": 2,
    "maximize": 3,
    "minimize": 3,
    "require": 4,
    "decide": 5,
}
"""The order in which a query's clauses are written. Those of equal rank keep their order."""

_FAMILIES = {"language": "language", "import": "import", "param": "constant", "let": "constant"}


def format_source(source: Source, cache: ParseCache | None = None) -> str:
    """The canonical text of a file. It parses to the same tree, but for spans and the order of
    a query's clauses. `cache` is that of `parse`.

    Raises InputError with what `parse` finds, as a file with mistakes has no canonical form; and
    E0109 where indentation makes the text too large to be read again.
    """
    diagnostics = parse(source, cache)[1]
    if diagnostics:
        raise InputError(diagnostics)
    lines: list[str] = []
    file = read_statements(source.text)
    _write_items(file, lines, 0, file.items)
    text = "".join(f"{line}\n" for line in lines)
    result = decode_bytes(text.encode(), source.name)
    if isinstance(result, Diagnostic):
        raise InputError([result])
    return result.text


def _write_items(body: Body, lines: list[str], indent: int, items: Sequence[Statement]) -> None:
    previous: Statement | None = None
    for item in items:
        own = lines_of(item.words, indent, _opening(item))
        if len(own) > 1 and item.trailing:
            # Whatever it says of the line, such as `# allow W0603`, it says of the first one.
            item.inner.append(item.trailing)
            item.trailing = ""
        _hoist(item, declares=indent == 0)
        _separate(previous, item, declares=indent == 0)
        _write_comments(item.comments, lines, indent)
        if item.blank:
            lines.append("")
        lines += own
        _write_trailing(lines, item.trailing)
        _write_body(item, lines, indent)
        previous = item
    if body.end and not items:
        body.end[0] = Comment(False, body.end[0].text)
    _write_comments(body.end, lines, indent)


def _opening(item: Statement) -> str:
    if item.body is None:
        return ""
    return " {" if item.body.items or item.body.end or item.trailing else " {}"


def _write_body(item: Statement, lines: list[str], indent: int) -> None:
    body = item.body
    if body is None:
        return
    if _opening(item) == " {":
        _write_items(body, lines, indent + INDENT, _ordered(body.items))
        lines.append(" " * indent + "}")
    _write_trailing(lines, body.closing)


def _write_trailing(lines: list[str], comment: str) -> None:
    if comment:
        lines[-1] += f"  {comment}"


def _write_comments(comments: Sequence[Comment], lines: list[str], indent: int) -> None:
    for blank, text in comments:
        if blank:
            lines.append("")
        lines.append(" " * indent + text)


def _ordered(items: list[Statement]) -> list[Statement]:
    """The clauses of a query in their order; everything else keeps its place.

    Comments that an empty line parts from the first item stay on top.
    """
    places = [index for index, item in enumerate(items) if _is_clause(item)]
    clauses = sorted((items[index] for index in places), key=lambda item: CLAUSES[item.words[0]])
    ordered = list(items)
    for index, clause in zip(places, clauses, strict=True):
        ordered[index] = clause
    if ordered and ordered[0] is not items[0]:
        _move_heading(items[0], ordered[0])
    return ordered


def _is_clause(item: Statement) -> bool:
    return item.body is None and item.words[0] in CLAUSES


def _move_heading(old: Statement, new: Statement) -> None:
    """Gives what stands above the last empty line before an item to another one."""
    blanks = [comment.blank for comment in old.comments[1:]] + [old.blank]
    if old.comments and True in blanks:
        count = len(blanks) - blanks[::-1].index(True)
        heading, old.comments = old.comments[:count], old.comments[count:]
        if new.comments:
            new.comments = [*heading, Comment(True, new.comments[0].text), *new.comments[1:]]
        else:
            new.comments, new.blank = heading, True


def _documentation(item: Statement) -> int:
    """How many of the comments above a declaration are its documentation."""
    if item.blank:
        return 0
    count = 0
    for comment in reversed(item.comments):
        if not comment.text.startswith("##"):
            break
        count += 1
        if comment.blank:
            break
    return count


def _hoist(item: Statement, *, declares: bool) -> None:
    """Moves the comments inside brackets above the statement and its documentation.

    An empty line keeps one that starts with `##` from becoming documentation.
    """
    if not item.inner:
        return
    place = len(item.comments) - (_documentation(item) if declares else 0)
    below = item.comments[place:]
    blank = below[0].blank if below else item.blank
    apart = declares and item.inner[-1].startswith("##")
    hoisted = [Comment(blank or apart, item.inner[0])]
    hoisted += [Comment(False, text) for text in item.inner[1:]]
    if below:
        below[0] = Comment(apart, below[0].text)
    else:
        item.blank = apart
    item.comments = [*item.comments[:place], *hoisted, *below]


def _separate(previous: Statement | None, item: Statement, *, declares: bool) -> None:
    """Puts an empty line where one belongs between two items, and takes others away.

    An author's empty lines stay beside comments only: they tell what a comment is about.
    """
    first = item.comments[0] if item.comments else None
    if previous is None:
        if first:
            item.comments[0] = Comment(False, first.text)
        else:
            item.blank = False
    elif not _apart(previous, item, declares=declares):
        item.blank = item.blank and first is not None
    elif first is None:
        item.blank = True
    elif not (item.blank or any(comment.blank for comment in item.comments)):
        item.comments[0] = Comment(True, first.text)


def _apart(previous: Statement, item: Statement, *, declares: bool) -> bool:
    """True where an empty line must stand between two items."""
    if not declares:
        return previous.body is not None or item.body is not None
    family = _FAMILIES.get(item.words[0])
    if item.body is not None or family is None or family != _FAMILIES.get(previous.words[0]):
        return True
    return _documentation(item) > 0
