"""What a plan rests on and what it will do, in words."""

from __future__ import annotations

from dataclasses import dataclass

from cosmosql.artifact.plan import PlanDocument

SHORT_DIGEST = 12
ROLES = ("train", "validation", "calibration", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRow:
    kind: str
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    number: int
    kind: str
    what: str


def locks(plan: PlanDocument) -> tuple[LockRow, ...]:
    """Every locked input with its digest, price or version."""
    locked = plan.locked
    rows = [LockRow(kind="spec", name=plan.spec.path, value=_digest(plan.spec.sha256))]
    rows += [
        LockRow(kind="module", name=module.path, value=_digest(module.sha256))
        for module in plan.spec.modules
    ]
    rows += [
        LockRow(kind="parameter", name=name, value=value)
        for name, value in sorted(plan.spec.parameters.items())
    ]
    for name, model in sorted(locked.models.items()):
        parameters = model.get("parameters")
        size = f"{parameters:,} parameters, " if isinstance(parameters, int) and parameters else ""
        revision = f", revision {model['revision']}" if model.get("revision") else ""
        value = f"{size}weights {_digest(model.get('weights'))}{revision}"
        rows.append(LockRow(kind="model", name=name, value=value))
    for name, dataset in sorted(locked.datasets.items()):
        counts = dataset.get("rows")
        roles = counts if isinstance(counts, dict) else {}
        told = [f"{roles[role]:,} {role}" for role in ROLES if isinstance(roles.get(role), int)]
        value = ", ".join([*told, f"fingerprint {_digest(dataset.get('fingerprint'))}"])
        rows.append(LockRow(kind="dataset", name=name, value=value))
    for name, price in sorted(locked.prices.items()):
        rows.append(LockRow(kind="price", name=name, value=_price(price)))
    rows += [
        LockRow(kind="version", name=name, value=value)
        for name, value in sorted(locked.versions.items())
    ]
    rows.append(LockRow(kind="seed", name="seed", value=str(locked.seed)))
    rows.append(LockRow(kind="evidence", name="digest", value=_digest(plan.evidence.digest)))
    return tuple(rows)


def _digest(value: object) -> str:
    return str(value)[:SHORT_DIGEST] if value else "unknown"


def _price(price: object) -> str:
    if not isinstance(price, dict):
        return str(price)
    amounts = [
        str(price[key]) if key == "price" else f"{key.replace('_', ' ')} {price[key]}"
        for key in ("price", "input", "output", "cached_input")
        if price.get(key)
    ]
    assumed = "assumed: " if price.get("assumed") else ""
    origin = [f"{assumed}{price['source']}"] if price.get("source") else []
    dated = [f"as of {price['as_of']}"] if price.get("as_of") else []
    return ", ".join([*amounts, *origin, *dated])


def steps(plan: PlanDocument) -> tuple[StepRow, ...]:
    """What `apply` does, in order."""
    return tuple(
        StepRow(number=number, kind=step.kind, what=_step(step.arguments, step.kind))
        for number, step in enumerate(plan.steps, start=1)
    )


def _step(arguments: object, kind: str) -> str:
    if not isinstance(arguments, dict):
        return kind
    match kind:
        case "load":
            return f"{arguments.get('dataset')} for {arguments.get('task')}"
        case "index":
            return f"{arguments.get('retriever')} ({arguments.get('using')}) over train rows"
        case "adapt":
            return f"{arguments.get('candidate')} ({arguments.get('using')}) on all its train rows"
        case "calibrate":
            by = f" by {arguments['signal']}" if arguments.get("signal") else ""
            return f"the {arguments.get('policy')}{by} on calibration rows"
        case "evaluate":
            return f"{arguments.get('metric')} on the untouched test rows"
        case "write":
            return "the bundle: adapters, indexes, policy and metrics"
        case _:
            return ", ".join(f"{key} {value}" for key, value in arguments.items())
