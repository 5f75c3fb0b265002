"""Integrations: tools that several agents share; every write leaves a snapshot."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from thunderbox.store.database import Source, Transaction
from thunderbox.store.rows import now_ms, read, read_all, read_optional, to_json


class NewIntegration(Struct, kw_only=True):
    """What a writer decides about an integration."""

    display_name: str
    spec: dict[str, Any]
    """`{"type": "function", "function": {...}}`, as the model sees it."""
    endpoint_url: str = ""
    """http(s), a path of this box, or empty: then the tool answers with an error."""
    endpoint_method: str = "POST"
    headers: list[dict[str, str]] = msgspec.field(default_factory=list)
    """Objects with `key` and `value`."""
    wizard_input: str = ""
    validation_status: str = "untested"


class Integration(NewIntegration, kw_only=True):
    """An integration; `id` is a UUID, `updated_at` is different after every write."""

    id: str
    org_id: int
    created_at: int
    updated_at: int

    def tool(self) -> dict[str, Any]:
        """The inline tool that does the same."""
        own = {"timeout": self.spec["timeout"]} if "timeout" in self.spec else {}
        return {
            "type": "function",
            "function": self.spec["function"],
            "endpoint": {
                "url": self.endpoint_url,
                "method": self.endpoint_method,
                "headers": {header["key"]: header["value"] for header in self.headers},
            },
            **own,
        }


class IntegrationVersion(Struct, kw_only=True, frozen=True):
    """An integration as one write left it; `changed_fields` is empty for the first."""

    id: int
    integration_id: str
    revision: int
    created_by: str
    created_at: int
    snapshot: dict[str, Any]
    changed_fields: list[str]

    def integration(self) -> Integration:
        """The snapshot as the integration that it was."""
        return msgspec.convert(self.snapshot, Integration)


async def insert(tx: Transaction, org_id: int, new: NewIntegration, created_by: str) -> Integration:
    """Add an integration with its first version; `created_by` is an e-mail address."""
    now = now_ms()
    row = await tx.fetch_one(
        "INSERT INTO integrations (id, org_id, display_name, spec, endpoint_url, endpoint_method, "
        "headers, wizard_input, validation_status, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (str(uuid.uuid4()), org_id, *_values(new), now, now),
    )
    assert row is not None
    integration = read(Integration, row)
    await _add_version(tx, integration, created_by, [])
    return integration


async def get(db: Source, org_id: int, integration_id: str) -> Integration | None:
    """One integration."""
    row = await db.fetch_one(
        "SELECT * FROM integrations WHERE id = ? AND org_id = ?", (integration_id, org_id)
    )
    return read_optional(Integration, row)


async def page(db: Source, org_id: int) -> list[Integration]:
    """Every integration of an organization, newest first."""
    rows = await db.fetch_all(
        "SELECT * FROM integrations WHERE org_id = ? ORDER BY created_at DESC, rowid DESC",
        (org_id,),
    )
    return read_all(Integration, rows)


async def of_ids(db: Source, org_id: int, ids: Sequence[str]) -> list[Integration]:
    """The integrations of an organization with these ids, in their order; others are left out."""
    if not ids:
        return []
    rows = await db.fetch_all(
        "SELECT integrations.* FROM json_each(?) AS wanted "
        "JOIN integrations ON integrations.id = wanted.value "
        "WHERE integrations.org_id = ? ORDER BY wanted.key",
        (to_json(list(ids)), org_id),
    )
    return read_all(Integration, rows)


async def update(
    tx: Transaction, old: Integration, new: NewIntegration, changed_by: str
) -> Integration:
    """Replace an integration that was read in this transaction, and record a version."""
    row = await tx.fetch_one(
        "UPDATE integrations SET display_name = ?, spec = ?, endpoint_url = ?, "
        "endpoint_method = ?, headers = ?, wizard_input = ?, validation_status = ?, "
        "updated_at = ? WHERE id = ? RETURNING *",
        (*_values(new), max(now_ms(), old.updated_at + 1), old.id),
    )
    assert row is not None
    integration = read(Integration, row)
    changed = [
        name
        for name in NewIntegration.__struct_fields__
        if getattr(old, name) != getattr(integration, name)
    ]
    await _add_version(tx, integration, changed_by, changed)
    return integration


async def set_validation(tx: Transaction, integration_id: str, status: str) -> None:
    """Remember how the newest test request went; that is no version."""
    await tx.execute(
        "UPDATE integrations SET validation_status = ? WHERE id = ?", (status, integration_id)
    )


async def delete(tx: Transaction, org_id: int, integration_id: str) -> bool:
    """Delete an integration with its versions, and unlink it from every agent."""
    row = await tx.fetch_one(
        "DELETE FROM integrations WHERE id = ? AND org_id = ? RETURNING id",
        (integration_id, org_id),
    )
    if row is None:
        return False
    await tx.execute(
        "UPDATE agents SET updated_at = max(?, updated_at + 1), integration_ids = "
        "(SELECT json_group_array(value) FROM json_each(integration_ids) WHERE value <> ?) "
        "WHERE org_id = ? AND instr(integration_ids, ?)",
        (now_ms(), integration_id, org_id, integration_id),
    )
    return True


async def versions(
    db: Source, integration_id: str, limit: int
) -> tuple[int, list[IntegrationVersion]]:
    """How many versions there are, and the newest of them."""
    total = await db.fetch_one(
        "SELECT count(*) FROM integration_versions WHERE integration_id = ?", (integration_id,)
    )
    rows = await db.fetch_all(
        "SELECT * FROM integration_versions WHERE integration_id = ? "
        "ORDER BY revision DESC LIMIT ?",
        (integration_id, limit),
    )
    assert total is not None
    return int(total[0]), read_all(IntegrationVersion, rows)


async def _add_version(
    tx: Transaction, integration: Integration, by: str, changed: list[str]
) -> None:
    await tx.execute(
        "INSERT INTO integration_versions "
        "(integration_id, revision, created_by, created_at, snapshot, changed_fields) "
        "VALUES (?, (SELECT coalesce(max(revision), 0) + 1 FROM integration_versions "
        "WHERE integration_id = ?), ?, ?, ?, ?)",
        (
            integration.id,
            integration.id,
            by,
            integration.updated_at,
            to_json(integration),
            to_json(changed),
        ),
    )


def _values(new: NewIntegration) -> tuple[Any, ...]:
    """The columns of NewIntegration in their order."""
    return (
        new.display_name,
        to_json(new.spec),
        new.endpoint_url,
        new.endpoint_method,
        to_json(new.headers),
        new.wizard_input,
        new.validation_status,
    )
