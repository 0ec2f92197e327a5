"""What an editor has open: buffers by URI, and the paths for which they stand."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from cosmosql.lsp.positions import ENCODINGS, EditorText
from cosmosql.model.boundary import real_path
from cosmosql.model.modules import SUFFIX

NOWHERE = Path(os.devnull)
"""Buffers that are no file stand in here, where no file can be: nothing beside them is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One buffer. `real` is its path, links followed; `saved`: it stands for a file."""

    uri: str
    path: Path
    real: Path
    saved: bool
    version: int | None
    text: EditorText


class Documents:
    """The open buffers; of two that stand for one file the one changed last counts."""

    def __init__(self) -> None:
        self.encoding = ENCODINGS[0]
        self._open: dict[str, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._open.values()))

    def get(self, uri: str) -> Document | None:
        return self._open.get(uri)

    def put(self, uri: str, raw: str, version: int | None) -> Document:
        """Opens a buffer, or replaces all of its text."""
        return self._put(uri, EditorText(raw, self.encoding), version)

    def update(self, uri: str, text: EditorText, version: int | None) -> Document:
        return self._put(uri, text, version)

    def close(self, uri: str) -> Document | None:
        return self._open.pop(uri, None)

    def standing_for(self, real: Path) -> Document | None:
        """The buffer that holds a file's text, by the file's real path."""
        found = None
        for document in self._open.values():
            if document.real == real:
                found = document
        return found

    def texts(self, spec: Document | None = None) -> Mapping[Path, str]:
        """The texts that stand in for files, the spec's own before another buffer of its file."""
        texts = {document.real: document.text.text for document in self._open.values()}
        if spec is not None:
            texts[spec.real] = spec.text.text
        return texts

    def _put(self, uri: str, text: EditorText, version: int | None) -> Document:
        previous = self._open.pop(uri, None)
        if previous is None:
            path = path_of(uri)
            saved = path is not None
            path = path or _stand_in(uri)
            real = real_path(path)
        else:
            path, real, saved = previous.path, previous.real, previous.saved
        document = Document(uri=uri, path=path, real=real, saved=saved, version=version, text=text)
        self._open[uri] = document
        return document


def path_of(uri: str) -> Path | None:
    """The path of a `file:` URI; None for other schemes and for what can be no path."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme.lower() != "file" or not parts.path:
        return None
    if os.name == "nt":
        host = f"//{parts.netloc}" if parts.netloc else ""
        text = url2pathname(host + parts.path)
    else:
        text = os.fsdecode(unquote_to_bytes(_whole_path(uri)))
    path = Path(text)
    return path if path.is_absolute() and "\0" not in text else None


def uri_of(path: Path) -> str:
    """The `file:` URI of an absolute path."""
    return path.absolute().as_uri()


def _whole_path(uri: str) -> str:
    """The path of a `file:` URI, with `?` and `#`, which some clients leave as they are."""
    rest = uri[len("file:") :]
    if rest.startswith("//"):
        rest = rest[2:]
        slash = rest.find("/")
        return rest[slash:] if slash >= 0 else ""
    return rest


def _stand_in(uri: str) -> Path:
    name = "".join(letter if letter.isalnum() else "_" for letter in uri)[-100:]
    return NOWHERE / f"{name}{SUFFIX}"
