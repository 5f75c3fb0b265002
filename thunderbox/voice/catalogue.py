"""The catalogue: models that are worth pulling, and where the hub keeps each of them.

The list itself is catalogue.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

Kind = Literal["speech", "language", "voice", "turn"]

ANY_LANGUAGE = "*"
_FILE = Path(__file__).with_name("catalogue.toml")
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"
"""What a model may be called: it becomes the name of a directory."""

_Text = Annotated[str, Meta(min_length=1)]
_Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
_Path = Annotated[str, Meta(pattern=r"^\w[\w.-]*(/\w[\w.-]*)*$")]


class RemoteFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file on the hub; without size or hash the hub's answer says what is expected."""

    path: _Path
    size: Annotated[int, Meta(gt=0)] | None = None
    sha256: _Hash | None = None

    @property
    def name(self) -> str:
        """What it is called once it is here."""
        return self.path.rpartition("/")[2]


class Recommended(Struct, frozen=True, forbid_unknown_fields=True):
    """A model that the catalogue recommends; `memory` in megabytes."""

    name: Annotated[str, Meta(pattern=NAME)]
    kind: Kind
    purpose: _Text
    licence: _Text
    languages: Annotated[list[_Text], Meta(min_length=1)]
    memory: Annotated[int, Meta(gt=0)]
    repo: Annotated[str, Meta(pattern=r"^\w[\w.-]*/\w[\w.-]*$")]
    revision: _Text
    files: Annotated[list[RemoteFile], Meta(min_length=1)]

    @property
    def size(self) -> int:
        """Bytes of all files whose size is known."""
        return sum(file.size or 0 for file in self.files)


class _Catalogue(Struct, frozen=True, forbid_unknown_fields=True):
    model: list[Recommended]


@cache
def catalogue() -> Mapping[str, Recommended]:
    """Every recommended model by its name."""
    return read(_FILE.read_text(encoding="utf-8"))


def read(text: str) -> dict[str, Recommended]:
    """A catalogue from its TOML. Raises ValueError when it is not a valid one."""
    models = msgspec.convert(tomllib.loads(text), _Catalogue).model
    found = {model.name: model for model in models}
    if len(found) != len(models):
        raise ValueError("two models have the same name")
    return found


def how_to_get(name: str) -> str:
    """What to do about a model that is named but not here."""
    if name in catalogue():
        return f"Run `thunderbox models pull {name}`"
    return "`thunderbox models list` shows what can be pulled by its name"
