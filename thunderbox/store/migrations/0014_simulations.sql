-- Test calls: a simulated caller talks with an agent, alone or in a batch.

CREATE TABLE simulation_batches (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id            INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    name              TEXT    NOT NULL,
    target_type       TEXT    NOT NULL CHECK (target_type IN ('agent', 'phone_number')),
    target_id         INTEGER NOT NULL,
    direction         TEXT    NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    target_number     TEXT    NOT NULL,
    stagger_seconds   INTEGER NOT NULL,
    scenario_prompts  TEXT    NOT NULL, -- JSON array
    requested_by_id   INTEGER,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL
) STRICT;

CREATE INDEX simulation_batches_by_org ON simulation_batches(org_id, created_at);

-- `target_id` and `call_id` are no foreign keys: a run stays when they are gone.
CREATE TABLE simulations (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id                INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    batch_id              INTEGER REFERENCES simulation_batches(id) ON DELETE CASCADE,
    target_type           TEXT    NOT NULL CHECK (target_type IN ('agent', 'phone_number')),
    target_id             INTEGER NOT NULL,
    target_name           TEXT    NOT NULL,
    agent_name            TEXT    NOT NULL,
    direction             TEXT    NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    target_number         TEXT    NOT NULL,
    scenario_prompt       TEXT    NOT NULL,
    language              TEXT,
    status                TEXT    NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'in_progress', 'completed', 'failed')),
    estimated_cost_cents  INTEGER NOT NULL,
    call_id               INTEGER,
    error_message         TEXT    NOT NULL DEFAULT '',
    requested_by_id       INTEGER,
    due_at                INTEGER NOT NULL,
    started_at            INTEGER,
    completed_at          INTEGER,
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL
) STRICT;

CREATE INDEX simulations_by_org ON simulations(org_id, created_at);
CREATE INDEX simulations_by_batch ON simulations(batch_id);
CREATE INDEX simulations_queued ON simulations(due_at) WHERE status = 'queued';
