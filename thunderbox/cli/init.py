"""`thunderbox init`: a settings file to start from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from thunderbox.cli.options import DEFAULT_CONFIG, out
from thunderbox.errors import StartError


def example() -> str:
    """The text of config.example.toml, from the wheel or from the source tree."""
    packed = resources.files("thunderbox.cli") / "config.example.toml"
    beside = Path(__file__).parents[2] / "config.example.toml"
    return (packed if packed.is_file() else beside).read_text(encoding="utf-8")


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = DEFAULT_CONFIG,
) -> None:
    """Write a settings file with every setting and its default; never overwrites one."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(example())
    except FileExistsError:
        raise StartError(
            f"{path} is already there and stays as it is. Name another file, or move it away first."
        ) from None
    except OSError as error:
        raise StartError(f"{path} cannot be written ({error.strerror}).") from error
    out.print(
        f"Wrote {path}. Start the box with it: thunderbox serve --config {path}", markup=False
    )
