-- Tools that agents share, what they were before, and which agents carry them.

CREATE TABLE integrations (
    id                 TEXT    PRIMARY KEY,
    org_id             INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    display_name       TEXT    NOT NULL,
    spec               TEXT    NOT NULL, -- JSON object
    endpoint_url       TEXT    NOT NULL,
    endpoint_method    TEXT    NOT NULL,
    headers            TEXT    NOT NULL, -- JSON array of objects with key and value
    wizard_input       TEXT    NOT NULL,
    validation_status  TEXT    NOT NULL
        CHECK (validation_status IN ('untested', 'validated', 'error')),
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL
) STRICT;

CREATE INDEX integrations_by_org ON integrations(org_id, created_at);

CREATE TABLE integration_versions (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    integration_id  TEXT    NOT NULL REFERENCES integrations(id) ON DELETE CASCADE,
    revision        INTEGER NOT NULL,
    created_by      TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    snapshot        TEXT    NOT NULL, -- JSON object: the integration's row
    changed_fields  TEXT    NOT NULL, -- JSON array
    UNIQUE (integration_id, revision)
) STRICT;

ALTER TABLE agents ADD COLUMN integration_ids TEXT NOT NULL DEFAULT '[]'; -- JSON array

-- The secret that signs what is sent to an organization's tools.
CREATE TABLE organization_webhooks (
    org_id      INTEGER PRIMARY KEY REFERENCES organizations(id) ON DELETE CASCADE,
    url         TEXT    NOT NULL DEFAULT '',
    secret      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
