"""Code that comes with a checkpoint runs only where the spec says so, and never while reading."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.model.bind import bind
from tests.safety.conftest import Audit
from tests.safety.hostile import STARTER, TINY

COMMIT = "0123456789abcdef0123456789abcdef01234567"

CODE = """
from pathlib import Path

from transformers import LlamaConfig, LlamaForCausalLM

(Path(__file__).parent / "loaded").touch()
Path({marker!r}).touch()


class OwnConfig(LlamaConfig):
    model_type = "own"


class OwnForCausalLM(LlamaForCausalLM):
    config_class = OwnConfig
"""


@pytest.fixture
def own(tmp_path: Path) -> tuple[Path, Path]:
    """A checkpoint of a type that only its own code knows; and the marker that this code writes."""
    directory, marker = tmp_path / "model", tmp_path / "marker"
    shutil.copytree(TINY, directory)
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    config |= {
        "model_type": "own",
        "architectures": ["OwnForCausalLM"],
        "auto_map": {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnForCausalLM"},
    }
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (directory / "own.py").write_text(CODE.format(marker=str(marker)), encoding="utf-8")
    return directory, marker


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """transformers copies trusted code into a cache: one of this test."""
    from transformers import dynamic_module_utils

    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))


def codes(place: Path, *options: str) -> list[str]:
    lines = "".join(f"  {option}\n" for option in options)
    (place / "spec.cosmos").write_text(f"model own using hf {{\n{lines}}}\n", encoding="utf-8")
    return [item.code for item in bind(place / "spec.cosmos")[1]]


@pytest.mark.parametrize("revision", ["main", "v1", COMMIT[:12], COMMIT.upper(), f"{COMMIT}0"])
def test_code_of_a_hub_needs_a_commit(tmp_path: Path, revision: str) -> None:
    trust, pinned = "trust_remote_code = true", f'revision = "{revision}"'
    assert codes(tmp_path, 'id = "a/b"', trust) == ["E0414"]
    assert codes(tmp_path, 'id = "a/b"', trust, pinned) == ["E0414"]
    assert codes(tmp_path, 'id = "a/b"', "trust_remote_code = false", pinned) == []
    assert codes(tmp_path, 'id = "a/b"', pinned) == []
    assert codes(tmp_path, 'id = "a/b"', trust, f'revision = "{COMMIT}"') == []


def test_a_directory_needs_no_revision(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    assert codes(tmp_path, 'id = "./here"', "trust_remote_code = true") == []


def test_a_hub_is_not_even_asked_for_code_without_a_commit(tmp_path: Path) -> None:
    from cosmosql.extensions.backends.huggingface.factory import FACTORY

    with pytest.raises(InputError) as caught:
        FACTORY.load({"id": "a/b", "revision": "main", "trust_remote_code": True}, root=tmp_path)
    assert [item.code for item in caught.value.diagnostics] == ["E0414"]


def test_untrusted_code_is_refused_and_not_run(own: tuple[Path, Path]) -> None:
    from cosmosql.extensions.backends.huggingface.factory import FACTORY

    directory, marker = own
    for act in (FACTORY.fingerprint, FACTORY.load):
        with pytest.raises(InputError) as caught:
            act({"id": str(directory)}, root=directory)
        assert caught.value.diagnostics[0].code == "E0534"
        assert "trust_remote_code = true" in str(caught.value.diagnostics[0].help)
    assert not marker.exists()


def test_trusted_code_runs_when_the_model_is_loaded_and_not_before(
    own: tuple[Path, Path], modules: None
) -> None:
    from cosmosql.extensions.backends.huggingface.factory import FACTORY

    directory, marker = own
    options = {"id": str(directory), "trust_remote_code": True}
    card = FACTORY.fingerprint(options, root=directory)
    assert not marker.exists()
    backend = FACTORY.load(options, root=directory)
    assert marker.exists()
    assert backend.card == card
    assert backend.generate(["a"], max_tokens=2, stop="\n")[0].prompt_tokens > 0


def test_trusted_code_is_part_of_what_was_asked(own: tuple[Path, Path]) -> None:
    from cosmosql.extensions.backends.huggingface.factory import FACTORY

    directory, _ = own
    options = {"id": str(directory), "trust_remote_code": True}
    before = FACTORY.fingerprint(options, root=directory)
    with (directory / "own.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert FACTORY.fingerprint(options, root=directory).weights != before.weights


def test_an_untrusted_checkpoint_keeps_its_identity(tmp_path: Path) -> None:
    """Python files that nobody runs are no part of a model."""
    from cosmosql.extensions.backends.huggingface.factory import FACTORY

    shutil.copytree(TINY, tmp_path / "model")
    options = {"id": str(tmp_path / "model")}
    before = FACTORY.fingerprint(options, root=tmp_path)
    (tmp_path / "model" / "own.py").write_text("raise SystemExit\n", encoding="utf-8")
    assert FACTORY.fingerprint(options, root=tmp_path) == before


def test_code_of_another_repository_is_refused(own: tuple[Path, Path]) -> None:
    from cosmosql.extensions.backends.huggingface.factory import FACTORY

    directory, marker = own
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    config["auto_map"]["AutoConfig"] = "stranger/code--own.OwnConfig"
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        FACTORY.load({"id": str(directory), "trust_remote_code": True}, root=directory)
    assert caught.value.diagnostics[0].code == "E0534"
    assert not marker.exists()


def test_reading_a_spec_with_trusted_code_runs_none_of_it(
    world: Path, audit: Audit, own: tuple[Path, Path]
) -> None:
    directory, marker = own
    shutil.copytree(STARTER, world / "spec", dirs_exist_ok=True)
    shutil.copytree(directory, world / "spec" / "model")
    spec = world / "spec" / "task.cosmos"
    declared = 'model own using hf {\n  id = "./model"\n  trust_remote_code = true\n}\n\n'
    text = spec.read_text(encoding="utf-8").replace("= tiny.small\n", "= model.own\n")
    spec.write_text(text.replace("strategy tuned", f"{declared}strategy tuned"), encoding="utf-8")
    done = audit([["check", spec.name], ["quote", spec.name], ["show", spec.name]])
    assert done.codes == [0, 0, 0], done.output
    assert not marker.exists()
    assert done.after == done.before
    assert [event for event in done.named("exec") if str(world) in event.arguments[0]] == []
