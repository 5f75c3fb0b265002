"""The vault that seals credentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from thunderbox.data_dir import DataDir
from thunderbox.errors import StoreError
from thunderbox.vault import Vault


def test_what_was_sealed_is_opened_by_the_same_key_alone() -> None:
    key = Vault.new_key()
    sealed = Vault(key).seal({"password": "hunter2"})
    assert "hunter2" not in sealed
    assert Vault(key).open(sealed) == {"password": "hunter2"}
    with pytest.raises(StoreError, match="vault-key"):
        Vault(Vault.new_key()).open(sealed)
    with pytest.raises(StoreError, match="vault-key"):
        Vault(key).open("nonsense")


def test_a_fingerprint_tells_sameness_and_nothing_else() -> None:
    one, two = Vault(Vault.new_key()), Vault(Vault.new_key())
    value = {"b": 1, "a": "x"}
    assert one.fingerprint(value) == one.fingerprint({"a": "x", "b": 1})
    assert one.fingerprint(value) != one.fingerprint({"a": "y", "b": 1})
    assert one.fingerprint(value) != two.fingerprint(value)


def test_the_key_is_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    data.open()
    key = data.vault_key(Vault.new_key)
    path = data.secrets / "vault-key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert data.vault_key(Vault.new_key) == key
    data.close()
