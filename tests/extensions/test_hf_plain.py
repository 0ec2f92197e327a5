"""Cards where transformers is not installed: the same ones, or none."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `hf`)")

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.extensions.backends.huggingface.checkpoint import ModelOptions, locate
from cosmosql.extensions.backends.huggingface.factory import FACTORY
from cosmosql.extensions.backends.huggingface.plain import plain_card

TINY = Path(__file__).parents[2] / "stdlib" / "tiny"
CARD = "cosmosql.extensions.backends.huggingface.card"


@pytest.mark.parametrize("name", ["llama", "windowed", "chat", "small", "large"])
@pytest.mark.parametrize("changes", [{}, {"context": 64}, {"template": "none"}])
def test_files_alone_give_the_card_that_transformers_gives(
    checkpoint: Callable[[str], Path], name: str, changes: dict[str, object]
) -> None:
    place = TINY / name if (TINY / name).is_dir() else checkpoint(name)
    options = {"id": str(place), "dtype": "float32", **changes}
    chosen = ModelOptions.of(options)
    assert plain_card(chosen, locate(chosen, place)) == FACTORY.fingerprint(options, root=place)


@pytest.mark.parametrize(
    "change",
    [
        {"architectures": None},
        {"architectures": "LlamaForCausalLM"},
        {"architectures": ["BertForSequenceClassification"]},
        {"num_hidden_layers": None},
        {"hidden_size": 0},
        {"vocab_size": "many"},
        {"max_position_embeddings": True},
    ],
    ids=str,
)
def test_what_the_files_do_not_say_is_not_guessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    model = Path(shutil.copytree(TINY / "small", tmp_path / "model"))
    content = json.loads((model / "config.json").read_text(encoding="utf-8"))
    (model / "config.json").write_text(json.dumps(content | change), encoding="utf-8")
    monkeypatch.setitem(sys.modules, CARD, None)
    with pytest.raises(InputError) as caught:
        FACTORY.fingerprint({"id": str(model)}, root=tmp_path)
    (problem,) = caught.value.diagnostics
    assert problem.code == "E0502"
    assert problem.help == "install it: pip install 'cosmosql[hf]'"
