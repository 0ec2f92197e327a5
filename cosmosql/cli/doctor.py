"""`cosmosql doctor`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import click

from cosmosql.cli import options
from cosmosql.cli.exits import ExitCode
from cosmosql.cli.screen import Screen

EXTRAS = (
    (
        "hf",
        "models and datasets in Hugging Face format",
        ("torch", "transformers", "peft", "datasets", "scikit-learn", "bm25s"),
    ),
    ("qlora", "4-bit fine-tuning", ("bitsandbytes",)),
    ("import", "reading other tools' configurations", ("pyyaml",)),
    ("lsp", "the language server", ("pygls",)),
)
"""What an extra is for, and the packages without which it is not there: those extras that
something in this version uses."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and what to do where that is not enough."""

    section: str
    name: str
    value: str
    advice: str = ""
    broken: bool = False
    """True where nothing works without it."""


@click.command()
@click.option("--devices/--no-devices", default=True, help="Ask torch for accelerators (slow).")
@options.form
@options.quiet
@options.verbose
def command(devices: bool, form: options.DataForm, quiet: bool, verbose: bool) -> int | None:
    """Versions, devices, and what is missing for which feature. Opens no connection.

    Ends with 1 where something that every command needs is broken.

    \b
    Example:
      cosmosql doctor
      cosmosql doctor --no-devices --format json
    """
    screen = Screen(quiet, verbose)
    found = tuple(examined(devices=devices))
    if form is options.DataForm.JSON:
        screen.data(json.dumps(document(found), indent=2) + "\n")
    else:
        screen.data(worded(found, verbose=verbose))
    return ExitCode.WRONG_INPUT if any(item.broken for item in found) else ExitCode.DONE


def examined(*, devices: bool) -> Iterator[Finding]:
    """Everything that is looked at, section by section."""
    yield from _program()
    yield from _features()
    yield from _machine(devices=devices)
    yield from _plugins()
    yield from _places()


def document(found: Iterable[Finding]) -> dict[str, Any]:
    """The findings as data: by section and name, with advice where there is any."""
    sections: dict[str, dict[str, dict[str, str]]] = {}
    broken = []
    for item in found:
        said = {"value": item.value, **({"advice": item.advice} if item.advice else {})}
        sections.setdefault(item.section, {})[item.name] = said
        broken += [item.name] if item.broken else []
    return {**sections, "broken": broken}


def worded(found: Iterable[Finding], *, verbose: bool) -> str:
    """The findings as text: a heading a section; advice on what lacks something."""
    lines: list[str] = []
    section = ""
    for item in found:
        if item.section != section:
            lines += ["", item.section] if lines else [item.section]
            section = item.section
        lines.append(f"  {item.name:<22} {item.value}")
        if item.advice:
            lines.append(f"  {'':<22} {item.advice}")
    return "\n".join(lines) + "\n"


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _program() -> Iterator[Finding]:
    import platform
    import sys

    from cosmosql import __version__

    yield Finding("program", "cosmosql", __version__)
    yield Finding("program", "python", f"{platform.python_version()} ({sys.executable})")
    # `platform.platform()` would start a program to ask for the processor.
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield Finding("program", "platform", system)
    for package in ("click", "jinja2", "lark", "matplotlib", "networkx", "numpy", "pydantic"):
        yield _required(package)
    for package in ("rich", "safetensors", "scipy"):
        yield _required(package)
    yield from _grammar()


def _required(package: str) -> Finding:
    version = _version(package)
    if version is not None:
        return Finding("program", package, version)
    return Finding("program", package, "missing", "pip install --force-reinstall cosmosql", True)


def _grammar() -> Iterator[Finding]:
    """The files that travel with the package, read as every command reads them."""
    from cosmosql.diagnostics.pages import codes
    from cosmosql.resources import resource

    reinstall = "pip install --force-reinstall cosmosql"
    try:
        from cosmosql.source import Source
        from cosmosql.syntax.parse import parse

        _, wrong = parse(Source("doctor", "let a = 1\n"))
        yield Finding("program", "grammar", "reads" if not wrong else "damaged", "", bool(wrong))
    except Exception as error:
        yield Finding("program", "grammar", f"{type(error).__name__}: {error}", reinstall, True)
    modules = sorted(path.stem for path in resource("stdlib").glob("*.cosmos"))
    missing = not modules
    yield Finding(
        "program",
        "standard library",
        ", ".join(modules) or "missing",
        reinstall if missing else "",
        missing,
    )
    yield Finding("program", "error pages", str(len(codes())), "" if codes() else reinstall)


def _features() -> Iterator[Finding]:
    for extra, purpose, packages in EXTRAS:
        versions = {package: _version(package) for package in packages}
        missing = [package for package, version in versions.items() if version is None]
        there = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
        value = there if not missing else f"not there ({', '.join(missing)})"
        advice = f"for {purpose}: pip install 'cosmosql[{extra}]'" if missing else ""
        yield Finding("features", extra, value, advice)


def _machine(*, devices: bool) -> Iterator[Finding]:
    import os

    yield Finding("machine", "processors", str(_processors()))
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        yield Finding("machine", "memory", f"{total / 2**30:.1f} GiB")
    except (AttributeError, ValueError, OSError):
        yield Finding("machine", "memory", "unknown")
    if not devices:
        return
    if _version("torch") is None:
        yield Finding("machine", "accelerators", "unknown", "torch is needed to ask for them")
        return
    yield from _accelerators()


def _processors() -> int:
    """Those that this process may use."""
    import os

    ask = getattr(os, "sched_getaffinity", None)
    return len(ask(0)) if ask is not None else os.cpu_count() or 1


def _accelerators() -> Iterator[Finding]:
    """CUDA devices as torch sees them. A broken driver or library is told, never raised."""
    try:
        import torch

        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        for index in range(count):
            device = torch.cuda.get_device_properties(index)
            memory = f"{device.total_memory / 2**30:.1f} GiB"
            yield Finding("machine", f"cuda:{index}", f"{device.name}, {memory}")
        if not count:
            yield Finding("machine", "accelerators", "none; models run on the CPU")
    except Exception as error:
        words = " ".join(str(error).split())[:200]
        yield Finding("machine", "accelerators", f"{type(error).__name__}: {words}")


def _plugins() -> Iterator[Finding]:
    """Extensions of other packages: each is described once, as a spec that uses it would."""
    from importlib.metadata import entry_points

    from cosmosql.schema.registry import ENTRY_POINT_GROUP, extension

    points = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
    if not points:
        yield Finding("plug-ins", "installed", "none")
    for point in points:
        kind, _, name = point.name.partition(".")
        package = point.dist.name if point.dist is not None else point.value
        try:
            extension(kind, name)
            yield Finding("plug-ins", point.name, f"from {package}")
        except Exception as error:  # whatever a plug-in raises is told of it
            words = " ".join(str(error).split())[:200]
            yield Finding(
                "plug-ins", point.name, f"cannot be used: {words}", f"mend or remove {package}"
            )


def _places() -> Iterator[Finding]:
    import os
    import shutil
    from pathlib import Path

    home = os.environ.get("HF_HOME", str(Path.home() / ".cache" / "huggingface"))
    cache = Path(os.environ.get("HF_HUB_CACHE", str(Path(home) / "hub")))
    yield Finding("places", "hub cache", f"{cache}{'' if cache.is_dir() else ' (not there yet)'}")
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON")
    yield Finding("places", "hub", "from the cache alone (HF_HUB_OFFLINE)" if offline else "asked")
    allowed = os.environ.get(options.ALLOW)
    yield Finding("places", "trusted trees", allowed or f"none ({options.ALLOW} is not set)")
    try:
        free = shutil.disk_usage(Path.cwd()).free
    except OSError as error:
        yield Finding("places", "working directory", error.strerror or str(error))
        return
    writable = os.access(Path.cwd(), os.W_OK)
    yield Finding(
        "places",
        "working directory",
        f"{free / 2**30:.1f} GiB free",
        "" if writable else "nothing can be written here",
    )
