"""The TextMate grammar and the language configuration of editors, written from the vocabulary.

`python -m cosmosql.highlight.textmate` renews the files in `grammar/`.
"""

from __future__ import annotations

import json
import plistlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from cosmosql import __version__
from cosmosql.highlight.vocabulary import (
    ALLOWED,
    Vocabulary,
    joining,
    known_unit,
    next_declaration,
    one_of,
    vocabulary,
)
from cosmosql.resources import resource

Rule: TypeAlias = dict[str, Any]

_SPACE = r"[ \t]+"
_GAP = r"[ \t]*"


def textmate() -> Rule:
    """The grammar of scope `source.cosmos`, the same at every call.

    Keywords have their colour only where they can stand. An unclosed bracket colours nothing
    beyond the next line that opens a declaration in column 0.
    """
    words = vocabulary()
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "CosmosQL",
        "scopeName": "source.cosmos",
        "fileTypes": ["cosmos"],
        "patterns": _includes("comment", "language", "import", "constant", "block"),
        "repository": {
            "comment": _comment(),
            "language": _language(words),
            "import": _import(words),
            "constant": _constant(words),
            "block": _block(words),
            "body": _body(words),
            "clause": {"patterns": [_clause(words, head) for head in words.clauses]},
            "attribute": _attribute(words),
            "section": _section(words),
            "expression": _includes_only(
                "comment", "text", "number", "boolean", "call", "brackets", "reference", "operator"
            ),
            "text": _text(),
            "path": _quoted("string.quoted.double.path", [_ESCAPE, _WRONG_ESCAPE]),
            "number": _number(words),
            "boolean": {
                "match": rf"(?<!\.)\b{one_of(words.constants)}\b(?!{_GAP}[.(])",
                "name": "constant.language.boolean.cosmos",
            },
            "call": _call(words),
            "brackets": {"patterns": [_bracket(words, *pair) for pair in ("[]", "()")]},
            "reference": _reference(words),
            "operator": _operator(),
        },
    }


def _includes(*names: str) -> list[Rule]:
    return [{"include": f"#{name}"} for name in names]


def _includes_only(*names: str) -> Rule:
    return {"patterns": _includes(*names)}


def _captures(*scopes: str | None) -> Rule:
    """Scopes of the groups 1, 2, …"""
    return {
        str(place): {"name": f"{scope}.cosmos"}
        for place, scope in enumerate(scopes, start=1)
        if scope
    }


def _comment() -> Rule:
    return {
        "patterns": [
            {
                "match": rf"^{_GAP}((##).*)$",
                "captures": _captures(
                    "comment.line.documentation", "punctuation.definition.comment"
                ),
            },
            {
                "match": rf"(#)[ \t]*({ALLOWED})?.*$",
                "name": "comment.line.number-sign.cosmos",
                "captures": _captures("punctuation.definition.comment", "keyword.other.directive"),
            },
        ]
    }


def _language(words: Vocabulary) -> Rule:
    return {
        "match": rf"^{_GAP}(language){_SPACE}({words.magnitude})",
        "captures": _captures("keyword.other.language", "constant.numeric"),
    }


def _import(words: Vocabulary) -> Rule:
    return {
        "begin": rf"^{_GAP}(import)\b",
        "beginCaptures": _captures("keyword.control.import"),
        "end": "$",
        "name": "meta.import.cosmos",
        "patterns": [
            *_includes("comment", "path"),
            {
                "match": rf"(?<!\.)\b(as){_SPACE}({words.name})",
                "captures": _captures("keyword.control.as", "entity.name.namespace"),
            },
            {"match": words.name, "name": "entity.name.namespace.cosmos"},
            {"match": r"\.", "name": "punctuation.accessor.cosmos"},
        ],
    }


def _constant(words: Vocabulary) -> Rule:
    return {
        "begin": rf"^{_GAP}(param|let){_SPACE}({words.name}){_GAP}(=)(?!=)",
        "beginCaptures": _captures(
            "storage.type.constant", "variable.other.constant", "keyword.operator.assignment"
        ),
        "end": rf"$|{next_declaration(words)}",
        "patterns": _includes("expression"),
    }


def _block(words: Vocabulary) -> Rule:
    return {
        "begin": rf"^{_GAP}(?:(template){_SPACE})?(?:({one_of(words.kinds)})|({words.name}))"
        rf"{_SPACE}({words.name})\b",
        "beginCaptures": _captures(
            "storage.modifier.template", "storage.type", "variable.other", "entity.name.type"
        ),
        "end": rf"(?<=\}})|$|{next_declaration(words)}",
        "name": "meta.block.cosmos",
        "patterns": [
            *_includes("comment", "body"),
            {
                "begin": rf"\b(extends)(?={_SPACE})",
                "beginCaptures": _captures("storage.modifier.extends"),
                "end": rf"(?={_SPACE}using\b(?!\.)|{_GAP}[{{#]|$)",
                "patterns": _includes("reference"),
            },
            {
                "match": rf"(?<!\.)\b(using){_SPACE}"
                rf"(?:({one_of(words.implementations)})\b|({words.name}))",
                "captures": _captures("keyword.other.using", "support.class", "entity.name.class"),
            },
        ],
    }


def _body(words: Vocabulary) -> Rule:
    return {
        "begin": r"\{",
        "beginCaptures": {"0": {"name": "punctuation.section.block.begin.cosmos"}},
        "end": rf"(\}})|{next_declaration(words)}",
        "endCaptures": _captures("punctuation.section.block.end"),
        "patterns": _includes("comment", "clause", "section", "attribute"),
    }


def _clause(words: Vocabulary, head: str) -> Rule:
    inner = words.clauses[head]
    joined = [{"match": joining(inner), "name": "keyword.other.cosmos"}] if inner else []
    return {
        "begin": rf"\b({head})\b",
        "beginCaptures": _captures("keyword.control"),
        "end": rf"$|(?=\}})|{next_declaration(words)}",
        "name": f"meta.clause.{head}.cosmos",
        "patterns": [*joined, *_includes("expression")],
    }


def _attribute(words: Vocabulary) -> Rule:
    return {
        "begin": rf"\b(?:({one_of(words.attributes)})|({words.name})){_GAP}(=)(?!=)",
        "beginCaptures": _captures(
            "support.type.property-name", "variable.other.property", "keyword.operator.assignment"
        ),
        "end": rf"$|(?=\}})|{next_declaration(words)}",
        "patterns": _includes("expression"),
    }


def _section(words: Vocabulary) -> Rule:
    return {
        "begin": rf"\b({words.name}){_GAP}(?=\{{)",
        "beginCaptures": _captures("entity.name.section"),
        "end": rf"(?<=\}})|{next_declaration(words)}",
        "patterns": _includes("body"),
    }


_ESCAPE = {"match": r'\\["\\nt]', "name": "constant.character.escape.cosmos"}
_WRONG_ESCAPE = {"match": r"\\.", "name": "invalid.illegal.escape.cosmos"}


def _quoted(scope: str, patterns: list[Rule]) -> Rule:
    return {
        "begin": '"',
        "beginCaptures": {"0": {"name": "punctuation.definition.string.begin.cosmos"}},
        "end": '(")|$',
        "endCaptures": _captures("punctuation.definition.string.end"),
        "name": f"{scope}.cosmos",
        "patterns": patterns,
    }


def _text() -> Rule:
    return _quoted(
        "string.quoted.double",
        [
            _ESCAPE,
            _WRONG_ESCAPE,
            {"match": r"\{\{|\}\}", "name": "constant.character.escape.cosmos"},
            {
                "match": r'(\{)([^{}"\\]+)(\})',
                "name": "meta.interpolation.cosmos",
                "captures": _captures(
                    "punctuation.section.interpolation.begin",
                    "variable.interpolation",
                    "punctuation.section.interpolation.end",
                ),
            },
        ],
    )


def _number(words: Vocabulary) -> Rule:
    start = rf"(?<![A-Za-z0-9_])({words.magnitude})"
    return {
        "patterns": [
            {
                "match": rf"{start}{_GAP}({known_unit(words)})",
                "captures": _captures("constant.numeric", "keyword.other.unit"),
            },
            {
                "match": rf"{start}(?:{_GAP}({words.unit}))?",
                "captures": _captures("constant.numeric", "invalid.illegal.unit"),
            },
        ]
    }


def _call(words: Vocabulary) -> Rule:
    return {
        "match": rf"\b(?:({one_of(words.functions)})|({words.name}))(?=\()",
        "captures": _captures("support.function", "variable.function"),
    }


def _bracket(words: Vocabulary, opens: str, closes: str) -> Rule:
    return {
        "begin": rf"\{opens}",
        "beginCaptures": {"0": {"name": "punctuation.section.brackets.begin.cosmos"}},
        "end": rf"(\{closes})|{next_declaration(words)}",
        "endCaptures": _captures("punctuation.section.brackets.end"),
        "patterns": _includes("expression"),
    }


def _reference(words: Vocabulary) -> Rule:
    return {
        "patterns": [
            {"match": rf"\b{one_of(words.kinds)}(?=\.)", "name": "support.type.kind.cosmos"},
            {"match": rf"\b{words.name}(?=\.)", "name": "entity.name.namespace.cosmos"},
            {"match": rf"(?<=\.){words.name}", "name": "variable.other.member.cosmos"},
            {"match": r"(?<=\.)\*", "name": "keyword.operator.wildcard.cosmos"},
            {"match": r"\.", "name": "punctuation.accessor.cosmos"},
            {
                "match": rf"\b{one_of(words.measures)}\b",
                "name": "support.variable.measure.cosmos",
            },
            {"match": rf"\b{one_of(words.choices)}\b", "name": "support.constant.cosmos"},
            {"match": rf"\b{words.name}\b", "name": "variable.other.cosmos"},
        ]
    }


def _operator() -> Rule:
    return {
        "patterns": [
            {"match": "<=|>=|==|<|>", "name": "keyword.operator.comparison.cosmos"},
            {"match": "[-+*/]", "name": "keyword.operator.arithmetic.cosmos"},
            {"match": ",", "name": "punctuation.separator.cosmos"},
        ]
    }


def configuration() -> Rule:
    """What an editor closes, comments, folds and indents by itself."""
    pairs = [["{", "}"], ["[", "]"], ["(", ")"]]
    return {
        "comments": {"lineComment": "#"},
        "brackets": pairs,
        "autoClosingPairs": [
            *({"open": opens, "close": closes} for opens, closes in pairs),
            {"open": '"', "close": '"', "notIn": ["string", "comment"]},
        ],
        "surroundingPairs": [*pairs, ['"', '"']],
        "wordPattern": vocabulary().name,
        "indentationRules": {
            "increaseIndentPattern": r"^[^#\"]*[{\[(]\s*(#.*)?$",
            "decreaseIndentPattern": r"^\s*[}\])]",
        },
        "onEnterRules": [
            {"beforeText": r"^\s*##", "action": {"indent": "none", "appendText": "## "}}
        ],
    }


def extension() -> Rule:
    """The manifest that makes the directory an extension of VS Code and a bundle for JetBrains."""
    return {
        "name": "cosmos-grammar",
        "displayName": "CosmosQL grammar",
        "description": "Colours, brackets and comments of .cosmos files.",
        "version": __version__,
        "publisher": "cosmosql",
        "license": "Apache-2.0",
        "private": True,
        "engines": {"vscode": "^1.75.0"},
        "categories": ["Programming Languages"],
        "contributes": {
            "languages": [
                {
                    "id": "cosmos",
                    "aliases": ["CosmosQL", "cosmos"],
                    "extensions": [".cosmos"],
                    "configuration": "./cosmos.language-configuration.json",
                }
            ],
            "grammars": [
                {
                    "language": "cosmos",
                    "scopeName": "source.cosmos",
                    "path": "./cosmos.tmLanguage.json",
                }
            ],
        },
    }


def files() -> Mapping[str, bytes]:
    """Name to content of what is checked in under `grammar/`."""
    documents = {
        "cosmos.tmLanguage.json": textmate(),
        "cosmos.language-configuration.json": configuration(),
        "package.json": extension(),
    }
    made = {
        name: (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
        for name, document in documents.items()
    }
    plist = {key: value for key, value in textmate().items() if not key.startswith("$")}
    return {**made, "cosmos.tmLanguage": plistlib.dumps(plist, sort_keys=False)}


def write(directory: Path) -> None:
    """Writes the files into a directory."""
    for name, content in files().items():
        (directory / name).write_bytes(content)


if __name__ == "__main__":
    write(resource("grammar"))
