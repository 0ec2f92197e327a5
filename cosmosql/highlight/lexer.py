"""The Pygments lexer of `.cosmos` files, for Sphinx, MkDocs, rich and `pygmentize`.

Registered under the entry-point group `pygments.lexers`; nothing else imports it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, include
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from cosmosql.highlight.vocabulary import (
    ALLOWED,
    joining,
    known_unit,
    next_declaration,
    one_of,
    vocabulary,
)

_SPACE = r"([ \t]+)"
_GAP = r"([ \t]*)"


def _states() -> dict[str, list[Any]]:
    """The rules by state. A line end leaves the states of one line; brackets hold more than one,
    and no bracket holds a declaration."""
    words = vocabulary()
    name = f"({words.name})"
    magnitude = f"({words.magnitude})"
    states: dict[str, list[Any]] = {
        "root": [
            include("blank"),
            (
                rf"(language)\b{_SPACE}{magnitude}",
                bygroups(Keyword.Declaration, Whitespace, Number),
            ),
            (r"import\b", Keyword.Namespace, "import"),
            (
                rf"(param|let)\b{_SPACE}{name}{_GAP}(=)",
                bygroups(Keyword.Declaration, Whitespace, Name.Constant, Whitespace, Operator),
                "value",
            ),
            (rf"(template)\b{_SPACE}(?={words.name}[ \t])", bygroups(Keyword, Whitespace)),
            (
                rf"({one_of(words.kinds)}){_SPACE}{name}",
                bygroups(Keyword.Type, Whitespace, Name.Class),
                "header",
            ),
            (
                rf"{name}{_SPACE}{name}",
                bygroups(Name.Other, Whitespace, Name.Class),
                "header",
            ),
        ],
        "blank": [
            (r"^([ \t]*)(##[^\n]*)", bygroups(Whitespace, Comment.Special)),
            (r"\n|[ \t\r]+", Whitespace),
            include("comment"),
        ],
        "comment": [
            (
                rf"(#[ \t]*)({ALLOWED})([^\n]*)",
                bygroups(Comment.Single, Comment.Preproc, Comment.Single),
            ),
            (r"#[^\n]*", Comment.Single),
        ],
        "next declaration": [(next_declaration(words), Whitespace, "#pop")],
        "rest of line": [
            include("next declaration"),
            (r"\n", Whitespace, "#pop"),
            (r"[ \t\r]+", Whitespace),
            include("comment"),
            (r"(?=\})", Whitespace, "#pop"),
        ],
        "import": [
            include("rest of line"),
            (rf"(?<!\.)(as)\b{_SPACE}{name}", bygroups(Keyword, Whitespace, Name.Namespace)),
            (r'"', String.Double, "path"),
            (words.name, Name.Namespace),
            (r"\.", Punctuation),
        ],
        "header": [
            (r"\n", Whitespace, "#pop"),
            (r"[ \t\r]+", Whitespace),
            include("comment"),
            (rf"(extends)\b(?=[ \t]+{words.name})", Keyword),
            (
                rf"(?<!\.)(using)\b{_SPACE}({one_of(words.implementations)})\b",
                bygroups(Keyword, Whitespace, Name.Builtin),
            ),
            (rf"(?<!\.)(using)\b{_SPACE}{name}", bygroups(Keyword, Whitespace, Name.Other)),
            (r"\{", Punctuation, ("#pop", "body")),
            include("reference"),
        ],
        "body": [
            include("next declaration"),
            include("blank"),
            (r"\}", Punctuation, "#pop"),
            *((rf"{head}\b", Keyword, f"clause {head}") for head in words.clauses),
            (rf"{name}{_GAP}(\{{)", bygroups(Name.Label, Whitespace, Punctuation), "#push"),
            (
                rf"({one_of(words.attributes)}){_GAP}(=)",
                bygroups(Name.Attribute, Whitespace, Operator),
                "value",
            ),
            (rf"{name}{_GAP}(=)", bygroups(Name.Other, Whitespace, Operator), "value"),
        ],
        "value": [include("rest of line"), include("expression")],
        "brackets": [
            include("next declaration"),
            (r"[\])]", Punctuation, "#pop"),
            include("blank"),
            include("expression"),
        ],
        "expression": [
            (r'"', String.Double, "text"),
            (
                rf"{magnitude}{_GAP}({known_unit(words)})",
                bygroups(Number, Whitespace, Keyword.Pseudo),
            ),
            (rf"{magnitude}{_GAP}({words.unit})", bygroups(Number, Whitespace, Error)),
            (words.magnitude, Number),
            (r"[\[(]", Punctuation, "brackets"),
            (rf"{one_of(words.constants)}\b(?![ \t]*[.(])", Keyword.Constant),
            (rf"{one_of(words.functions)}(?=\()", Name.Function),
            include("reference"),
            (r"<=|>=|==|[<>+*/-]", Operator),
            (r",", Punctuation),
        ],
        "reference": [
            (rf"{one_of(words.kinds)}(?=\.)", Keyword.Type),
            (rf"{words.name}(?=\.)", Name.Namespace),
            (rf"(?<=\.){words.name}", Name.Variable),
            (r"(?<=\.)\*", Operator),
            (r"\.", Punctuation),
            (rf"{one_of(words.measures)}\b", Name.Builtin),
            (rf"{one_of(words.choices)}\b", Name.Constant),
            (words.name, Name),
        ],
        "quoted": [
            (r'"', String.Double, "#pop"),
            (r"(?=\n)", String.Double, "#pop"),
            (r'\\["\\nt]', String.Escape),
            (r"\\.", Error),
        ],
        "path": [include("quoted"), (r'[^"\\\n]+', String.Double)],
        "text": [
            include("quoted"),
            (r"\{\{|\}\}", String.Escape),
            (r'\{[^{}"\\\n]+\}', String.Interpol),
            (r'[^"\\\n{}]+|[{}]', String.Double),
        ],
    }
    for head, inner in words.clauses.items():
        joined = [(joining(inner), Keyword)] if inner else []
        states[f"clause {head}"] = [include("rest of line"), *joined, include("expression")]
    return states


class CosmosLexer(RegexLexer):  # type: ignore[misc]
    """A spec of CosmosQL. An Error token stands where the language has no such character, unit or
    escape."""

    name = "CosmosQL"
    aliases: ClassVar[list[str]] = ["cosmos", "cosmosql"]
    filenames: ClassVar[list[str]] = ["*.cosmos"]
    mimetypes: ClassVar[list[str]] = ["text/x-cosmos"]
    version_added = ""

    tokens = _states()
