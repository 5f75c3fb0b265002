"""Fields of request bodies: read one by one, so that an answer names everything that is wrong.

A message names the field, the value and what is allowed: `product is "sparky", but must be one
of "spark", "bolt".` Keys that a model does not name are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from thunderbox.errors import InvalidError, RequestError

Model = TypeVar("Model", bound=Struct)

SHOWN_CHARACTERS = 80
_SECRET = re.compile("password|secret|token|credentials")
MAX_ID = 2**63 - 1
Id = Annotated[int, Meta(ge=1, le=MAX_ID, description="an id, which is a whole number from 1")]
"""A 64-bit id; larger numbers cannot be in the database."""


def decode(body: bytes) -> dict[str, Any]:
    """A request's JSON object. Raises RequestError with a sentence."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(
            f"The body is not valid JSON ({error}). Send a JSON object, "
            "with the header Content-Type: application/json."
        ) from error
    if not isinstance(value, dict):
        raise RequestError(f"The body must be a JSON object, but is {_kind(value)}.")
    return value


def parse(kind: type[Model], raw: Mapping[str, Any]) -> Model:
    """A whole model. Raises InvalidError for wrong and for missing fields."""
    return kind(**_read(kind, raw, partial=False))


def parse_given(kind: type[Struct], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Only the fields that were sent, by name. Raises InvalidError for wrong ones."""
    return _read(kind, raw, partial=True)


def refusal(name: str, value: object, hint: Any) -> str:
    """The sentence for a value that a field's type does not allow; it repeats no secret."""
    if _SECRET.search(name):
        return f"{name} must be {allowed(hint)}."
    return f"{name} is {shown(value)}, but must be {allowed(hint)}."


def shown(value: object) -> str:
    """A value as JSON, shortened."""
    try:
        text = msgspec.json.encode(value).decode()
    except TypeError:
        text = str(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def allowed(hint: Any) -> str:
    """What a type allows, in words."""
    if get_origin(hint) is Annotated:
        inner, *extras = get_args(hint)
        described = [extra.description for extra in extras if isinstance(extra, Meta)]
        return described[0] if described and described[0] else allowed(inner)
    if get_origin(hint) in (Union, UnionType):
        options = [allowed(option) for option in get_args(hint) if option is not NoneType]
        return " or ".join([*options, *(["null"] if NoneType in get_args(hint) else [])])
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in get_args(hint))
    if get_origin(hint) is list:
        inner = get_args(hint)[0]
        return "a list of texts" if inner is str else f"a list, each item {allowed(inner)}"
    if get_origin(hint) is dict:
        return "an object"
    return _WORDS.get(hint, "a text")


_WORDS: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number"}


def _read(kind: type[Struct], raw: Mapping[str, Any], *, partial: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name, hint, required in _plan(kind):
        if name in raw:
            try:
                values[name] = msgspec.convert(raw[name], hint)
            except msgspec.ValidationError:
                wrong[name] = [refusal(name, raw[name], hint)]
        elif required and not partial:
            wrong[name] = [f"{name} is missing; it must be {allowed(hint)}."]
    if wrong:
        raise InvalidError(wrong)
    return values


@lru_cache(maxsize=128)
def _plan(kind: type[Struct]) -> tuple[tuple[str, Any, bool], ...]:
    """Each field's name, type and whether it is required."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple((f.name, hints[f.name], f.required) for f in msgspec.structs.fields(kind))


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, list):
        return "a list"
    return "a text" if isinstance(value, str) else "a number"
