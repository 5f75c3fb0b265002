-- Keys that web pages may show: each opens sessions with one agent, or asks a web hook for it.

CREATE TABLE publishable_keys (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id           INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    name             TEXT    NOT NULL,
    key              TEXT    NOT NULL UNIQUE,
    mode             TEXT    NOT NULL CHECK (mode IN ('agent', 'webhook')),
    agent_id         INTEGER REFERENCES agents(id) ON DELETE SET NULL,
    webhook_url      TEXT,
    webhook_secret   TEXT    NOT NULL,
    allowed_domains  TEXT    NOT NULL, -- JSON array
    embed_config     TEXT    NOT NULL, -- JSON object
    is_active        INTEGER NOT NULL DEFAULT 1,
    is_enabled       INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;

CREATE INDEX publishable_keys_by_org ON publishable_keys(org_id, created_at);
CREATE INDEX publishable_keys_by_agent ON publishable_keys(agent_id);
