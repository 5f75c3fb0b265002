-- Webhooks: who is told of what, what happened, and how the telling went.

-- `agent_id` is no foreign key: when its agent is deleted, an endpoint hears of nobody else's calls.
CREATE TABLE webhook_endpoints (
    id                     TEXT    PRIMARY KEY,
    org_id                 INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    label                  TEXT    NOT NULL,
    url                    TEXT    NOT NULL,
    events                 TEXT    NOT NULL, -- JSON array; an empty one means every event
    agent_id               INTEGER,
    status                 TEXT    NOT NULL CHECK (status IN ('active', 'disabled', 'failing')),
    failing_since          INTEGER, -- the first failure after the last success
    secret                 TEXT    NOT NULL,
    previous_secret        TEXT,
    previous_secret_until  INTEGER,
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL
) STRICT;

CREATE INDEX webhook_endpoints_by_org ON webhook_endpoints(org_id, created_at);

-- The outbox: a row is written in the transaction of the fact that it tells of.
CREATE TABLE webhook_events (
    id          TEXT    PRIMARY KEY,
    org_id      INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    call_id     INTEGER,
    agent_id    INTEGER,
    data        TEXT    NOT NULL, -- JSON object, as it is sent
    created_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX webhook_events_by_org ON webhook_events(org_id);
CREATE INDEX webhook_events_by_age ON webhook_events(created_at);

-- One for each event and receiver. `receiver` is the endpoint's id, or `legacy:` and the
-- organization's id for the single URL of the organization.
CREATE TABLE webhook_deliveries (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id          TEXT    NOT NULL REFERENCES webhook_events(id) ON DELETE CASCADE,
    org_id            INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    receiver          TEXT    NOT NULL,
    endpoint_id       TEXT    REFERENCES webhook_endpoints(id) ON DELETE CASCADE,
    event_type        TEXT    NOT NULL,
    call_id           INTEGER,
    agent_id          INTEGER,
    is_test           INTEGER NOT NULL DEFAULT 0,
    status            TEXT    NOT NULL DEFAULT 'retrying'
        CHECK (status IN ('retrying', 'delivered', 'failed')),
    attempt_count     INTEGER NOT NULL DEFAULT 0,
    tries             INTEGER NOT NULL DEFAULT 0, -- attempts since it was last asked for
    tried_since       INTEGER, -- the first of them
    last_attempt_at   INTEGER,
    next_attempt_at   INTEGER,
    url               TEXT,
    http_status       INTEGER,
    failure_category  TEXT,
    error             TEXT    NOT NULL DEFAULT '',
    created_at        INTEGER NOT NULL
) STRICT;

CREATE INDEX webhook_deliveries_due ON webhook_deliveries(receiver, next_attempt_at, id)
    WHERE status = 'retrying';
CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries(event_id);
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries(endpoint_id, created_at, id);
CREATE INDEX webhook_deliveries_by_org ON webhook_deliveries(org_id, created_at, id);

CREATE TABLE webhook_attempts (
    delivery_id       INTEGER NOT NULL REFERENCES webhook_deliveries(id) ON DELETE CASCADE,
    number            INTEGER NOT NULL, -- from 1
    at                INTEGER NOT NULL,
    duration_ms       INTEGER NOT NULL,
    http_status       INTEGER,
    failure_category  TEXT,
    error             TEXT    NOT NULL,
    PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;
