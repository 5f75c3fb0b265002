"""The data directory: everything that a box remembers, under one roof.

thunderbox.db   recordings/   samples/   sounds/   models/   backups/   lock
secrets/ (0700, files 0600)
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import IO

from thunderbox.errors import StartError


class DataDir:
    """Paths and secrets of one box."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "thunderbox.db"
        self.recordings = root / "recordings"
        self.samples = root / "samples"
        self.models = root / "models"
        self.sounds = root / "sounds"
        self.backups = root / "backups"
        self.secrets = root / "secrets"
        self.certificate = self.secrets / "tls-certificate.pem"
        self.certificate_key = self.secrets / "tls-key.pem"
        self.first_key = self.secrets / "bootstrap-api-key"
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Make what is missing and lock it. Raises StartError."""
        try:
            for directory in (self.root, self.recordings, self.models, self.backups):
                directory.mkdir(parents=True, exist_ok=True)
            self.secrets.mkdir(mode=0o700, exist_ok=True)
            self._lock = (self.root / "lock").open("w")
        except OSError as error:
            raise StartError(
                f"The data directory {self.root} cannot be used ({error.strerror}). "
                "Name another with --data, or give this user the right to write there."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise StartError(
                f"Another ThunderBox uses the data directory {self.root}. "
                "Stop it, or name another directory with --data."
            ) from error

    def close(self) -> None:
        """Unlock it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def write_secret(self, path: Path, text: str) -> None:
        """Write a file that only this user may read."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)

    def vault_key(self, new: Callable[[], bytes]) -> bytes:
        """The key that seals credentials in the database; made by `new` at first use."""
        path = self.secrets / "vault-key"
        if not path.exists():
            self.write_secret(path, new().decode())
        return path.read_text().strip().encode()

    def url_secret(self) -> bytes:
        """The secret that signs links to recordings; made at first use."""
        path = self.secrets / "url-secret"
        if not path.exists():
            self.write_secret(path, secrets.token_hex(32))
        return bytes.fromhex(path.read_text().strip())

    def room_secret(self) -> bytes:
        """The secret that signs the tokens of rooms; made at first use."""
        path = self.secrets / "room-secret"
        if not path.exists():
            self.write_secret(path, secrets.token_hex(32))
        return bytes.fromhex(path.read_text().strip())
