"""`thunderbox models`: what is installed and worth having; fetch it, bring it, remove it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from thunderbox.cli.models_bench import bench
from thunderbox.cli.options import DEFAULT_DATA, ConfigOption, DataOption, err, out, read_settings
from thunderbox.errors import ModelError, StartError
from thunderbox.products import PRODUCTS, section_of
from thunderbox.settings import Settings
from thunderbox.voice import download, intake
from thunderbox.voice.catalogue import ANY_LANGUAGE, Recommended, catalogue
from thunderbox.voice.models import language_card
from thunderbox.voice.shelf import Installed, Shelf
from thunderbox.voice.tiers import Tier, choose_tiers, who_uses_what

app = typer.Typer(
    help="List, pull, import, remove and measure models, whether the box runs or not.",
    no_args_is_help=True,
)
app.command("bench")(bench)
SETTINGS = {"speech": "speech_model", "language": "language_model", "voice": "default_voice"}
"""The setting of [voice] that names a model of a kind."""
_WIDE = 150
"""Columns of a terminal that has room for a sentence about each model."""


@app.command("list")
def list_models(
    config: ConfigOption = None,
    data: DataOption = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="Print the models as JSON.")] = False,
) -> None:
    """Show the models that are installed and those that are worth pulling."""
    settings, shelf = read_settings(config), Shelf(data / "models")
    tiers = _tiers(settings, shelf)
    rows = [_row(name, here, known, settings, tiers) for name, here, known in _all(shelf)]
    if as_json:
        out.print_json(json.dumps(rows))
        return
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("name", "kind", "size", "memory", "languages"):
        table.add_column(column, no_wrap=True)
    for column in ("licence", "state", *(["what for"] if out.width >= _WIDE else [])):
        table.add_column(column)
    for row in rows:
        state = f"in use: {row['used_by']}" if row["used_by"] else str(row["state"])
        table.add_row(
            row["name"],
            row["kind"],
            _megabytes(row["size_bytes"]),
            "" if row["memory_mb"] is None else f"{row['memory_mb']} MB",
            _languages(row["languages"]),
            row["licence"],
            state,
            *([row["purpose"]] if out.width >= _WIDE else []),
        )
    out.print(table)
    if tiers:
        out.print(f"Products: {who_uses_what(tiers)}.", markup=False, soft_wrap=True)
    for tier in tiers.values():
        if tier.note:
            out.print(tier.note, markup=False, soft_wrap=True)
    out.print("`thunderbox models pull NAME` fetches one that is not installed.", markup=False)


@app.command("pull")
def pull(
    name: Annotated[str, typer.Argument(help="A name of `thunderbox models list`.")],
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Fetch a recommended model; run it again after an interruption, and it goes on from there.

    The models come from the hub that HF_ENDPOINT names, by default https://huggingface.co; every
    file is compared with its known hash. HF_TOKEN is sent to that hub alone, for models that need
    an account.
    """
    shelf = Shelf(data / "models")
    model = catalogue().get(name)
    if model is None:
        raise ModelError(
            f'The catalogue has no model "{name}". `thunderbox models list` shows which it has.'
        )
    if (here := shelf.find(name)) is not None:
        out.print(f"{name} is installed already, in {here.path}.", markup=False, soft_wrap=True)
        return
    try:
        with httpx.Client(timeout=download.TIMEOUT) as client, _bars() as show:
            downloader = download.Downloader(
                client,
                os.environ.get("HF_ENDPOINT") or download.DEFAULT_ENDPOINT,
                token=os.environ.get("HF_TOKEN"),
                progress=show,
            )
            installed = download.pull(model, shelf, downloader)
    except KeyboardInterrupt:
        err.print("Stopped. The same command goes on from here.", markup=False)
        raise typer.Exit(130) from None
    for file in downloader.unvouched:
        err.print(f"Nobody gave a hash for {file}; its size was compared only.", markup=False)
    _say_installed(installed)


@app.command("import")
def bring(
    path: Annotated[
        Path,
        typer.Argument(help="A directory, a tar, a .gguf file, or a Piper .onnx beside its .json."),
    ],
    name: Annotated[
        str | None,
        typer.Option(
            "--name", help="What to call it; without it as its files are.", show_default=False
        ),
    ] = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Install a model from this machine's disk, for boxes without Internet.

    Known kinds: Whisper for CTranslate2, GGUF, Piper voices, Smart Turn. A model that the
    catalogue knows by its hashes gets its name there.
    """
    _say_installed(intake.bring(path.expanduser(), Shelf(data / "models"), name))


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="A name of `thunderbox models list`.")],
    config: ConfigOption = None,
    data: DataOption = DEFAULT_DATA,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a model that no setting names, or what an interrupted pull of it left."""
    shelf = Shelf(data / "models")
    here = shelf.find(name)
    if here is None and not (catalogue().get(name) and shelf.staging(name).is_dir()):
        raise ModelError(
            f'No model "{name}" is installed. `thunderbox models list` shows which are.'
        )
    if here is not None:
        if (setting := _used_by(here, read_settings(config))) is not None:
            raise ModelError(
                f"{setting} names {name}. Name another model there first, then remove this one."
            )
        if not yes and not typer.confirm(f"Remove {name} ({_megabytes(here.size)})?"):
            raise typer.Exit(1)
    with shelf.held():
        shelf.remove(name)
    out.print(f"Removed {name}.", markup=False)


def _all(shelf: Shelf) -> Iterator[tuple[str, Installed | None, Recommended | None]]:
    """Every model that is known, here or not, those of the catalogue in its order."""
    here = {model.name: model for model in shelf.installed()}
    for name, known in catalogue().items():
        yield name, here.pop(name, None), known
    for name, model in here.items():
        yield name, model, None


def _row(
    name: str,
    here: Installed | None,
    known: Recommended | None,
    settings: Settings,
    tiers: Mapping[str, Tier],
) -> dict[str, Any]:
    record = here.record if here else None
    source = f"{known.repo}@{known.revision}" if known else "copied by hand"
    return {
        "name": name,
        "kind": here.kind if here else known.kind if known else None,
        "size_bytes": here.size if here else known.size if known else 0,
        "memory_mb": record.memory if record else known.memory if known else None,
        "languages": record.languages if record else known.languages if known else [],
        "licence": record.licence if record else known.licence if known else "unknown",
        "state": "installed" if here else "to pull",
        "path": str(here.path) if here else None,
        "used_by": _used_by(here, settings) if here else None,
        "products": [
            product
            for product, tier in tiers.items()
            if here and here.path.resolve() in Path(tier.card.path).resolve().parents
        ],
        "source": record.source if record else source,
        "purpose": known.purpose if known else "",
    }


def _tiers(settings: Settings, shelf: Shelf) -> Mapping[str, Tier]:
    """What each product uses; nothing when the box's own language model is not there."""
    try:
        base = language_card(settings.voice.language_model, shelf.root)
    except StartError:
        return {}
    wanted = {product: settings.product(product).language_model for product in PRODUCTS}
    return choose_tiers(wanted, base, shelf.root)


def _used_by(model: Installed, settings: Settings) -> str | None:
    """The setting that names a model, or a path within it."""
    key = SETTINGS.get(model.kind)
    if key is None:
        return None
    voice = settings.voice
    value: str = getattr(voice, key)
    used = value.lower() in _voice_names(model.path) if model.kind == "voice" else _is(model, value)
    if not used and model.kind == "language":
        for product in PRODUCTS:
            if _is(model, settings.product(product).language_model):
                return f"{section_of(product)}.language_model"
    if not used and model.kind == "voice" and voice.piper_voices:
        key = "piper_voices"
        used = Path(voice.piper_voices).expanduser().resolve() == model.path.resolve()
    return f"voice.{key}" if used else None


def _is(model: Installed, value: str) -> bool:
    """Whether a setting means this model, by its name or by a path within it."""
    path, home = Path(value).expanduser().resolve(), model.path.resolve()
    return bool(value) and (value == model.name or path == home or home in path.parents)


def _voice_names(directory: Path) -> set[str]:
    """What a Piper voice answers to, in lower case: en_us-amy-medium and en-us-amy."""
    names = set()
    for path in directory.glob("*.onnx"):
        parts = path.stem.lower().split("-")
        names |= {path.stem.lower(), "-".join(parts[:2]).replace("_", "-")}
        if len(parts) > 1:
            names.add(f"{parts[0].replace('_', '-')}-{parts[1].replace('_', ' ')}")
    return names


def _say_installed(model: Installed) -> None:
    out.print(
        f"Installed {model.name} ({model.kind}, {_megabytes(model.size)}) in {model.path}.",
        markup=False,
        soft_wrap=True,
    )
    if (key := SETTINGS.get(model.kind)) is not None:
        # A voice is called like its file, whatever its directory is called.
        voices = sorted(path.stem for path in model.path.glob("*.onnx"))
        value = voices[0] if voices else model.name
        out.print(f'To use it, set in [voice]: {key} = "{value}"', markup=False)


@contextmanager
def _bars() -> Iterator[download.Progress]:
    """A bar for each file, on standard error."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=err) as progress:

        def show(file: str, have: int, size: int | None) -> None:
            if file not in tasks:
                tasks[file] = progress.add_task(file, total=size)
            progress.update(tasks[file], completed=have, total=size)

        yield show


def _languages(codes: list[str]) -> str:
    if ANY_LANGUAGE in codes:
        return "nearly all"
    return ", ".join(codes) if len(codes) < 3 else str(len(codes))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1_000_000 else f"{size / 1e3:,.0f} kB"
