"""Specs of strangers: what each writes into a directory, and which file a command is given.

Every one tries to have something run, fetched, written or told that is none of its business. Where
it succeeds a file named `MARKER` appears, or the text `SECRET` in what is printed.
"""

from __future__ import annotations

import gzip
import json
import pickle
import shutil
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "cosmosql" / "cli" / "starter"
PLAN = ROOT / "tests" / "artifact" / "sample.plan.json"
TINY = ROOT / "stdlib" / "tiny" / "small"
MARKER = "marker"
SECRET = "the secret of somebody else"
PAYLOAD = f"open({MARKER!r}, 'w').close()\n"

Build = Callable[[Path], None]


def benign(place: Path) -> None:
    shutil.copytree(STARTER, place, dirs_exist_ok=True)


def _changed(place: Path, *changes: tuple[str, str]) -> None:
    benign(place)
    spec = place / "task.cosmos"
    text = spec.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    spec.write_text(text, encoding="utf-8")


def _own_model(place: Path, identifier: str) -> None:
    declared = f'model own using hf {{\n  id = "{identifier}"\n}}\n\nstrategy tuned using lora {{'
    _changed(place, ("strategy tuned using lora {", declared), ("= tiny.small\n", "= model.own\n"))


def _own_rows(place: Path, source: str) -> None:
    _changed(
        place,
        ('using jsonl {\n  source = "data/rows.jsonl"', f'using hf {{\n  source = "{source}"'),
    )


def hub_names(place: Path) -> None:
    """A model that only the hub has."""
    _own_model(place, "stranger/model")


def hub_rows(place: Path) -> None:
    """Rows that only the hub has."""
    _own_rows(place, "stranger/rows")


def rows_with_a_script(place: Path) -> None:
    """A data directory with a loading script, and addresses of other machines in its card."""
    _own_rows(place, "./rows")
    rows = place / "rows"
    rows.mkdir()
    for name in ("rows.py", "dataset.py", "__init__.py"):
        (rows / name).write_text(PAYLOAD, encoding="utf-8")
    (rows / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n"
        "    path: https://stranger.example/rows.jsonl\n---\n",
        encoding="utf-8",
    )
    shutil.copy(STARTER / "data" / "rows.jsonl", rows / "train.jsonl")


def rows_elsewhere(place: Path) -> None:
    """A data directory whose card points out of the spec's tree."""
    _own_rows(place, "./rows")
    (place / "rows").mkdir()
    (place / "rows" / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files: ../../outside/*.jsonl\n---\n",
        encoding="utf-8",
    )
    lines = [json.dumps({"text": SECRET, "verdict": str(n % 2)}) for n in range(400)]
    (place.parent / "outside" / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")


def pickled_rows(place: Path) -> None:
    """A data directory of formats that can hold code."""
    _own_rows(place, "./rows")
    (place / "rows").mkdir()
    for name in ("train.pkl", "train.pt", "train.npy", "train.pickle"):
        (place / "rows" / name).write_bytes(pickle.dumps(Explosive()))


class Explosive:
    """Unpickling one writes the marker."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return exec, (PAYLOAD,)


def checkpoint_with_code(place: Path) -> None:
    """A model directory whose configuration names Python files beside it."""
    _own_model(place, "./model")
    shutil.copytree(TINY, place / "model")
    (place / "model" / "evil.py").write_text(PAYLOAD, encoding="utf-8")
    for name, mapped in (
        ("config.json", {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}),
        ("tokenizer_config.json", {"AutoTokenizer": ["evil.Slow", "evil.Fast"]}),
    ):
        path = place / "model" / name
        content = json.loads(path.read_text(encoding="utf-8"))
        content["auto_map"] = mapped
        content["tokenizer_class"] = "Fast"
        path.write_text(json.dumps(content), encoding="utf-8")


def unknown_architecture_with_code(place: Path) -> None:
    """The same, of a type that transformers only knows through that code."""
    checkpoint_with_code(place)
    path = place / "model" / "config.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content |= {"model_type": "evil", "architectures": ["EvilForCausalLM"]}
    path.write_text(json.dumps(content), encoding="utf-8")


def pickled_weights(place: Path) -> None:
    _own_model(place, "./model")
    shutil.copytree(TINY, place / "model")
    (place / "model" / "model.safetensors").unlink()
    (place / "model" / "pytorch_model.bin").write_bytes(pickle.dumps(Explosive()))


def shadowing_files(place: Path) -> None:
    """Files that Python would import where it looked beside the spec."""
    benign(place)
    names = ("json", "lark", "torch", "std", "sitecustomize", "usercustomize", "cosmosql", "click")
    for name in (*names, "numpy", "rich", "accuracy", "hf", "jsonl", "conftest", "setup"):
        (place / f"{name}.py").write_text(PAYLOAD, encoding="utf-8")


def words_of_code(place: Path) -> None:
    """Texts that mean something to a shell, a template engine or `str.format`."""
    _changed(
        place,
        ('input = "{text}"', f'input = "{{text}} $(touch {MARKER}) {{{{ cycler.__init__ }}}}"'),
        (
            "task reviews using classify {",
            f"## `touch {MARKER}`; <script>{{% for x in ().__class__ %}}\n"
            "task reviews using classify {",
        ),
    )


def names_of_code(place: Path) -> None:
    """`using` and `metric` with names of modules."""
    _changed(place, ("using lora", "using os"), ("metric = accuracy", "metric = subprocess"))


def imports_of_code(place: Path) -> None:
    """Imports of what is no spec."""
    benign(place)
    (place / "evil.py").write_text(PAYLOAD, encoding="utf-8")
    spec = place / "task.cosmos"
    lines = 'import "./evil.py" as evil\nimport std.os as system\nimport os.path as more\n'
    spec.write_text(lines + spec.read_text(encoding="utf-8"), encoding="utf-8")


def leading_outside(place: Path) -> None:
    """Paths and links to what belongs to somebody else."""
    (place.parent / "outside" / "secret").write_text(SECRET, encoding="utf-8")
    _changed(place, ("data/rows.jsonl", "../outside/secret"))
    (place / "leak.jsonl").symlink_to("../outside/secret")
    (place / "task.report.md").symlink_to("../outside/secret")


def a_link_for_a_spec(place: Path) -> None:
    (place.parent / "outside" / "secret").write_text(SECRET, encoding="utf-8")
    (place / "task.cosmos").symlink_to("../outside/secret")


def hostile_ledger(place: Path) -> None:
    """A ledger whose table is a question without an end."""
    benign(place)
    (place / ".cosmosql").mkdir()
    path = place / ".cosmosql" / "ledger.sqlite"
    connection = sqlite3.connect(path)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x, x FROM n"
    connection.executescript(
        f"CREATE VIEW observations (sequence, body) AS {endless};"
        "CREATE TABLE spending (sequence, key, scope, worst, actual);"
        "PRAGMA application_id = 1129272141; PRAGMA user_version = 1;"
    )
    connection.close()
    (place / ".cosmosql" / "ledger.sqlite-wal").write_bytes(b"\0" * 4096)


def hostile_evidence(place: Path) -> None:
    """An evidence file that unpacks to two gigabytes."""
    benign(place)
    block = b" " * (1 << 20)
    with gzip.open(place / "task.evidence.jsonl.gz", "wb", compresslevel=1) as file:
        for _ in range(2048):
            file.write(block)


def lying_parquet(place: Path) -> None:
    """A Parquet file whose footer claims what is not there."""
    _changed(place, ("using jsonl", "using parquet"), ("rows.jsonl", "rows.parquet"))
    footer = b"\x15\x02\x19\xfc\xff\xff\xff\xff\x0f" * 50
    body = b"PAR1" + b"\0" * 100 + footer + struct.pack("<I", len(footer)) + b"PAR1"
    (place / "data" / "rows.parquet").write_bytes(body)


SPECS: tuple[Build, ...] = (
    benign,
    hub_names,
    hub_rows,
    rows_with_a_script,
    rows_elsewhere,
    pickled_rows,
    checkpoint_with_code,
    unknown_architecture_with_code,
    pickled_weights,
    shadowing_files,
    words_of_code,
    names_of_code,
    imports_of_code,
    leading_outside,
    a_link_for_a_spec,
    hostile_ledger,
    hostile_evidence,
    lying_parquet,
)
