"""`policy`: which strategy answers a query, and the rules of a cascade written by hand."""

from __future__ import annotations

from collections.abc import Collection

from cosmosql.diagnostics.diagnostic import Fix
from cosmosql.diagnostics.suggest import correction
from cosmosql.model.blocks import Block
from cosmosql.model.evaluate import Evaluator
from cosmosql.model.extend import OwnedClause
from cosmosql.model.names import Declaration, resolve
from cosmosql.model.options import own_options
from cosmosql.model.program import Escalation, Policy
from cosmosql.model.report import Report
from cosmosql.schema.kinds import BY_HAND
from cosmosql.syntax.tree import Binary, EscalateClause, Reference
from cosmosql.units import Quantity


def policy_is_sound(block: Block, report: Report) -> bool:
    """E0203 where `over` and `stages` are mixed up, E0408 where there is nothing to choose from."""
    cascade = block.using == "cascade"
    stranger = "over" if cascade else "stages"
    if stranger in block.values and block.using:
        report.add(
            "E0203",
            "unknown attribute",
            block.written(stranger),
            f"`using {block.using}` has no `{stranger}`",
            help="a cascade has `stages`, other policies have `over`",
            fix=_renamed(block, stranger, "stages" if cascade else "over"),
        )
        return False
    own = "stages" if cascade else "over"
    if block.template and own not in block.values:
        return True
    over = block.names(own)
    least = 1 if block.using in ("single", "auto") or "defer" in block.values else 2
    if len(over) < least or len(set(over)) < len(over):
        report.add(
            "E0408",
            "a policy that cannot answer",
            block.written(own),
            f"`using {block.using}` takes at least {least} different strategies",
            help="list each strategy once",
        )
        return False
    return True


def _renamed(block: Block, old: str, new: str) -> Fix | None:
    """The attribute under the name that it has here, where that is free."""
    if new in block.values:
        return None
    return Fix(block.flat.attributes[old].attribute.name.span, new)


def policy(block: Block, evaluator: Evaluator) -> Policy | None:
    """The policy; None where one of its rules is wrong."""
    over = block.names("stages") if block.using == "cascade" else block.names("over")
    rules = escalations(block, evaluator)
    if rules is None:
        return None
    return Policy(
        name=block.name,
        doc=block.doc,
        span=block.span,
        using=block.using,
        over=over,
        signal=block.text("signal"),
        escalations=rules,
        options=own_options(block, block.extension)[1] if block.extension else {},
        defer=block.quantity("defer"),
    )


def escalations(block: Block, evaluator: Evaluator) -> tuple[Escalation, ...] | None:
    """The rules of a cascade; None after reporting what is wrong with one. Those of a template
    are checked as far as it says what its stages are."""
    later = frozenset(block.names("stages")[1:])
    written = block.flat.clauses.get("escalate", ())
    found = [_escalation(block, rule, later, evaluator) for rule in written]
    rules = tuple(rule for rule in found if rule is not None)
    return rules if len(rules) == len(found) else None


def _escalation(
    block: Block, owned: OwnedClause, later: Collection[str], evaluator: Evaluator
) -> Escalation | None:
    """`escalate to strategy.big when margin < 1.5`: a later stage, a signal, a number."""
    clause = owned.clause
    assert isinstance(clause, EscalateClause)
    report = evaluator.report
    target = resolve(clause.target, owned.module, report, kind="strategy")
    if target is None:
        return None
    name = target.name if isinstance(target, Declaration) else None
    open_stages = block.template and "stages" not in block.values
    if block.using not in ("cascade", "") or not (name if open_stages else name in later):
        report.add(
            "E0408",
            "a policy that cannot answer",
            clause.target.span,
            "this is no later stage of the cascade"
            if block.using == "cascade"
            else "only a cascade escalates",
            help="escalate to one of `stages` after the first",
        )
        return None
    condition = clause.condition
    threshold = None
    if isinstance(condition, Binary) and condition.operator == "<":
        threshold = evaluator.value(condition.right, owned.module)
    signal = condition.left if isinstance(condition, Binary) else None
    if (
        not isinstance(signal, Reference)
        or threshold is None
        or not isinstance(threshold.content, Quantity)
        or threshold.content.dimension.name != "ratio"
    ):
        report.add(
            "E0302",
            "wrong type",
            condition.span,
            "this is no threshold on a signal",
            help="write `when margin < 1.5`",
        )
        return None
    if signal.text not in BY_HAND:
        report.add(
            "E0201",
            "unknown name",
            signal.span,
            "no such signal is low where a model is unsure",
            **correction(signal.span, BY_HAND, f"these are: {', '.join(BY_HAND)}"),
        )
        return None
    return Escalation(target=str(name), signal=signal.text, threshold=float(threshold.content.base))
