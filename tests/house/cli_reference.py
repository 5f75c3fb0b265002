"""Writes docs/cli.md from the commands themselves: python -m tests.house.cli_reference."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import typer

from thunderbox.cli.main import app

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
HEAD = """# Command line

This page is generated from the commands (`python -m tests.house.cli_reference`); a test fails when
it is out of date. Every command answers `--help`.

Exit status: 0 when all went well, 1 when something failed (one sentence on standard error says what
and what to do), 2 for a wrong setting or a wrong use of a command. `thunderbox doctor` has its own,
below.
"""


def reference() -> str:
    """The whole page."""
    parts = [HEAD]
    for path, command in commands(root(), ("thunderbox",)):
        parts.append(
            f"## {' '.join(path)}\n\n{_text(command.help)}\n\n```\n{_usage(path, command)}\n```\n"
        )
        rows = [_row(one) for one in command.params if one.name != "help"]
        if rows:
            parts.append(
                "\n".join(["| option | default | meaning |", "|---|---|---|", *rows]) + "\n"
            )
    return "\n".join(parts)


def root() -> Any:
    """The command that holds all others."""
    return typer.main.get_command(app)


def commands(command: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that call it."""
    if not hasattr(command, "commands"):
        return [(path, command)]
    return [
        found
        for name, inner in command.commands.items()
        for found in commands(inner, (*path, name))
    ]


def _usage(path: tuple[str, ...], command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    shown = [_argument(one) if one.required else f"[{_argument(one)}]" for one in arguments]
    return " ".join([*path, "[OPTIONS]", *shown])


def _argument(one: Any) -> str:
    return str(one.metavar or one.name.upper())


def _row(one: Any) -> str:
    if one.param_type_name == "argument":
        name = f"`{_argument(one)}`".replace("|", "\\|")
    else:
        value = "" if one.is_flag else f" {_argument(one)}"
        name = ", ".join(f"`{opt}{value}`" for opt in one.opts)
        if one.envvar:
            name += f"<br>`{one.envvar}`"
    default = "" if one.default in (None, False) or one.required else f"`{one.default}`"
    return f"| {name} | {default} | {_text(one.help).replace(chr(10), ' ')} |"


def _text(text: str | None) -> str:
    return inspect.cleandoc(text or "").split("\f")[0]


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
