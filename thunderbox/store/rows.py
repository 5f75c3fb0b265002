"""Rows: from SQLite's columns to typed structs, and JSON columns back to text."""

from __future__ import annotations

import sqlite3
import time
from functools import lru_cache
from typing import Any, TypeVar, get_origin, get_type_hints

import msgspec

Record = TypeVar("Record", bound=msgspec.Struct)

_encoder = msgspec.json.Encoder(order="deterministic")


def now_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def to_json(value: object) -> str:
    """The text of a JSON column; equal values give equal texts."""
    return _encoder.encode(value).decode()


def read(kind: type[Record], row: sqlite3.Row) -> Record:
    """Make a struct of the columns that it names."""
    return kind(**{name: _value(row[name], how) for name, how in _plan(kind)})


def read_all(kind: type[Record], rows: list[sqlite3.Row]) -> list[Record]:
    """Make a struct of every row."""
    return [read(kind, row) for row in rows]


def read_optional(kind: type[Record], row: sqlite3.Row | None) -> Record | None:
    """Make a struct of a row that may be absent."""
    return None if row is None else read(kind, row)


def _value(value: Any, how: str) -> Any:
    if how == "bool":
        return bool(value)
    return msgspec.json.decode(value) if how == "json" else value


@lru_cache(maxsize=64)
def _plan(kind: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    """Each field's name with how its column is read."""
    hints = get_type_hints(kind)
    return tuple((name, _how(hints[name])) for name in kind.__struct_fields__)


def _how(hint: Any) -> str:
    if hint is bool:
        return "bool"
    return "json" if get_origin(hint) in (list, dict) else "plain"
