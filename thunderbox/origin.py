"""Origin: where each setting came from, so that an error can name the place.

A sentence names file, line, key, value and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from thunderbox.errors import ConfigError


class Origin:
    """The file and the variables that the settings were read from."""

    def __init__(self, path: Path | None, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.variables: dict[tuple[str, str], str] = {}

    def place(self, section: str, key: str) -> str:
        """`file, line 3` or the name of the environment variable."""
        if (variable := self.variables.get((section, key))) is not None:
            return f"environment variable {variable}"
        current = heading = ""
        dotted = re.compile(rf"\s*{re.escape(section)}\s*(\.\s*{re.escape(key)}\s*)?=")
        plain = re.compile(rf'\s*"?{re.escape(key)}"?\s*=')
        for number, line in enumerate(self.lines, 1):
            here = f"{self.path}, line {number}"
            if header := re.match(r"\s*\[\[?\s*([\w.-]+)\s*\]", line):
                current = header[1]
                if current == section and not key:
                    return here
                heading = heading or (here if current == section else "")
            elif (current == section and key and plain.match(line)) or (
                not current and dotted.match(line)
            ):
                return here
        return heading or str(self.path or "the settings")

    def error(self, section: str, key: str, value: object, wanted: str) -> ConfigError:
        """The sentence for one wrong value."""
        name = f"{section}.{key}" if key else section
        secret = "password" in key or key == "api_key" or (key == "base_url" and "@" in str(value))
        shown = '"***"' if secret else msgspec.json.encode(value).decode()
        return ConfigError(f"{self.place(section, key)}: {name} is {shown}, but must be {wanted}.")

    def explain(
        self, message: str, raw: dict[str, Any], known: Mapping[str, type[Struct]]
    ) -> ConfigError:
        """Turn msgspec's message into our sentence; `known` are all sections."""
        steps = re.findall(r"\.(\w+)", message.rpartition("`$")[2]) if "`$" in message else []
        if unknown := re.search(r"unknown field `([^`]+)`", message):
            section = steps[0] if steps else ""
            options = list(known[section].__struct_fields__) if section else [*known, "extensions"]
            place = self.place(section, unknown[1]) if section else self.place(unknown[1], "")
            name = f"{section}.{unknown[1]}" if section else f"[{unknown[1]}]"
            return ConfigError(
                f"{place}: there is no setting {name}. Allowed here: {', '.join(sorted(options))}."
            )
        section, key = (*steps, "", "")[:2]
        value = raw.get(section)
        if section == "extensions" and isinstance(value, dict):
            key, value = next((k, v) for k, v in value.items() if not isinstance(v, str))
            return self.error(section, key, value, 'a number in quotes, such as "+15550100"')
        if not key:
            return ConfigError(
                f"{self.place(section, '')}: {section} is not a setting but a section. Write "
                f"[{section}] on a line of its own and its settings below it, one a line."
            )
        if key and isinstance(value, dict):
            value = value.get(key)
        hint = (
            get_type_hints(known[section], include_extras=True)[key]
            if key in getattr(known.get(section), "__struct_fields__", ())
            else None
        )
        return self.error(section, key, value, allowed(hint) if hint else message.split(" - ")[0])


def allowed(hint: Any) -> str:
    """What a setting's type allows, in words."""
    if get_origin(hint) is Annotated:
        for extra in get_args(hint)[1:]:
            if isinstance(extra, Meta) and extra.description:
                return extra.description
        hint = get_args(hint)[0]
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in get_args(hint))
    if get_origin(hint) is tuple:
        return "a list of texts"
    return {bool: "true or false", int: "a whole number", str: "a text"}.get(hint, str(hint))
