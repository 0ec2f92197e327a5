"""What pages print of the language's tools is what the tools print."""

from __future__ import annotations

import pytest

from tests.docs.scripts import script

OUTPUTS = script("outputs")


@pytest.mark.parametrize("name", OUTPUTS.LANGUAGE)
def test_an_output_is_current(name: str) -> None:
    """Made again with `python docs/outputs.py --language`."""
    texts = [page.read_text(encoding="utf-8") for page in OUTPUTS.PAGES]
    places = [place for text in texts for place in OUTPUTS.marker(name).finditer(text)]
    assert places
    made = OUTPUTS.OUTPUTS[name]()
    for place in places:
        assert place[2] == f"{made}\n"


def test_every_marker_has_an_output() -> None:
    for page in OUTPUTS.PAGES:
        text = page.read_text(encoding="utf-8")
        for line in text.splitlines():
            if line.startswith("<!-- output: "):
                assert line.removeprefix("<!-- output: ").removesuffix(" -->") in OUTPUTS.OUTPUTS
        assert text.count("<!-- output: ") == text.count("<!-- end -->")
