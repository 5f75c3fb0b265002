"""Trial: a model is tried once in a child process before this one loads it.

A library built for another processor dies at the first calculation (SIGILL), and a damaged file
may take the process with it. In a child such a death is a sentence; what survived is remembered,
so that the next start does not try again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from thunderbox.errors import StartError
from thunderbox.voice.cpu import this_cpu
from thunderbox.voice.engine import ModelCard

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 120.0
_LIBRARIES = {"faster-whisper": "ctranslate2", "llama.cpp": "llama-cpp-python"}
_FILE = "model-trials.json"


def try_model(
    card: ModelCard,
    cache_dir: Path | None,
    *,
    command: Sequence[str] | None = None,
    timeout: float = _TIMEOUT_SECONDS,
) -> bool:
    """Try a model unless it is known to work; True when it was tried. Raises StartError."""
    key = fingerprint(card)
    if key in _survivors(cache_dir):
        return False
    run = command or (sys.executable, "-m", __name__, card.engine, card.path)
    try:
        child = subprocess.run(  # noqa: S603 - our own module, with a path from the settings
            run, capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        raise StartError(
            f"The model {card.path} did not finish its trial within {timeout:.0f} s. It is too "
            "large for this machine; choose a smaller one."
        ) from None
    if child.returncode != 0:
        raise StartError(explain(card, child.returncode, child.stderr.decode("utf-8", "replace")))
    _remember(cache_dir, key)
    return True


def explain(card: ModelCard, code: int, said: str) -> str:
    """What happened to a child and what to do; `code` is its exit status, below 0 a signal."""
    library = _LIBRARIES[card.engine]
    if code >= 0:
        last = said.strip().splitlines()[-1] if said.strip() else f"exit status {code}"
        return f"The model {card.path} failed its trial: {last}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    match name:
        case "SIGILL":
            return (
                f"The model {card.path} cannot run here: its trial died of an illegal instruction "
                f"(SIGILL). This build of {library} uses instructions that the processor "
                f"announces but the machine forbids. Build {library} again with safe flags "
                '("make clean", then "make setup"), or choose an F16 model.'
            )
        case "SIGKILL":
            return (
                f"The model {card.path} cannot run here: its trial was killed (SIGKILL), most "
                "likely for want of memory. Choose a smaller model or lower voice.context_tokens."
            )
        case _:
            return (
                f"The model {card.path} cannot run here: its trial died ({name}) inside {library}. "
                "The file is probably damaged or of a kind that this version does not know: copy "
                "it again or choose another."
            )


def fingerprint(card: ModelCard) -> str:
    """Changes with the model's files, the processor and the library."""
    path = Path(card.path)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    facts = [
        card.engine,
        version(_LIBRARIES[card.engine]),
        this_cpu().name,
        " ".join(sorted(this_cpu().flags)),
        *(f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files),
    ]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def _survivors(cache_dir: Path | None) -> list[str]:
    if cache_dir is None:
        return []
    try:
        found = json.loads((cache_dir / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [key for key in found if isinstance(key, str)] if isinstance(found, list) else []


def _remember(cache_dir: Path | None, key: str) -> None:
    """Keep the last few survivors; without a place to write to, the next start tries again."""
    if cache_dir is None:
        return
    kept = [*_survivors(cache_dir), key][-16:]
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        new = cache_dir / f"{_FILE}.{key[:8]}"
        new.write_text(json.dumps(kept), encoding="utf-8")
        new.replace(cache_dir / _FILE)
    except OSError as error:
        log.warning("model trials cannot be remembered in %s: %s", cache_dir, error.strerror)


def _calculate(engine: str, path: Path) -> None:
    """What the child does: load the model and let every kind of its calculation run once."""
    if engine == "llama.cpp":
        from thunderbox.voice.engines.llama_library import Entry, LlamaLibrary

        library = LlamaLibrary(path, sequences=1, context_tokens=64, threads=1, batch=32)
        library.decode([Entry(0, position, 0, position == 31) for position in range(32)])
        library.decode([Entry(0, 32, 0, True)])
    else:
        from thunderbox.voice.engines.faster_whisper import FasterWhisper

        FasterWhisper(path, threads=1).warm()


def _main(engine: str, path: str) -> int:
    """Exit status 0 when the model survived; otherwise the reason is on standard error."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        _calculate(engine, Path(path))
    except Exception as error:  # whatever it is, the parent says it
        sys.stderr.write(f"{error or type(error).__name__}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:3]))
