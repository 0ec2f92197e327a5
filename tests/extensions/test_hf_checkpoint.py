"""Checkpoints that are missing, incomplete, damaged or of the wrong kind, and the hub's cache."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `hf`)")

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.diagnostics.pages import title
from cosmosql.extensions.backends.huggingface.factory import FACTORY


@pytest.fixture
def model(checkpoint: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(checkpoint("llama"), tmp_path / "model"))


def refused(model: Path | str, code: str, *, load: bool = False, **options: object) -> str:
    """The only diagnostic of loading a model, with its code and title checked."""
    chosen = {"id": str(model), **options}
    with pytest.raises(InputError) as caught:
        (FACTORY.load if load else FACTORY.fingerprint)(chosen, root=Path("/nowhere"))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert diagnostic.title == title(code)
    assert diagnostic.help
    return " ".join(diagnostic.notes)


def edit(file: Path, **changes: object) -> None:
    content = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


def test_a_path_that_is_no_directory() -> None:
    assert "./modles/small" in refused("./modles/small", "E0530")
    assert "a/b/c" in refused("a/b/c", "E0530")


def test_no_tokenizer(model: Path) -> None:
    (model / "tokenizer.json").unlink()
    assert "tokenizer.model" in refused(model, "E0531")


def test_an_unreadable_tokenizer(model: Path) -> None:
    (model / "tokenizer.json").write_text("{")
    assert "cannot be read" in refused(model, "E0531")


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
def test_a_missing_file(model: Path, file: str) -> None:
    (model / file).unlink()
    assert file in refused(model, "E0532")


def test_a_missing_shard(model: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "model-00002-of-00002.safetensors" in refused(model, "E0532")


def test_pickled_weights(model: Path) -> None:
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    assert "pytorch_model.bin" in refused(model, "E0537")


@pytest.mark.parametrize(
    "changes",
    [
        {"architectures": ["BertForMaskedLM"], "model_type": "bert"},
        {"architectures": ["Mine"], "model_type": "mine", "auto_map": {"AutoConfig": "c.C"}},
        {"architectures": None, "model_type": "vit"},
    ],
)
def test_another_architecture(model: Path, changes: dict[str, object]) -> None:
    edit(model / "config.json", **changes)
    refused(model, "E0534")


def test_weights_cut_off(model: Path) -> None:
    content = (model / "model.safetensors").read_bytes()
    (model / "model.safetensors").write_bytes(content[: len(content) // 2])
    assert "model.safetensors" in refused(model, "E0535")


def test_weights_that_are_no_safetensors(model: Path) -> None:
    (model / "model.safetensors").write_bytes(b"nonsense")
    refused(model, "E0535")


def test_a_configuration_that_is_no_json(model: Path) -> None:
    (model / "config.json").write_text("{")
    assert "config.json" in refused(model, "E0535")


@pytest.mark.parametrize(
    "changes",
    [{"num_hidden_layers": "many"}, {"num_hidden_layers": -3}, {"hidden_size": 0}],
)
def test_a_configuration_with_impossible_values(model: Path, changes: dict[str, object]) -> None:
    edit(model / "config.json", **changes)
    assert "config.json" in refused(model, "E0535")


@pytest.mark.parametrize("placed", [["a"], {"a": "../elsewhere.safetensors"}, None])
def test_an_index_that_names_no_files_beside_it(model: Path, placed: object) -> None:
    (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": placed}))
    assert "model.safetensors.index.json" in refused(model, "E0535")


@pytest.mark.parametrize("changes", [{"num_hidden_layers": 3}, {"hidden_size": 64}])
def test_weights_that_do_not_fit_the_configuration(model: Path, changes: dict[str, object]) -> None:
    edit(model / "config.json", **changes)
    refused(model, "E0535", load=True)


def test_quantised_training_without_cuda(model: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    from cosmosql.contracts.backend import TrainingExample, TrainingOptions

    backend = FACTORY.load({"id": str(model)}, root=Path("/"))
    options = TrainingOptions(
        rank=2,
        alpha=2,
        dropout=0.0,
        learning_rate=0.1,
        batch_size=1,
        steps=1,
        seed=0,
        quantized=True,
    )
    with pytest.raises(InputError) as caught:
        backend.train([TrainingExample(prompt="the cat =>", completion="red")], options)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.title) == ("E0536", title("E0536"))


def test_the_context_is_the_option_or_the_configurations(model: Path) -> None:
    assert FACTORY.fingerprint({"id": str(model)}, root=Path("/")).context == 256
    assert FACTORY.fingerprint({"id": str(model), "context": 64}, root=Path("/")).context == 64


def test_a_configuration_without_a_context_length(tmp_path: Path) -> None:
    from cosmosql.extensions.backends.huggingface.checkpoint import ModelOptions
    from cosmosql.extensions.backends.huggingface.configuration import context_length

    class Silent:
        def get_text_config(self, decoder: bool) -> Silent:
            return self

    with pytest.raises(InputError) as caught:
        context_length(Silent(), ModelOptions.of({"id": "x"}))
    assert caught.value.diagnostics[0].code == "E0538"
    assert context_length(Silent(), ModelOptions.of({"id": "x", "context": 8})) == 8


def test_digests_see_every_change_that_matters(model: Path) -> None:
    def card() -> tuple[str, str, str | None]:
        found = FACTORY.fingerprint({"id": str(model)}, root=Path("/"))
        return found.weights, found.tokenizer, found.template

    weights, tokenizer, template = card()
    (model / "README.md").write_text("words")
    assert card() == (weights, tokenizer, template)
    edit(model / "config.json", rms_norm_eps=1e-5)
    assert card()[0] != weights
    assert card()[1:] == (tokenizer, template)
    edit(model / "tokenizer_config.json", chat_template="{{ messages[0]['content'] }}")
    assert card()[1] != tokenizer
    assert card()[2] is not None
    plain = FACTORY.fingerprint({"id": str(model), "template": "none"}, root=Path("/"))
    assert plain.template is None


def test_a_cached_hub_model_needs_no_network(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    cache = tmp_path / "hub"
    repository = cache / "models--someone--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    shutil.copytree(model, repository / "snapshots" / commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    card = FACTORY.fingerprint({"id": "someone/tiny"}, root=tmp_path)
    assert card.revision == commit
    local = FACTORY.fingerprint({"id": "model"}, root=tmp_path)
    assert (card.weights, card.tokenizer) == (local.weights, local.tokenizer)
    assert local.revision is None
    assert FACTORY.load({"id": "someone/tiny"}, root=tmp_path).card == card
    assert "someone/else" in refused("someone/else", "E0533")
    refused("someone/tiny", "E0533", revision="v2")
