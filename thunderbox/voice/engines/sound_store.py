"""SoundStore: the sound of fixed sentences on disk, so that it is ready after a restart, too.

One file a sentence, named by what makes its sound: the engine and its version, the voice, the
words. A file that is damaged is a sentence that is made again; the longest unused go first.
"""

from __future__ import annotations

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

FORMAT = "1"
"""Changes when the same voice and words would come out as other sound here."""
MOST_BYTES = 64_000_000
"""About half an hour of sound."""
_SUFFIX = ".pcm"
_HASH = hashlib.sha256().digest_size


class SoundStore:
    """The directory `root`; what cannot be read or written there is not kept, and no error."""

    def __init__(self, root: Path, most_bytes: int = MOST_BYTES) -> None:
        self._root = root
        self._most_bytes = most_bytes

    def get(self, made_by: str, voice: str, words: str) -> bytes | None:
        """16 kHz mono s16le PCM of these words, or None."""
        path = self._path(made_by, voice, words)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        pcm = data[_HASH:]
        if hashlib.sha256(pcm).digest() != data[:_HASH]:
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return pcm

    def put(self, made_by: str, voice: str, words: str, pcm: bytes) -> None:
        """Keep a sound, all or nothing, and make room for it."""
        path = self._path(made_by, voice, words)
        half = path.with_suffix(".half")
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            half.write_bytes(hashlib.sha256(pcm).digest() + pcm)
            half.replace(path)
            self._trim()
        except OSError as error:
            log.warning("A ready-made sound is not kept: %s (%s)", path, error.strerror)
            with suppress(OSError):
                half.unlink()

    def _trim(self) -> None:
        files = [(path, path.stat()) for path in self._root.glob(f"*{_SUFFIX}")]
        size = sum(stat.st_size for _, stat in files)
        for path, stat in sorted(files, key=lambda file: file[1].st_mtime_ns):
            if size <= self._most_bytes:
                return
            path.unlink()
            size -= stat.st_size

    def _path(self, *key: str) -> Path:
        name = hashlib.sha256("\0".join((FORMAT, *key)).encode()).hexdigest()
        return self._root / f"{name}{_SUFFIX}"
