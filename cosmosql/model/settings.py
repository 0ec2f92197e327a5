"""`--set name=value`: parameters from the command line, read by the language's own grammar."""

from __future__ import annotations

from collections.abc import Mapping

from cosmosql.model.modules import Modules
from cosmosql.model.report import Report, suggestion
from cosmosql.source import Source, Span
from cosmosql.syntax.parse import parse
from cosmosql.syntax.tree import Expression, Parameter


def read_settings(
    settings: Mapping[str, str], modules: Modules, report: Report
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
    for name, text in sorted(settings.items()):
        source = Source(f"--set {name}", f"param {name.rpartition('.')[2]} = {text}\n")
        value_span = Span(source, len(source.text) - len(text) - 1, len(source.text) - 1)
        if name not in known:
            report.add(
                "E0201",
                "unknown name",
                Span(source, len("param "), value_span.start - len(" = ")),
                "the spec has no such parameter",
                help=suggestion(name, known, f"it has {', '.join(sorted(known)) or 'none'}"),
            )
            continue
        tree, diagnostics = parse(source)
        report.extend(diagnostics)
        if diagnostics:
            continue
        if len(tree.declarations) != 1 or not isinstance(tree.declarations[0], Parameter):
            report.add("E0302", "wrong type", value_span, "one value is wanted here")
            continue
        module, own = known[name]
        found[module.prefix, own] = tree.declarations[0].value
    return found
