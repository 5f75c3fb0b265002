"""`thunderbox models bench`: how quick the installed models are here, and which to choose."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from thunderbox.cli.options import DEFAULT_DATA, ConfigOption, DataOption, err, out, read_settings
from thunderbox.cli.recommendation import Recommendation, recommend
from thunderbox.errors import ModelError, StartError
from thunderbox.settings import Settings
from thunderbox.voice.benchmark import Speed, Subject, measure
from thunderbox.voice.cpu import this_cpu
from thunderbox.voice.models import STARTER, language_card, speech_card
from thunderbox.voice.shelf import Installed, Shelf, gguf

ESPEAK = "espeak-ng"
BUSY = 0.5
"""Load of each core above which the figures are not worth much."""


def bench(
    config: ConfigOption = None,
    data: DataOption = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure the installed models on this machine, and recommend some for each product.

    Each model works alone for some seconds. Stop the box first, or its calls disturb the figures
    and are disturbed by them.
    """
    settings = read_settings(config)
    threads = settings.voice.threads
    load = os.getloadavg()[0]
    if load > BUSY * len(os.sched_getaffinity(0)):
        err.print(
            f"This machine is busy (load {load:.1f}), so the figures will be worse than they could "
            "be. Measure again when nothing else runs.",
            style="yellow",
            soft_wrap=True,
        )
    measured: dict[Subject, Speed] = {}
    failed: dict[str, str] = {}
    for subject in subjects(settings, Shelf(data / "models")):
        err.print(f"Measuring {subject.name} ({subject.kind}) …", markup=False)
        try:
            measured[subject] = measure(subject, threads)
        except ModelError as error:
            failed[subject.name] = str(error)
    found = recommend(measured, settings.voice.pause_ms)
    if as_json:
        machine = {"cpu": this_cpu().name, "threads": threads, "load": round(load, 2)}
        out.print_json(json.dumps({"machine": machine, **_as_json(measured, failed, found)}))
        return
    _print_speeds(measured)
    for reason in failed.values():
        err.print(reason, style="yellow", markup=False)
    _print_recommendations(found, settings)


def subjects(settings: Settings, shelf: Shelf) -> Iterator[Subject]:
    """Every model that is here: the starters, those on the shelf, those that the settings name."""
    seen: set[str] = set()

    def new(subject: Subject) -> Iterator[Subject]:
        if subject.path not in seen:
            seen.add(subject.path)
            yield subject

    asr, lm = STARTER / "asr", STARTER / "lm" / "starter.gguf"
    yield from new(Subject("starter", "speech", str(asr), _size(asr)))
    yield from new(Subject("starter", "language", str(lm), _size(lm)))
    for model in shelf.installed():
        if (subject := _on_shelf(model)) is not None:
            yield from new(subject)
    voice = settings.voice
    try:
        speech = speech_card(voice.speech_model, shelf.root)
        yield from new(Subject(speech.name, "speech", speech.path, _size(Path(speech.path))))
        language = language_card(voice.language_model, shelf.root)
        yield from new(
            Subject(language.name, "language", language.path, _size(Path(language.path)))
        )
    except StartError as error:
        err.print(str(error), style="yellow", markup=False)
    if voice.piper_voices:
        directory = Path(voice.piper_voices).expanduser()
        yield from new(Subject(directory.name, "voice", str(directory), _size(directory)))
    yield Subject(ESPEAK, "voice", "", 0)


def _on_shelf(model: Installed) -> Subject | None:
    match model.kind:
        case "speech":
            return Subject(model.name, "speech", str(model.path), model.size)
        case "voice":
            return Subject(model.name, "voice", str(model.path), model.size)
        case "language":
            path = gguf(model.path)
            return None if path is None else Subject(model.name, "language", str(path), model.size)
        case _:
            return None


def _size(path: Path) -> int:
    """Bytes of a file, or of the files in a directory."""
    files = [path] if path.is_file() else path.glob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def _as_json(
    measured: dict[Subject, Speed],
    failed: dict[str, str],
    found: list[Recommendation],
) -> dict[str, Any]:
    return {
        "models": [
            {"name": subject.name, "kind": subject.kind, **msgspec.to_builtins(speed)}
            for subject, speed in measured.items()
        ],
        "failed": failed,
        "recommended": [asdict(one) for one in found],
    }


def _print_speeds(measured: dict[Subject, Speed]) -> None:
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("name", "kind", "memory", "speed"):
        table.add_column(column, no_wrap=column != "speed")
    for subject, speed in measured.items():
        table.add_row(subject.name, subject.kind, f"{speed.memory_mb:,.0f} MB", _says(speed))
    out.print(table)


def _says(speed: Speed) -> str:
    """The figures of one model in words."""
    if speed.utterance_ms is not None:
        return f"{speed.utterance_ms:.0f} ms for 4 s of speech (factor {speed.real_time_factor})"
    if speed.first_audio_ms is not None:
        return f"first sound after {speed.first_audio_ms:.0f} ms (factor {speed.real_time_factor})"
    return (
        f"reads {speed.read_tokens_per_second:.0f} and writes "
        f"{speed.write_tokens_per_second:.0f} tokens a second; first clause after "
        f"{speed.first_clause_ms:.0f} ms"
    )


def _print_recommendations(found: list[Recommendation], settings: Settings) -> None:
    if not found:
        return
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("product", "language model", "speech model", "voice", "answer after"):
        table.add_column(column, no_wrap=True)
    for one in found:
        time = f"{one.answer_ms / 1000:.2f} s" + ("" if one.in_time else ", too slow for it")
        table.add_row(one.product, one.language, one.speech, one.voice, time)
    out.print()
    out.print("For each product, the largest models that are quick enough:", style="bold")
    out.print(table)
    out.print(
        f"Set language_model in its section, such as [product_{found[0].product}]; speech_model "
        "and default_voice in [voice] count for all. `thunderbox models list` shows what else "
        "could be pulled.",
        markup=False,
        soft_wrap=True,
    )
