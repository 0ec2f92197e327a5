"""The files of a spec: the spec itself and, through `import`, other files and `std`."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix, InputError, Label
from cosmosql.diagnostics.suggest import Correction, closest, correction
from cosmosql.model.boundary import (
    NOTHING,
    Boundary,
    Trusted,
    outside,
    outside_itself,
    real_path,
)
from cosmosql.model.report import Report
from cosmosql.schema.kinds import KINDS
from cosmosql.schema.measures import MEASURES
from cosmosql.schema.registry import names
from cosmosql.source import Source
from cosmosql.syntax.parse import MAXIMUM_BYTES, ParseCache, decode, decode_bytes, parse
from cosmosql.syntax.tree import (
    Block,
    Constant,
    Import,
    Name,
    Parameter,
    Reference,
    Text,
    Tree,
)

SUFFIX = ".cosmos"
STANDARD = "std"

MOST_MODULES = 256
MOST_IMPORTS = 2_000
MOST_BYTES = MAXIMUM_BYTES
"""Of a spec and all that it imports: bounds, so that reading one from a stranger ends soon."""
MOST_GUESSES = 20
MOST_CIRCLES = 20
"""Missing modules for which a similar name is looked for, and import cycles that are told."""


@dataclass(slots=True, eq=False)
class LoadedModule:
    """One file with its names. Tables are filled while loading and only read afterwards."""

    prefix: str
    """How the spec's references begin for its declarations: `` for the spec itself, `models`,
    `base.models`; the shortest chain of aliases that leads to it."""
    path: Path
    shown: str
    """Its path relative to the spec's directory, or `std.models`."""
    tree: Tree
    damaged: bool
    """True where syntax errors have cost it some of its declarations."""
    aliases: dict[str, Import] = field(default_factory=dict)
    """The imports by their names, those that failed too."""
    imports: dict[str, LoadedModule] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Aliases of imports that failed: nothing is said of names that go through them."""
    constants: dict[str, Constant | Parameter] = field(default_factory=dict)
    blocks: dict[tuple[str, str], Block] = field(default_factory=dict)
    owners: dict[str, list[str]] = field(default_factory=dict)
    """The kinds that declare a name."""
    names: dict[str, list[str]] = field(default_factory=dict)
    """The names that a kind declares."""

    @property
    def directory(self) -> Path:
        """Relative paths of the file start here."""
        return self.path.parent

    def qualified(self, name: str) -> str:
        """A name of this module as the spec refers to it."""
        return f"{self.prefix}.{name}" if self.prefix else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    spec: LoadedModule
    imported: tuple[LoadedModule, ...]
    """Nearest first; those of one file in the order of its imports."""
    probes: LoadedModule
    """`std.probes`, which holds the ladder for queries that name none."""

    @property
    def all(self) -> tuple[LoadedModule, ...]:
        return (self.spec, *self.imported)


def load_modules(
    path: Path,
    report: Report,
    *,
    texts: Mapping[Path, str] | None = None,
    trusted: Trusted = NOTHING,
    cache: ParseCache | None = None,
) -> Modules:
    """The spec and all that it imports; raises InputError where the spec itself cannot be read.

    `texts` stand in for what resolved paths hold. Everything stays inside the boundary of the
    spec's directory, so that checking a foreign spec reads nothing else.
    """
    loader = _Loader(path, report, texts or {}, Boundary.around(path, trusted), cache)
    return loader.load(loader.specification())


class _Loader:
    def __init__(
        self,
        path: Path,
        report: Report,
        texts: Mapping[Path, str],
        boundary: Boundary,
        cache: ParseCache | None,
    ) -> None:
        self.path = path
        self.texts = texts
        self.boundary = boundary
        self.cache = cache
        self.report = report
        self.by_file: dict[Path, LoadedModule] = {}
        self.waiting: deque[LoadedModule] = deque()
        self.bytes_left = MOST_BYTES
        self.imports_left = MOST_IMPORTS
        self.full = False
        self.missing = 0

    def specification(self) -> Source:
        """The text of the spec itself. A link that leads elsewhere is not followed: what is wrong
        with a text is shown, and that text would be another's."""
        if not self.boundary.holds(self.path):
            raise InputError([outside_itself(self.path)])
        source = self.read(self.path, named(self.path))
        if isinstance(source, Diagnostic):
            raise InputError([source])
        return source

    def read(self, path: Path, shown: str) -> Source | Diagnostic:
        """The text that stands in for a file, or the file's own."""
        text = self.texts.get(real_path(path))
        if text is None:
            return decode(path, shown)
        return decode_bytes(text.encode("utf-8", "surrogatepass"), shown)

    def load(self, source: Source) -> Modules:
        spec = self._module(self.path, self.path.name, source, prefix="")
        self._follow_imports()
        probes = self._standard_probes()
        self._follow_imports()
        modules = tuple(self.by_file.values())
        _report_cycles(modules, self.report)
        return Modules(spec=spec, imported=modules[1:], probes=probes)

    def _follow_imports(self) -> None:
        """Breadth first, so that a module's prefix is the shortest chain of aliases."""
        while self.waiting:
            module = self.waiting.popleft()
            for node in module.tree.declarations:
                if isinstance(node, Import):
                    self._import(module, node)

    def _module(self, path: Path, shown: str, source: Source, *, prefix: str) -> LoadedModule:
        tree, diagnostics = parse(source, self.cache)
        self.report.extend(diagnostics)
        module = LoadedModule(
            prefix=prefix, path=path, shown=shown, tree=tree, damaged=bool(diagnostics)
        )
        self.by_file[real_path(path)] = module
        self.bytes_left -= len(source.text)
        self.waiting.append(module)
        _declare(module, self.report)
        return module

    def _import(self, module: LoadedModule, node: Import) -> None:
        """Enters the imported module under its alias; it is loaded at its first import."""
        alias = node.alias
        if alias.text in module.constants:
            _twice(alias, module.constants[alias.text].name, self.report)
            return
        if alias.text in module.aliases:
            _twice(alias, module.aliases[alias.text].alias, self.report)
            return
        module.aliases[alias.text] = node
        if alias.text in (*KINDS, *MEASURES, *names("metric")):
            _shadows(alias, self.report)
            return
        module.broken.add(alias.text)
        self.imports_left -= 1
        if self.imports_left <= 0 and self._is_full(node):
            return
        place = self._place(module, node)
        if place is None:
            return
        path, shown, source_name = place
        found = self.by_file.get(real_path(path))
        if found is None:
            if self._is_full(node):
                return
            source = self.read(path, source_name)
            if isinstance(source, Diagnostic):
                self.report.extend([replace(source, labels=(Label(node.span, "imported here"),))])
                return
            prefix = module.qualified(alias.text)
            found = self._module(path, shown, source, prefix=prefix)
        module.imports[alias.text] = found
        module.broken.discard(alias.text)

    def _place(self, module: LoadedModule, node: Import) -> tuple[Path, str, str] | None:
        """The file that an import names, as (path, name in plans, name in messages)."""
        if node.path is None:
            return self._standard_place(node.module) if node.module is not None else None
        path = module.directory / node.path.value
        real = real_path(path)
        if not self.boundary.holds(real):
            self.report.extend([outside(path, path, node.path.span)])
            return None
        if real.suffix != SUFFIX:
            self.report.add(
                "E0205",
                "module not found",
                node.path.span,
                "this is no spec",
                notes=(f"a module is a file whose name ends in `{SUFFIX}`",),
                help="name such a file; rows belong into a `dataset`",
            )
            return None
        if real not in self.texts and not _is_file(real):
            self.missing += 1
            listed = real.parent.glob(f"*{SUFFIX}") if self.missing <= MOST_GUESSES else ()
            beside = sorted(entry.name for entry in listed if entry != module.path)
            self.report.add(
                "E0205",
                "module not found",
                node.path.span,
                "no such file",
                **_beside(node.path, real.name, beside),
            )
            return None
        standard = self.boundary.standard
        if real.is_relative_to(standard):
            shown = real.relative_to(standard).as_posix()
            return path, f"{STANDARD}.{real.stem}", f"std/{shown}"
        shown = Path(os.path.relpath(real, self.boundary.home)).as_posix()
        return path, shown, named(self.path.parent / shown)

    def _is_full(self, node: Import) -> bool:
        """True where no further file is read; E0216 is reported once."""
        known = len(self.by_file) < MOST_MODULES
        if known and self.bytes_left > 0 and self.imports_left > 0:
            return False
        if not self.full:
            self.full = True
            self.report.add(
                "E0216",
                "too many files are imported",
                node.span,
                "this file is not read any more",
                notes=(
                    f"a spec and what it imports are at most {MOST_MODULES} files with "
                    f"{MOST_IMPORTS:_} imports and {MOST_BYTES:_} characters",
                ),
                help="declare what belongs together in one file, and rows in a data file",
            )
        return True

    def _standard_place(self, reference: Reference) -> tuple[Path, str, str] | None:
        parts = [part.text for part in reference.parts]
        known = sorted(path.stem for path in self.boundary.standard.glob(f"*{SUFFIX}"))
        if reference.wildcard:
            self.report.add(
                "E0205",
                "module not found",
                reference.span,
                "a module is imported whole, under one name",
                help=f"write `import {'.'.join(parts)} as {parts[-1]}`",
            )
            return None
        if len(parts) == 2 and parts[0] == STANDARD and parts[1] in known:
            return (
                self.boundary.standard / f"{parts[1]}{SUFFIX}",
                f"{STANDARD}.{parts[1]}",
                f"std/{parts[1]}{SUFFIX}",
            )
        listed = [f"{STANDARD}.{name}" for name in known]
        self.report.add(
            "E0205",
            "module not found",
            reference.span,
            "no such module",
            **correction(reference.span, listed, f"the standard modules are {', '.join(listed)}"),
        )
        return None

    def _standard_probes(self) -> LoadedModule:
        path = self.boundary.standard / f"probes{SUFFIX}"
        found = self.by_file.get(real_path(path))
        if found is not None:
            return found
        shown = f"{STANDARD}.probes"
        source = Source(f"std/{path.name}", path.read_text(encoding="utf-8"))
        return self._module(path, shown, source, prefix=shown)


def named(path: Path) -> str:
    """How messages name a file of the user's. `std/` is the standard library, so a directory of
    that name is `./std/`."""
    name = path.as_posix()
    return f"./{name}" if name.startswith(f"{STANDARD}/") else name


def _beside(written: Text, name: str, files: Sequence[str]) -> Correction:
    """The help and the fix for a path that ends in a `name` of no file."""
    nearest = closest(name, files)
    if nearest is None:
        return {"help": "paths are relative to the importing file", "fix": None}
    fits = written.value.endswith(name) and nearest.isprintable() and '"' not in nearest
    corrected = written.value.removesuffix(name) + nearest
    return {
        "help": f"did you mean `{corrected}`?",
        "fix": Fix(written.span, f'"{corrected}"') if fits and "\\" not in corrected else None,
    }


def _is_file(path: Path) -> bool:
    """False also where the system refuses the question: a name too long, a closed directory."""
    try:
        return path.is_file()
    except OSError:
        return False


def _declare(module: LoadedModule, report: Report) -> None:
    """Enters the names of a tree; reports E0204, E0207 and E0208."""
    metrics = names("metric")
    for node in module.tree.declarations:
        match node:
            case Parameter() | Constant():
                if node.name.text in module.constants:
                    _twice(node.name, module.constants[node.name.text].name, report)
                else:
                    module.constants[node.name.text] = node
                    if node.name.text in (*MEASURES, *metrics, *KINDS):
                        _shadows(node.name, report)
            case Block():
                if node.kind.text not in KINDS:
                    report.add(
                        "E0208",
                        "unknown kind of declaration",
                        node.kind.span,
                        "no such kind",
                        **correction(node.kind.span, KINDS, f"the kinds are {', '.join(KINDS)}"),
                    )
                elif (node.kind.text, node.name.text) in module.blocks:
                    _twice(node.name, module.blocks[node.kind.text, node.name.text].name, report)
                else:
                    module.blocks[node.kind.text, node.name.text] = node
                    module.owners.setdefault(node.name.text, []).append(node.kind.text)
                    module.names.setdefault(node.kind.text, []).append(node.name.text)


def _twice(name: Name, first: Name, report: Report) -> None:
    report.add(
        "E0207",
        "declared twice",
        name.span,
        "this name is taken already",
        others=[Label(first.span, "it is declared here")],
        help="rename one of the two",
    )


def _shadows(name: Name, report: Report) -> None:
    report.add(
        "E0204",
        "shadows a name of the language",
        name.span,
        "this names a measure, a metric or a kind",
        notes=("a query would no longer say which of the two it means",),
        help="choose another name",
    )


def _report_cycles(modules: tuple[LoadedModule, ...], report: Report) -> None:
    """E0202 at every import that closes a cycle."""
    done: set[Path] = set()
    path: list[LoadedModule] = []
    told = 0

    def visit(module: LoadedModule) -> None:
        nonlocal told
        path.append(module)
        for node in module.tree.declarations:
            found = module.imports.get(node.alias.text) if isinstance(node, Import) else None
            if found is None:
                continue
            if found in path and told == MOST_CIRCLES:
                continue
            if found in path:
                told += 1
                circle = path[path.index(found) :]
                steps = [
                    Label(item.aliases[name].alias.span, f"this imports `{after.shown}`")
                    for item, after in pairwise(circle)
                    for name, other in item.imports.items()
                    if other is after
                ]
                chain = [item.shown for item in circle] + [found.shown]
                report.add(
                    "E0202",
                    "import cycle",
                    node.span,
                    "this import leads back here",
                    others=steps,
                    notes=(" imports ".join(chain),),
                    help="move what both files need into a third one",
                )
            elif found.path not in done:
                visit(found)
        path.pop()
        done.add(module.path)

    for module in modules:
        if module.path not in done:
            visit(module)
