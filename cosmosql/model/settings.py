"""Values of parameters from outside the spec: `--params FILE` and `--set name=value`. Both are read
by the language's own grammar, and mean what they would mean in place of the default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
from cosmosql.model.modules import LoadedModule, Modules
from cosmosql.model.report import Report, suggestion
from cosmosql.source import Source, Span
from cosmosql.syntax.parse import decode, parse
from cosmosql.syntax.tree import Expression, Language, Parameter, Text

Settings: TypeAlias = Mapping[str, str | Parameter]
"""Values by the parameter's name: the text of a `--set`, or what a file of `--params` says."""


_EXPRESSIONS = ('"', "[", "(", "sweep(", "#")
"""How a value begins that is written in the grammar."""

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
"""The backslash first: the others bring one."""


def read_params(files: Iterable[Path]) -> dict[str, Parameter]:
    """The parameters that files set; a later file wins over an earlier one.

    Raises InputError: E0109 where a file cannot be read, E0207 where one says a name twice, E0214
    where something else than a parameter stands in it, and what is wrong with its text.
    """
    report = Report()
    found: dict[str, Parameter] = {}
    for path in files:
        source = decode(path)
        if isinstance(source, Diagnostic):
            report.extend([source])
        else:
            found.update(_params_of(source, report))
    if report.failed:
        raise InputError(report.diagnostics)
    return found


def _params_of(source: Source, report: Report) -> dict[str, Parameter]:
    tree, diagnostics = parse(source)
    report.extend(diagnostics)
    found: dict[str, Parameter] = {}
    for node in tree.declarations:
        if isinstance(node, Language):
            continue
        if not isinstance(node, Parameter):
            report.add(
                "E0214",
                "only parameters stand in a settings file",
                node.span,
                "this is no parameter",
                notes=("what is declared is the spec's to say; a file of `--params` sets values",),
                help="keep lines such as `param floor = 82%`, and move the rest into the spec",
            )
        elif node.name.text in found:
            report.add(
                "E0207",
                "declared twice",
                node.name.span,
                "this name is taken already",
                help="keep one of the two",
            )
        else:
            found[node.name.text] = node
    return found


def read_settings(
    settings: Settings, modules: Modules, report: Report
) -> dict[tuple[str, str], Expression]:
    """The expressions by (module prefix, parameter name); reports unknown names (E0201) and
    texts that are no value. `base.floor` sets a parameter of an imported file."""
    found: dict[tuple[str, str], Expression] = {}
    known = {
        module.qualified(name): (module, name)
        for module in modules.all
        for name, node in module.constants.items()
        if isinstance(node, Parameter)
    }
    for name, setting in sorted(settings.items()):
        if name not in known:
            written = setting if isinstance(setting, Parameter) else None
            report.add(
                "E0201",
                "unknown name",
                written.name.span if written else _name_span(name),
                "the spec has no such parameter",
                help=suggestion(name, known, f"it has {', '.join(sorted(known)) or 'none'}"),
            )
            continue
        module, own = known[name]
        if isinstance(setting, str) and _is_plain_text(setting, module, own):
            setting = _quoted(setting)
        value = setting.value if isinstance(setting, Parameter) else _parsed(name, setting, report)
        if value is not None:
            found[module.prefix, own] = value
    return found


def _is_plain_text(written: str, module: LoadedModule, parameter: str) -> bool:
    """Whether a value is the text itself, its quotes eaten by the shell or never typed: the
    parameter's default is a text, and this is neither an expression of the grammar nor a name."""
    default = module.constants[parameter].value
    if not isinstance(default, Text) or not written or written.startswith(_EXPRESSIONS):
        return False
    return written not in module.constants and written.partition(".")[0] not in module.aliases


def _quoted(text: str) -> str:
    for letter, escape in _ESCAPES.items():
        text = text.replace(letter, escape)
    return f'"{text}"'


def _name_span(name: str) -> Span:
    return Span(Source(f"--set {name}", f"param {name}\n"), len("param "), len(f"param {name}"))


def _parsed(name: str, text: str, report: Report) -> Expression | None:
    """The value of `--set name=text`; None after reporting that it is none."""
    source = Source(f"--set {name}", f"param {name.rpartition('.')[2]} = {text}\n")
    tree, diagnostics = parse(source)
    report.extend(diagnostics)
    if diagnostics:
        return None
    (*others, last) = tree.declarations or (None,)
    if others or not isinstance(last, Parameter):
        value = Span(source, len(source.text) - len(text) - 1, len(source.text) - 1)
        report.add("E0302", "wrong type", value, "one value is wanted here")
        return None
    return last.value
