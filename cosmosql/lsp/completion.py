"""What could stand at the cursor, from the schema and from the names of the files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from cosmosql.diagnostics.pages import title
from cosmosql.lsp.cursor import cursor
from cosmosql.lsp.files import paths_below
from cosmosql.lsp.proposals import Proposal, Sort
from cosmosql.lsp.scope import Scope
from cosmosql.lsp.values import after_number, formula, names, units, values
from cosmosql.lsp.workspace import Snapshot
from cosmosql.model.boundary import Boundary
from cosmosql.model.modules import STANDARD, SUFFIX
from cosmosql.model.occurrences import extension_of
from cosmosql.model.silence import SILENCEABLE
from cosmosql.schema import registry
from cosmosql.schema.fields import FieldType
from cosmosql.schema.kinds import BY_HAND, KINDS, Kind
from cosmosql.schema.reference import default_text, takes_text

CLAUSES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "for": ("for", "task.…", "Which task."),
        "among": ("among", "strategy.*", "The candidates: strategies, and policies over them."),
        "measure": (
            "measure",
            "within 3 USD",
            "How candidates are probed, and what that may cost.",
        ),
        "maximize": ("objective", "accuracy", "What is best, highest first."),
        "minimize": ("objective", "serve_cost", "What is best, lowest first."),
        "require": ("require", "accuracy >= 80%", "What a candidate must be shown to satisfy."),
        "decide": ("decide", "within 1 pp", "When probing may stop."),
        "escalate": (
            "escalate",
            "to strategy.big when margin < 1.5",
            "When the next stage is asked.",
        ),
    }
)
"""A clause's first word to the schema's name for it, what could follow, and what it says."""

REPEATED = ("require", "escalate")

DECLARATIONS: Mapping[str, str] = MappingProxyType(
    {
        "import": "Names another file, or a module of `std`.",
        "param": "A constant that `--set` replaces.",
        "let": "A constant.",
        "template": "A declaration that is there only to be extended.",
    }
)

_HEAD = r"(?:template[ \t]+)?(\w+)[ \t]+\w+[ \t]+"
_EXTENDS = r"extends[ \t]+[\w.]+[ \t]+"
_DEFINED = re.compile(r"(?:param|let)[ \t]+\w+[ \t]*=(?!=)")
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)[ \t]*=(?!=)")
_IMPORTED = re.compile(r'import[ \t]+(?:[\w.]+|"[^"]*")[ \t]+\Z')
_AFTER_USING = re.compile(rf"{_HEAD}(?:{_EXTENDS})?using[ \t]+\Z")
_AFTER_EXTENDS = re.compile(rf"{_HEAD}extends[ \t]+[\w.]*\Z")
_AFTER_NAME = re.compile(rf"{_HEAD}({_EXTENDS})?\Z")
_COMPARED = re.compile(r"[<>=]=?[ \t]*\S.*[ \t]\Z")
_ALLOWING = re.compile(r"#[ \t]*allow[ \t]+(?:[A-Z]\d{4},[ \t]*)*\w*\Z")
_BRACE = re.compile(r"(?:[^{]|\{\{)*\{([A-Za-z0-9_]*)\Z", re.S)


def complete(snapshot: Snapshot, offset: int) -> tuple[Proposal, ...]:
    """What could stand at an offset of the snapshot's document, likeliest first. Nothing that is
    said already and can be said only once."""
    module = snapshot.module
    if module is None:
        return ()
    scope = Scope(snapshot, module, cursor(snapshot.document.text.text, offset))
    unique: dict[str, Proposal] = {}
    for proposal in _proposals(scope):
        unique.setdefault(proposal.label, proposal)
    return tuple(unique.values())


def _proposals(scope: Scope) -> Iterator[Proposal]:
    at = scope.at
    if at.comment:
        yield from _in_comment(scope, at.statement)
        return
    if at.text is not None:
        yield from _in_text(scope, at.text)
    elif at.kind is None:
        yield from _at_top(scope, at.before)
    elif at.kind in KINDS:
        yield from _in_block(scope, KINDS[at.kind], at.before)


def _in_comment(scope: Scope, statement: str) -> Iterator[Proposal]:
    """The codes that a comment can allow."""
    if _ALLOWING.search(statement):
        for code in sorted(SILENCEABLE):
            yield scope.proposal(code, Sort.VALUE, title(code) or "", "", f"{code}: ")


def _at_top(scope: Scope, before: str) -> Iterator[Proposal]:
    """Outside of blocks: declarations, imports, headers."""
    words = before.split()
    if not words or words == ["template"]:
        for kind in KINDS.values():
            yield scope.proposal(kind.name, Sort.KIND, "", kind.doc, f"{kind.name} ")
        for word, doc in DECLARATIONS.items() if not words else ():
            yield scope.proposal(word, Sort.KEYWORD, "", doc, f"{word} ")
    elif words == ["import"]:
        doc = "The standard library."
        yield scope.proposal(STANDARD, Sort.MODULE, "", doc, f"{STANDARD}.")
    elif words == ["import", f"{STANDARD}."]:
        for path in sorted(Boundary.around(scope.module.path).standard.glob(f"*{SUFFIX}")):
            text = f"{path.stem} as {path.stem}"
            yield scope.proposal(path.stem, Sort.MODULE, f"{STANDARD}.{path.stem}", "", text)
    elif _IMPORTED.match(before):
        yield scope.proposal("as", Sort.KEYWORD, "", "Names what is imported.", "as ")
    elif _DEFINED.match(before):
        yield from values(scope, None)
    else:
        yield from _in_header(scope, before)


def _in_header(scope: Scope, before: str) -> Iterator[Proposal]:
    using, extends = _AFTER_USING.match(before), _AFTER_EXTENDS.match(before)
    named = _AFTER_NAME.match(before)
    kind = KINDS.get(next((match[1] for match in (using, extends, named) if match), ""))
    if kind is None:
        return
    if using:
        for word in registry.implementations(kind):
            extension = extension_of(kind, word)
            doc = extension.doc if extension else ""
            yield scope.proposal(word, Sort.EXTENSION, kind.name, doc)
    elif extends:
        yield from names(scope, kind.name, templates=True)
    elif named:
        if not named[2]:
            doc = "Copies a declaration, and replaces whole fields."
            yield scope.proposal("extends", Sort.KEYWORD, "", doc, "extends ")
        if kind.plugged or kind.words:
            yield scope.proposal("using", Sort.KEYWORD, "", "What implements it.", "using ")


def _in_block(scope: Scope, kind: Kind, before: str) -> Iterator[Proposal]:
    assigned = _ASSIGNED.match(before)
    if not before:
        yield from _attributes(scope, kind)
        if scope.at.section is None:
            yield from _sections_and_clauses(scope, kind)
    elif assigned:
        fields = {field.name: field for field in scope.fields(kind)}
        yield from values(scope, fields.get(assigned[1]))
    elif scope.at.section is None:
        yield from _in_clause(scope, before.split(maxsplit=1)[0], before)


def _attributes(scope: Scope, kind: Kind) -> Iterator[Proposal]:
    """What may still be said, what must be said first."""
    inherited = scope.inherited(kind)
    fields = [field for field in scope.fields(kind) if field.name not in scope.at.written]
    for required in (True, False):
        for field in fields:
            needed = field.required and field.name not in inherited
            if needed is required:
                default = default_text(field)
                detail = takes_text(field, quote="")
                detail += "; required" if needed else f"; left out: {default}" if default else ""
                text = f"{field.name} = "
                yield scope.proposal(field.name, Sort.ATTRIBUTE, detail, field.doc, text)


def _sections_and_clauses(scope: Scope, kind: Kind) -> Iterator[Proposal]:
    said = scope.at.written
    for section in kind.sections:
        if section.name not in said:
            text = f"{section.name} {{"
            yield scope.proposal(section.name, Sort.SECTION, "section", section.doc, text)
    decided = bool({"maximize", "minimize"} & said)
    for word, (clause, follows, doc) in CLAUSES.items():
        taken = decided if clause == "objective" else word in said and word not in REPEATED
        if clause in kind.clauses and not taken:
            yield scope.proposal(word, Sort.KEYWORD, f"{word} {follows}", doc, f"{word} ")


def _in_clause(scope: Scope, word: str, before: str) -> Iterator[Proposal]:
    match word:
        case "for":
            yield from names(scope, "task")
        case "among":
            yield from names(scope, "strategy", "policy", wildcard=True)
        case "measure":
            yield from _in_measure(scope, before)
        case "decide":
            if after_number(scope):
                yield from units(scope)
            yield from _next_words(scope, "within", "with confidence")
        case "escalate":
            yield from _in_escalate(scope, before)
        case "maximize" | "minimize" | "require":
            if word == "require" and _COMPARED.search(before):
                yield from _next_words(scope, "with confidence")
            yield from formula(scope)


def _in_measure(scope: Scope, before: str) -> Iterator[Proposal]:
    if after_number(scope):
        yield from units(scope)
    elif re.search(r"\bwith[ \t]+[\w.]*\Z", before):
        yield from names(scope, "probe")
    elif re.search(r"\bwithin[ \t]+[\w.]*\Z", before):
        yield from names(scope, "budget")
    else:
        yield from _next_words(scope, "with", "within")


def _in_escalate(scope: Scope, before: str) -> Iterator[Proposal]:
    if re.search(r"\bto[ \t]+[\w.]*\Z", before):
        yield from names(scope, "strategy")
    elif re.search(r"\bwhen[ \t]+\Z", before):
        for signal in BY_HAND:
            yield scope.proposal(signal, Sort.VALUE, "signal")
    else:
        yield from _next_words(scope, "to", "when")


def _next_words(scope: Scope, *words: str) -> Iterator[Proposal]:
    """Words that a clause does not hold yet."""
    for word in words:
        if not re.search(rf"\b{word}\b", scope.at.before):
            yield scope.proposal(word, Sort.KEYWORD, "", "", f"{word} ")


def _in_text(scope: Scope, inside: str) -> Iterator[Proposal]:
    """Within quotes: paths, and the columns of a template."""
    statement = scope.at.statement
    if statement.startswith("import"):
        yield from _paths(scope, inside, (SUFFIX,))
        return
    assigned, kind = _ASSIGNED.match(statement), KINDS.get(scope.at.kind or "")
    if assigned is None or kind is None:
        return
    fields = {field.name: field for field in scope.fields(kind)}
    field, brace = fields.get(assigned[1]), _BRACE.match(inside)
    if kind.name == "task" and assigned[1] in ("input", "instruction"):
        if brace is not None:
            start = scope.at.offset - len(brace[1])
            # An editor that pairs braces has written the second one.
            end = "" if scope.snapshot.document.text.text.startswith("}", scope.at.offset) else "}"
            for column in scope.columns() if assigned[1] == "input" else ("labels",):
                yield Proposal(column, Sort.COLUMN, start, "column", "", column + end)
    elif field is not None and field.type is FieldType.PATH:
        yield from _paths(scope, inside, ())


def _paths(scope: Scope, inside: str, suffixes: tuple[str, ...]) -> Iterator[Proposal]:
    """Files and directories beside and below the spec."""
    if not scope.snapshot.document.saved:
        return
    head, _, begun = inside.rpartition("/")
    directory = scope.module.directory / head
    boundary = Boundary.around(scope.snapshot.document.path)
    lead = "./" if suffixes and not head else ""
    for name, inner in paths_below(directory, boundary, suffixes):
        if directory / name != scope.module.path:
            text = f"{lead}{name}/" if inner else f"{lead}{name}"
            yield Proposal(name, Sort.FILE, scope.at.offset - len(begun), "", "", text)
