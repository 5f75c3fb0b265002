"""Vault: encrypts the credentials of providers and trunks for the database (Fernet: AES and HMAC).

The key lies beside the database, in a file of its own: a copy of the database alone tells nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec
from cryptography.fernet import Fernet, InvalidToken

from thunderbox.errors import StoreError


class Vault:
    """Seals small objects with one key."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)
        self._key = key

    @staticmethod
    def new_key() -> bytes:
        """A fresh key: 32 bytes as URL-safe base64."""
        return Fernet.generate_key()

    def seal(self, value: dict[str, Any]) -> str:
        """An object as a text that only this key opens."""
        return self._fernet.encrypt(msgspec.json.encode(value)).decode()

    def open(self, text: str) -> dict[str, Any]:
        """What was sealed. Raises StoreError when another key sealed it."""
        try:
            plain = self._fernet.decrypt(text.encode())
        except InvalidToken:
            raise StoreError(
                "Credentials in the database cannot be read: they were sealed with another key. "
                "Bring back secrets/vault-key of the same backup, or write the credentials anew."
            ) from None
        found: dict[str, Any] = msgspec.json.decode(plain, type=dict[str, Any])
        return found

    def fingerprint(self, value: object) -> str:
        """Tells whether two values are the same, without telling anything about them."""
        text = msgspec.json.encode(value, order="deterministic")
        return "hmac-sha256:" + hmac.new(self._key, text, hashlib.sha256).hexdigest()
